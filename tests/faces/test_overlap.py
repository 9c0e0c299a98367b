"""Boxes of one face are told from boxes of two."""

from __future__ import annotations

import pytest

from forensics.faces.overlap import same_face, without_duplicates
from forensics.records.faces import FaceBox


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (FaceBox(100, 100, 80, 80), True),
        (FaceBox(130, 100, 80, 80), True),  # 45 % shared
        (FaceBox(150, 100, 80, 80), False),  # 23 % shared
        (FaceBox(120, 120, 40, 40), True),  # the same middle, a quarter of the area
        (FaceBox(190, 100, 80, 80), False),
        (FaceBox(100, 500, 80, 80), False),
    ],
)
def test_same_face(other: FaceBox, same: bool) -> None:
    one = FaceBox(100, 100, 80, 80)
    assert same_face(one, other) is same
    assert same_face(other, one) is same


def test_of_duplicates_the_best_is_kept_and_best_comes_first() -> None:
    weak, strong = FaceBox(100, 100, 80, 80, 0.2), FaceBox(104, 100, 80, 80, 0.9)
    elsewhere = FaceBox(400, 100, 80, 80, 0.5)
    assert without_duplicates([weak, elsewhere, strong]) == [strong, elsewhere]


def test_order_of_input_does_not_matter() -> None:
    boxes = [FaceBox(100 * i, 0, 50, 50, 0.5) for i in range(4)]
    assert without_duplicates(boxes) == without_duplicates(boxes[::-1])
