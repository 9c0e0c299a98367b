"""``forensics demo``: makes a few clips and scans them, to see that everything works."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from forensics.errors import SettingsError
from forensics.processor import usable_cores
from forensics.settings import ScanSettings

_CHOSEN = (
    "These are demonstration clips. They show one face, their sound is a synthetic hum, and they were chosen "
    "so that every verdict occurs: figures on them say that the tool runs, not how well it works."
)


def demo(
    reports: Annotated[
        list[Path] | None,
        typer.Option(
            "--report",
            metavar="FILE",
            help="Report to write; .html, .json, .csv, .sarif, .jsonld or .xml. Repeatable.",
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
) -> None:
    """Make a few clips from a public-domain portrait, pristine and face-blended, and scan them."""
    from forensics.cli.demo_clips import FOLDERS, make_clips
    from forensics.cli.scanning import scan_and_tell
    from forensics.scan.worker_context import choose_detectors
    from forensics.workflows.scanning import ReportOptions

    typer.echo(f"Making clips of one portrait, with and without a blend, in {out}", err=True)
    settings = ScanSettings(
        # Its own folders alone: somebody may keep other things beside them.
        paths=tuple(out / name for name in FOLDERS),
        workers=usable_cores() if workers is None else workers,
        frames=16,
    )
    choose_detectors(settings)  # before the clips are made, which takes a while
    try:
        make_clips(out)
    except OSError as error:
        raise SettingsError(
            f"The clips cannot be written to {out} ({error.strerror or error})",
            "Give another folder: --out FOLDER.",
        ) from error
    options = ReportOptions(tuple(reports or (Path("demo.html"),)), remarks=(_CHOSEN,))
    done = scan_and_tell(settings, options, ("forensics", *sys.argv[1:]))
    typer.echo(
        f"\n{_CHOSEN} For how well the models do: forensics models show MODEL\n"
        f"The clips stay in {out}; delete it when you have seen enough.\n"
        "Your own media: forensics scan FOLDER --report out.html --case evidence.case",
        err=True,
    )
    if done.interrupted:
        raise typer.Exit(130)
