"""dlib's detector from the cache is the one that is built in, and a bad entry changes nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from skimage import data

from forensics import cache
from forensics.faces.finders.dlib_hog import DlibHogFinder
from forensics.records.faces import FaceBox
from forensics.records.media import RgbImage

PORTRAIT: RgbImage = np.asarray(data.astronaut(), np.uint8)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def _found() -> list[FaceBox]:
    return DlibHogFinder().find(PORTRAIT)


def test_a_kept_detector_answers_to_the_last_bit_as_the_one_that_is_built_in(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _found()
    assert len(list(folder.iterdir())) == 1
    second = _found()
    monkeypatch.setenv(cache.VARIABLE, "off")
    assert first == second == _found()


def test_an_entry_that_dlib_cannot_read_is_passed_over(folder: Path) -> None:
    expected = _found()
    [entry] = folder.iterdir()
    cache.keep(entry.name, b"sound by its digest, but no detector")
    assert _found() == expected
