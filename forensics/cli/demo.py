"""``forensics demo``: makes a few clips and scans them, to see that everything works."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from forensics.processor import usable_cores
from forensics.settings import ScanSettings


def demo(
    reports: Annotated[
        list[Path] | None,
        typer.Option(
            "--report",
            metavar="FILE",
            help="Report to write; .html, .json or .csv. Repeatable.",
            show_default="demo.html",
        ),
    ] = None,
    keep: Annotated[
        Path | None, typer.Option("--keep", metavar="FOLDER", help="Keep the clips in this folder.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", metavar="N", help="Processes.", show_default="one per core"),
    ] = None,
) -> None:
    """Make a few clips from a public-domain portrait, pristine and face-blended, and scan them."""
    import tempfile

    from forensics.cli.demo_clips import make_clips
    from forensics.cli.scanning import scan_and_tell
    from forensics.scan.worker_context import choose_detectors
    from forensics.workflows.scanning import ReportOptions

    with tempfile.TemporaryDirectory(prefix="forensics-demo-") as temporary:
        folder = Path(temporary) if keep is None else keep
        typer.echo(f"Making clips of one portrait, with and without a blend, in {folder}", err=True)
        settings = ScanSettings(
            paths=(folder,), workers=usable_cores() if workers is None else workers, frames=16
        )
        choose_detectors(settings)  # before the clips are made, which takes a while
        make_clips(folder)
        options = ReportOptions(tuple(reports or (Path("demo.html"),)))
        done = scan_and_tell(settings, options, ("forensics", *sys.argv[1:]))
    typer.echo(
        "\nThe clips show one face and their sound is a synthetic hum: figures on them say that the tool "
        "runs, not how well it works. For that: forensics models show MODEL\n"
        "Your own media: forensics scan FOLDER --report out.html --case evidence.case",
        err=True,
    )
    if done.interrupted:
        raise typer.Exit(130)
