"""Bursts of consecutive pictures come on top of those that are spread over a video, and change none."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from forensics.media.decode import decode
from forensics.media.packet_index import Bursts
from forensics.media.probe import probe
from forensics.records.media import Frame, MediaUpdate
from tests import synthetic


def frames(path: Path, bursts: Bursts | None, n_frames: int = 8) -> tuple[list[Frame], tuple[int, ...]]:
    items = list(decode(path, probe(path), n_frames, audio=False, bursts=bursts))
    [update] = [item for item in items if isinstance(item, MediaUpdate)]
    [stream] = update.media.films
    return [item for item in items if isinstance(item, Frame)], stream.chosen_frames or ()


def test_bursts_are_consecutive_and_leave_the_spread_pictures_as_they_are(tmp_path: Path) -> None:
    clip = synthetic.numbered_clip(tmp_path, n_frames=100)
    plain, chosen = frames(clip, None)
    dense, still_chosen = frames(clip, Bursts(3, 0.48))
    assert [(one.index, one.at_s) for one in dense if one.sampled] == [(one.index, one.at_s) for one in plain]
    assert still_chosen == chosen
    assert [one.at_s for one in dense] == sorted(one.at_s for one in dense)
    of_burst: dict[int, list[int]] = {}
    for one in dense:
        assert synthetic.frame_number(one.image) == one.index
        if one.burst is not None:
            of_burst.setdefault(one.burst, []).append(one.index)
    assert sorted(of_burst) == [0, 1, 2]
    rate_hz = 1 / (dense[1].at_s - dense[0].at_s) if dense[1].index == dense[0].index + 1 else 25.0
    for indices in of_burst.values():
        assert indices == list(range(indices[0], indices[0] + len(indices)))
        assert len(indices) == pytest.approx(0.48 * rate_hz, abs=1.01)
        assert indices[0] in chosen, "a burst begins at a picture that is examined anyway"
    assert all(one.sampled for one in dense if one.burst is None)


def test_a_fast_stream_gives_every_second_picture(tmp_path: Path) -> None:
    clip = synthetic.numbered_clip(tmp_path, n_frames=100)
    dense, _ = frames(clip, Bursts(1, 1.0, most_per_s=13.0))
    indices = [one.index for one in dense if one.burst == 0 and not one.sampled]
    assert indices
    assert {after - before for before, after in pairwise(indices)} <= {2, 4}


def test_a_stream_without_times_has_none(tmp_path: Path) -> None:
    clip = synthetic.untimed_clip(tmp_path)
    dense, _ = frames(clip, Bursts(2, 0.5))
    assert dense
    assert all(one.burst is None and one.sampled for one in dense)


def test_short_bursts_are_the_same_with_long_ones_that_overlap_and_without(tmp_path: Path) -> None:
    clip = synthetic.numbered_clip(tmp_path)

    def short(bursts: Bursts) -> list[tuple[int, int | None]]:
        stream = decode(clip, probe(clip), 8, audio=False, bursts=bursts)
        return [
            (one.index, one.short_burst)
            for one in stream
            if isinstance(one, Frame) and one.short_burst is not None
        ]

    alone = short(Bursts(4, 0.0, short_s=0.2))
    assert {number for _, number in alone} == {0, 1, 2, 3}
    assert short(Bursts(4, 2.5, short_s=0.2)) == alone
