"""Every face finder of the table does what the seam promises."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data

from forensics.errors import SettingsError
from forensics.faces.finder import FaceFinder
from forensics.faces.finders import FINDERS, load_finder
from forensics.faces.overlap import same_face
from forensics.records.faces import FaceBox
from forensics.records.media import RgbImage

SHARED_DATA = Path(
    os.environ.get("FORENSICS_SHARED_DATA", Path(__file__).parents[2] / ".." / "shared" / "data")
)
# The astronaut's face in scikit-image's portrait, brows to chin, as dlib frames it.
FACE = FaceBox(180, 80, 90, 90)


@pytest.fixture(scope="module", params=list(FINDERS))
def finder(request: pytest.FixtureRequest) -> Iterator[FaceFinder]:
    name: str = request.param
    model = SHARED_DATA / "weights" / "yunet_n_640_640.onnx"
    with pytest.MonkeyPatch.context() as patch:
        if "FORENSICS_YUNET" not in os.environ and model.is_file():
            patch.setenv("FORENSICS_YUNET", str(model))
        try:
            found = load_finder(name)
        except SettingsError as error:
            pytest.skip(error.message)
        yield found


@pytest.fixture(scope="module")
def portrait() -> RgbImage:
    return np.asarray(data.astronaut(), np.uint8)


def assert_frames(found: FaceBox, expected: FaceBox) -> None:
    """The same face, framed as dlib frames it up to the steps of its pyramid."""
    assert 0.8 < found.size_px / expected.size_px < 1.25
    (x, y), (expected_x, expected_y) = found.centre_px, expected.centre_px
    assert abs(x - expected_x) < 0.15 * expected.size_px
    assert abs(y - expected_y) < 0.15 * expected.size_px


def placed(portrait: RgbImage, left: int, top: int, scale: float = 1.0) -> tuple[RgbImage, FaceBox]:
    """The portrait on a grey 1280 x 720 frame, and where its face then is."""
    frame = np.full((720, 1280, 3), 110, np.uint8)
    scaled = cv2.resize(portrait, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    height, width = scaled.shape[:2]
    frame[top : top + height, left : left + width] = scaled
    return frame, FaceBox(left + FACE.left_px * scale, top + FACE.top_px * scale, 90 * scale, 90 * scale)


def test_is_named_as_in_the_table(finder: FaceFinder) -> None:
    assert FINDERS[finder.name].endswith(type(finder).__name__)


def test_finds_the_one_face_and_frames_it_like_dlib(finder: FaceFinder, portrait: RgbImage) -> None:
    (found,) = finder.find(portrait)
    assert_frames(found, FACE)
    assert found.confidence > 0


@pytest.mark.parametrize(("left", "top", "scale"), [(0, 0, 1.0), (731, 203, 1.0), (300, 17, 1.35)])
def test_boxes_are_in_pixels_of_the_picture(
    finder: FaceFinder, portrait: RgbImage, left: int, top: int, scale: float
) -> None:
    frame, expected = placed(portrait, left, top, scale)
    (found,) = finder.find(frame)
    assert_frames(found, expected)


def test_finds_the_face_in_a_large_frame(finder: FaceFinder, portrait: RgbImage) -> None:
    frame, small = placed(portrait, 200, 100)
    large = cv2.resize(frame, (3840, 2160), interpolation=cv2.INTER_CUBIC)
    (found,) = finder.find(np.asarray(large, np.uint8))
    assert_frames(found, FaceBox(small.left_px * 3, small.top_px * 3, 270, 270))


@pytest.mark.parametrize("detail", [0.5, 0.75])
def test_less_detail_is_enough_for_a_large_face(
    finder: FaceFinder, portrait: RgbImage, detail: float
) -> None:
    frame, large = placed(portrait, 0, 0, 1.4)
    frame = np.asarray(cv2.resize(frame, None, fx=1.5, fy=1.5, interpolation=cv2.INTER_CUBIC), np.uint8)
    (found,) = finder.find(frame, detail=detail)
    side = 1.5 * large.size_px
    assert_frames(found, FaceBox(1.5 * large.left_px, 1.5 * large.top_px, side, side))


def test_detail_is_of_full_searches_only(finder: FaceFinder, portrait: RgbImage) -> None:
    frame, face = placed(portrait, 500, 300, 0.5)
    assert finder.find(frame, near=[face], detail=0.5) == finder.find(frame, near=[face])


def test_finds_two_faces_once_each_best_first(finder: FaceFinder, portrait: RgbImage) -> None:
    frame, first = placed(portrait, 0, 0)
    frame[200:712, 700:1212] = portrait
    found = finder.find(frame)
    assert len(found) == 2
    assert found[0].confidence >= found[1].confidence
    left, right = sorted(found, key=lambda one: one.left_px)
    assert_frames(left, first)
    assert_frames(right, FaceBox(700 + FACE.left_px, 200 + FACE.top_px, 90, 90))


@pytest.mark.parametrize("kind", ["noise", "smooth noise", "black", "white", "ramp", "checks"])
def test_finds_nothing_where_nothing_is(finder: FaceFinder, kind: str) -> None:
    noise = np.random.default_rng(5).integers(0, 256, (360, 640, 3), dtype=np.uint8)
    y, x = np.mgrid[:360, :640]
    picture = {
        "noise": noise,
        "smooth noise": cv2.GaussianBlur(noise, (0, 0), 9),
        "black": np.zeros_like(noise),
        "white": np.full_like(noise, 255),
        "ramp": np.repeat((x * 255 // 640)[..., None], 3, axis=2),
        "checks": np.repeat(((x // 20 + y // 20) % 2 * 255)[..., None], 3, axis=2),
    }[kind]
    assert finder.find(np.asarray(picture, np.uint8)) == []


@pytest.mark.parametrize("shape", [(1, 1), (16, 16), (3, 900), (900, 3), (37, 53)])
def test_tiny_and_narrow_pictures_are_searched_without_complaint(
    finder: FaceFinder, shape: tuple[int, int]
) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    assert finder.find(picture) == []
    assert finder.find(picture, near=[FaceBox(0, 0, 10, 10)]) == []


def test_order_of_colours_hardly_matters(finder: FaceFinder, portrait: RgbImage) -> None:
    (found,) = finder.find(np.ascontiguousarray(portrait[..., ::-1]))
    assert_frames(found, FACE)


def test_mirrored_picture_gives_the_mirrored_box(finder: FaceFinder, portrait: RgbImage) -> None:
    (found,) = finder.find(np.ascontiguousarray(portrait[:, ::-1]))
    assert_frames(found, FaceBox(512 - FACE.left_px - 90, FACE.top_px, 90, 90))


def test_keeps_no_state_and_leaves_the_picture_alone(finder: FaceFinder, portrait: RgbImage) -> None:
    frame, _ = placed(portrait, 600, 150)
    before = frame.copy()
    first = finder.find(frame)
    finder.find(portrait)
    finder.find(portrait, near=[FACE])
    assert finder.find(frame) == first
    assert np.array_equal(frame, before)


def test_does_not_need_contiguous_pixels(finder: FaceFinder, portrait: RgbImage) -> None:
    frame, _ = placed(portrait, 600, 150)
    part = frame[100:, 500:]
    assert finder.find(part) == finder.find(np.ascontiguousarray(part))


def test_search_near_a_face_agrees_with_the_full_search(finder: FaceFinder, portrait: RgbImage) -> None:
    frame, _ = placed(portrait, 331, 97, 1.2)
    (full,) = finder.find(frame)
    (near,) = finder.find(frame, near=[full])
    assert same_face(full, near)
    assert_frames(near, full)


@pytest.mark.parametrize(("dx", "dy", "grown"), [(0.5, 0, 1.0), (-0.5, 0.4, 1.0), (0, 0, 1.3), (0, 0, 0.75)])
def test_search_near_a_face_finds_it_after_a_move(
    finder: FaceFinder, portrait: RgbImage, dx: float, dy: float, grown: float
) -> None:
    frame, face = placed(portrait, 400, 120)
    size = 90 * grown
    (x, y) = face.centre_px
    earlier = FaceBox(x - size / 2 + dx * size, y - size / 2 + dy * size, size, size)
    (found,) = finder.find(frame, near=[earlier])
    assert_frames(found, face)


def test_search_near_a_face_follows_it_when_it_is_small(finder: FaceFinder, portrait: RgbImage) -> None:
    frame, face = placed(portrait, 500, 300, 0.5)
    (found,) = finder.find(frame, near=[face])
    assert_frames(found, face)


def test_followed_face_does_not_wander(finder: FaceFinder, portrait: RgbImage) -> None:
    frame, face = placed(portrait, 400, 120)
    known = finder.find(frame)
    for _ in range(12):
        known = finder.find(frame, near=known)
    (last,) = known
    assert_frames(last, face)


def test_search_near_looks_nowhere_else(finder: FaceFinder, portrait: RgbImage) -> None:
    frame, _ = placed(portrait, 700, 150)
    assert finder.find(frame, near=[FaceBox(100, 100, 90, 90)]) == []
    assert finder.find(frame, near=[FaceBox(-900, 4000, 90, 90)]) == []


def test_one_face_in_two_windows_is_one_face(finder: FaceFinder, portrait: RgbImage) -> None:
    frame, face = placed(portrait, 400, 120)
    beside = FaceBox(face.left_px + 40, face.top_px - 20, 90, 90)
    assert len(finder.find(frame, near=[face, beside])) == 1


def test_face_that_has_gone_is_not_found_where_it_was(finder: FaceFinder, portrait: RgbImage) -> None:
    frame, face = placed(portrait, 400, 120)
    top, left = int(face.top_px) - 20, int(face.left_px) - 20
    frame[top : top + 130, left : left + 130] = 110
    assert finder.find(frame, near=[face]) == []
