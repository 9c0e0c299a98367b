"""``forensics demo``: makes a few clips and scans them, to see that everything works."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from forensics.cli.scan_options import Language
from forensics.languages import chosen


def demo(
    reports: Annotated[
        list[Path] | None,
        typer.Option(
            "--report",
            metavar="FILE",
            help="Report to write; .html, .pdf, .json, .csv, .sarif, .jsonld or .xml. Repeatable.",
            show_default="demo.html",
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", metavar="FOLDER", help="Where the clips are made; they stay there.")
    ] = Path("forensics-demo"),
    workers: Annotated[
        int | None,
        typer.Option("--workers", metavar="N", help="Processes.", show_default="one per core"),
    ] = None,
    language: Language = None,
) -> None:
    """Make a few clips from a public-domain portrait, pristine and face-blended, and scan them."""
    from forensics.cli.scan_account import scan_and_tell
    from forensics.workflows.demonstrating import CHOSEN, demonstration

    in_language = chosen(language)
    settings, options = demonstration(
        out,
        reports or (Path("demo.html"),),
        workers,
        in_language,
        on_start=lambda: typer.echo(
            f"Making clips of one portrait, with and without a blend, in {out}", err=True
        ),
    )
    done = scan_and_tell(settings, options, ("forensics", *sys.argv[1:]))
    typer.echo(
        f"\n{CHOSEN} For how well the models do: forensics models show MODEL\n"
        f"The clips stay in {out}; delete it when you have seen enough.\n"
        "Your own media: forensics scan FOLDER --report out.html --case evidence.case",
        err=True,
    )
    if done.interrupted:
        raise typer.Exit(130)
