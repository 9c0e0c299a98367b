"""Every property that is checked gives a notice with its reason, at both ends of its range."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from forensics.detectors.domain import (
    face_properties,
    media_properties,
    medians,
    out_of_domain,
    voice_properties,
)
from forensics.records.findings import Abstention, AbstentionReason, Notice
from forensics.records.media import MediaFile, MediaKind, StreamInfo, StreamKind
from forensics.records.subject import VOICE_OF_FILE, person
from tests.detectors.nets import face_card

STREAM = StreamInfo(
    0, StreamKind.VIDEO, "h264", width_px=100, height_px=50, frame_rate_hz=25.0, bit_rate_bps=12_500
)
VIDEO = MediaFile("a.mp4", 5_000, "", kind=MediaKind.VIDEO, streams=(STREAM,))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("face_size_px", 40.0, "face size 40 px (calibrated on 80 to 400 px)"),
        ("face_size_px", 900.0, "face size 900 px"),
        ("sharpness", 0.5, "sharpness 0.50 (calibrated on 1.00 to 2.50)"),
        ("brightness", 0.05, "brightness 0.05 (calibrated on 0.10 to 0.70)"),
        ("video_bits_per_pixel", 0.004, "bits per pixel of the video 0.004"),
        ("still_bits_per_pixel", 0.2, "bits per pixel of the picture 0.20"),
        ("length_s", 0.7, "sound length 0.7 s (calibrated on 1.0 to 3.0 s)"),
        ("length_s", 30.0, "sound length 30.0 s"),
    ],
)
def test_what_lies_outside_is_told_with_its_range(name: str, value: float, words: str) -> None:
    card = face_card(
        face_size_px=(80, 400),
        sharpness=(1, 2.5),
        brightness=(0.1, 0.7),
        video_bits_per_pixel=(0.02, 0.2),
        still_bits_per_pixel=(0.5, 3),
        length_s=(1, 3),
    )
    (notice,) = out_of_domain(card, "face", person(1), "Person 1", {name: value})
    assert isinstance(notice, Notice)
    assert notice.message.startswith("OUT_OF_DOMAIN: Person 1 is unlike what face-test was calibrated on: ")
    assert words in notice.message
    inside = sum(card.domain.ranges[name]) / 2
    assert list(out_of_domain(card, "face", person(1), "Person 1", {name: inside})) == []


@pytest.mark.parametrize(("hz", "remedy"), [(3400.0, "less filtered"), (7600.0, "less noise")])
def test_a_voice_of_another_bandwidth_abstains(hz: float, remedy: str) -> None:
    card = face_card(bandwidth_hz=(5000, 7000))
    (found,) = out_of_domain(card, "voice", VOICE_OF_FILE, "The sound", {"bandwidth_hz": hz, "length_s": 2.0})
    assert isinstance(found, Abstention)
    assert (found.why, found.subject) == (AbstentionReason.OUT_OF_DOMAIN, VOICE_OF_FILE)
    assert f"not judged: sound bandwidth {hz:.0f} Hz (calibrated on 5000 to 7000 Hz)" in found.detail
    assert remedy in found.detail
    assert list(out_of_domain(card, "voice", VOICE_OF_FILE, "The sound", {"bandwidth_hz": 6000.0})) == []


def test_what_a_card_has_no_range_for_is_not_checked() -> None:
    assert list(out_of_domain(face_card(), "face", person(1), "Person 1", {"brightness": 0.0})) == []


def test_a_face_less_sharp_than_a_verdict_needs_abstains_with_the_reason() -> None:
    card = face_card(sharpness=(0.9, 2.5))
    card = replace(card, domain=replace(card.domain, needed={"relative_sharpness": -2.1}))
    (found,) = out_of_domain(
        card, "face", person(2), "Person 2", {"relative_sharpness": -2.5, "brightness": 0.5}
    )
    assert isinstance(found, Abstention)
    assert (found.why, found.subject) == (AbstentionReason.OUT_OF_DOMAIN, person(2))
    assert (
        "Person 2 is not judged: sharpness relative to contrast -2.50 (at least -2.10 is needed)"
        in found.detail
    )
    assert found.detail.endswith("Look for a sharper copy.")
    assert list(out_of_domain(card, "face", person(1), "Person 1", {"relative_sharpness": -1.2})) == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("outline_softness", "softness of the outline relative to the face 0.40 (at least 0.57 is needed)"),
        ("ground_detail", "detail of the ground relative to the face 0.40 (at least 0.57 is needed)"),
    ],
)
def test_a_cut_out_abstains_and_sends_to_the_picture_that_it_was_taken_from(name: str, words: str) -> None:
    card = face_card()
    card = replace(card, domain=replace(card.domain, needed={name: 0.57}))
    (found,) = out_of_domain(card, "face", person(1), "Person 1", {name: 0.4})
    assert isinstance(found, Abstention)
    assert found.why is AbstentionReason.OUT_OF_DOMAIN
    assert f"Person 1 is not judged: {words}" in found.detail
    assert found.detail.endswith("Look for the picture that it was taken from.")


def test_properties_tell_dark_from_bright_and_blurred_from_sharp() -> None:
    random = np.random.default_rng(0)
    sharp = random.integers(0, 256, (32, 32, 3), np.uint8)
    flat = np.full((32, 32, 3), 30, np.uint8)
    assert face_properties(sharp, 80.0)["sharpness"] > 3
    assert face_properties(flat, 80.0)["sharpness"] == pytest.approx(-3)
    blurred = cv2.GaussianBlur(sharp, (0, 0), 2.0)
    dim = np.asarray(sharp // 4, np.uint8)
    of_sharp, of_blurred, of_dim = (
        face_properties(crop, 80.0)["relative_sharpness"] for crop in (sharp, blurred, dim)
    )
    assert of_blurred < of_sharp - 0.5
    assert of_dim == pytest.approx(of_sharp, abs=0.05)
    assert face_properties(flat, 80.0)["brightness"] == pytest.approx(30 / 255, abs=1e-3)


def test_bandwidth_is_that_of_the_sound() -> None:
    at_s = np.arange(16_000) / 16_000
    tone = np.sin(2 * np.pi * 1000 * at_s).astype(np.float32)
    assert voice_properties(tone, 16_000)["bandwidth_hz"] == pytest.approx(1000, abs=5)
    assert voice_properties(np.zeros(16_000, np.float32), 16_000) == {}


def test_compression_is_bits_per_pixel_of_video_and_of_stills_apart() -> None:
    assert media_properties(VIDEO) == {"video_bits_per_pixel": pytest.approx(0.1)}
    still = replace(VIDEO, kind=MediaKind.IMAGE)
    assert media_properties(still) == {"still_bits_per_pixel": pytest.approx(8.0)}
    assert media_properties(replace(VIDEO, streams=(replace(STREAM, bit_rate_bps=None),))) == {}
    assert media_properties(replace(VIDEO, streams=())) == {}


def test_medians_are_of_the_rows_that_have_a_property() -> None:
    assert medians([{"a": 1.0}, {"a": 3.0, "b": 7.0}, {"a": 9.0}]) == {"a": 3.0, "b": 7.0}
