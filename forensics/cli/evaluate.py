"""``forensics evaluate``: figures on labelled media, with the code that scans."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forensics.cli.scan_options import (
    SCORING_DETECTORS,
    Crops,
    Detectors,
    FollowLinks,
    Frames,
    Labels,
    Models,
    Ratios,
    Reports,
    Split,
    Workers,
    named_path,
    scan_settings,
)
from forensics.settings import Profile

if TYPE_CHECKING:
    from forensics.records.labelled_figures import LabelledFigures
    from forensics.workflows.evaluating import Measured


def evaluate(
    paths: Annotated[
        list[Path],
        typer.Argument(parser=named_path, metavar="LABELLED", help="Folders and files with known labels."),
    ],
    labels: Labels = None,
    split: Split = None,
    reports: Reports = None,
    case: Annotated[
        Path | None,
        typer.Option(
            "--case", metavar="FILE", help="Case file: keeps every result; the same command resumes."
        ),
    ] = None,
    models: Models = None,
    compare: Annotated[
        list[str] | None,
        typer.Option(
            "--compare",
            metavar="OTHER",
            help="Compare with this model, or with a profile or precision: triage, f32, bf16 or int8.",
        ),
    ] = None,
    detectors: Detectors = SCORING_DETECTORS,
    profile: Annotated[Profile, typer.Option("--profile", help="As for scan.")] = Profile.EXAMINATION,
    frames: Frames = None,
    crops: Crops = False,
    workers: Workers = None,
    ratios: Ratios = False,
    data_set: Annotated[
        str | None,
        typer.Option(
            "--data-set",
            metavar="TEXT",
            help="What this data set is called in the cards; --write-card and --audit need it.",
        ),
    ] = None,
    follow_links: FollowLinks = False,
    write_card: Annotated[
        bool, typer.Option("--write-card", help="Write the figures into the cards of the models.")
    ] = False,
    audit: Annotated[
        bool, typer.Option("--audit", help="Exit with code 1 if figures fall below those on the cards.")
    ] = False,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write the audit as JUnit XML.")
    ] = None,
) -> None:
    """Measure the models on labelled media: figures with intervals, by file, face and voice."""
    from forensics.cli.figure_table import table
    from forensics.cli.progress import note, shown
    from forensics.errors import SettingsError
    from forensics.evaluation.audit import check_data_set
    from forensics.scan.worker_context import choose_detectors
    from forensics.workflows import measuring
    from forensics.workflows.comparing import check_other, compared
    from forensics.workflows.drawing import draw, noted_heads
    from forensics.workflows.evaluating import scanned

    if write_card and data_set is None:
        raise SettingsError(
            "--write-card needs to know what the data set is called", 'Add --data-set "NAME, test rows".'
        )
    noted = noted_heads(case, reports or ())
    if junit is not None and not junit.absolute().parent.is_dir():
        raise SettingsError(
            f"The audit cannot be written to {junit}: its folder does not exist",
            "Choose a folder that exists and is writable.",
        )
    command = ("forensics", *sys.argv[1:])
    settings = scan_settings(
        paths,
        workers=workers,
        detectors=detectors,
        models=models,
        frames=frames,
        crops=crops,
        case=case,
        profile=profile,
        follow_links=follow_links,
    )
    if audit or junit is not None:
        chosen = choose_detectors(settings)
        check_data_set([model.card for one in chosen for model in one.models], data_set)
    for other in compare or ():
        check_other(other)
    with (
        shown() as on_event,
        scanned(settings, labels, split, command, on_event=on_event, on_note=note) as measured,
    ):
        figures = measuring.figures_of(measured, ratios=ratios)
        for other in compare or ():
            figures += (
                compared(measured, settings, other, labels, split, command, on_event=on_event, on_note=note),
            )
        name = None if case is None else str(case)
        draw(
            measured.case,
            reports or (),
            measured.known,
            measured.cards,
            checked=measured.case.checked(expected_heads=noted),
            name=name,
            figures=figures,
            ratios=ratios,
        )
    typer.echo("\n".join(table(figures)))
    if write_card and data_set is not None:
        for path in measuring.write_figures(measured, figures, data_set, command):
            typer.echo(f"Figures written: {path}", err=True)
    if data_set is not None and (audit or junit is not None):
        _audit(measured, figures, data_set, junit)


def _audit(
    measured: Measured, figures: tuple[LabelledFigures, ...], data_set: str, junit: Path | None
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
