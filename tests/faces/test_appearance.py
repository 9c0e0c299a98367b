"""Looks: the same face is like itself, other colours and other patterns are not."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from forensics.faces.appearance import likeness, look
from forensics.records.faces import FaceBox
from forensics.records.media import RgbImage

FACE = FaceBox(180, 80, 90, 90)


@pytest.fixture(scope="module")
def portrait() -> RgbImage:
    return np.asarray(data.astronaut(), np.uint8)


def test_look_is_a_unit_vector(portrait: RgbImage) -> None:
    assert np.linalg.norm(look(portrait, FACE)) == pytest.approx(1.0, abs=1e-5)


def test_same_face_slightly_moved_and_darker_is_alike(portrait: RgbImage) -> None:
    first = look(portrait, FACE)
    moved = look(portrait, FaceBox(186, 77, 88, 88))
    darker = look((portrait * 0.9).astype(np.uint8), FACE)
    assert likeness(first, [first]) == pytest.approx(1.0, abs=1e-5)
    assert likeness(moved, [first]) > 0.85
    assert likeness(darker, [first]) > 0.7


def test_other_place_and_other_colours_are_unlike(portrait: RgbImage) -> None:
    first = look(portrait, FACE)
    assert likeness(look(portrait, FaceBox(20, 380, 90, 90)), [first]) < 0.5
    recoloured = look(np.ascontiguousarray(255 - portrait), FACE)
    assert likeness(recoloured, [first]) < 0.3


def test_most_similar_of_several_counts(portrait: RgbImage) -> None:
    first = look(portrait, FACE)
    other = look(portrait, FaceBox(20, 380, 90, 90))
    assert likeness(first, [other, first]) == pytest.approx(1.0, abs=1e-5)


def test_flat_picture_has_a_look() -> None:
    flat = look(np.full((50, 50, 3), 9, np.uint8), FaceBox(10, 10, 20, 20))
    assert np.isfinite(flat).all()
