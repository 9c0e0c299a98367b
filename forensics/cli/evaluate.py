"""``forensics evaluate``: figures on labelled media, with the code that scans."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forensics.cli.machine import usable_cores
from forensics.settings import DEFAULT_FRAMES, DETECTOR_NAMES, Profile, ScanSettings

if TYPE_CHECKING:
    from forensics.cli.evaluating import Measured
    from forensics.records.figures import LabelledFigures


def evaluate(
    paths: Annotated[
        list[Path], typer.Argument(metavar="LABELLED", help="Folders and files with known labels.")
    ],
    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels",
            metavar="FILE",
            help="A CSV (path,label[,group,method,split]) or a metadata.json.",
            show_default="folders called real and fake",
        ),
    ] = None,
    split: Annotated[
        str | None, typer.Option("--split", metavar="NAME", help="Rows of this split of the labels alone.")
    ] = None,
    reports: Annotated[
        list[Path] | None,
        typer.Option("--report", metavar="FILE", help="Report to write; .html, .json or .csv. Repeatable."),
    ] = None,
    case: Annotated[
        Path | None, typer.Option("--case", metavar="FILE", help="Case file: resumes the scan.")
    ] = None,
    models: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="MODEL", help="A model's id or folder, instead of the shipped one."),
    ] = None,
    compare: Annotated[
        list[str] | None,
        typer.Option("--compare", metavar="OTHER", help="Compare with this model, or with a profile."),
    ] = None,
    detectors: Annotated[
        str, typer.Option("--detectors", metavar="NAMES", help="What to look at, comma between.")
    ] = ",".join(DETECTOR_NAMES),
    profile: Annotated[Profile, typer.Option("--profile", help="As for scan.")] = Profile.EXAMINATION,
    frames: Annotated[int, typer.Option("--frames", metavar="N", help="Frames per video.")] = DEFAULT_FRAMES,
    crops: Annotated[bool, typer.Option("--crops", help="Stills are ready-made face crops.")] = False,
    workers: Annotated[
        int | None, typer.Option("--workers", metavar="N", help="Processes.", show_default="one per core")
    ] = None,
    data_set: Annotated[
        str | None,
        typer.Option("--data-set", metavar="TEXT", help="What this data set is called in the cards."),
    ] = None,
    write_card: Annotated[
        bool, typer.Option("--write-card", help="Write the figures into the cards of the models.")
    ] = False,
    audit: Annotated[
        bool, typer.Option("--audit", help="Leave with exit code 1 if figures fall below the cards'.")
    ] = False,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write the audit as JUnit XML.")
    ] = None,
) -> None:
    """Measure the models on labelled media: figures with intervals, by file, face and voice."""
    from forensics.cli import measuring
    from forensics.cli.drawing import draw
    from forensics.cli.evaluating import scanned
    from forensics.errors import SettingsError
    from forensics.report.renderers import check_writable

    if write_card and data_set is None:
        raise SettingsError(
            "--write-card needs to know what the data set is called", 'Add --data-set "NAME, test rows".'
        )
    for path in reports or ():
        check_writable(path)
    command = ("forensics", *sys.argv[1:])
    settings = ScanSettings(
        paths=tuple(paths),
        case=case,
        workers=usable_cores() if workers is None else workers,
        frames=frames,
        profile=profile,
        detectors=tuple(name.strip() for name in detectors.split(",") if name.strip()),
        crops=crops,
        models=tuple(models or ()),
    )
    with scanned(settings, labels, split, command) as measured:
        figures = measuring.figures_of(measured)
        for other in compare or ():
            figures += (measuring.compared(measured, settings, other, labels, split, command),)
        name = None if case is None else str(case)
        draw(measured.case, reports or (), measured.known, measured.cards, name=name, figures=figures)
    typer.echo("\n".join(measuring.table(figures)))
    if write_card and data_set is not None:
        repeat = [word for word in command if word != "--write-card"]
        for path in measuring.write_figures(measured, figures, data_set, repeat):
            typer.echo(f"Figures written: {path}", err=True)
    if audit or junit is not None:
        _audit(measured, figures, data_set, junit)


def _audit(
    measured: Measured, figures: tuple[LabelledFigures, ...], data_set: str | None, junit: Path | None
) -> None:
    from forensics.evaluation.audit import audit, write_junit

    audits = [audit(card, figures, data_set=data_set) for card in measured.cards]
    if junit is not None:
        write_junit(audits, junit)
    for one in audits:
        for line in one.lines:
            typer.echo(f"{'FELL' if line.fell else 'held'}  {one.model}  {line.message}")
    if any(one.fallen for one in audits):
        raise typer.Exit(1)
