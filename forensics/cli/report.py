"""``forensics report``: draw a case again, without its media."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forensics.cli.scan_options import Brief, CaseData, KnownLabels, Language, Ratios, Redact, RelativeTo
from forensics.languages import chosen


def report(
    case: Annotated[Path, typer.Argument(metavar="CASE", help="The case file.")],
    reports: Annotated[
        list[Path],
        typer.Option(
            "--report",
            metavar="FILE",
            help="Where to write; .html, .pdf, .json, .csv, .sarif, .jsonld or .xml. Repeatable.",
        ),
    ],
    labels: KnownLabels = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="PATH", help="Show this file alone, in full. Repeatable."),
    ] = None,
    ratios: Ratios = False,
    relative_to: RelativeTo = None,
    redact: Redact = False,
    brief: Brief = False,
    case_info: CaseData = None,
    language: Language = None,
    even_if_broken: Annotated[
        bool,
        typer.Option(
            "--even-if-broken", help="Draw a case that was changed after it was written, marked as such."
        ),
    ] = False,
) -> None:
    """Check a case file, and draw its report; the media are not needed."""
    from forensics.cli.custody import tell_condition
    from forensics.workflows.redrawing import RedrawOptions, redraw

    options = RedrawOptions(
        labels=labels,
        only=tuple(only or ()),
        ratios=ratios,
        relative_to=relative_to,
        redact=redact,
        brief=brief,
        case_info=case_info,
        even_if_broken=even_if_broken,
        language=chosen(language),
    )
    checked = redraw(case, reports, options)
    for path in reports:
        typer.echo(f"Report: {path}", err=True)
    tell_condition(checked)
