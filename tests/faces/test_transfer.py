"""Other expressions and other faces, made by graphics."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from forensics.faces.transfer import change_expression, same_pose, swap_face
from tests.faces.made import face_points, far_from_the_face

SEEDS = range(12)


def face_picture(seed: int = 0) -> np.ndarray:
    """uint8[128, 128, 3]: texture of the size of facial features."""
    noise = np.random.default_rng(seed).normal(0, 1, (128, 128, 3))
    smooth = cv2.GaussianBlur(noise, (0, 0), 3)
    return np.clip(128 + 45 * smooth / smooth.std(), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("seed", SEEDS)
def test_another_expression_changes_a_part_of_the_face_and_nothing_else(seed: int):
    image = face_picture()
    once, again = (change_expression(image, face_points(), np.random.default_rng(seed)) for _ in range(2))
    np.testing.assert_array_equal(once, again)
    assert once.dtype == np.uint8
    changed = np.abs(once.astype(int) - image).max(axis=2) > 4
    assert 0.01 < changed.mean() < 0.4
    assert not changed[far_from_the_face(60)].any()


def test_an_expression_can_be_made_in_part():
    # A ramp: where a pixel came from can be read off it.
    image = np.repeat(np.repeat(np.arange(0, 256, 2, dtype=np.uint8)[None, :, None], 128, 0), 3, 2)
    far = [
        float(
            np.abs(
                change_expression(image, face_points(), np.random.default_rng(3), amount).astype(int) - image
            ).mean()
        )
        for amount in (0.0, 0.5, 1.0)
    ]
    assert far[0] < far[1] < far[2]


def test_expressions_move_the_mouth_the_eyes_or_both():
    mouth, eyes = np.s_[74:88, 50:78], np.s_[46:58, 42:86]
    moved = set()
    for seed in range(40):
        image = face_picture()
        drawn = change_expression(image, face_points(), np.random.default_rng(seed))
        difference = np.abs(drawn.astype(int) - image).mean(axis=2)
        moved.add((bool(difference[mouth].mean() > 2), bool(difference[eyes].mean() > 2)))
    assert {(True, False), (False, True), (True, True)} <= moved


@pytest.mark.parametrize("seed", SEEDS)
def test_a_swap_brings_the_donors_features_in_the_pictures_colours(seed: int):
    image = np.clip(face_picture(1) * 0.4, 0, 255).astype(np.uint8)
    donor = np.clip(face_picture(2) * 0.5 + 120, 0, 255).astype(np.uint8)
    once, again = (
        swap_face(image, face_points(), donor, face_points(), np.random.default_rng(seed)) for _ in range(2)
    )
    np.testing.assert_array_equal(once, again)
    far, inside = far_from_the_face(60), np.s_[56:80, 50:78]
    assert np.abs(once.astype(int) - image)[far].max() <= 2
    assert abs(once[inside].mean() - image[inside].mean()) < 15 < donor[inside].mean() - image[inside].mean()
    like_donor, like_image = (
        np.corrcoef(once[inside].ravel().astype(float), one[inside].ravel())[0, 1] for one in (donor, image)
    )
    assert like_donor > 0.5 > like_image


def test_a_donor_is_laid_upon_the_face_whatever_its_size_and_place():
    image, points = face_picture(), face_points()
    larger = cv2.copyMakeBorder(
        cv2.resize(image, (192, 192), interpolation=cv2.INTER_CUBIC), 10, 0, 20, 0, cv2.BORDER_REFLECT
    )
    for seed in SEEDS:
        swapped = swap_face(image, points, larger, points * 1.5 + (20, 10), np.random.default_rng(seed))
        # The picture itself comes back, but for sharpness.
        difference = cv2.GaussianBlur(swapped.astype(float) - image, (0, 0), 2)
        assert np.abs(difference).mean() < 3


def test_poses_are_compared_whatever_the_size():
    points = face_points()
    turned = points.copy()
    turned[27:36, 0] += 12
    assert same_pose(points, points * 3 + 7)
    assert not same_pose(points, turned)
