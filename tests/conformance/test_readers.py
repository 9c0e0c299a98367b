"""Every reader of data sets keeps the promises of the seam, also where the data set is none."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training's packages are not installed")

from forensics.errors import TrainingError
from forensics.training.data.readers import READERS, load_reader
from forensics.training.data.readers.reader import Reader, Reading, ReadOptions

GARBAGE = bytes(range(256)) * 40


@pytest.fixture(params=list(READERS))
def reader(request: pytest.FixtureRequest) -> Reader:
    return load_reader(request.param)


def _hostile(folder: Path) -> list[Path]:
    """Data sets that are none: nothing, an empty folder, garbage under names that layouts look for."""
    empty, garbage, file = folder / "empty", folder / "garbage", folder / "table.csv"
    empty.mkdir()
    garbage.mkdir()
    for name in ("metadata.json", "meta_data.csv", "samples.csv", "labels.csv", "manifest.csv", "clips.csv"):
        (garbage / name).write_bytes(GARBAGE)
    (garbage / "List_of_testing_videos.txt").write_bytes(GARBAGE)
    (garbage / "weiß \n\t name").mkdir()
    (garbage / os.fsdecode(b"\xff\xfe.mp4")).write_bytes(b"")
    file.write_bytes(GARBAGE)
    return [folder / "nowhere", empty, garbage, file]


def test_looking_at_what_is_no_data_set_never_fails(reader: Reader, tmp_path: Path) -> None:
    for dataset in _hostile(tmp_path):
        assert isinstance(reader.recognises(dataset), bool)
    assert not reader.recognises(tmp_path / "nowhere")
    assert not reader.recognises(tmp_path / "empty")


def test_reading_what_is_no_data_set_gives_nothing_or_a_reason(reader: Reader, tmp_path: Path) -> None:
    for dataset in _hostile(tmp_path)[1:]:
        if not reader.recognises(dataset):
            continue
        with contextlib.suppress(TrainingError):  # with a reason and a hint, as the class demands
            reading = reader.read(dataset, ReadOptions())
            assert isinstance(reading, Reading)
            assert all(source.path.suffix for source in reading.sources)
