"""Optical flow of crops: it finds known motion, passes over what the whole crop does, and repeats."""

from __future__ import annotations

import cv2
import numpy as np

from forensics.detectors.optical_flow import LARGEST_OF_SIDE, REST, flows
from forensics.detectors.sequences import as_input
from forensics.records.input_contract import FlowContract
from forensics.records.media import RgbImage

SIDE = 96
CONTRACT = FlowContract(size_px=SIDE, crop_margin=1.0, clip_frames=4)


def texture(seed: int = 0) -> RgbImage:
    noise = np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2)
    return np.asarray(cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX), np.uint8)


def with_moved_patch(image: RgbImage, right_px: int) -> RgbImage:
    moved = image.copy()
    moved[32:64, 32 + right_px : 64 + right_px] = texture(5)[32:64, 32:64]
    return moved


def test_a_part_that_moves_is_found_with_its_direction_and_speed() -> None:
    still = texture()
    [flow] = flows([with_moved_patch(still, 0), with_moved_patch(still, 4)])
    patch = np.median(flow[42:54, 42:54].reshape(-1, 2), axis=0).astype(int) - REST
    expected = 4 / (LARGEST_OF_SIDE * SIDE) * 127
    assert abs(patch[0] - expected) < 8
    assert abs(patch[1]) < 5
    assert abs(int(np.median(flow[:16, :, 0])) - REST) <= 1, "what does not move is at rest"


def test_motion_of_the_whole_crop_is_taken_off() -> None:
    image = texture()
    [flow] = flows([image, np.roll(image, 3, axis=1)])
    assert np.abs(flow[16:-16, 16:-16].astype(int) - REST).mean() < 3


def test_the_bytes_do_not_depend_on_threads_or_on_what_was_seen_before() -> None:
    images = [with_moved_patch(texture(), at) for at in (0, 2, 5)]
    n_threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        once = flows(images)
        flows([texture(8), texture(9)])
        cv2.setNumThreads(2)
        again = flows(images)
    finally:
        cv2.setNumThreads(n_threads)
    assert once.min() >= 1
    np.testing.assert_array_equal(once, again)


def test_a_short_clip_is_filled_with_flows_that_are_missing_not_at_rest() -> None:
    images = [with_moved_patch(texture(), at) for at in (0, 2)]
    clip = as_input(images, CONTRACT)
    assert clip.shape == (3, SIDE, SIDE, 2)
    assert clip[0].min() >= 1
    assert not clip[1:].any()
    assert not as_input(images[:1], CONTRACT).any()
    assert CONTRACT.fewest == 2
