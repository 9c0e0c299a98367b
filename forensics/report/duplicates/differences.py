"""Where two films differ at the same moments: cell by cell, and how much of it lies in faces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from forensics.records.perceptual_hashes import GRID_SIDE, FaceHash, Grid, PerceptualHashes
from forensics.records.subject import Subject, person
from forensics.report.duplicates.matches import Difference, FaceMatch, FaceShare
from forensics.report.duplicates.near_hashes import hashes_of

Levels = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]

# Moments that are apart by more show what moved, not what was changed: half a frame at 25 a second. A shift
# is not known to that, so that only films without one are compared.
_SAME_MOMENT_S: Final = 0.02
_NO_SHIFT_S: Final = 0.04
# Coding leaves most cells within a level or two; what differs by less than this, or less than five times what
# the middle cell does, is not pointed at.
_LEAST_LEVELS: Final = 3.0
_TIMES_USUAL: Final = 5.0


def difference(
    source: PerceptualHashes, copy: PerceptualHashes, offset_s: float, is_mirrored: bool = False
) -> Difference | None:
    """Where the films differ at moments that both hold; None where they share none.

    Args:
        offset_s: what is shown at t in the source is shown at t + offset_s in the copy.
    """
    pairs = same_moments(source.grids, copy.grids)
    if not pairs or abs(offset_s) > _NO_SHIFT_S:
        return None
    apart = np.mean([_apart(_levels(one), _levels(other, is_mirrored)) for one, other in pairs], axis=0)
    differs = apart > max(_LEAST_LEVELS, _TIMES_USUAL * float(np.median(apart)))
    over = np.where(differs, apart, 0.0)
    total = float(over.sum())
    boxes = _boxes(source.faces, [one.at_s for one, _ in pairs])
    inside = _inside(boxes.values())
    return Difference(
        n_moments=len(pairs),
        cells=tuple((int(row), int(column)) for row, column in np.argwhere(differs)),
        in_faces=round(float(over[inside].sum()) / total, 3) if boxes and total else None,
        faces_area=round(float(inside.mean()), 3) if boxes else None,
        faces=tuple(
            FaceShare(who, box, round(float(over[_inside([box])].sum()) / total, 3) if total else 0.0)
            for who, box in boxes.items()
        ),
    )


def faces_compared(
    source: PerceptualHashes, copy: PerceptualHashes, offset_s: float, is_mirrored: bool = False
) -> tuple[FaceMatch, ...]:
    """The faces that stand in one place at the same moments, however they look."""
    if is_mirrored or abs(offset_s) > _NO_SHIFT_S:
        return ()
    found = []
    for one in source.faces:
        for other in copy.faces:
            bits = _face_bits(one, other) if one.margin == other.margin else []
            if bits:
                who = person(one.track_id), person(other.track_id)
                found.append(FaceMatch(*who, len(bits), round(float(np.median(bits)))))
    return tuple(found)


class Moment(Protocol):
    """Something that was seen at a time."""

    @property
    def at_s(self) -> float:
        """Seconds from the start."""
        ...


_M = TypeVar("_M", bound=Moment)


def same_moments(some: Sequence[_M], others: Sequence[_M]) -> list[tuple[_M, _M]]:
    """The pairs of one and the same moment of two films without a shift."""
    return [(one, other) for one in some for other in others if abs(one.at_s - other.at_s) <= _SAME_MOMENT_S]


def _levels(grid: Grid, is_mirrored: bool = False) -> Levels:
    levels = np.frombuffer(grid.levels, np.uint8).reshape(GRID_SIDE, GRID_SIDE).astype(np.float64)
    return levels[:, ::-1] if is_mirrored else levels


def _apart(one: Levels, other: Levels) -> Levels:
    """By how many levels each cell differs, but for brightness and contrast of the whole."""
    x, y = other.ravel(), one.ravel()
    for _ in range(2):  # once with everything, once without what differs most
        slope, level = np.polyfit(x, y, 1) if np.ptp(x) > 0 else (1.0, 0.0)
        apart = np.abs(slope * other + level - one)
        keep = apart.ravel() <= np.quantile(apart, 0.8)
        x, y = other.ravel()[keep], one.ravel()[keep]
    return np.asarray(apart, np.float64)


def _boxes(faces: Sequence[FaceHash], at_s: Sequence[float]) -> dict[Subject, Box]:
    """Of each person, the box of these moments: the median, since heads move less than pictures change."""
    found = {}
    for face in faces:
        boxes = [box for when, box in zip(face.at_s, face.boxes, strict=True) if when in at_s]
        if boxes:
            left, top, width, height = (round(float(value), 4) for value in np.median(boxes, axis=0))
            found[person(face.track_id)] = left, top, width, height
    return found


def _inside(boxes: Iterable[Box]) -> npt.NDArray[np.bool_]:
    """bool[GRID_SIDE, GRID_SIDE]: the cells of the boxes and of what they leave out: hair, ears, chin."""
    inside = np.zeros((GRID_SIDE, GRID_SIDE), bool)
    for left, top, width, height in boxes:
        rows = _cells(top - 0.25 * height, top + 1.35 * height)
        inside[rows, _cells(left - 0.2 * width, left + 1.2 * width)] = True
    return inside


def _cells(low: float, high: float) -> slice:
    return slice(max(0, int(np.floor(low * GRID_SIDE))), max(0, int(np.ceil(high * GRID_SIDE))))


def _face_bits(one: FaceHash, other: FaceHash) -> list[int]:
    """Bits in which two faces differ wherever they stand in the same place at the same moment."""
    apart_s = np.abs(np.asarray(one.at_s)[:, None] - np.asarray(other.at_s)[None])
    some, rest = hashes_of(one.bits), hashes_of(other.bits)
    return [
        int(np.bitwise_count(some[here] ^ rest[there]).sum())
        for here, there in np.argwhere(apart_s <= _SAME_MOMENT_S)
        if _overlap(one.boxes[here], other.boxes[there])
    ]


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether the middle of each lies in the other."""
    return all(
        abs((a[0] + a[2] / 2) - (b[0] + b[2] / 2)) < b[2] / 2
        and abs((a[1] + a[3] / 2) - (b[1] + b[3] / 2)) < b[3] / 2
        for a, b in ((one, other), (other, one))
    )
