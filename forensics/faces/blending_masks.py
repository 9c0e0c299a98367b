"""Where a face is blended: masks of the whole face or of the part that a manipulation changes."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from forensics.faces.landmarks import BROWS, EYES, JAW, MOUTH, NOSE, Points, face_height_px
from forensics.records.faces import FaceBox

Mask = npt.NDArray[np.float32]


def landmark_mask(height: int, width: int, points: Points, rng: np.random.Generator) -> Mask:
    """float32[H, W] in {0, 1}: the hull of the whole face or of a part of it.

    Args:
        height: of the mask.
        width: of the mask.
        points: float32[68, 2] (x, y) in pixels of the mask.
        rng: source of all randomness.
    """
    kind = rng.random()
    if kind < 0.45:  # face swap: jaw to forehead
        # The 300-W scheme has no point above the brows, so they are lifted by a random amount.
        lifted = points[BROWS] - np.array([0, rng.uniform(0.0, 0.25) * face_height_px(points)], np.float32)
        region = np.concatenate([points[JAW], points[BROWS], lifted])
    elif kind < 0.60:  # the inner face, as swaps that leave the outline alone
        region = np.concatenate([points[BROWS], points[NOSE], points[EYES], points[MOUTH]])
    elif kind < 0.75:  # mouth and chin: lip-sync and expression transfer
        region = np.concatenate([points[MOUTH], points[3:14], points[31:36]])
    elif kind < 0.88:
        region = points[MOUTH]
    else:
        region = np.concatenate([points[BROWS], points[EYES], points[NOSE]])
    # Small regions need room for the seam; large ones vary inwards and outwards.
    grown = rng.uniform(1.05, 1.5) if kind >= 0.75 else rng.uniform(0.9, 1.1)
    return hull_mask(height, width, region, grown)


def hull_mask(height: int, width: int, points: Points, grown: float) -> Mask:
    """float32[H, W] in {0, 1}: the convex hull of points, grown about their middle by a factor."""
    middle = points.mean(axis=0, keepdims=True)
    hull = cv2.convexHull((middle + (points - middle) * grown).astype(np.float32))
    mask = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(mask, np.round(hull).astype(np.int32), 1)
    return mask.astype(np.float32)


def ellipse_mask(height: int, width: int, box: FaceBox, rng: np.random.Generator) -> Mask:
    """float32[H, W] in {0, 1}: a randomly deformed ellipse in the face box, whole face or a part.

    dlib's box reaches from the brows to the chin; the ellipse is fitted to that.

    Args:
        height: of the mask.
        width: of the mask.
        box: the face, in pixels of the mask.
        rng: source of all randomness.
    """
    x, y = box.centre_px
    size = box.size_px
    n_points = 24
    angles = np.linspace(0, 2 * np.pi, n_points, endpoint=False)
    # Smooth random radii: a few low harmonics keep the outline one closed, plausible curve.
    radii = np.ones(n_points)
    for harmonic in (2, 3, 4):
        radii += rng.normal(0, 0.07) * np.cos(harmonic * angles + rng.uniform(0, 2 * np.pi))
    kind = rng.random()
    if kind < 0.65:  # whole face
        half_width, half_height = rng.uniform(0.36, 0.50), rng.uniform(0.42, 0.58)
        shift_y = rng.uniform(-0.04, 0.04)
    elif kind < 0.85:  # lower half: mouth and chin, as reenactment and lip-sync change it
        half_width, half_height = rng.uniform(0.22, 0.36), rng.uniform(0.18, 0.30)
        shift_y = rng.uniform(0.18, 0.28)
    else:  # upper half: brows, eyes and nose
        half_width, half_height = rng.uniform(0.32, 0.46), rng.uniform(0.18, 0.32)
        shift_y = rng.uniform(-0.25, -0.1)
    points = np.stack(
        [
            x + size * half_width * radii * np.cos(angles),
            y + size * (shift_y + half_height * radii * np.sin(angles)),
        ],
        axis=1,
    )
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [np.round(points).astype(np.int32)], 1)
    return mask.astype(np.float32)
