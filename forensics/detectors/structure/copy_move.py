"""Parts of a picture that are copies of other parts of it: key points whose matches share one offset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from forensics.records.media import RgbImage

FEWEST_MATCHES: Final = 8
LEAST_LIKENESS: Final = 0.65
"""Correlation of what a blur takes away, over the copied part; measured as docs/limits.md says."""

_LONGEST_PX = 1_024
_SHOWN_PX = 640
_MOST_POINTS = 2_500
# Hamming distance of 256-bit descriptors. Of two candidates the better has to be much better: things that
# come in rows, as windows and letters, have many, which are all alike.
_MOST_DISTANCE = 48
_BETTER_BY = 0.8
# Eyes are alike in fine structure, too, but small: of 390 pristine pictures, one had them above the bound.
_LEAST_AREA_PX = 1_600
_REACH_PX = 3.0


@dataclass(frozen=True, slots=True)
class CopiedPart:
    """A part of a picture and its copy.

    Attributes:
        source: float32[N, 2] x and y of the matched points of one of the two, in pixels of the picture.
        target: float32[N, 2] the same points of the other; which of them is the copy is not known.
        likeness: in [-1, 1], how alike the fine structure of the two is.
        scale: of the second by the first.
        turned_deg: of the second against the first.
    """

    source: npt.NDArray[np.float32]
    target: npt.NDArray[np.float32]
    likeness: float
    scale: float
    turned_deg: float


def copied_part(grey: npt.NDArray[np.uint8]) -> CopiedPart | None:
    """The part whose points match others best under one shift, turn and scale; None where there is none.

    ORB key points (Rublee et al. 2011) matched within the picture, as in Amerini et al. (2011), "A SIFT-based
    forensic method for copy-move attack detection and transformation recovery".

    Args:
        grey: uint8[H, W].
    """
    small, factor = _reduced(grey)
    matches = _matches(small)
    if matches is None:
        return None
    source, target = matches
    # What OpenCV says of its types leaves out that it may find nothing.
    found: Any = cv2.estimateAffinePartial2D(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=_REACH_PX, maxIters=2_000
    )
    transform, inliers = found
    if transform is None:
        return None
    kept = inliers.ravel().astype(bool)
    source, target = source[kept], target[kept]
    scale = float(np.hypot(transform[0, 0], transform[1, 0]))
    if len(source) < FEWEST_MATCHES or not 0.5 < scale < 2:
        return None
    likeness = _likeness(small, source, transform)
    if likeness is None:
        return None
    turned = float(np.degrees(np.arctan2(transform[1, 0], transform[0, 0])))
    return CopiedPart(source * factor, target * factor, likeness, scale, turned)


def _reduced(grey: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.uint8], float]:
    factor = max(grey.shape) / _LONGEST_PX
    if factor <= 1:
        return grey, 1.0
    size = round(grey.shape[1] / factor), round(grey.shape[0] / factor)
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8), factor


def _matches(grey: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]] | None:
    """Pairs of points that look alike and lie apart, each once, from left to right."""
    finder = cv2.ORB.create(nfeatures=_MOST_POINTS, fastThreshold=12)
    found_points: Any = finder.detectAndCompute(grey, None)  # its words are None where there are no points
    points, words = found_points
    if words is None or len(points) < 2 * FEWEST_MATCHES:
        return None
    at = np.asarray([point.pt for point in points], np.float32)
    apart = max(24.0, 0.04 * float(np.hypot(*grey.shape)))
    pairs = {}
    for found in cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(words, words, k=12):
        far = [one for one in found if np.hypot(*(at[one.queryIdx] - at[one.trainIdx])) >= apart]
        if not far or far[0].distance > _MOST_DISTANCE:
            continue
        # The same corner is found in several octaves: those beside the best are the best.
        rival = next(
            (one for one in far[1:] if np.hypot(*(at[one.trainIdx] - at[far[0].trainIdx])) > 6), None
        )
        if rival is not None and far[0].distance > _BETTER_BY * rival.distance:
            continue
        first, second = at[far[0].queryIdx], at[far[0].trainIdx]
        if tuple(second) < tuple(first):
            first, second = second, first
        pairs[tuple(np.rint(first)), tuple(np.rint(second))] = first, second
    if len(pairs) < FEWEST_MATCHES:
        return None
    source, target = (np.asarray([pair[side] for pair in pairs.values()], np.float32) for side in (0, 1))
    return source, target


def _likeness(
    grey: npt.NDArray[np.uint8], source: npt.NDArray[np.float32], transform: npt.NDArray[np.float64]
) -> float | None:
    """Correlation of the fine structure within the hull of the points; None where the hull is tiny."""
    hull = cv2.convexHull(np.rint(source).astype(np.int32))
    mask = np.zeros(grey.shape, np.uint8)
    cv2.fillConvexPoly(mask, hull, 1)
    if int(mask.sum()) < _LEAST_AREA_PX:
        return None
    height, width = grey.shape
    moved = cv2.warpAffine(
        grey,
        transform,
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    inside = mask.astype(bool)
    fine = [
        (one.astype(np.float32) - cv2.GaussianBlur(one.astype(np.float32), (0, 0), 1.5))[inside]
        for one in (grey, moved)
    ]
    first, second = (one - one.mean() for one in fine)
    size = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / size if size > 0 else None


def matches_drawn(rgb: RgbImage, part: CopiedPart) -> RgbImage:
    """uint8[H, W, 3], at most 640 px a side: the picture with a line from each point to its match."""
    factor = min(1.0, _SHOWN_PX / max(rgb.shape[:2]))
    shown = cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    for first, second in zip(part.source * factor, part.target * factor, strict=True):
        start, end = ((round(float(one[0])), round(float(one[1]))) for one in (first, second))
        cv2.line(shown, start, end, (255, 255, 255), 2)
        cv2.line(shown, start, end, (200, 0, 0), 1)
        for at in (start, end):
            cv2.circle(shown, at, 3, (200, 0, 0), 1)
    return np.asarray(shown, np.uint8)
