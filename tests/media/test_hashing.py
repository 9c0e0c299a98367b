"""The identity of a file's content."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from forensics.errors import MediaError
from forensics.media.hashing import sha256_of


def test_the_digest_is_that_of_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "evidence"
    content = bytes(range(256)) * 5000
    path.write_bytes(content)
    assert sha256_of(path) == hashlib.sha256(content).hexdigest()


def test_a_file_that_vanished_says_so(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="is gone") as caught:
        sha256_of(tmp_path / "gone.mp4")
    assert "same command" in caught.value.hint


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="cannot be read"):
        sha256_of(tmp_path)
