"""``forensics report``: draw a case again, without its media."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forensics.cli.scan_options import KnownLabels, Ratios


def report(
    case: Annotated[Path, typer.Argument(metavar="CASE", help="The case file.")],
    reports: Annotated[
        list[Path],
        typer.Option("--report", metavar="FILE", help="Where to write; .html, .json or .csv. Repeatable."),
    ],
    labels: KnownLabels = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="PATH", help="Show this file alone, in full. Repeatable."),
    ] = None,
    ratios: Ratios = False,
    even_if_broken: Annotated[
        bool,
        typer.Option(
            "--even-if-broken", help="Draw a case that was changed after it was written, marked as such."
        ),
    ] = False,
) -> None:
    """Check a case file, and draw its report; the media are not needed."""
    from forensics.casefile.case_file import CaseFile
    from forensics.cli.custody import tell_condition
    from forensics.cli.drawing import cards_of, draw, labels_for, noted_heads

    noted = noted_heads(case, reports)
    with CaseFile.open_read_only(case) as opened:
        checked = opened.checked(even_if_broken=even_if_broken, expected_heads=noted)
        paths = [result.media.path for _, result in opened.results()]
        known = labels_for(paths, labels, ())
        cards = cards_of(opened.manifests())
        draw(opened, reports, known, cards, checked=checked, name=str(case), only=only or (), ratios=ratios)
    for path in reports:
        typer.echo(f"Report: {path}", err=True)
    tell_condition(checked)
