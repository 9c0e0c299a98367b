"""Streams without a container are found by content, or by name where content tells nothing, and decoded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from forensics.media import discovery
from forensics.media.decode import decode
from forensics.media.discovery import Found, PassedOver, Rejected, discover
from forensics.media.probe import probe
from forensics.media.raw_streams import bare_stream_notices
from forensics.media.signatures import known_format
from forensics.records.media import AudioChunk, Frame
from tests.raw_streams import SOUNDS, VIDEOS, sound, video

TOLD_BY_NAME_ALONE = {".al", ".g722", ".h263", ".ul"}


def examined(path: Path) -> tuple[int, float, str]:
    """Frames, seconds of sound and notices of a file."""
    media = probe(path)
    items = list(decode(path, media, 4))
    heard_s = sum(one.samples.size / one.rate_hz for one in items if isinstance(one, AudioChunk))
    notices = " ".join(one.message for one in bare_stream_notices(media))
    return sum(isinstance(one, Frame) for one in items), heard_s, notices


def found(folder: Path) -> list[str]:
    return [one.path.name for one in discover([folder]) if isinstance(one, Found)]


@pytest.mark.parametrize("suffix", SOUNDS)
def test_sound_without_a_container_is_found_and_heard(tmp_path: Path, suffix: str) -> None:
    path = sound(tmp_path, suffix)
    assert found(tmp_path) == [path.name]
    n_frames, heard_s, notices = examined(path)
    assert (n_frames, round(heard_s)) == (0, 2)
    if suffix in TOLD_BY_NAME_ALONE:
        assert f"because of its suffix {suffix}" in notices
    else:
        path = path.rename(tmp_path / "evidence")
        assert found(tmp_path) == ["evidence"]
        assert round(examined(path)[1]) == 2


@pytest.mark.parametrize("suffix", VIDEOS)
def test_pictures_without_a_container_are_found_and_seen(tmp_path: Path, suffix: str) -> None:
    path = video(tmp_path, suffix)
    assert found(tmp_path) == [path.name]
    n_frames, _, notices = examined(path)
    assert n_frames == 4
    assert "is a bare " in notices
    assert ("25 frames a second" in notices) is (suffix != ".dv")
    path = path.rename(tmp_path / "evidence")
    assert found(tmp_path) == ([] if suffix in TOLD_BY_NAME_ALONE else ["evidence"])


def test_gsm_is_taken_by_its_name(tmp_path: Path) -> None:
    frames = np.random.default_rng(1).integers(0, 256, (100, 33), np.uint8)
    frames[:, 0] = 0xD0 | frames[:, 0] & 0x0F
    path = tmp_path / "call.gsm"
    path.write_bytes(frames.tobytes())
    assert found(tmp_path) == [path.name]
    n_frames, heard_s, notices = examined(path)
    assert (n_frames, round(heard_s)) == (0, 2)
    assert "taken for GSM 06.10 because of its suffix .gsm" in notices


def test_a_container_is_told_by_content_whatever_its_suffix_says(tmp_path: Path) -> None:
    path = sound(tmp_path, ".w64").rename(tmp_path / "call.gsm")
    assert probe(path).container == "w64"


@pytest.mark.parametrize(
    "head",
    [
        b"\x00\x00\x00\x01\x09\xf0" + bytes(90),  # a delimiter that no parameter set follows
        b"\x00\x01\x00\x00\x00\x0f",  # TrueType
        b"\x0b\x77" + bytes(range(200)),
        b"\x9c\x31\x35" + bytes(300),
        b"%PDF-1.7",
        b"\x7fELF",
    ],
)
def test_one_sync_word_is_no_stream(head: bytes) -> None:
    assert known_format(head) is None


def test_what_is_passed_over_is_counted_and_what_may_hold_media_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discovery, "can_read_disks", lambda: False)
    contents = {
        "notes.txt": b"who and when",
        "more.TXT": b"what",
        "readme": b"this",
        "disk.E01": b"EVF\x09\x0d\x0a\xff\x00" + bytes(100),
        "whole-disk": bytes(510) + b"\x55\xaa",
        "volume.dd": bytes(4_096),
        "cd.iso": bytes(40_000),
        "old.rar": b"Rar!\x1a\x07\x01\x00",
        "clip.mp4.xz": b"\xfd7zXZ\x00" + bytes(20),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    items = list(discover([tmp_path]))
    listed = {Path(one.display).name: one for one in items if isinstance(one, Rejected)}
    assert set(listed) == {"disk.E01", "whole-disk", "volume.dd", "cd.iso", "old.rar", "clip.mp4.xz"}
    for name in ("disk.E01", "whole-disk", "volume.dd", "cd.iso"):
        assert "disk image" in listed[name].reason
        assert "read-only" in listed[name].hint
    assert "Unpack it" in listed["old.rar"].hint
    [rest] = [one for one in items if isinstance(one, PassedOver)]
    assert rest.display == str(tmp_path)
    assert rest.n_by_suffix == {".txt": 2, "": 1}
    assert rest.told.reason.endswith("media neither by content nor by name: 2 .txt, 1 without suffix")
