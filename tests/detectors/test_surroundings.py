"""A cut-out is told from a face in its surroundings, at every size of crop and after compression."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from forensics.detectors.surroundings import ground_detail, outline_softness
from forensics.faces.crop import cut
from forensics.media.recompress import through_h264, through_jpeg
from forensics.records.detector_spec import CropSpec
from forensics.records.faces import FaceBox
from forensics.records.media import RgbImage

FACE = FaceBox(177, 75, 100, 100)


def crop(image: RgbImage, size_px: int = 128) -> RgbImage:
    return cut(image, FACE, CropSpec(size_px, 1.04))


def grey(image: RgbImage) -> np.ndarray:
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def on_ground(colour: int, *, soft_px: float = 0.0) -> RgbImage:
    """The head alone, on a ground of one colour."""
    image = astronaut()
    mask = np.zeros(image.shape[:2], np.uint8)
    x, y = (round(at) for at in FACE.centre_px)
    cv2.ellipse(mask, (x, y - 5), (46, 56), 0, 0, 360, 255, cv2.FILLED)
    if soft_px:
        mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), soft_px), np.uint8)
    share = mask[..., None] / 255
    return np.asarray(share * image + (1 - share) * colour, np.uint8)


@pytest.mark.parametrize("size_px", [96, 128, 224])
def test_a_ground_of_one_colour_has_no_detail(size_px: int) -> None:
    assert ground_detail(grey(crop(astronaut(), size_px))) > -1.0
    assert ground_detail(grey(crop(on_ground(30), size_px))) < -2.5


@pytest.mark.parametrize("size_px", [96, 128, 224])
def test_a_hard_outline_around_the_face_is_told_from_a_soft_one(size_px: int) -> None:
    as_it_was, soft, hard = (
        outline_softness(grey(crop(image, size_px)))
        for image in (astronaut(), on_ground(255, soft_px=6), on_ground(255))
    )
    assert hard < soft - 0.3
    assert hard < as_it_was - 0.1


def test_compression_leaves_the_outline() -> None:
    image = on_ground(255)
    before = outline_softness(grey(crop(image)))
    for sent in (through_jpeg(image, 60), through_h264(image, crf=30)):
        assert outline_softness(grey(crop(sent))) == pytest.approx(before, abs=0.1)


def test_one_colour_alone_gives_numbers() -> None:
    flat = np.full((128, 128), 90, np.uint8)
    assert ground_detail(flat) == pytest.approx(0.0)
    assert outline_softness(flat) == pytest.approx(np.log10(5))
