"""``forensics scan --shard`` and ``forensics merge``: several machines' shares, drawn as one scan."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import pytest

from forensics.casefile.case_file import CaseFile
from tests import synthetic
from tests.casefile.made import tampering
from tests.cli.running import Runner

SCORED = ("--crops", "--detectors", "face", "--workers", 1)
NAMES = [f"{folder}/{number}.png" for folder in ("one", "two") for number in range(5)]


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten pictures of one person, no two alike."""
    folder = tmp_path_factory.mktemp("media")
    bust = cv2.cvtColor(synthetic.bust(), cv2.COLOR_RGB2BGR)
    for number, name in enumerate(NAMES):
        (folder / name).parent.mkdir(exist_ok=True)
        cv2.imwrite(str(folder / name), cv2.convertScaleAbs(bust, alpha=0.6 + 0.04 * number))
    return folder


@pytest.fixture
def parts(tmp_path: Path, media: Path, run: Runner) -> list[Path]:
    made = [tmp_path / f"part{index}.case" for index in range(1, 5)]
    for index, part in enumerate(made, start=1):
        ran = run("scan", media, *SCORED, "--shard", f"{index}/4", "--case", part)
        assert ran.code == 0, ran.err
    return made


def scored(case: Path) -> dict[str, object]:
    with CaseFile.open_read_only(case) as opened:
        assert opened.checked().sound
        return {
            result.media.path: (result.verdict, result.scores, result.abstentions)
            for _, result in opened.results()
        }


@pytest.mark.slow
def test_shards_merged_are_one_scan(tmp_path: Path, media: Path, parts: list[Path], run: Runner) -> None:
    whole, joined = tmp_path / "whole.case", tmp_path / "all.case"
    assert run("scan", media, *SCORED, "--case", whole).code == 0
    counts = [len(scored(part)) for part in parts]
    assert sum(counts) == len(NAMES)
    assert max(counts) < len(NAMES)

    merged = run("merge", *parts, "--case", joined)
    assert merged.code == 0, merged.err
    assert "missing" not in merged.err
    assert "10 files of 4 parts" in merged.err
    assert scored(joined) == scored(whole)
    assert any(scores for _, scores, _ in scored(joined).values())  # type: ignore[misc]

    verified = run("verify", joined)
    assert verified.code == 0
    assert verified.out.count(": intact.") == 4
    out = tmp_path / "all.json"
    assert run("report", joined, "--report", out).code == 0
    assert len(json.loads(out.read_text("utf-8"))["files"]) == len(NAMES)

    shutil.copy(parts[2], tmp_path / "kept.case")
    with tampering(parts[2]) as raw:
        raw.execute("UPDATE entries SET payload = replace(payload, 'face', 'fake') WHERE row_id = 1")
    refused = run("merge", *parts, "--case", tmp_path / "again.case")
    assert refused.code == 4
    assert f"{parts[2]} was changed after it was written" in refused.err
    assert not (tmp_path / "again.case").exists()

    some = tmp_path / "some.case"
    gap = run("merge", parts[0], parts[1], parts[3], "--case", some)
    assert gap.code == 0
    assert "Of 4 shards, 3 is missing" in gap.err
    assert "Of 4 shards, 3 is missing" in run("verify", some).out
    report = tmp_path / "some.html"
    assert run("report", some, "--report", report).code == 0
    assert "Of 4 shards, 3 is missing" in report.read_text("utf-8")
    # The gap is filled in the merged case itself: what is there is not examined again.
    filled = run("scan", media, *SCORED, "--case", some)
    assert filled.code == 0, filled.err
    assert scored(some) == scored(whole)
    assert "missing" not in run("verify", some).out


def test_a_shard_that_does_not_exist_is_refused(run: Runner, tmp_path: Path) -> None:
    ran = run("scan", tmp_path, "--shard", "5/4")
    assert ran.code == 2
    assert "--shard is '5/4'" in ran.err
