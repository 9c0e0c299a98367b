"""Faces are aligned as dlib aligns them, however they stand in the picture."""

from __future__ import annotations

import cv2
import dlib
import numpy as np
import pytest
from skimage import data

from forensics.faces.chips import CHIP_PX, chip

# Corners of the left eye and of the right eye, and the base of the nose, of scikit-image's portrait.
POINTS = np.array([(244, 111), (231, 112), (200, 110), (213, 112), (219, 137)], np.float64)


def turned(image: np.ndarray, angle_deg: float, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """The portrait and its points, turned about the face."""
    matrix = cv2.getRotationMatrix2D((220, 125), angle_deg, scale)
    return cv2.warpAffine(image, matrix, image.shape[1::-1]), POINTS @ matrix[:, :2].T + matrix[:, 2]


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    return np.asarray(data.astronaut())


def test_it_is_what_dlib_cuts(portrait: np.ndarray) -> None:
    face = dlib.rectangle(176, 77, 266, 167)
    points = [dlib.point(int(x), int(y)) for x, y in POINTS]
    theirs = dlib.get_face_chip(portrait, dlib.full_object_detection(face, points), size=150, padding=0.25)
    ours = chip(portrait, POINTS)
    assert ours.shape == (CHIP_PX, CHIP_PX, 3)
    apart = np.abs(theirs.astype(int) - ours.astype(int))
    assert apart.mean() < 3.5
    for axis in (0, 1):
        for step_px in (-1, 1):
            moved = np.abs(theirs.astype(int) - np.roll(ours, step_px, axis=axis).astype(int))
            assert moved.mean() > 1.5 * apart.mean(), "a pixel further on it would fit less well"


@pytest.mark.parametrize(("angle_deg", "scale"), [(30, 1.0), (-75, 1.0), (180, 1.2), (10, 0.6)])
def test_a_face_that_is_turned_and_scaled_comes_out_the_same(
    portrait: np.ndarray, angle_deg: float, scale: float
) -> None:
    upright = cv2.GaussianBlur(chip(portrait, POINTS), (0, 0), 2)
    again = cv2.GaussianBlur(chip(*turned(portrait, angle_deg, scale)), (0, 0), 2)
    middle = slice(30, 120), slice(30, 120)
    assert np.abs(upright[middle].astype(int) - again[middle].astype(int)).mean() < 3


def test_a_face_at_the_edge_goes_on_as_the_edge_does(portrait: np.ndarray) -> None:
    cut_off = portrait[:, 215:]
    made = chip(np.ascontiguousarray(cut_off), POINTS - (215, 0))
    beyond = made[75, 5:40].astype(int)
    assert np.abs(beyond - beyond[0]).max() < 8, "the edge's colour goes on"
    assert beyond.min() > 100, "and not black"
