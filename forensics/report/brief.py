"""The short form of a report: what its pages say in plain words, and how much fits on one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Final

from forensics.numerals import count_text
from forensics.records.verdict import VerdictLabel
from forensics.report.subjects import SubjectView
from forensics.report.view import FileView, ReportView

MOST_ROWS: Final = 34
"""Files in the table of the second page; every file has a page of its own all the same."""

MOST_NOTICES: Final = 5
MOST_SUBJECTS: Final = 4
MOST_LINES: Final = 2
"""Limits, abstentions and notices of one file, of each kind."""

_MOST_NAMED = 6


def plain_summary(view: ReportView) -> list[str]:
    """Paragraphs that somebody reads who has never seen such a report."""
    return [paragraph for paragraph in _paragraphs(view) if paragraph]


def _paragraphs(view: ReportView) -> Iterator[str]:
    by_label = {
        label: [file for file in view.by_attention if file.result.verdict.label is label]
        for label in VerdictLabel
    }
    signs, open_, none, unseen = (by_label[label] for label in VerdictLabel)
    if signs:
        yield (
            f"In {count_text(len(signs), 'file', 'files')} of {view.n_files:,} the models found signs of "
            f"manipulation: {_named(signs)}. That is a reason for a trained person to look at "
            f"{'it' if len(signs) == 1 else 'them'} closely. It is not proof."
        )
    elif view.n_files > len(unseen):
        yield "The models found no signs of manipulation in any file that they could judge."
    if open_:
        yield (
            f"For {count_text(len(open_), 'file', 'files')} the result is open: {_named(open_)}. "
            f"{'It' if len(open_) == 1 else 'Each'} may be manipulated or not."
        )
    if none:
        yield (
            f"In {count_text(len(none), 'file', 'files')} no signs were found. That does not mean that "
            f"{'it is' if len(none) == 1 else 'they are'} genuine: methods that the models do not know, "
            "strong compression and short manipulations can go unnoticed."
        )
    if unseen:
        yield (
            f"{count_text(len(unseen), 'file', 'files')} could not be examined: {_named(unseen)}. "
            f"{'Its page says' if len(unseen) == 1 else 'Their pages say'} why, and what to do about it."
        )
    n_twins = sum(file.result.twin_of is not None for file in view.files)
    if n_twins:
        said = count_text(n_twins, "file is an identical copy", "files are identical copies")
        yield f"{said} of another one in this case, and counted above."
    if not view.n_files:
        yield "No file was found in what was given to scan."


def _named(files: Sequence[FileView]) -> str:
    named = [PurePath(file.path).name or file.path for file in files[:_MOST_NAMED]]
    more = [f"{len(files) - _MOST_NAMED:,} more"] if len(files) > _MOST_NAMED else []
    return ", ".join(named) + (f" and {more[0]}" if more else "")


def shown_subjects(file: FileView) -> tuple[SubjectView, ...]:
    """Those of whom a short form has something to say, the deciding one first."""
    scored = [subject for subject in file.subjects if subject.basis is not None]
    return tuple(sorted(scored, key=lambda subject: not subject.deciding)[:MOST_SUBJECTS])


def pictured(file: FileView) -> SubjectView | None:
    """The subject whose pictures are shown: the deciding one, otherwise the first that has any."""
    with_pictures = [one for one in file.subjects if any(group.pictures for group in one.groups)]
    return next((one for one in with_pictures if one.deciding), with_pictures[0] if with_pictures else None)


def short(text: str, most: int) -> str:
    """The text, or its start with an ellipsis; a path's end tells more, see ``short_path``."""
    return text if len(text) <= most else text[: most - 1] + "\N{HORIZONTAL ELLIPSIS}"


def short_path(path: str, most: int) -> str:
    """The path, or its end behind an ellipsis."""
    return path if len(path) <= most else "\N{HORIZONTAL ELLIPSIS}" + path[-(most - 1) :]
