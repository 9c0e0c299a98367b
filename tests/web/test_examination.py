"""The process that examines: its end costs a case at most, and is said."""

from __future__ import annotations

import errno
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from forensics.errors import PathError
from forensics.settings import Profile
from forensics.web.desk import Desk, DeskCase, UploadedFile
from forensics.web.examination import NICENESS, words_of
from forensics.web.examination_process import ExaminationProcess
from forensics.web.orders import Progress
from tests import synthetic


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Desk(tmp_path / "desk") as desk:
        yield desk


@pytest.fixture
def process(desk: Desk) -> Iterator[ExaminationProcess]:
    process = ExaminationProcess(desk.folder, 1)
    yield process
    process.close()


def case_of(desk: Desk, content: bytes) -> DeskCase:
    case = desk.create("a case", Profile.TRIAGE)
    desk.upload_path(case.id, "f" * 32).write_bytes(content)
    kept = desk.add(case.id, UploadedFile("f" * 32, "a.mp4", len(content), "", case.created_utc))
    assert kept is not None
    return kept


def children_of(process_id: int) -> list[int]:
    return [int(text) for text in Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="no /proc")
def test_it_can_be_killed_in_the_middle_and_tried_again(
    desk: Desk, process: ExaminationProcess, tmp_path: Path
) -> None:
    case = case_of(desk, synthetic.normal_clip(tmp_path).read_bytes())
    seen: list[tuple[int, int]] = []

    def kill(progress: Progress) -> None:
        if progress.file and not seen:
            [process_id] = [one for one in children_of(os.getpid()) if _is_examination(one)]
            seen.append((process_id, os.getpriority(os.PRIO_PROCESS, process_id)))
            os.kill(process_id, signal.SIGKILL)

    said = process.scan(case, kill, threading.Event())
    assert "ended by itself" in said.problem
    assert not said.stopped
    assert seen[0][1] == min(19, os.getpriority(os.PRIO_PROCESS, 0) + NICENESS)

    stages: list[str] = []
    said = process.scan(case, lambda progress: stages.append(progress.stage), threading.Event())
    assert said.problem == ""
    assert stages[-1] == "Writing the report"
    drawn = process.draw(replace(case), judged=True)
    assert drawn.files["f" * 32].verdict is not None
    assert desk.report(case.id, ".html").stat().st_size > 1_000


def _is_examination(process_id: int) -> bool:
    return b"forensics.web.examination" in Path(f"/proc/{process_id}/cmdline").read_bytes()


def test_a_scan_that_is_stopped_before_it_began_says_so(
    desk: Desk, process: ExaminationProcess, tmp_path: Path
) -> None:
    case = case_of(desk, synthetic.normal_clip(tmp_path).read_bytes())
    stop = threading.Event()
    stop.set()
    assert process.scan(case, lambda _: None, stop).stopped


def test_errors_are_worded_with_the_names_that_owners_know() -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    assert words_of(full, {}) == "The disk refuses: No space left on device. Free some space, then try again."
    missing = PathError("/desk/1/files/ff cannot be read", "Upload it again")
    assert words_of(missing, {"/desk/1/files/ff": "a.mp4"}) == "a.mp4 cannot be read. Upload it again"
