"""``forensics watch``: files are examined once they are complete, and only then."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

pytest.importorskip("watchfiles", reason="watchfiles is not installed (extra watch)")
import forensics
from forensics.workflows.arrivals import Arrivals
from tests import synthetic
from tests.cli.running import ROOT, Runner


def test_a_file_is_handed_out_once_nothing_changes_in_it(tmp_path: Path) -> None:
    clip = synthetic.normal_clip(tmp_path).read_bytes()
    folder = tmp_path / "watched"
    (folder / "deep").mkdir(parents=True)
    arrivals = Arrivals(folder, settle_s=5.0)
    arriving = folder / "deep" / "a.mp4"
    arriving.write_bytes(clip[:1000])
    (folder / "notes.txt").write_text("no media")
    assert arrivals.look(0.0) == ()
    assert arrivals.look(4.0) == ()
    with arriving.open("ab") as out:
        out.write(clip[1000:])
    assert arrivals.look(6.0) == (), "it has grown since"
    assert arrivals.waiting
    assert arrivals.look(11.0) == (arriving,)
    assert arrivals.look(20.0) == ()
    assert not arrivals.waiting
    os.utime(arriving, ns=(1, 1))
    assert arrivals.look(30.0) == ()
    assert arrivals.look(36.0) == (arriving,), "it was written anew"


def test_what_arrives_comes_into_the_case(tmp_path: Path) -> None:
    clip = synthetic.normal_clip(tmp_path).read_bytes()
    folder, case, report = tmp_path / "watched", tmp_path / "evidence.case", tmp_path / "report.html"
    folder.mkdir()
    (folder / "first.mp4").write_bytes(clip)
    command = [sys.executable, "-m", "forensics", "watch", folder, "--case", case, "--report", report]
    process = subprocess.Popen(
        [*map(str, command), "--settle", "3", "--profile", "triage", "--workers", "1"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        # Where the tests run in the background, SIGINT is ignored, and a child would inherit that.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 nothing else runs here
    )
    try:
        wait_for(report.exists, "the first report")
        with (folder / "second.mp4").open("wb") as out:
            for start in range(0, len(clip) + 7, 20_000):
                out.write((clip + b"another")[start : start + 20_000])
                out.flush()
                time.sleep(0.2)
        wait_for(lambda: names_in(case) == ["first.mp4", "second.mp4"], "the second result")
        with forensics.CaseFile.open_read_only(case) as opened:
            sizes = {Path(one.media.path).name: one.media.size_bytes for _, one in opened.results()}
        assert sizes == {"first.mp4": len(clip), "second.mp4": len(clip) + 7}
        wait_for(lambda: "second.mp4" in report.read_text("utf-8"), "the second report")
    finally:
        process.send_signal(signal.SIGINT)
        try:
            said = process.communicate(timeout=180)[1]
        finally:
            process.kill()  # nothing where it has ended
    assert process.returncode == 0, said
    assert "Traceback" not in said
    with forensics.CaseFile.open_read_only(case) as opened:
        checked = opened.checked()
    assert checked.finished
    assert f"Head hash: {checked.head_hash} (row {checked.n_rows})\nIt is noted in " in said


def names_in(case: Path) -> list[str]:
    if not case.exists():
        return []
    with forensics.CaseFile.open_read_only(case) as opened:
        return [Path(result.media.path).name for _, result in opened.results()]


def wait_for(true: object, what: str) -> None:
    end = time.monotonic() + 120
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end, f"in vain: {what}"
        time.sleep(0.2)


def test_what_cannot_be_watched_is_said(run: Runner, tmp_path: Path) -> None:
    ran = run("watch", tmp_path / "nowhere", "--case", tmp_path / "a.case")
    assert (ran.code, ran.err) == (
        6,
        f"Error: {tmp_path / 'nowhere'} is not a folder\nName a folder to watch.\n",
    )
    ran = run("watch", tmp_path, "--case", tmp_path / "a.case")
    assert ran.code == 2
    assert "lies in the folder that is watched" in ran.err


@pytest.mark.parametrize("settle", ["0", "-1"])
def test_no_time_to_settle_is_refused(run: Runner, tmp_path: Path, settle: str) -> None:
    assert run("watch", tmp_path, "--case", tmp_path.parent / "a.case", "--settle", settle).code == 2
