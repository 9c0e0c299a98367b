"""Strips of all sampled faces: complete where there is room, bounded where there is none."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from forensics.detectors.filmstrips import (
    FRAME_PX,
    LEAST_FRAMES,
    MOST_FRAMES,
    MOST_FRAMES_OF_FILE,
    Filmstrips,
)
from forensics.records.exhibit_content import Filmstrip, stored
from forensics.records.faces import FaceBox, FaceCrop
from forensics.records.findings import Exhibit, ExhibitKind, Score, Span
from forensics.records.subject import person
from tests.detectors.nets import SPEC


def crop(index: int, grey: int = 100, track_id: int = 1) -> FaceCrop:
    image = np.full((128, 128, 3), grey, np.uint8)
    thumbnail = np.zeros((9, 16, 3), np.uint8)
    return FaceCrop(image, FaceBox(1, 1, 99, 99), track_id, index, index / 2, thumbnail, 0.1, SPEC)


def score(of: FaceCrop, value: float) -> Score:
    return Score("face", "m", person(of.track_id), Span(of.at_s, of.at_s), 0.0, value)


def strips_of(values: list[float], n_people: int = 1) -> list[Exhibit]:
    strips = Filmstrips()
    for index, value in enumerate(values):
        for track_id in range(1, n_people + 1):
            one = crop(index, track_id=track_id)
            strips.take(one, score(one, value))
    return list(strips.exhibits())


def film(exhibit: Exhibit) -> Filmstrip:
    assert exhibit.kind is ExhibitKind.FILMSTRIP
    assert isinstance(exhibit.content, Filmstrip)
    return exhibit.content


def test_every_sampled_frame_is_there_small_with_its_time_and_score() -> None:
    strips = Filmstrips()
    for index in range(5):
        one = crop(index, 50 * index)
        strips.take(one, score(one, index / 10))
    [exhibit] = strips.exhibits()
    frames = film(exhibit).frames
    assert [frame.at_s for frame in frames] == [0.0, 0.5, 1.0, 1.5, 2.0]
    assert [frame.score for frame in frames] == [0.0, 0.1, 0.2, 0.3, 0.4]
    pictures = [Image.open(io.BytesIO(frame.jpeg)) for frame in frames]
    assert {picture.size for picture in pictures} == {(FRAME_PX, FRAME_PX)}
    assert [np.asarray(picture).mean() for picture in pictures] == pytest.approx(
        [0, 50, 100, 150, 200], abs=2
    )
    assert exhibit.caption == "5 sampled frames, in order of time"


@pytest.mark.parametrize("n", [2 * MOST_FRAMES, 2 * MOST_FRAMES + 1, 1_000, 5_000])
def test_of_a_long_clip_the_highest_frames_stay_and_none_is_crowded_out(n: int) -> None:
    values = [0.1] * n
    for peak in (3, n // 2, n - 1):
        values[peak] = 0.9
    [exhibit] = strips_of(values)
    frames = film(exhibit).frames
    assert len(frames) <= MOST_FRAMES
    assert film(exhibit).n_seen == n
    assert [frame.at_s for frame in frames if frame.score > 0.5] == [1.5, (n // 2) / 2, (n - 1) / 2]
    gaps = np.diff([frame.at_s for frame in frames])
    assert gaps.min() > 0
    assert gaps.max() <= 2 * n / len(frames), "no stretch of the clip goes unseen"
    assert f"of {n} sampled frames" in exhibit.caption


def test_a_crowd_shares_the_room() -> None:
    few, many = strips_of([0.5] * MOST_FRAMES, 2), strips_of([0.5] * 20, 60)
    assert [len(film(one).frames) for one in few] == [MOST_FRAMES, MOST_FRAMES]
    assert sum(len(film(one).frames) for one in strips_of([0.5] * MOST_FRAMES, 12)) <= MOST_FRAMES_OF_FILE
    assert all(0 < len(film(one).frames) <= LEAST_FRAMES for one in many)
    assert [one.subject for one in many] == [person(number) for number in range(1, 61)]


def test_what_it_weighs_is_bounded() -> None:
    """A face of noise is the worst that JPEG can meet."""
    noise = np.random.default_rng(3).integers(0, 255, (128, 128, 3), np.uint8)
    strips = Filmstrips()
    for index in range(MOST_FRAMES):
        one = FaceCrop(noise, FaceBox(1, 1, 99, 99), 1, index, index / 2, noise, 0.1, SPEC)
        strips.take(one, score(one, 0.5))
    [exhibit] = strips.exhibits()
    assert len(stored(exhibit.content)) < MOST_FRAMES * 6_000
