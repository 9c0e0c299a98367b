"""A scan describes faces where it was asked to, and a report finds who looks alike in its files."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from forensics.casefile.case_file import CaseFile
from forensics.media.encode import write_clip
from forensics.records.findings import AbstentionReason
from forensics.records.scan_result import ScanResult
from tests import synthetic
from tests.cli.running import Runner


def scanned(run: Runner, folder: Path, files: list[Path], *asked: str) -> tuple[dict[str, ScanResult], dict]:
    """Results by name of the file, and what the JSON report says of persons."""
    case, report = folder / "a.case", folder / "a.json"
    options = (*asked, "--case", case, "--report", report, "--detectors", "container", "--workers", "1")
    ran = run("scan", *files, *options)
    assert ran.code == 0, ran.err
    with CaseFile.open_read_only(case) as opened:
        results = {Path(one.media.path).name: one for _, one in opened.results()}
    return results, json.loads(report.read_bytes())["persons"]


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("media")
    frames = [
        np.asarray(cv2.convertScaleAbs(image, alpha=0.8), np.uint8) for image in synthetic.portrait_frames(20)
    ]
    return [
        synthetic.normal_clip(folder, "one.mp4"),
        write_clip(folder / "darker.mp4", iter(frames), synthetic.RATE_FRAMES_HZ),
        synthetic.two_people_clip(folder, "two.mp4"),
        write_clip(folder / "nobody.mp4", synthetic.plain_frames(20), synthetic.RATE_FRAMES_HZ),
    ]


def test_one_person_in_several_files(run: Runner, tmp_path: Path, media: list[Path]) -> None:
    results, found = scanned(run, tmp_path, media[:2] + media[3:], "--match-persons")
    assert {name: len(one.descriptors) for name, one in results.items()} == {
        "one.mp4": 1,
        "darker.mp4": 1,
        "nobody.mp4": 0,
    }
    [none] = [one for one in results["nobody.mp4"].abstentions if one.detector == "persons"]
    assert none.why is AbstentionReason.NO_FACE
    [group] = found["groups"]
    assert len({one["row_id"] for one in group["people"]}) == len(group["people"]) == 2
    assert found["n_persons"] == 2


def test_two_who_are_in_view_at_once_are_not_one(run: Runner, tmp_path: Path, media: list[Path]) -> None:
    results, found = scanned(run, tmp_path, [media[0], media[2]], "--match-persons")
    assert len(results["two.mp4"].descriptors) == 2
    [group] = found["groups"]
    assert len({one["row_id"] for one in group["people"]}) == len(group["people"]) == 2


def test_without_being_asked_nobody_is_described(run: Runner, tmp_path: Path, media: list[Path]) -> None:
    results, found = scanned(run, tmp_path, media[:1])
    assert found is None
    assert results["one.mp4"].descriptors == ()


def test_two_people_of_real_clips_are_told_apart(run: Runner, tmp_path: Path, shared_data: Path) -> None:
    names = ("real/ffpp_youtube__183", "real/ffpp_youtube__253", "fake/ffpp_NeuralTextures__183_253")
    clips = [shared_data / "video" / f"{name}.mp4" for name in names]
    results, found = scanned(run, tmp_path, clips, "--match-persons", "--frames", "8")
    assert all(one.descriptors for one in results.values())
    [group] = found["groups"]
    assert len(group["people"]) == 2, "the pristine clip and what was made of it, and not the other one"
