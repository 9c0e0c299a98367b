from __future__ import annotations

import functools
import hashlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from forensics.errors import EngineError, ForensicsError, ModelError
from forensics.media.discovery import Found
from forensics.records.exhibit_content import Picture
from forensics.records.findings import AbstentionReason
from forensics.records.scan_result import ScanResult
from forensics.records.verdict import VerdictLabel
from forensics.scan.batch import run_batch
from forensics.scan.events import BatchEnded, BatchStarted, Event, FileDone, FileFailed, FileStarted
from tests.scan import fakes
from tests.scan.fakes import made, several

REPOSITORY = Path(__file__).parents[2]


@dataclass
class Heard:
    """What a batch gave."""

    results: list[ScanResult] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def by_path(self) -> dict[str, ScanResult]:
        return {result.media.path: result for result in self.results}


def run(
    files: list[Found],
    *,
    n_workers: int = 1,
    time_limit_s: float = 60.0,
    make_bench: object = fakes.make_bench,
) -> Heard:
    heard = Heard()
    n_done = run_batch(
        files,
        make_bench,  # type: ignore[arg-type]
        fakes.examine,
        n_workers=n_workers,
        time_limit_s=time_limit_s,
        on_result=heard.results.append,
        on_event=heard.events.append,
    )
    assert n_done == len(heard.results) == len(files)
    return heard


def test_every_kind_of_misfortune_costs_its_file_alone(tmp_path: Path) -> None:
    names = ["kill", "abort", "segfault", "exit", "memory", "defect", "unreadable", "nan", "stuck"]
    files = several(tmp_path, *names, *(f"fine-{number}" for number in range(6)))
    heard = run(files, n_workers=2, time_limit_s=2.0)
    found = heard.by_path()
    assert set(found) == {file.display for file in files}
    reasons = {
        "kill": ("SIGKILL", "out of memory", "--workers 1"),
        "abort": ("SIGABRT", "by itself"),
        "segfault": ("SIGSEGV", "by itself"),
        "exit": ("exit code 7", "by itself"),
        "stuck": ("no answer within 2 s", "--time-limit"),
        "memory": ("more memory than there is", "--workers 1"),
        "defect": ("ZeroDivisionError: division by zero", "report"),
        "unreadable": ("The file ends in its middle", "Ask for another copy"),
        "nan": ("result.verdict.manipulation_score is not a finite number", "report"),
    }
    for name, words in reasons.items():
        result = found[name]
        assert result.verdict.label is VerdictLabel.NOT_EXAMINED
        assert result.verdict.manipulation_score is None
        assert [one.why for one in result.abstentions] == [AbstentionReason.FAILED]
        for word in words:
            assert word in result.verdict.reason, name
        assert result.media.sha256 == hashlib.sha256(fakes.content(name)).hexdigest()
        assert (result.media.size_bytes, result.media.modified_utc) == (10, "2026-11-20T10:00:00+00:00")
    for number in range(6):
        assert found[f"fine-{number}"].verdict.label is VerdictLabel.NO_SIGNS_FOUND
    assert {event.path for event in heard.events if isinstance(event, FileFailed)} == set(reasons)
    assert "Segmentation fault" in found["segfault"].notices[0].message


def test_a_file_is_not_blamed_for_what_the_one_before_it_did(tmp_path: Path) -> None:
    files = [made(tmp_path, name, 90 - at) for at, name in enumerate(["poison-1", "b", "poison-2", "c", "d"])]
    heard = run(files)
    found = heard.by_path()
    assert [result.verdict.label for result in found.values()] == [VerdictLabel.NO_SIGNS_FOUND] * 5
    # The worker that took b again dies of nothing; the one that then had poison-2 dies over c.
    for name in ("b", "c"):
        (notice,) = found[name].notices
        assert "crashed (SIGSEGV) while it had this file" in notice.message
        assert found[name].media.facts["n_seen"] == "1"
    assert [found[name].notices for name in ("poison-1", "poison-2", "d")] == [()] * 3
    assert not any(isinstance(event, FileFailed) for event in heard.events)


def test_a_file_that_kills_two_workers_is_blamed_and_tried_no_third_time(tmp_path: Path) -> None:
    files = [made(tmp_path, name, 90 - at) for at, name in enumerate(["a", "segfault", "b", "slow"])]
    heard = run(files, n_workers=2)
    found = heard.by_path()
    assert found["segfault"].verdict.label is VerdictLabel.NOT_EXAMINED
    assert "crashed (SIGSEGV)" in found["segfault"].verdict.reason
    assert sum(isinstance(one, FileStarted) and one.path == "segfault" for one in heard.events) <= 2
    assert [found[name].verdict.label for name in ("a", "b", "slow")] == [VerdictLabel.NO_SIGNS_FOUND] * 3


def test_a_hanging_file_is_stopped_in_time_and_counted_from_its_own_start(tmp_path: Path) -> None:
    # Together the others take longer than the limit; none of them alone does.
    files = several(tmp_path, "hang", *(f"slow-{number}" for number in range(8)))
    began_s = time.monotonic()
    found = run(files, time_limit_s=2.0).by_path()
    assert "no answer within 2 s" in found["hang"].verdict.reason
    assert Counter(result.verdict.label for result in found.values()) == {
        VerdictLabel.NOT_EXAMINED: 1,
        VerdictLabel.NO_SIGNS_FOUND: 8,
    }
    assert time.monotonic() - began_s < 30


def test_a_long_file_that_gets_on_has_more_time_in_proportion(tmp_path: Path) -> None:
    # Three seconds of work for half an hour of film: six times what the limit is for, so six times the limit.
    found = run(several(tmp_path, "long"), time_limit_s=1.0).by_path()
    assert found["long"].verdict.label is VerdictLabel.NO_SIGNS_FOUND


def test_a_file_that_is_gone_has_no_hash_but_a_row(tmp_path: Path) -> None:
    files = several(tmp_path, "kill")
    files[0].path.unlink()
    result = run(files).by_path()["kill"]
    assert result.media.sha256 is None
    assert result.media.size_bytes == 10


def test_results_do_not_depend_on_order_or_workers(tmp_path: Path) -> None:
    files = [made(tmp_path, f"fine-{'x' * number}", size_bytes=10 + number) for number in range(12)]
    outcomes = [
        {path: result.verdict for path, result in run(given, n_workers=n_workers).by_path().items()}
        for given, n_workers in ((files, 1), (files[::-1], 2))
    ]
    assert outcomes[0] == outcomes[1]


def test_the_largest_files_come_first(tmp_path: Path) -> None:
    files = [made(tmp_path, f"fine-{size}", size_bytes=size) for size in (5, 50, 20)]
    assert list(run(files).by_path()) == ["fine-50", "fine-20", "fine-5"]


def test_two_hundred_files_on_long_lived_benches(tmp_path: Path) -> None:
    files = several(tmp_path, *(f"fine-{number}" for number in range(200)))
    heard = run(files, n_workers=2)
    facts = [result.media.facts for result in heard.results]
    by_worker = Counter(fact["pid"] for fact in facts)
    assert len(by_worker) <= 2
    assert str(os.getpid()) not in by_worker
    assert max(int(fact["n_seen"]) for fact in facts) == max(by_worker.values())
    assert {fact["threads"] for fact in facts} == {"1"}
    assert "OMP_NUM_THREADS" not in os.environ
    first_begun = next(index for index, event in enumerate(heard.events) if isinstance(event, FileDone))
    begun = [event for event in heard.events[:first_begun] if isinstance(event, FileStarted)]
    assert len(begun) <= 2, "a file is handed out when a worker is free for it"


def test_events_tell_the_whole_story(tmp_path: Path) -> None:
    events = run(several(tmp_path, "fine", "heavy-1")).events
    assert events[0] == BatchStarted(n_files=2, n_skipped=0, total_bytes=20)
    kinds = [type(event) for event in events]
    assert kinds == [BatchStarted, FileStarted, FileDone, FileStarted, FileDone, BatchEnded]
    done = [event for event in events if isinstance(event, FileDone)]
    assert [event.n_done for event in done] == [1, 2]
    assert all(not event.result.exhibits for event in done)
    ended = events[-1]
    assert isinstance(ended, BatchEnded)
    assert (ended.n_done, ended.interrupted) == (2, False)


def test_exhibits_larger_than_a_pipe_come_through(tmp_path: Path) -> None:
    found = run(several(tmp_path, "heavy-1", "heavy-2"), n_workers=2).by_path()
    assert all(result.exhibits[0].content == Picture(bytes(3_000_000)) for result in found.values())


def test_no_files_need_no_workers() -> None:
    heard = run([])
    assert [type(event) for event in heard.events] == [BatchStarted, BatchEnded]


@pytest.mark.parametrize(
    ("make_bench", "kind", "words"),
    [
        (fakes.bench_without_model, ModelError, "face-b0 is damaged"),
        (fakes.bench_with_defect, EngineError, "ZeroDivisionError: made"),
        (fakes.bench_that_crashes, EngineError, "SIGSEGV"),
    ],
)
def test_a_bench_that_cannot_be_built_stops_the_batch(
    tmp_path: Path, make_bench: object, kind: type[ForensicsError], words: str
) -> None:
    with pytest.raises(kind, match=words) as caught:
        run(several(tmp_path, "fine-1", "fine-2", "fine-3"), make_bench=make_bench)
    assert "forensics" in caught.value.hint


def test_workers_that_can_no_longer_start_do_not_start_for_ever(tmp_path: Path) -> None:
    heard = Heard()
    make_bench = functools.partial(fakes.bench_that_works_once, tmp_path)
    files = [made(tmp_path, "fine", 30), made(tmp_path, "kill", 20), made(tmp_path, "fine-2", 10)]
    with pytest.raises(EngineError, match="exit code 3") as caught:
        run_batch(
            files, make_bench, fakes.examine, n_workers=1, time_limit_s=60, on_result=heard.results.append
        )
    assert "--workers" in caught.value.hint
    assert list(heard.by_path()) == ["fine"]


def test_an_error_while_recording_stops_the_batch_and_its_workers(tmp_path: Path) -> None:
    def full(_: ScanResult) -> None:
        raise OSError("disk full")

    before = _children()
    with pytest.raises(OSError, match="disk full"):
        run_batch(
            several(tmp_path, "fine", "hang"),
            fakes.make_bench,
            fakes.examine,
            n_workers=2,
            time_limit_s=60,
            on_result=full,
        )
    assert _children() <= before


def _children() -> set[int]:
    here = Path(f"/proc/self/task/{os.getpid()}/children")
    if not here.exists():
        pytest.skip("this system does not list a process's children")
    return {int(pid) for pid in here.read_text().split() if b"spawn_main" in _command(int(pid))}


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_keeps_what_is_done_and_is_quick(tmp_path: Path, number: signal.Signals) -> None:
    heard = Heard()
    handler = signal.getsignal(number)
    asked_s: list[float] = []

    def interrupt_after_first(result: ScanResult) -> None:
        # To this thread: a signal to the process may land on a native thread that an earlier test left.
        signal.raise_signal(number)
        asked_s.append(time.monotonic())
        heard.results.append(result)  # the row that is being recorded is recorded to the end

    with pytest.raises(KeyboardInterrupt):
        run_batch(
            [made(tmp_path, "fine", 30), made(tmp_path, "stuck-1", 20), made(tmp_path, "stuck-2", 10)],
            fakes.make_bench,
            fakes.examine,
            n_workers=1,
            time_limit_s=60,
            on_result=interrupt_after_first,
            on_event=heard.events.append,
        )
    assert time.monotonic() - asked_s[0] < 5
    assert list(heard.by_path()) == ["fine"]
    assert signal.getsignal(number) is handler
    ended = heard.events[-1]
    assert isinstance(ended, BatchEnded)
    assert (ended.n_done, ended.interrupted) == (1, True)


def test_a_batch_can_run_beside_the_main_thread(tmp_path: Path) -> None:
    heard: list[Heard] = []
    thread = threading.Thread(target=lambda: heard.append(run(several(tmp_path, "fine"))))
    thread.start()
    thread.join(60)
    assert len(heard) == 1


SCRIPT = """
    import sys
    from pathlib import Path
    from forensics.scan.batch import run_batch
    from tests.scan import fakes

    print("script begins", flush=True)
    files = fakes.several(Path(sys.argv[1]), *sys.argv[2:])
    run_batch(files, fakes.make_bench, fakes.examine, n_workers=1, time_limit_s=60,
              on_result=lambda result: print(result.media.path, result.media.facts.get('pid'), flush=True))
"""


def _script(tmp_path: Path, *names: str) -> list[str]:
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(SCRIPT))
    return [sys.executable, str(script), str(tmp_path), *names]


def test_a_script_is_not_run_again_in_its_workers_and_noise_stays_off_the_screen(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        _script(tmp_path, "noise", "fine", "abort"),
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=True,
    )
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["script", "noise", "fine", "abort"]
    assert done.stderr == ""


def test_workers_leave_when_the_batch_is_killed(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = _script(tmp_path, "fine", "hang")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as batch:
        assert batch.stdout is not None
        batch.stdout.readline()
        worker = int(batch.stdout.readline().split()[1])
        assert _alive(worker)
        batch.kill()
    deadline_s = time.monotonic() + 10
    while _alive(worker) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    assert not _alive(worker)
