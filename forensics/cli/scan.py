"""``forensics scan``: examine files and folders."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from forensics.cli.fail_on import FailOn
from forensics.cli.machine import usable_cores
from forensics.settings import DEFAULT_FRAMES, DEFAULT_TIME_LIMIT_S, DETECTOR_NAMES, Profile, ScanSettings


def scan(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Files and folders to examine.")],
    reports: Annotated[
        list[Path] | None,
        typer.Option("--report", metavar="FILE", help="Report to write; .html, .json or .csv. Repeatable."),
    ] = None,
    case: Annotated[
        Path | None,
        typer.Option("--case", metavar="FILE", help="Case file: keeps everything, and resumes a scan."),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option("--labels", metavar="FILE", help="Known labels: a CSV (path,label) or a metadata.json."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", metavar="N", help="Processes.", show_default="one per core"),
    ] = None,
    frames: Annotated[
        int, typer.Option("--frames", metavar="N", help="Frames per video, spread over the whole clip.")
    ] = DEFAULT_FRAMES,
    profile: Annotated[
        Profile, typer.Option("--profile", help="examination: exact, f32. triage: faster, INT8 or bf16.")
    ] = Profile.EXAMINATION,
    detectors: Annotated[
        str, typer.Option("--detectors", metavar="NAMES", help="What to look at, comma between.")
    ] = ",".join(DETECTOR_NAMES),
    models: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="MODEL", help="A model's id or folder, instead of the shipped one."),
    ] = None,
    crops: Annotated[
        bool, typer.Option("--crops", help="Stills are ready-made face crops, scored whole.")
    ] = False,
    time_limit_s: Annotated[
        float, typer.Option("--time-limit", metavar="SECONDS", help="Give a file up after this long.")
    ] = DEFAULT_TIME_LIMIT_S,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Examine files again on which the tool itself failed.")
    ] = False,
    fail_on: Annotated[
        FailOn | None, typer.Option("--fail-on", help="Leave with exit code 1 if there is such a file.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One line of JSON for each file on stdout.")
    ] = False,
) -> None:
    """Examine video, sound and pictures, and write a verdict for every file."""
    from forensics.cli.scanning import Wishes, scan_and_report

    settings = ScanSettings(
        paths=tuple(paths),
        case=case,
        workers=usable_cores() if workers is None else workers,
        frames=frames,
        profile=profile,
        detectors=tuple(name.strip() for name in detectors.split(",") if name.strip()),
        crops=crops,
        time_limit_s=time_limit_s,
        models=tuple(models or ()),
    )
    wishes = Wishes(tuple(reports or ()), labels, retry_failed=retry_failed, as_json=as_json)
    done = scan_and_report(settings, wishes, ("forensics", *sys.argv[1:]))
    if done.interrupted:
        raise typer.Exit(130)
    if fail_on is not None and fail_on.met_by(done.counts):
        raise typer.Exit(1)
