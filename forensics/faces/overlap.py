"""Whether two boxes of one picture show the same face."""

from __future__ import annotations

import math
from collections.abc import Iterable

from forensics.records.faces import FaceBox

# Two boxes are one face if they share this much (intersection over union), or if the middle of one
# lies this close to that of the other, in sides of the larger: a finder may answer twice for one
# face at sizes so different that they share little. Two people's faces are never so close.
_SAME_IOU = 0.3
_SAME_DISTANCE = 0.3


def without_duplicates(boxes: Iterable[FaceBox]) -> list[FaceBox]:
    """Best first by confidence; of boxes that are one face, the best."""
    kept: list[FaceBox] = []
    for box in sorted(boxes, key=lambda one: (-one.confidence, one.left_px, one.top_px)):
        if not any(same_face(box, other) for other in kept):
            kept.append(box)
    return kept


def same_face(one: FaceBox, other: FaceBox) -> bool:
    """Whether two boxes of one picture show the same face."""
    (x, y), (other_x, other_y) = one.centre_px, other.centre_px
    if math.hypot(x - other_x, y - other_y) < _SAME_DISTANCE * max(one.size_px, other.size_px):
        return True
    width = min(one.left_px + one.width_px, other.left_px + other.width_px) - max(one.left_px, other.left_px)
    height = min(one.top_px + one.height_px, other.top_px + other.height_px) - max(one.top_px, other.top_px)
    if width <= 0 or height <= 0:
        return False
    shared = width * height
    both = one.width_px * one.height_px + other.width_px * other.height_px - shared
    return shared > _SAME_IOU * both


# How much of the box before stays in a box: the finder's boxes jump, and what is cut by them would.
_KEPT = 0.7


def steadied(before: FaceBox | None, box: FaceBox) -> FaceBox:
    """The box of a burst's next picture, drawn to the one before where both are of one face in one place."""
    if before is None or not same_face(before, box):
        return box
    left, top, width, height = (
        _KEPT * old + (1 - _KEPT) * new for old, new in zip(_sides(before), _sides(box), strict=True)
    )
    return FaceBox(left, top, width, height, box.confidence)


def _sides(box: FaceBox) -> tuple[float, float, float, float]:
    return box.left_px, box.top_px, box.width_px, box.height_px
