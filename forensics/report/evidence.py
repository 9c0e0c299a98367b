"""Which pictures a page shows: a fixed budget of bytes goes to the files that need a human's eye first."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from forensics.records.exhibit_content import (
    CurveChart,
    Filmstrip,
    Picture,
    SoundClip,
    StripFrame,
    Table,
    Text,
    stored,
)
from forensics.records.findings import Exhibit, ExhibitKind, Notice
from forensics.records.scan_result import ScanResult
from forensics.records.subject import Subject
from forensics.report.report_words import VERDICT_ORDER

# A page of 5,000 files has to stay under 25 MB and open without freezing. What the rows and the full
# details take, measured on such a page and rounded up, comes off the top; pictures get the rest.
PAGE_BYTES = 23_000_000
ROW_BYTES = 2_200
FULL_DETAIL_BYTES = 22_000
MOST_IMAGE_BYTES = 16_000_000
LEAST_IMAGE_BYTES = 2_000_000
MOST_FULL_FILES = 150
# Of the bytes for pictures, what the faces in the table may take: some 5,000 of them at most.
_SHARE_OF_FACES = 0.4
# A folder of links once gave 14,496 notices. JSON has them all.
MOST_RUN_NOTICES = 100
MOST_FILE_NOTES = 25
# A table's short cells take this many times their JSON as markup; curves and texts take less.
_MARKUP_PER_BYTE = 4
_MARKUP_OF_FRAME_BYTES = 320

ExhibitLoader = Callable[[int], Iterable[Exhibit]]


@dataclass(frozen=True, slots=True)
class ExhibitCaption:
    """An exhibit without its picture: what JSON carries, and what a page says of evidence left out."""

    kind: ExhibitKind
    caption: str
    subject: Subject
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
        """Strips, sounds, curves, tables and texts: shown below each other, over the whole width."""
        return tuple(one for one in self.exhibits if not isinstance(one.content, Picture))


@dataclass(frozen=True, slots=True)
class Spending:
    """What a page shows, by position of the file.

    Attributes:
        kept: exhibits that are shown.
        captions: of all exhibits.
        faces: the face with the highest score, for the table.
    """

    kept: dict[int, tuple[Exhibit, ...]]
    captions: dict[int, tuple[ExhibitCaption, ...]]
    faces: dict[int, StripFrame]


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


def spend(rows: Sequence[tuple[int, ScanResult]], load_exhibits: ExhibitLoader) -> Spending:
    """What to show of the exhibits: the files that need a human's eye first get theirs first."""
    left = image_budget(len(rows))
    for_faces = left * _SHARE_OF_FACES
    spent = Spending({}, {}, {})
    for place, position in enumerate(by_attention(rows)):
        exhibits = tuple(load_exhibits(rows[position][0]))
        spent.captions[position] = tuple(_caption(exhibit) for exhibit in exhibits)
        face = face_of(rows[position][1], exhibits)
        if face is not None and (cost := encoded_size(face.jpeg)) <= for_faces:
            spent.faces[position] = face
            for_faces -= cost
            left -= cost
        cost = sum(encoded_bytes(exhibit) for exhibit in exhibits)
        if place < MOST_FULL_FILES and cost <= left:
            spent.kept[position] = exhibits
            left -= cost
    return spent


def face_of(result: ScanResult, exhibits: Sequence[Exhibit]) -> StripFrame | None:
    """The face to know a file by: of the person who decides the verdict, else of the first; None for none."""
    strips = {one.subject: one.content for one in exhibits if isinstance(one.content, Filmstrip)}
    order = (*(one.subject for one in result.verdict.basis), *strips)
    return next((strips[subject].strongest for subject in order if subject in strips), None)


def encoded_bytes(exhibit: Exhibit) -> int:
    """What it takes within a page: pictures and sound as base64, anything else as markup."""
    content = exhibit.content
    if isinstance(content, Filmstrip):
        return sum(encoded_size(frame.jpeg) + _MARKUP_OF_FRAME_BYTES for frame in content.frames)
    if isinstance(content, Picture | SoundClip):
        return encoded_size(stored(content))
    return _MARKUP_PER_BYTE * len(stored(content))


def encoded_size(content: bytes) -> int:
    """Bytes of these in base64."""
    return math.ceil(len(content) / 3) * 4


def _caption(exhibit: Exhibit) -> ExhibitCaption:
    return ExhibitCaption(
        kind=exhibit.kind,
        caption=exhibit.caption,
        subject=exhibit.subject,
        group=exhibit.group,
        at_s=exhibit.at_s,
        manipulation_score=exhibit.manipulation_score,
        n_bytes=len(stored(exhibit.content)),
        content=exhibit.content if isinstance(exhibit.content, CurveChart | Table | Text) else None,
    )


def groups_of(subject: Subject, exhibits: Sequence[Exhibit]) -> tuple[ExhibitGroup, ...]:
    """One subject's exhibits, those of one moment together, in the order of ``ExhibitKind``."""
    by_group: dict[str, list[Exhibit]] = {}
    for exhibit in exhibits:
        if exhibit.subject == subject:
            by_group.setdefault(exhibit.group, []).append(exhibit)
    order = list(ExhibitKind)
    return tuple(
        ExhibitGroup(
            title=group,
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
        if not any(group == one.stage and one.message.startswith(says) for group, says in said)
    )
