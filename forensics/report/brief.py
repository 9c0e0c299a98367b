"""The short form of a report: what its pages say in plain words, and how much fits on one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Final

from forensics.languages import gettext as _
from forensics.languages import later, ngettext
from forensics.numerals import amount
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
_MEANING = later(
    "These are results of statistical models, which tell a trained person where to look first: signs are no "
    "proof, and a file without signs may still have been manipulated in a way that the models do not know."
)


def plain_summary(view: ReportView) -> list[str]:
    """Three sentences for somebody who has never seen such a report: what, what is open, what it means."""
    if not view.n_counted:
        return [_("No file was found in what was given to scan.")]
    return [_found(view), _open(view), _(_MEANING)]


def _n_with(view: ReportView, label: VerdictLabel) -> int:
    """Of the whole report: an overview of several pages shows a part of the files that it counts."""
    return sum(one.n for one in view.counts if one.label is label)


def _found(view: ReportView) -> str:
    label = VerdictLabel.SIGNS_OF_MANIPULATION
    n_signs = _n_with(view, label)
    if n_signs:
        signs = [file for file in view.by_attention if file.result.verdict.label is label]
        return ngettext(
            "In {n_signs} of {n_files} file the models found signs of manipulation: {names}.",
            "In {n_signs} of {n_files} files the models found signs of manipulation: {names}.",
            view.n_counted,
        ).format(n_signs=amount(n_signs), n_files=amount(view.n_counted), names=_named(signs, n_signs))
    n_judged = view.n_counted - _n_with(view, VerdictLabel.NOT_EXAMINED)
    if n_judged == 1:
        return _("The models found no signs of manipulation in the one file that they could judge.")
    if n_judged:
        return _(
            "The models found no signs of manipulation in any of the {n_files} files that they could judge."
        ).format(n_files=amount(n_judged))
    if view.n_counted == 1:
        return _("The file {name} could not be examined.").format(name=_named(view.files, 1))
    return _("None of the {n_files} files could be examined.").format(n_files=amount(view.n_counted))


def _open(view: ReportView) -> str:
    n_open = _n_with(view, VerdictLabel.INCONCLUSIVE)
    n_unseen = _n_with(view, VerdictLabel.NOT_EXAMINED)
    opened = ngettext(
        "For {n} file the result is open: each may be manipulated or not",
        "For {n} files the result is open: each may be manipulated or not",
        n_open,
    ).format(n=amount(n_open))
    unseen = ngettext(
        "{n} file could not be examined, with the reason given for each",
        "{n} files could not be examined, with the reason given for each",
        n_unseen,
    ).format(n=amount(n_unseen))
    if n_open and n_unseen:
        return f"{opened}; {unseen}."
    if n_open:
        return f"{opened}."
    if n_unseen == view.n_counted:
        return _("The reason, and what to do about it, is given for each file.")
    if n_unseen:
        return f"{unseen}."
    return _("Every file could be examined, and no result is open.")


def _named(files: Sequence[FileView], n_files: int) -> str:
    named = [PurePath(file.path).name or file.path for file in files[:_MOST_NAMED]]
    listed = ", ".join(named)
    if n_files <= len(named):
        return listed
    return _("{names} and {n} more").format(names=listed, n=amount(n_files - len(named)))


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
