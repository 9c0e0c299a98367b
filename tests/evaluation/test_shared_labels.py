"""The label files beside the shared media, as they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from forensics.errors import SettingsError
from forensics.evaluation.labels import read_labels

DATA = Path(os.environ.get("FORENSICS_SHARED_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the shared media are not at ../shared/data")


def test_the_25_videos() -> None:
    files = [str(path) for path in sorted((DATA / "video").rglob("*.mp4"))]
    labels = read_labels(DATA / "video_manifest.csv", files, [DATA / "video"]).labels
    assert len(labels) == 25
    assert sum(label.manipulated for label in labels.values()) == 18
    assert len({label.group for label in labels.values()}) == 7
    by_folder = read_labels(None, files, [DATA / "video"]).labels
    assert {path: label.manipulated for path, label in by_folder.items()} == {
        path: label.manipulated for path, label in labels.items()
    }


def test_the_faces_of_the_test_split_and_no_sealed_ones() -> None:
    files = [str(path) for path in sorted((DATA / "faces").rglob("*.jpg"))]
    labels = read_labels(DATA / "faces" / "split.csv", files, split="test").labels
    assert len(labels) == 1000
    assert sum(label.manipulated for label in labels.values()) == 500
    with pytest.raises(SettingsError, match="never read"):
        read_labels(DATA / "faces" / "split.csv", files, split="sealed")


def test_the_sound_of_the_test_split() -> None:
    files = [str(path) for path in sorted((DATA / "audio").rglob("*.flac"))]
    found = read_labels(DATA / "audio" / "manifest.csv", files, [DATA / "audio"], split="test")
    assert len(found.labels) == 240
    assert sum(label.manipulated for label in found.labels.values()) == 120
    assert all(label.facts["source_repo"] for label in found.labels.values())
