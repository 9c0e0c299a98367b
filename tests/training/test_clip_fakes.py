"""Pseudo-fakes over time: what is left of a clip's order, and where a borrowed mouth lies."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from forensics.faces.blending import self_blend
from forensics.records.faces import FaceBox
from forensics.training.data.clip_fakes import (
    ClipFake,
    drawn_fake,
    repeated,
    retimed_mouth,
    shakes,
    swapped_halves,
    swing,
)

BOX = FaceBox(20, 20, 60, 60)


@pytest.mark.parametrize("seed", range(8))
def test_swapped_halves_jump_once_and_lose_nothing(seed: int) -> None:
    order = swapped_halves(10, np.random.default_rng(seed))
    assert sorted(order) == list(range(10))
    assert order != list(range(10))
    assert sum(after - before != 1 for before, after in pairwise(order)) == 1


@pytest.mark.parametrize("seed", range(8))
def test_a_repeated_picture_stands_still_for_a_third_or_more(seed: int) -> None:
    order = repeated(10, np.random.default_rng(seed))
    assert len(order) == 10
    assert order == sorted(order)
    (_, most) = Counter(order).most_common(1)[0]
    assert 3 <= most <= 5
    assert sum(n > 1 for n in Counter(order).values()) == 1


def test_a_retimed_mouth_is_of_another_moment_and_the_rest_of_the_face_is_not() -> None:
    images = [np.full((100, 100, 3), 10 * at, np.uint8) for at in range(20)]
    made = retimed_mouth(images, [BOX] * 20, np.random.default_rng(1))
    x, y = 20 + 30, 20 + round(0.8 * 60)
    by = {int(image[y, x, 0]) // 10 - at for at, image in enumerate(made[5:15], 5)}
    assert len(by) == 1, "early or late by the same number of pictures throughout"
    assert 2 <= abs(by.pop()) <= 5
    for at, image in enumerate(made):
        assert (image[:40] == 10 * at).all(), "eyes and forehead stay"


def test_a_shaking_copy_lies_elsewhere_in_every_picture() -> None:
    image = np.random.default_rng(2).integers(0, 256, (100, 100, 3), np.uint8)
    off = shakes(3, np.random.default_rng(4))
    blended = [self_blend(image, BOX, np.random.default_rng(6), off=(x, y)) for x, y in off.tolist()]
    steady = [self_blend(image, BOX, np.random.default_rng(6)) for _ in range(2)]
    assert (steady[0] == steady[1]).all()
    assert (blended[0] != blended[1]).any()
    assert (blended[1] != blended[2]).any()


def test_an_expression_comes_and_goes_smoothly() -> None:
    for seed in range(8):
        amounts = swing(10, np.random.default_rng(seed))
        assert amounts.min() >= 0
        assert amounts.max() <= 1
        assert np.ptp(amounts) > 0.3
        assert np.abs(np.diff(amounts)).max() < 0.5


def test_every_kind_is_drawn() -> None:
    rng = np.random.default_rng(0)
    assert {drawn_fake(rng) for _ in range(200)} == set(ClipFake)
