"""Pseudo-fakes over time: what editing a face frame by frame, or editing time itself, leaves in a clip.

All are made of one pristine clip of consecutive pictures, which stands beside them in its pair:

- a self-blended face whose blended copy shakes from picture to picture, as faces do that are swapped frame by
  frame; with landmarks also an expression that comes and goes;
- a mouth that comes from other moments of the same clip, as dubbing and lip synthesis leave it;
- halves that were swapped, and pictures that stand still while the clip goes on.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from forensics.faces.blending import blend
from forensics.records.faces import FaceBox
from forensics.records.media import RgbImage

# Largest typical displacement of the shaking copy, in sides of the face box.
_SHAKE = (0.003, 0.02)
# Pictures by which a mouth is early or late.
_RETIMED_BY = (2, 5)
# Middle and half axes of the mouth's region in dlib's box, as fractions of it: the chin moves with lips.
_MOUTH_AT = (0.5, 0.8)
_MOUTH_AXES = (0.3, 0.2)
# Fewer pictures show neither a jump nor a standstill.
FEWEST = 4


class ClipFake(enum.Enum):
    """What is done to a clip. STEADY: every picture is blended alike; the only one for pictures far apart."""

    STEADY = "steady"
    SHAKING = "shaking"
    RETIMED_MOUTH = "retimed mouth"
    SWAPPED_HALVES = "swapped halves"
    REPEATED = "repeated"


_SHARES = {
    ClipFake.STEADY: 0.35,
    ClipFake.SHAKING: 0.35,
    ClipFake.RETIMED_MOUTH: 0.14,
    ClipFake.SWAPPED_HALVES: 0.08,
    ClipFake.REPEATED: 0.08,
}


def drawn_fake(rng: np.random.Generator) -> ClipFake:
    """One of them, by their shares."""
    return list(_SHARES)[int(rng.choice(len(_SHARES), p=list(_SHARES.values())))]


def shakes(n: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """float64[n, 2]: (x, y) by which the blended copy is off in each picture, in sides of the face box."""
    return np.asarray(rng.normal(0.0, rng.uniform(*_SHAKE), size=(n, 2)))


def swing(n: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """float64[n] in [0, 1]: how much of another expression each picture has; it comes and goes smoothly."""
    turns = rng.uniform(0.5, 1.5)
    return np.asarray(0.5 + 0.5 * np.sin(rng.uniform(0, 2 * np.pi) + 2 * np.pi * turns * np.arange(n) / n))


def swapped_halves(n: int, rng: np.random.Generator) -> list[int]:
    """Order of pictures in which what came last comes first: one jump where they meet."""
    cut = int(rng.integers(max(1, n // 3), max(2, n - n // 3)))
    return [*range(cut, n), *range(cut)]


def repeated(n: int, rng: np.random.Generator) -> list[int]:
    """Order of pictures in which one stands for a third to half of the clip, and the rest has to catch up."""
    length = int(rng.integers(max(2, n // 3), max(3, n // 2 + 1)))
    first = int(rng.integers(0, n - length + 1))
    return [first if first <= at < first + length else at for at in range(n)]


def retimed_mouth(
    images: Sequence[RgbImage], boxes: Sequence[FaceBox], rng: np.random.Generator
) -> list[RgbImage]:
    """Every picture with the mouth of one a little later or earlier, its edge softened.

    Args:
        images: uint8[H, W, 3] RGB, consecutive pictures of one face; their sizes may differ.
        boxes: the finder's box in each.
        rng: source of all randomness.
    """
    n = len(images)
    by = int(rng.integers(min(_RETIMED_BY[0], n - 1), min(_RETIMED_BY[1], n - 1) + 1)) * int(
        rng.choice((-1, 1))
    )
    made = []
    for at, (image, box) in enumerate(zip(images, boxes, strict=True)):
        # What would lie outside the clip is mirrored at its end, so that the mouth never jumps.
        other = at + by
        other = -other if other < 0 else 2 * (n - 1) - other if other >= n else other
        height, width = image.shape[:2]
        source = images[other]
        if source.shape != image.shape:
            source = np.asarray(cv2.resize(source, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
        made.append(blend(source, image, _mouth_mask(height, width, box)))
    return made


def _mouth_mask(height: int, width: int, box: FaceBox) -> npt.NDArray[np.float32]:
    """float32[H, W] in [0, 1]."""
    mask = np.zeros((height, width), np.float32)
    middle = (
        round(box.left_px + _MOUTH_AT[0] * box.width_px),
        round(box.top_px + _MOUTH_AT[1] * box.height_px),
    )
    axes = round(_MOUTH_AXES[0] * box.width_px), round(_MOUTH_AXES[1] * box.height_px)
    cv2.ellipse(mask, middle, axes, 0, 0, 360, 1.0, cv2.FILLED)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), max(0.5, 0.04 * box.size_px)), np.float32)
