"""``forensics evaluate``: figures on labelled media, with the code that scans."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from forensics.cli.scan_options import (
    LOCAL,
    SCORING_DETECTORS,
    Crops,
    Detectors,
    ExecutorName,
    FollowLinks,
    Frames,
    Labels,
    Models,
    Ratios,
    Reports,
    Ship,
    Split,
    Workers,
    named_path,
    scan_settings,
)
from forensics.settings import Profile


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
    executor: ExecutorName = LOCAL,
    ship: Ship = False,
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
    from forensics.workflows.assessing import AssessmentOptions, assess

    options = AssessmentOptions(
        labels=labels,
        split=split,
        reports=tuple(reports or ()),
        compare=tuple(compare or ()),
        ratios=ratios,
        data_set=data_set,
        write_card=write_card,
        audit=audit,
        junit=junit,
    )
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
        executor=executor,
        ship=ship,
    )
    with shown() as on_event:
        found = assess(settings, options, ("forensics", *sys.argv[1:]), on_event=on_event, on_note=note)
    typer.echo("\n".join(table(found.figures)))
    for path in found.written:
        typer.echo(f"Figures written: {path}", err=True)
    for one in found.audits:
        for line in one.lines:
            typer.echo(f"{'FELL' if line.fell else 'held'}  {one.model}  {line.message}")
    if any(one.fallen for one in found.audits):
        raise typer.Exit(1)
