"""The front door, with the models that ship: what a new user sees first."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.cli.running import in_own_process


def test_no_clip_is_made_for_a_report_that_cannot_be_written(tmp_path: Path) -> None:
    for report, code, words in (
        ("out.mp4", 2, "no report format is called so"),
        ("nowhere/out.html", 4, "folder nowhere does not exist"),
    ):
        ran = in_own_process("demo", "--report", "demo.html", "--report", report, cwd=tmp_path)
        assert ran.code == code, ran.err
        assert words in ran.err
        assert list(tmp_path.iterdir()) == []


def test_the_demo_shows_every_verdict_and_paths_that_exist(tmp_path: Path) -> None:
    (tmp_path / "forensics-demo").mkdir()
    (tmp_path / "forensics-demo" / "mine.jpg").write_bytes(b"\xff\xd8\xff not to be scanned")
    ran = in_own_process("demo", "--report", "out.html", "--report", "out.csv", "--workers", 1, cwd=tmp_path)
    assert ran.code == 0, ran.err
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    assert {row["verdict"] for row in rows} == {
        "SIGNS_OF_MANIPULATION",
        "INCONCLUSIVE",
        "NO_SIGNS_FOUND",
        "NOT_EXAMINED",
    }
    # No false alarm, and nothing missed, is the first thing that is seen.
    assert {row["verdict"] for row in rows if "/pristine/" in row["path"]} == {"NO_SIGNS_FOUND"}
    assert not any(row["verdict"] == "NO_SIGNS_FOUND" for row in rows if "/manipulated/" in row["path"])
    assert all((tmp_path / row["path"]).is_file() for row in rows)
    assert not any("mine" in row["path"] for row in rows)
    for said in (ran.err, (tmp_path / "out.html").read_text("utf-8")):
        assert "they were chosen so that every verdict occurs" in said.replace("\n", " ")
