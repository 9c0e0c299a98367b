"""Crops: geometry to the pixel, borders, scaling, and what is left out."""

from __future__ import annotations

import numpy as np
import pytest

from forensics.faces.crop import THUMBNAIL_WIDTH_PX, crop, cut, cut_square, whole_image_box
from forensics.records.detector_spec import CropSpec
from forensics.records.faces import FaceBox, FaceCrop, TrackedFace
from forensics.records.findings import Abstention, AbstentionReason, Notice
from forensics.records.media import Frame, RgbImage
from forensics.records.stream import Item
from forensics.records.subject import person

TIGHT = CropSpec(40, 2.0, 30)


def gradient(height: int = 200, width: int = 250) -> RgbImage:
    """Red is x, green is y: every pixel says where it came from."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = np.arange(width)[None, :]
    image[..., 1] = np.arange(height)[:, None]
    return image


def test_unscaled_crop_keeps_the_source_pixels() -> None:
    image = gradient()
    piece = cut(image, FaceBox(90, 70, 20, 20), TIGHT)
    assert np.array_equal(piece, image[60:100, 80:120])


def test_longer_side_decides_and_the_centre_stays() -> None:
    image = gradient()
    tall = cut(image, FaceBox(95, 70, 10, 20), TIGHT)
    assert np.array_equal(tall, image[60:100, 80:120])


@pytest.mark.parametrize(
    ("centre", "left"), [(99.4, 79), (99.49, 79), (99.5, 80), (100.0, 80), (100.5, 81), (101.5, 82)]
)
def test_half_pixels_round_up(centre: float, left: int) -> None:
    piece = cut_square(gradient(), (centre, 100), 40, 40)
    assert piece[0, 0, 0] == left


def test_over_the_edge_the_edge_is_repeated() -> None:
    image = gradient()
    piece = cut_square(image, (5, 195), 40, 40)
    assert (piece[:, :15, 0] == 0).all()
    assert np.array_equal(piece[0, 15:, 0], np.arange(25))
    assert (piece[25:, :, 1] == 199).all()


def test_square_wholly_outside_is_the_nearest_corner() -> None:
    image = gradient()
    assert (cut_square(image, (-100, -100), 20, 8) == image[0, 0]).all()


@pytest.mark.parametrize("side", [20, 80, 117, 160])
def test_scaling_keeps_positions(side: int) -> None:
    size = 40
    piece = cut_square(gradient(), (100, 100), side, size).astype(float)
    left = np.floor(100 - side / 2 + 0.5)
    expected = left + (np.arange(size) + 0.5) * side / size - 0.5
    inner = slice(3, -3)  # bicubic overshoots next to an edge
    assert np.abs(piece[20, inner, 0] - expected[inner]).max() <= 0.75
    assert piece.shape == (size, size, 3)


def test_shrinking_averages_and_does_not_skip() -> None:
    checker = np.zeros((80, 80, 3), np.uint8)
    checker[::2, ::2] = checker[1::2, 1::2] = 255
    piece = cut_square(checker, (40, 40), 80, 20)
    assert set(np.unique(piece)) <= {127, 128}


def test_crop_owns_its_pixels() -> None:
    image = gradient()
    piece = cut_square(image, (100, 100), 40, 40)
    image[:] = 7
    assert piece[0, 0, 0] == 80
    assert piece.flags.c_contiguous


@pytest.mark.parametrize("margin", [1.0, 1.04, 1.3, 1.7])
def test_whole_image_box_gives_the_whole_picture(margin: float) -> None:
    image = gradient(224, 224)
    contract = CropSpec(224, margin)
    assert np.array_equal(cut(image, whole_image_box(image, contract), contract), image)


def test_whole_image_box_of_an_oblong_picture_holds_all_of_it() -> None:
    image = gradient(60, 100)
    contract = CropSpec(100, 1.3)
    piece = cut(image, whole_image_box(image, contract), contract)
    assert np.array_equal(piece[20:80], image)


def faces(sizes: dict[int, list[float]], width: int = 800) -> list[Item]:
    """One TrackedFace per track and frame; frame k holds the k-th size of every track."""
    items: list[Item] = []
    for index in range(max(len(one) for one in sizes.values())):
        frame = Frame(np.full((600, width, 3), index, np.uint8), index, index / 2)
        for track_id, one in sizes.items():
            items.append(TrackedFace(frame, FaceBox(10, 10, one[index], one[index]), track_id))
    return items


def test_stage_cuts_and_passes_on() -> None:
    notice = Notice("decode", "odd")
    given = [notice, *faces({1: [50, 50], 2: [60, 60]})]
    result = list(crop(given, {TIGHT: ["face"]}))
    assert result[0] is notice
    crops = [item for item in result if isinstance(item, FaceCrop)]
    assert [(one.track_id, one.frame_index, one.at_s) for one in crops] == [
        (1, 0, 0.0),
        (2, 0, 0.0),
        (1, 1, 0.5),
        (2, 1, 0.5),
    ]
    assert all(one.image.shape == (40, 40, 3) for one in crops)
    assert crops[0].thumbnail is crops[1].thumbnail
    assert crops[0].thumbnail is not crops[2].thumbnail
    assert crops[0].thumbnail.shape == (480, THUMBNAIL_WIDTH_PX, 3)
    assert crops[0].thumbnail_scale == pytest.approx(0.8)
    assert len(result) == 5


def test_thumbnail_is_never_enlarged() -> None:
    (one,) = crop(faces({1: [50]}, width=320), {TIGHT: ["face"]})
    assert isinstance(one, FaceCrop)
    assert one.thumbnail.shape == (600, 320, 3)
    assert one.thumbnail_scale == 1.0


def test_person_too_small_throughout_gets_one_abstention() -> None:
    result = list(crop(faces({1: [20, 24.2, 22], 2: [50, 50, 50]}), {TIGHT: ["face"]}))
    (abstention,) = [item for item in result if isinstance(item, Abstention)]
    assert abstention.detector == "face"
    assert abstention.why is AbstentionReason.TOO_SMALL
    assert abstention.subject == person(1)
    assert "24 px" in abstention.detail
    assert "30 px" in abstention.detail
    assert "higher resolution" in abstention.detail
    assert result[-1] is abstention


def test_person_partly_too_small_gets_a_notice() -> None:
    result = list(crop(faces({3: [20, 40, 22]}), {TIGHT: ["face"]}))
    assert sum(isinstance(item, FaceCrop) for item in result) == 1
    (notice,) = [item for item in result if isinstance(item, Notice)]
    assert "person 3: 2 of 3 faces" in notice.message
    assert not any(isinstance(item, Abstention) for item in result)


def test_face_of_the_smallest_allowed_size_is_cut() -> None:
    (one,) = crop(faces({1: [30]}), {TIGHT: ["face"]})
    assert isinstance(one, FaceCrop)


def test_each_way_of_cutting_is_done_once_and_names_its_detectors() -> None:
    large = CropSpec(80, 1.3, 60)
    users = {TIGHT: ["face"], large: ["temporal", "lips"]}
    result = list(crop(faces({1: [50]}), users))
    assert [item.spec for item in result if isinstance(item, FaceCrop)] == [TIGHT]
    small = [item for item in result if isinstance(item, Abstention)]
    assert [(item.detector, item.why) for item in small] == [
        ("temporal", AbstentionReason.TOO_SMALL),
        ("lips", AbstentionReason.TOO_SMALL),
    ]
    both = [item for item in crop(faces({1: [70]}), users) if isinstance(item, FaceCrop)]
    assert [(item.spec, item.image.shape[0]) for item in both] == [(TIGHT, 40), (large, 80)]


def test_ready_made_crops_are_cut_whole_in_every_way() -> None:
    image = gradient(90, 90)
    users = {CropSpec(90, 1.0): ["a"], CropSpec(90, 1.5): ["b"]}
    tracked = TrackedFace(Frame(image, 0, 0.0), FaceBox(0, 0, 90, 90), 1)
    cuts = [item for item in crop([tracked], users, whole=True) if isinstance(item, FaceCrop)]
    assert len(cuts) == 2
    assert all(np.array_equal(item.image, image) for item in cuts)


def test_bursts_are_cut_for_those_that_want_them_from_steadied_boxes() -> None:
    ways = {CropSpec(40, 1.0): ["face"], CropSpec(40, 1.0, in_bursts=True): ["sequence"]}
    image = gradient(200, 200)
    seen = [
        TrackedFace(Frame(image, 0, 0.0), FaceBox(50, 50, 80, 80), 1),
        TrackedFace(Frame(image, 9, 0.3, 0, short_burst=0), FaceBox(50, 50, 80, 80), 1),
        TrackedFace(Frame(image, 10, 0.34, 0, short_burst=0, sampled=False), FaceBox(60, 50, 80, 80), 1),
    ]
    cuts = [item for item in crop(seen, ways) if isinstance(item, FaceCrop)]
    spread = [one for one in cuts if not one.spec.in_bursts]
    of_burst = [one for one in cuts if one.spec.in_bursts]
    assert [(one.frame_index, one.burst) for one in spread] == [(0, None), (9, None)]
    assert [(one.frame_index, one.burst) for one in of_burst] == [(9, 0), (10, 0)]
    assert of_burst[1].box.left_px == pytest.approx(53), "a jump of the finder's box is followed slowly"
