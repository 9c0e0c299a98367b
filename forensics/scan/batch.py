"""A batch: many files on several processes, and the only place where processes are started.

Each worker has a connection of its own and at most one file, so that the batch always knows which file
took a worker down, and a dying worker can hold up no other. (Pools whose workers share a queue can do
neither: with pebble 5.2, a worker killed while it sends its result stops all others for a minute, and
their files are lost with it.)
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import FrameType, ModuleType
from typing import Final, Self, TypeVar

from forensics.errors import EngineError, SettingsError
from forensics.media.discovery import Found
from forensics.records.scan_result import ScanResult
from forensics.scan.events import BatchEnded, BatchStarted, Event, FileDone, FileFailed, FileStarted
from forensics.scan.failures import Failure, death, examined_again, last_words, not_examined
from forensics.scan.twins import Twin
from forensics.scan.worker import Answer, Examined, GaveUp, GettingOn, Job, Ready, StartFailed, work

B = TypeVar("B")

POLL_S: Final = 0.1
"""How late, at most, an interruption or a time limit is noticed."""

START_LIMIT_S: Final = 300.0
"""Compiling nets on a slow, busy machine takes a minute; a worker that needs longer hangs."""

KILL_LIMIT_S: Final = 5.0
"""A process that waits for a network drive that is gone cannot be killed; it is left behind."""

MOST_FAILED_STARTS: Final = 3
"""In a row. A first context that died tells of a defect, a later one perhaps of a moment without memory."""

LIMIT_COVERS_S: Final = 300.0
"""So many seconds of a file the time limit is for; where more are behind, it is longer in proportion."""

ONE_THREAD: Final = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"), "1"
)
"""Read by the libraries when they are loaded. Workers fill the cores; threads on top only get in the way."""


def run_batch(
    files: Sequence[Found],
    make_bench: Callable[[], B],
    examine: Callable[[Found, B, Callable[[float], object]], ScanResult],
    *,
    n_workers: int,
    time_limit_s: float,
    on_result: Callable[[ScanResult], object],
    on_event: Callable[[Event], object] | None = None,
    n_skipped: int = 0,
    crew: Crew | None = None,
    twins: Mapping[str, Sequence[Twin]] | None = None,
    settled: Sequence[ScanResult] = (),
) -> int:
    """Examines files on worker processes, the largest first so that the workers finish together.

    Every file gets a result: one that crashes its worker, exceeds the time limit, runs out of memory or
    meets a defect becomes NOT_EXAMINED with the reason. A worker may die of an earlier file: the one that it
    had is examined again, in a worker that has seen no other, before it is blamed. ``on_result`` and
    ``on_event`` are called in this process, one at a time; what they raise stops the batch.

    Args:
        make_bench: builds what a worker keeps, once per worker. Picklable, as ``examine`` is: a function of
            a module or a ``functools.partial`` of one.
        examine: one file to its result; of a long file it tells from time to time how many seconds of it are
            behind.
        time_limit_s: wall seconds for one file, from the moment that a worker begins with it; longer where
            more than ``LIMIT_COVERS_S`` of the file are behind by then, in proportion.
        on_result: takes each result as it comes.
        n_skipped: for the progress display: files that an earlier run has done.
        crew: keeps the workers for the next batch, which must have the same ``make_bench`` and ``examine``.
        twins: by ``Found.key``, files with the same content as one of ``files``: they get its result.
        settled: results that are known already; they count as done.

    Returns:
        The number of files done.

    Raises:
        ForensicsError: a context cannot be built; results so far were handed on.
        KeyboardInterrupt: stopped by SIGINT or SIGTERM; results so far were handed on.
    """
    began_s = time.monotonic()
    tell = on_event or _to_nobody
    n_files = len(files) + sum(map(len, (twins or {}).values())) + len(settled)
    tell(BatchStarted(n_files, n_skipped, sum(file.size_bytes for file in files)))
    with contextlib.ExitStack() as stack:
        interrupted = stack.enter_context(_interruptible())
        staff = crew or stack.enter_context(Crew())
        batch = _Batch(
            files,
            pickle.dumps((make_bench, examine)),
            staff,
            time_limit_s,
            on_result,
            tell,
            twins or {},
            settled,
        )
        try:
            batch.run(min(n_workers, len(files)), interrupted)
        finally:
            # Workers that are in the middle of a file are of no use to anyone.
            if crew is None or batch.n_done < n_files:
                staff.dismiss()
            tell(BatchEnded(batch.n_done, batch.n_done < n_files, time.monotonic() - began_s))
    return batch.n_done


def _to_nobody(_event: Event) -> None:
    """For a batch that nobody watches."""


class _Worker:
    """One process, as the batch sees it."""

    def __init__(self, number: int, tools: bytes, logs: Path) -> None:
        context = multiprocessing.get_context("spawn")  # fork would copy locked locks of native threads
        self.number = number
        self.log = logs / f"worker-{number}.log"
        self.connection, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(
            target=work, args=(theirs, tools, str(self.log)), daemon=True, name=f"forensics worker {number}"
        )
        self.ready = False
        self.job: Job | None = None
        self.n_jobs = 0
        self.began_s = time.monotonic()
        self.limit_s = START_LIMIT_S
        self.deadline_s = self.began_s + START_LIMIT_S
        try:
            with _environment_of_workers():
                self.process.start()
        except OSError as error:
            raise EngineError(
                f"Worker {number} could not be started ({error})", "Give fewer --workers."
            ) from error
        theirs.close()  # so that the connection ends when the worker does

    @property
    def idle(self) -> bool:
        return self.ready and self.job is None

    @property
    def fresh(self) -> bool:
        return self.n_jobs == 0

    @property
    def overdue(self) -> bool:
        return not self.idle and time.monotonic() > self.deadline_s

    def give(self, job: Job, time_limit_s: float) -> bool:
        """False if it died while idle; its connection tells so too, and the job goes to another."""
        try:
            self.connection.send(job)
        except OSError:
            return False
        self.job = job
        self.n_jobs += 1
        self.began_s = time.monotonic()
        self.limit_s = time_limit_s
        self.deadline_s = self.began_s + time_limit_s
        return True

    def grant(self, behind_s: float) -> None:
        """More time for a long file, as far as it has got on."""
        granted_s = self.limit_s * behind_s / LIMIT_COVERS_S
        self.deadline_s = max(self.deadline_s, self.began_s + granted_s)

    def kill(self) -> None:
        self.process.kill()

    def bury(self) -> int | None:
        """Waits for the end and gives the exit code; negative for a signal."""
        self.process.join(POLL_S)
        if self.process.exitcode is None:  # its connection ended, but not the process
            self.process.kill()
            self.process.join(KILL_LIMIT_S)
        exit_code = self.process.exitcode
        self.connection.close()
        if exit_code is not None:
            self.process.close()
        return exit_code


class Crew:
    """Workers with their benches, which may outlive a batch: models stay loaded. Ends them as a context."""

    def __init__(self) -> None:
        self._folder = contextlib.ExitStack()
        self._logs: Path | None = None
        self.workers: list[_Worker] = []
        self.n_started = 0
        self.any_ready = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.dismiss()
        self._folder.close()
        self._logs = None

    def hire(self, tools: bytes) -> None:
        """Starts one more worker.

        Raises:
            EngineError: it cannot be started.
            SettingsError: there is no room for its log.
        """
        if self._logs is None:
            self._logs = self._folder.enter_context(_log_folder())
        self.n_started += 1
        self.workers.append(_Worker(self.n_started, tools, self._logs))

    def dismiss(self) -> None:
        """Ends all workers, whatever they are at."""
        for worker in self.workers:
            worker.kill()
        for worker in self.workers:
            worker.bury()
        self.workers.clear()


class _Batch:
    def __init__(
        self,
        files: Sequence[Found],
        tools: bytes,
        crew: Crew,
        time_limit_s: float,
        on_result: Callable[[ScanResult], object],
        on_event: Callable[[Event], object],
        twins: Mapping[str, Sequence[Twin]],
        settled: Sequence[ScanResult],
    ) -> None:
        self.n_done = 0
        self._n_files = len(files) + sum(map(len, twins.values())) + len(settled)
        self._settled = settled
        self._twins = dict(twins)
        self._waiting = deque(sorted(files, key=lambda file: -file.size_bytes))
        self._failures: dict[str, tuple[Failure, str]] = {}
        self._to_hash: deque[Found] = deque()
        self._again: deque[Found] = deque()
        self._first_deaths: dict[str, Failure] = {}
        self._tools = tools
        self._crew = crew
        self._time_limit_s = time_limit_s
        self._on_result = on_result
        self._on_event = on_event
        self._workers = crew.workers
        self._n_failed_starts = 0

    def run(self, n_workers: int, interrupted: threading.Event) -> None:
        for result in self._settled:
            self._tell(result)
        while self.n_done < self._n_files:
            self._staff(n_workers)
            self._hand_out()
            speaking = wait([worker.connection for worker in self._workers], POLL_S)
            for worker in [one for one in self._workers if one.connection in speaking]:
                self._hear(worker)
            for worker in [one for one in self._workers if one.overdue]:
                self._expire(worker)
            if interrupted.is_set():
                raise KeyboardInterrupt

    def _staff(self, n_workers: int) -> None:
        n_open = len(self._waiting) + len(self._to_hash)
        n_fresh = sum(worker.job is None and worker.fresh for worker in self._workers)
        n_used = sum(worker.job is None and not worker.fresh for worker in self._workers)
        n_again = len(self._again)
        n_needed = max(n_again - n_fresh, 0) + max(n_open - n_used - max(n_fresh - n_again, 0), 0)
        for _ in range(min(n_workers - len(self._workers), n_needed)):
            self._crew.hire(self._tools)

    def _hand_out(self) -> None:
        for worker in self._workers:
            if not worker.idle:
                continue
            # The worker that died left a place for a fresh one, which takes nothing else before this.
            if self._again and worker.fresh:
                self._give(worker, self._again)
            elif self._to_hash:
                if worker.give(Job(self._to_hash[0], only_hash=True), self._time_limit_s):
                    self._to_hash.popleft()
            elif self._waiting:
                self._give(worker, self._waiting)

    def _give(self, worker: _Worker, files: deque[Found]) -> None:
        if worker.give(Job(files[0]), self._time_limit_s):
            self._on_event(FileStarted(files.popleft().display, worker.number))

    def _hear(self, worker: _Worker) -> None:
        try:
            answer: Answer = pickle.loads(worker.connection.recv_bytes())  # noqa: S301 our own process
        except (EOFError, OSError):
            self._died(worker, death(self._remove(worker)))
            return
        if isinstance(answer, StartFailed):
            raise answer.error
        if isinstance(answer, Ready):
            worker.ready = self._crew.any_ready = True
            self._n_failed_starts = 0
            return
        if isinstance(answer, GettingOn):
            worker.grant(answer.behind_s)
            return
        job, worker.job = worker.job, None
        assert job is not None, "a worker answers once for each job"
        if isinstance(answer, Examined):
            self._done(job.file, self._with_history(job, answer.result))
        elif isinstance(answer, GaveUp):
            self._gave_up(job, answer)
            if answer.worn_out:
                worker.kill()
                self._remove(worker)

    def _expire(self, worker: _Worker) -> None:
        if worker.connection.poll():  # it answered in the last moment
            return
        worker.kill()
        self._remove(worker)
        limit_s = worker.deadline_s - worker.began_s
        self._lost(
            worker,
            Failure(
                f"It gave no answer within {limit_s:.6g} s and was stopped",
                "Scan this file again by itself with a longer --time-limit.",
            ),
        )

    def _remove(self, worker: _Worker) -> int | None:
        self._workers.remove(worker)
        return worker.bury()

    def _died(self, worker: _Worker, failure: Failure) -> None:
        """A worker ended by itself: of its file only if it had seen no other."""
        if not worker.ready or worker.job is None or worker.job.only_hash or worker.n_jobs == 1:
            self._lost(worker, failure)
            return
        self._first_deaths[worker.job.file.key] = failure
        self._again.append(worker.job.file)

    def _with_history(self, job: Job, result: ScanResult) -> ScanResult:
        first = self._first_deaths.pop(job.file.key, None)
        if first is None:
            return result
        return replace(result, notices=(*result.notices, examined_again(first)))

    def _lost(self, worker: _Worker, failure: Failure) -> None:
        """A worker is gone; its file, if it had one, is first identified by another worker."""
        words = last_words(worker.log)
        if not worker.ready:
            self._start_failed(failure, words)
        elif worker.job is not None and worker.job.only_hash:
            self._gave_up(worker.job, GaveUp(None, None))
        elif worker.job is not None:
            self._failures[worker.job.file.key] = failure, words
            self._to_hash.append(worker.job.file)

    def _start_failed(self, failure: Failure, words: str) -> None:
        self._n_failed_starts += 1
        if not self._crew.any_ready or self._n_failed_starts >= MOST_FAILED_STARTS:
            raise EngineError(
                f"A worker failed while it was loading its models: {failure.reason}"
                + (f" ({words})" if words else ""),
                "Run forensics doctor; where memory is short, give fewer --workers.",
            )

    def _gave_up(self, job: Job, answer: GaveUp) -> None:
        if answer.failure is not None:
            failure, words = answer.failure, ""
        else:
            failure, words = self._failures.pop(job.file.key)
        self._on_event(FileFailed(job.file.display, failure.reason))
        result = not_examined(job.file, failure, answer.sha256, words)
        self._done(job.file, self._with_history(job, result))

    def _done(self, file: Found, result: ScanResult) -> None:
        self._tell(result)
        others = []
        for twin in self._twins.pop(file.key, ()):
            shared = twin.result_from(result)
            if shared is None:
                others.append(twin)
            else:
                self._tell(shared)
        if others:  # no longer what they were, or the examined one was not: one of them is examined itself
            self._waiting.append(others[0].file)
            self._twins[others[0].file.key] = others[1:]

    def _tell(self, result: ScanResult) -> None:
        self._on_result(result)
        self.n_done += 1
        self._on_event(FileDone(replace(result, exhibits=()), self.n_done))


@contextlib.contextmanager
def _environment_of_workers() -> Iterator[None]:
    """What a process inherits at the moment when it is started."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    main = sys.modules["__main__"]
    os.environ.update(ONE_THREAD)
    # spawn would run the main script again in each worker: the command line's imports cost time, and a
    # script without an import guard would start batches without end.
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _log_folder() -> Iterator[Path]:
    try:
        folder = tempfile.TemporaryDirectory(prefix="forensics-", ignore_cleanup_errors=True)
    except OSError as error:
        raise SettingsError(
            f"No temporary folder can be made ({error})",
            "Free some space, or set TMPDIR to a folder that has it.",
        ) from error
    with folder as name:
        yield Path(name)


@contextlib.contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """Notes SIGINT and SIGTERM, so that a result that is being recorded is recorded to the end.

    A second signal interrupts at once. Outside the main thread, signals cannot be caught and are left alone.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def note(_number: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
