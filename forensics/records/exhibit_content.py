"""What an exhibit holds: a picture, a strip of them, a sound, a chart of curves, a table or a text.

Structs with a tag, not dataclasses: msgspec cannot tell the members of a union of dataclasses apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import msgspec


class Picture(msgspec.Struct, frozen=True, tag="picture"):
    """An encoded picture.

    Attributes:
        jpeg: as a JPEG file holds it.
    """

    jpeg: bytes


class StripFrame(msgspec.Struct, frozen=True):
    """One small picture of a strip.

    Attributes:
        jpeg: as a JPEG file holds it.
        at_s: when it was seen.
        score: of this frame alone, calibrated, in [0, 1]; 1 means manipulated.
    """

    jpeg: bytes
    at_s: float
    score: float


class Filmstrip(msgspec.Struct, frozen=True, tag="filmstrip"):
    """Small pictures in order of time, each with its score.

    Attributes:
        frames: those that are shown.
        n_seen: how many there were; more than ``frames`` where some were left out.
    """

    frames: tuple[StripFrame, ...]
    n_seen: int

    @property
    def strongest(self) -> StripFrame | None:
        """The frame with the highest score; None for an empty strip."""
        return max(self.frames, key=lambda frame: frame.score, default=None)


class SoundClip(msgspec.Struct, frozen=True, tag="sound"):
    """A stretch of sound to listen to.

    Attributes:
        flac: as a FLAC file holds it: mono, without loss.
    """

    flac: bytes


class CurveLine(msgspec.Struct, frozen=True):
    """One line of a chart.

    Attributes:
        name: as the legend says it; may be empty where the chart has one line.
        x: rising, in the unit of the chart's ``x_title``.
        y: as many; None is a gap in the line.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float | None, ...]

    def __post_init__(self) -> None:
        if len(self.x) != len(self.y):
            raise ValueError(f"the line {self.name} has {len(self.x)} x and {len(self.y)} y")


class CurveChart(msgspec.Struct, frozen=True, tag="curve"):
    """Lines over one axis, mostly time.

    Attributes:
        x_title, y_title: what the axes show, with the unit, for example ``Time, s``.
        marked: stretches of the x axis to point at, (from, to).
        y_range: what the y axis shows; None fits it to the lines.
    """

    lines: tuple[CurveLine, ...]
    x_title: str
    y_title: str
    marked: tuple[tuple[float, float], ...] = ()
    y_range: tuple[float, float] | None = None


class Table(msgspec.Struct, frozen=True, tag="table"):
    """Rows of cells.

    Attributes:
        columns: headings.
        rows: as many cells each as there are headings.
        marked: indices of rows to point at, from 0.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    marked: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"every row of the table needs {len(self.columns)} cells")
        if any(not 0 <= index < len(self.rows) for index in self.marked):
            raise ValueError("a marked row is not in the table")


class Text(msgspec.Struct, frozen=True, tag="text"):
    """Words.

    Attributes:
        words: paragraphs, an empty line between them.
        as_typed: shown in letters of equal width, line by line: listings, dumps.
    """

    words: str
    as_typed: bool = False


ExhibitContent: TypeAlias = Picture | Filmstrip | SoundClip | CurveChart | Table | Text


def stored(content: ExhibitContent) -> bytes:
    """The bytes that a case file keeps: a picture's JPEG, a sound's FLAC, JSON of everything else."""
    if isinstance(content, Picture):
        return content.jpeg
    if isinstance(content, SoundClip):
        return content.flac
    return msgspec.json.encode(content, order="deterministic")


def restored(form: type[ExhibitContent], kept: bytes) -> ExhibitContent:
    """The content that ``stored`` gave these bytes for.

    Raises:
        msgspec.MsgspecError: they are of another form.
    """
    if form is Picture:
        return Picture(kept)
    if form is SoundClip:
        return SoundClip(kept)
    content: ExhibitContent = msgspec.json.decode(kept, type=form)
    return content


def segments(line: CurveLine) -> Sequence[tuple[tuple[float, float], ...]]:
    """A line's points, cut at its gaps."""
    found: list[list[tuple[float, float]]] = [[]]
    for x, y in zip(line.x, line.y, strict=True):
        if y is None:
            found.append([])
        else:
            found[-1].append((x, y))
    return [tuple(points) for points in found if points]
