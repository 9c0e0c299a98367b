"""``forensics watch``: examine files as they arrive in a folder."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import Annotated

import typer

from forensics.cli.scan_options import Reports, Workers, named_path
from forensics.errors import PathError, SettingsError
from forensics.settings import Profile


def watch(
    folder: Annotated[
        Path, typer.Argument(parser=named_path, metavar="FOLDER", help="The folder, with those in it.")
    ],
    case: Annotated[Path, typer.Option("--case", metavar="FILE", help="Case file that takes every result.")],
    reports: Reports = None,
    profile: Annotated[Profile, typer.Option("--profile", help="As for scan.")] = Profile.EXAMINATION,
    workers: Workers = None,
    settle_s: Annotated[
        float,
        typer.Option(
            "--settle",
            metavar="SECONDS",
            min=0.5,
            help="A file is complete when nothing has changed in it for so long.",
        ),
    ] = 5.0,
) -> None:
    """Examine files as they arrive in a folder, once they are complete; Ctrl-C ends it."""
    import forensics
    from forensics.cli.custody import tell_head
    from forensics.cli.progress import ScanProgress
    from forensics.report.renderers import check_writable

    try:
        from forensics.workflows.arrivals import complete_files
    except ImportError as error:
        raise SettingsError(
            f"The package that watches is not installed ({error})", "Run: pip install 'forensics[watch]'"
        ) from error
    if not folder.is_dir():
        raise PathError(f"{folder} is not a folder", "Name a folder to watch.")
    for report in reports or ():
        check_writable(report)
    _apart(folder, (case, *(reports or ())))
    checked = None
    typer.echo(f"Watching {folder}; results go into {case}. Ctrl-C ends it.", err=True)
    with (
        contextlib.suppress(KeyboardInterrupt),
        forensics.Scanner(profile=profile, workers=workers) as scanner,
    ):
        for files in complete_files(folder, settle_s, threading.Event()):
            with ScanProgress() as progress:
                outcome = scanner.scan_into(
                    case, files, command=("forensics", "watch", str(folder)), on_event=progress.on_event
                )
            with forensics.CaseFile.open_read_only(case) as opened:
                checked = opened.checked()
                for report in reports or ():
                    forensics.write_report(opened, report)
            if outcome.interrupted:
                break
    if checked is not None:
        tell_head(checked, tuple(reports or ()))
    typer.echo(f"Ended. To read the results: forensics report {case} --report report.html", err=True)


def _apart(folder: Path, written: tuple[Path, ...]) -> None:
    """What is written into the watched folder would be found there."""
    inside = [path for path in written if path.resolve().is_relative_to(folder.resolve())]
    if inside:
        raise SettingsError(
            f"{inside[0]} lies in the folder that is watched", "Write case file and reports elsewhere."
        )
