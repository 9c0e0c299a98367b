"""Self-blended faces: what is changed, and where."""

from __future__ import annotations

import numpy as np
import pytest

from forensics.faces.blending import self_blend
from forensics.faces.blending_masks import ellipse_mask, landmark_mask
from tests.faces.made import BOX, face_points, far_from_the_face


def picture(size_px: int = 128) -> np.ndarray:
    rows, columns = np.mgrid[:size_px, :size_px]
    return np.stack([rows * 2, columns * 2, rows + columns], axis=2).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("points", [None, face_points()], ids=["ellipse", "landmarks"])
def test_self_blending_is_repeatable_and_changes_the_face(seed: int, points: np.ndarray | None):
    once, again = (self_blend(picture(), BOX, np.random.default_rng(seed), points) for _ in range(2))
    assert once.shape == (128, 128, 3)
    assert once.dtype == np.uint8
    np.testing.assert_array_equal(once, again)
    assert not np.array_equal(once, picture())


def test_masks_stay_near_the_face():
    far = far_from_the_face(64)
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
