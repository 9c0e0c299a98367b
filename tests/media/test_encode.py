"""Clips that the demonstration and the tests are made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from forensics.errors import MediaError
from forensics.media.encode import write_clip
from forensics.media.probe import probe
from forensics.records.media import StreamKind
from tests import synthetic


def test_the_same_pictures_give_the_same_file(tmp_path: Path) -> None:
    files = [synthetic.normal_clip(tmp_path, f"{number}.mp4").read_bytes() for number in range(4)]
    assert len(set(files)) == 1


def test_the_rate_is_what_was_asked_for(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "ntsc.mp4", synthetic.plain_frames(10), 30_000 / 1001)
    picture = probe(path).stream(StreamKind.VIDEO)
    assert picture is not None
    assert picture.frame_rate_hz == pytest.approx(30_000 / 1001)


def test_a_folder_that_is_missing_says_so(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="cannot be written") as caught:
        write_clip(tmp_path / "nowhere" / "clip.mp4", synthetic.plain_frames(1))
    assert "folder exists" in caught.value.hint


def test_odd_sides_in_half_size_colour_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="cannot be written") as caught:
        write_clip(tmp_path / "odd.mp4", [np.zeros((63, 95, 3), np.uint8)])
    assert "even size" in caught.value.hint
