"""A case drawn again, without its media."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from forensics.casefile.case_file import CaseFile
from forensics.casefile.verification import VerificationReport
from forensics.errors import SettingsError
from forensics.languages import ENGLISH
from forensics.records.media import named_by
from forensics.scan.overwriting import check_apart, check_apart_from_places
from forensics.workflows.case_data import record_case_info
from forensics.workflows.drawing import cards_of, check_brief, draw, labels_for, noted_heads

# Files that an error names, of a case that may hold thousands.
_MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class RedrawOptions:
    """How a case is drawn again.

    Attributes:
        labels: the labels file; None takes folders called real and fake.
        only: show these files alone, in full.
        ratios: state likelihood ratios.
        relative_to: a folder whose own path the reports leave out; None leaves paths as they are.
        redact: frames are blurred, faces and sound are left out, paths are shortened.
        brief: pages, that is HTML and PDF, are drawn in their short form.
        case_info: a TOML file with case data, recorded in the case before it is drawn.
        even_if_broken: draw a case that was changed after it was written, marked as such.
        language: of pages.
    """

    labels: Path | None = None
    only: tuple[str, ...] = ()
    ratios: bool = False
    relative_to: Path | None = None
    redact: bool = False
    brief: bool = False
    case_info: Path | None = None
    even_if_broken: bool = False
    language: str = ENGLISH


def redraw(case: Path, reports: Sequence[Path], options: RedrawOptions) -> VerificationReport:
    """Checks a case file, and draws its reports.

    Args:
        case: the case file.
        reports: where to; the suffix chooses the form.
        options: how.

    Returns:
        The check of the case.

    Raises:
        CaseFileError: the case cannot be read, or is not what was written.
        ReportError: a report cannot be written.
        SettingsError: an option fits nothing.
    """
    check_brief(reports, brief=options.brief)
    noted = noted_heads(case, reports)
    check_apart(reports, (case, options.labels, options.case_info))
    if options.case_info is not None:
        record_case_info(case, options.case_info, expected_heads=noted)
    with CaseFile.open_read_only(case) as opened:
        checked = opened.checked(even_if_broken=options.even_if_broken, expected_heads=noted)
        media = [result.media for _, result in opened.results()]
        places = {place for one in media for place in (one.place, one.archive.place if one.archive else "")}
        check_apart_from_places(reports, places)
        files = [(one.path, one.key) for one in media]
        _check_only(options.only, files, case)
        draw(
            opened,
            reports,
            labels_for(files, options.labels, ()),
            cards_of(opened.manifests()),
            checked=checked,
            name=str(case),
            only=options.only,
            ratios=options.ratios,
            relative_to=options.relative_to,
            redact=options.redact,
            brief=options.brief,
            language=options.language,
        )
    return checked


def _check_only(only: Sequence[str], files: Sequence[tuple[str, str]], case: Path) -> None:
    """A name that fits no file would draw a report without it, in silence."""
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
            f"There is no {name!r} in {case}",
            f"Give --only one of its files, or the end of a path: {', '.join(named)}{more}.",
        )
