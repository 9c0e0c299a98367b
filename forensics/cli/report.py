"""``forensics report``: draw a case again, without its media."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from forensics.cli.scan_options import Brief, KnownLabels, Ratios, Redact, RelativeTo
from forensics.cli.wording import escaped
from forensics.errors import SettingsError

# Files that an error names, of a case that may hold thousands.
_MOST_NAMED = 8


def report(
    case: Annotated[Path, typer.Argument(metavar="CASE", help="The case file.")],
    reports: Annotated[
        list[Path],
        typer.Option(
            "--report",
            metavar="FILE",
            help="Where to write; .html, .json, .csv, .sarif, .jsonld or .xml. Repeatable.",
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
    from forensics.workflows.drawing import cards_of, check_brief, draw, labels_for, noted_heads

    check_brief(reports, brief=brief)
    noted = noted_heads(case, reports)
    with CaseFile.open_read_only(case) as opened:
        checked = opened.checked(even_if_broken=even_if_broken, expected_heads=noted)
        files = [(result.media.path, result.media.key) for _, result in opened.results()]
        _check_only(only or (), files, case)
        known = labels_for(files, labels, ())
        cards = cards_of(opened.manifests())
        draw(
            opened,
            reports,
            known,
            cards,
            checked=checked,
            name=str(case),
            only=only or (),
            ratios=ratios,
            relative_to=relative_to,
            redact=redact,
            brief=brief,
        )
    for path in reports:
        typer.echo(f"Report: {path}", err=True)
    tell_condition(checked)


def _check_only(only: Sequence[str], files: Sequence[tuple[str, str]], case: Path) -> None:
    """A name that fits no file would draw a report without it, in silence."""
    from forensics.report.view import named_by

    paths = [path for path, _ in files]
    for name in only:
        if any(named_by(path, name) for spellings in files for path in spellings):
            continue
        if not paths:
            raise SettingsError(f"There is no {name!r} in {case}: it holds no files", "Leave --only out.")
        similar = difflib.get_close_matches(name, paths, n=_MOST_NAMED, cutoff=0.3)
        named = [*similar, *(path for path in paths if path not in similar)][:_MOST_NAMED]
        more = f" and {len(paths) - len(named):,} more" if len(paths) > len(named) else ""
        raise SettingsError(
            f"There is no {escaped(name)!r} in {case}",
            f"Give --only one of its files, or the end of a path: {escaped(', '.join(named))}{more}.",
        )
