"""Self-blended faces: what is changed, and where."""

from __future__ import annotations

import numpy as np
import pytest

from forensics.faces.blending import self_blend
from forensics.faces.blending_masks import ellipse_mask, landmark_mask
from forensics.records.faces import FaceBox

BOX = FaceBox(32, 32, 64, 64)


def picture(size_px: int = 128) -> np.ndarray:
    rows, columns = np.mgrid[:size_px, :size_px]
    return np.stack([rows * 2, columns * 2, rows + columns], axis=2).clip(0, 255).astype(np.uint8)


def face_points() -> np.ndarray:
    """float32[68, 2]: a schematic face in ``BOX``, in the order of the 300-W scheme."""
    jaw = [(64 - 30 * np.cos(a), 56 + 38 * np.sin(a)) for a in np.linspace(0, np.pi, 17)]
    brows = [(x, 44.0) for x in np.linspace(40, 88, 10)]
    nose = [(64.0, y) for y in np.linspace(50, 66, 4)] + [(x, 68.0) for x in np.linspace(58, 70, 5)]
    eyes = [(middle + 5 * np.cos(a), 52 + 2 * np.sin(a)) for middle in (50, 78) for a in range(6)]
    mouth = [(64 + 12 * np.cos(a), 80 + 5 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 20)]
    return np.array([*jaw, *brows, *nose, *eyes, *mouth], np.float32)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("points", [None, face_points()], ids=["ellipse", "landmarks"])
def test_self_blending_is_repeatable_and_changes_the_face(seed: int, points: np.ndarray | None):
    once, again = (self_blend(picture(), BOX, np.random.default_rng(seed), points) for _ in range(2))
    assert once.shape == (128, 128, 3)
    assert once.dtype == np.uint8
    np.testing.assert_array_equal(once, again)
    assert not np.array_equal(once, picture())


def test_masks_stay_near_the_face():
    rows, columns = np.mgrid[:128, :128]
    far = np.hypot(rows - 66, columns - 64) > 64
    for seed in range(40):
        for mask in (
            landmark_mask(128, 128, face_points(), np.random.default_rng(seed)),
            ellipse_mask(128, 128, BOX, np.random.default_rng(seed)),
        ):
            assert set(np.unique(mask)) == {0.0, 1.0}
            assert mask.sum() > 30
            assert not mask[far].any()


def test_landmark_masks_cover_the_face_or_a_part_of_it():
    areas = [landmark_mask(128, 128, face_points(), np.random.default_rng(seed)).sum() for seed in range(80)]
    assert min(areas) < 900  # a mouth
    assert max(areas) > 3000  # a face from jaw to forehead
