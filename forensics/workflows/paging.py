"""A report of more files than one page can show: an overview, and a folder of pages beside it.

The rows of the case pass by once, and no more of them are held than one page shows.
"""

from __future__ import annotations

import contextlib
import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import count, islice
from pathlib import Path
from typing import Final
from urllib.parse import quote

from forensics.errors import ReportError
from forensics.records.findings import Notice
from forensics.records.scan_result import ScanResult
from forensics.records.verdict import VerdictLabel
from forensics.report.evidence import attention
from forensics.report.renderers import write_report
from forensics.report.report_words import VERDICT_ORDER
from forensics.report.view import PageLink, Paging, ReportView, VerdictCount

MOST_FILES_ON_A_PAGE: Final = 5_000
"""A page of so many stays under 25 MB and opens."""

FILES_ON_THE_OVERVIEW: Final = 1_000

_WITHIN_A_PAGE: Final = Notice(
    "report",
    "In a report of several pages, files that show or sound the same are looked for within each page. "
    "The report as JSON has those of the whole case.",
)

Row = tuple[int, ScanResult]


def folder_of_pages(report: Path) -> Path:
    """Where the pages of a report lie: ``report.pages`` for ``report.html``."""
    return report.with_suffix(".pages")


def write_pages(
    rows: Iterable[Row],
    n_files: int,
    report: Path,
    view_of: Callable[[Sequence[Row], bool], ReportView],
) -> None:
    """Writes the pages, then the overview that links to them.

    Args:
        rows: as ``CaseFile.results`` gives them.
        n_files: how many there are.
        report: the overview.
        view_of: rows to a view; the second argument says whether it is the overview, which carries what
            concerns the case as a whole.

    Raises:
        ReportError: a page cannot be written.
    """
    folder = folder_of_pages(report)
    _emptied(folder)
    counts: Counter[VerdictLabel] = Counter()
    foremost: list[Row] = []
    links: list[PageLink] = []
    left = iter(rows)
    for number in count(1):
        page = list(islice(left, MOST_FILES_ON_A_PAGE))
        if not page:
            break
        labels = Counter(result.verdict.label for _, result in page)
        counts += labels
        foremost = heapq.nsmallest(
            FILES_ON_THE_OVERVIEW, [*foremost, *page], key=lambda row: attention(row[1])
        )
        first = 1 + MOST_FILES_ON_A_PAGE * (number - 1)
        link = PageLink(
            f"{quote(folder.name)}/{number:05d}.html",
            first,
            first + len(page) - 1,
            labels[VerdictLabel.SIGNS_OF_MANIPULATION],
        )
        links.append(link)
        back = Paging(n_files, this=replace(link, href=f"../{quote(report.name)}"))
        write_report(replace(view_of(page, False), paging=back), folder / f"{number:05d}.html")
    view = view_of(sorted(foremost), True)
    overview = replace(
        view,
        notices=(*view.notices, _WITHIN_A_PAGE),
        counts=tuple(VerdictCount(label, counts[label]) for label in VERDICT_ORDER),
        paging=Paging(n_files, tuple(links)),
    )
    write_report(overview, report)


def _emptied(folder: Path) -> None:
    """Pages of an earlier drawing would pass for those of this one."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        for old in folder.glob("*.html"):
            with contextlib.suppress(FileNotFoundError):
                old.unlink()
    except OSError as error:
        raise ReportError(
            f"The report's pages cannot be written to {folder}: {error.strerror or error}",
            "Give a path in a folder that you may write to and that has space left.",
        ) from error
