"""What is kept comes back as it was, or not at all; nothing depends on it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from forensics import cache


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_what_is_kept_comes_back(folder: Path) -> None:
    assert cache.recall("net") is None
    assert cache.keep("net", b"content")
    assert cache.recall("net") == b"content"
    assert [path.name for path in folder.iterdir()] == ["net"]


@pytest.mark.parametrize("place", [0, 40, -1])
def test_one_changed_byte_is_noticed(folder: Path, place: int) -> None:
    cache.keep("net", bytes(100))
    stored = bytearray((folder / "net").read_bytes())
    stored[place] ^= 1
    (folder / "net").write_bytes(stored)
    assert cache.recall("net") is None


@pytest.mark.parametrize("left", [b"", b"short", bytes(32)])
def test_what_is_cut_short_is_no_entry(folder: Path, left: bytes) -> None:
    cache.keep("net", b"content")
    (folder / "net").write_bytes(left)
    assert cache.recall("net") is None


def test_the_oldest_entries_make_room(folder: Path) -> None:
    for number in range(30):
        cache.keep(f"net-{number}", b"content")
        os.utime(folder / f"net-{number}", (number, number))
    assert cache.keep("net-last", b"content")
    assert len(list(folder.iterdir())) == 24
    assert cache.recall("net-last") is not None
    assert cache.recall("net-0") is None


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "file"))
    assert not cache.keep("net", b"content")
    assert cache.recall("net") is None


def test_it_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.VARIABLE, "off")
    assert cache.cache_folder() is None
    assert not cache.keep("net", b"content")
    assert cache.recall("net") is None


def test_it_never_lies_in_the_working_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(cache.VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = cache.cache_folder()
    assert folder is not None
    assert folder.is_absolute()
    assert Path.cwd() not in (folder, *folder.parents)


def test_a_key_keeps_its_parts_apart() -> None:
    assert cache.key_of("a", "bc") != cache.key_of("ab", "c")
