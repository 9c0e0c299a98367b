"""Which pictures a page shows: a fixed budget of bytes goes to the files that need a human's eye first."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from forensics.records.exhibit_content import CurveChart, Picture, Table, Text, stored
from forensics.records.findings import Exhibit, ExhibitKind, Notice
from forensics.records.scan_result import ScanResult
from forensics.report.report_words import VERDICT_ORDER

# A page of 5,000 files has to stay under 25 MB and open without freezing. What the rows and the full
# details take, measured on such a page and rounded up, comes off the top; pictures get the rest.
PAGE_BYTES = 23_000_000
ROW_BYTES = 2_200
FULL_DETAIL_BYTES = 22_000
MOST_IMAGE_BYTES = 16_000_000
LEAST_IMAGE_BYTES = 2_000_000
MOST_FULL_FILES = 150
# A folder of links once gave 14,496 notices. JSON has them all.
MOST_RUN_NOTICES = 100
MOST_FILE_NOTES = 25
# A table's short cells take this many times their JSON as markup; curves and texts take less.
_MARKUP_PER_BYTE = 4

ExhibitLoader = Callable[[int], Iterable[Exhibit]]


@dataclass(frozen=True, slots=True)
class ExhibitCaption:
    """An exhibit without its picture: what JSON carries, and what a page says of evidence left out."""

    kind: ExhibitKind
    caption: str
    subject: str
    group: str
    at_s: float | None
    manipulation_score: float | None
    n_bytes: int
    content: CurveChart | Table | Text | None = None


@dataclass(frozen=True, slots=True)
class ExhibitGroup:
    """Exhibits of one moment, shown together."""

    title: str
    at_s: float | None
    manipulation_score: float | None
    exhibits: tuple[Exhibit, ...]

    @property
    def pictures(self) -> tuple[Exhibit, ...]:
        """Those that are pictures: shown side by side."""
        return tuple(one for one in self.exhibits if isinstance(one.content, Picture))

    @property
    def others(self) -> tuple[Exhibit, ...]:
        """Curves, tables and texts: shown below each other, over the whole width."""
        return tuple(one for one in self.exhibits if not isinstance(one.content, Picture))


def by_attention(rows: Sequence[tuple[int, ScanResult]]) -> list[int]:
    """Positions of ``rows`` in the order in which a reader needs them."""
    return sorted(range(len(rows)), key=lambda position: attention(rows[position][1]))


def attention(result: ScanResult) -> tuple[int, float]:
    """Signs, inconclusive, no signs, not examined; within each the highest manipulation score first."""
    return VERDICT_ORDER.index(result.verdict.label), -(result.verdict.manipulation_score or 0.0)


def image_budget(n_files: int) -> int:
    """Bytes of encoded pictures that a page of ``n_files`` may carry."""
    left = PAGE_BYTES - n_files * ROW_BYTES - min(n_files, MOST_FULL_FILES) * FULL_DETAIL_BYTES
    return max(LEAST_IMAGE_BYTES, min(MOST_IMAGE_BYTES, left))


def spend(
    rows: Sequence[tuple[int, ScanResult]], load_exhibits: ExhibitLoader
) -> tuple[dict[int, tuple[Exhibit, ...]], dict[int, tuple[ExhibitCaption, ...]]]:
    """Exhibits to show by position, and the captions of all."""
    left = image_budget(len(rows))
    kept: dict[int, tuple[Exhibit, ...]] = {}
    captions: dict[int, tuple[ExhibitCaption, ...]] = {}
    for place, position in enumerate(by_attention(rows)):
        exhibits = tuple(load_exhibits(rows[position][0]))
        captions[position] = tuple(_caption(exhibit) for exhibit in exhibits)
        cost = sum(encoded_bytes(exhibit) for exhibit in exhibits)
        if place < MOST_FULL_FILES and cost <= left:
            kept[position] = exhibits
            left -= cost
    return kept, captions


def encoded_bytes(exhibit: Exhibit) -> int:
    """What it takes within a page: a picture as base64, anything else as markup."""
    if isinstance(exhibit.content, Picture):
        return math.ceil(len(exhibit.content.jpeg) / 3) * 4
    return _MARKUP_PER_BYTE * len(stored(exhibit.content))


def _caption(exhibit: Exhibit) -> ExhibitCaption:
    return ExhibitCaption(
        kind=exhibit.kind,
        caption=exhibit.caption,
        subject=exhibit.subject,
        group=exhibit.group,
        at_s=exhibit.at_s,
        manipulation_score=exhibit.manipulation_score,
        n_bytes=len(stored(exhibit.content)),
        content=None if isinstance(exhibit.content, Picture) else exhibit.content,
    )


def groups_of(subject: str, exhibits: Sequence[Exhibit]) -> tuple[ExhibitGroup, ...]:
    """One subject's exhibits, those of one moment together, in the order of ``ExhibitKind``."""
    by_group: dict[str, list[Exhibit]] = {}
    for exhibit in exhibits:
        if exhibit.subject == subject:
            by_group.setdefault(exhibit.group, []).append(exhibit)
    order = list(ExhibitKind)
    return tuple(
        ExhibitGroup(
            title=group.removeprefix(f"{subject}, "),
            at_s=members[0].at_s,
            manipulation_score=next(
                (one.manipulation_score for one in members if one.manipulation_score is not None), None
            ),
            exhibits=tuple(sorted(members, key=lambda one: order.index(one.kind))),
        )
        for group, members in by_group.items()
    )


def beside_tables(notices: Sequence[Notice], groups: Iterable[ExhibitGroup]) -> tuple[Notice, ...]:
    """The notices that no table on the page says already.

    A structure detector tells what is notable twice: as a notice, for forms of the report without tables, and
    as a marked row of its table.
    """
    said = {
        (exhibit.group, row[1])
        for group in groups
        for exhibit in group.exhibits
        if isinstance(exhibit.content, Table)
        for row in exhibit.content.rows
        if len(row) > 1 and row[1]
    }
    return tuple(
        one
        for one in notices
        if not any(group.endswith(f", {one.stage}") and one.message.startswith(says) for group, says in said)
    )
