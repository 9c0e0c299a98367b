"""The local executor: processes of this machine, and the only place where processes are started.

Each worker has a connection of its own and at most one task, so that the executor always knows which task
took a worker down, and a dying worker can hold up no other. (Pools whose workers share a queue can do
neither: with pebble 5.2, a worker killed while it sends its result stops all others for a minute, and
their tasks are lost with it.)
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import ModuleType
from typing import Final, Generic, TypeVar

from forensics.errors import EngineError, SettingsError
from forensics.processor import usable_cores
from forensics.scan.executors.executor import (
    LIMIT_COVERS_S,
    Failed,
    Finished,
    Progressed,
    Started,
    Work,
)
from forensics.scan.failures import Failure, death, last_words
from forensics.scan.worker import Answer, GaveUp, GettingOn, Job, Performed, Ready, StartFailed, work

C = TypeVar("C")
R = TypeVar("R")
T = TypeVar("T")

POLL_S: Final = 0.1
"""How late, at most, an interruption or a time limit is noticed."""

START_LIMIT_S: Final = 300.0
"""Compiling nets on a slow, busy machine takes a minute; a worker that needs longer hangs."""

KILL_LIMIT_S: Final = 5.0
"""A process that waits for a network drive that is gone cannot be killed; it is left behind."""

MOST_FAILED_STARTS: Final = 3
"""In a row. A first context that died tells of a defect, a later one perhaps of a moment without memory."""

ONE_THREAD: Final = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"), "1"
)
"""Read by the libraries when they are loaded. Workers fill the cores; threads on top only get in the way."""


class _Worker:
    """One process, as the executor sees it."""

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
        self.index = 0
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

    def give(self, index: int, job: Job, time_limit_s: float) -> bool:
        """False if it died while idle; its connection tells so too, and the job goes to another."""
        try:
            self.connection.send(job)
        except OSError:
            return False
        self.index, self.job = index, job
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


class LocalExecutor:
    """Workers that are processes of this machine."""

    def __init__(self) -> None:
        self._folder = contextlib.ExitStack()
        self._logs: Path | None = None
        self.workers: list[_Worker] = []
        self.n_started = 0
        self.any_ready = False

    def run(
        self,
        work: Work[C, T, R],
        tasks: Sequence[T],
        *,
        n_workers: int | None,
        time_limit_s: float,
        interrupted: threading.Event,
    ) -> Generator[Started[T] | Progressed[T] | Finished[T, R] | Failed[T], None, None]:
        """As ``Executor`` says."""
        run: _Run[T, R] = _Run(self, pickle.dumps(work), tasks, time_limit_s)
        try:
            yield from run.outcomes(min(n_workers or usable_cores(), len(tasks)), interrupted)
        finally:
            # Workers that are in the middle of a task are of no use to anyone.
            if run.n_done < len(tasks):
                self.dismiss()

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
        """As ``Executor`` says."""
        for worker in self.workers:
            worker.kill()
        for worker in self.workers:
            worker.bury()
        self.workers.clear()
        self._folder.close()
        self._logs = None


class _Run(Generic[T, R]):
    def __init__(self, crew: LocalExecutor, tools: bytes, tasks: Sequence[T], time_limit_s: float) -> None:
        self.n_done = 0
        self._tasks = tasks
        self._waiting = deque(range(len(tasks)))
        self._failures: dict[int, tuple[Failure, str]] = {}
        self._to_identify: deque[int] = deque()
        self._again: deque[int] = deque()
        self._first_deaths: dict[int, Failure] = {}
        self._tools = tools
        self._crew = crew
        self._time_limit_s = time_limit_s
        self._workers = crew.workers
        self._n_failed_starts = 0

    def outcomes(
        self, n_workers: int, interrupted: threading.Event
    ) -> Iterator[Started[T] | Progressed[T] | Finished[T, R] | Failed[T]]:
        while self.n_done < len(self._tasks):
            self._staff(n_workers)
            yield from self._hand_out()
            speaking = wait([worker.connection for worker in self._workers], POLL_S)
            for worker in [one for one in self._workers if one.connection in speaking]:
                yield from self._counted(self._hear(worker))
            for worker in [one for one in self._workers if one.overdue]:
                yield from self._counted(self._expire(worker))
            if interrupted.is_set():
                raise KeyboardInterrupt

    def _counted(
        self, outcome: Progressed[T] | Finished[T, R] | Failed[T] | None
    ) -> Iterator[Progressed[T] | Finished[T, R] | Failed[T]]:
        if outcome is not None:
            yield outcome
            self.n_done += not isinstance(outcome, Progressed)  # once it was taken

    def _staff(self, n_workers: int) -> None:
        n_open = len(self._waiting) + len(self._to_identify)
        n_fresh = sum(worker.job is None and worker.fresh for worker in self._workers)
        n_used = sum(worker.job is None and not worker.fresh for worker in self._workers)
        n_again = len(self._again)
        n_needed = max(n_again - n_fresh, 0) + max(n_open - n_used - max(n_fresh - n_again, 0), 0)
        for _ in range(min(n_workers - len(self._workers), n_needed)):
            self._crew.hire(self._tools)

    def _hand_out(self) -> Iterator[Started[T]]:
        for worker in self._workers:
            if not worker.idle:
                continue
            # The worker that died left a place for a fresh one, which takes nothing else before this.
            if self._again and worker.fresh:
                yield from self._give(worker, self._again)
            elif self._to_identify:
                index = self._to_identify[0]
                if worker.give(index, Job(self._tasks[index], only_identify=True), self._time_limit_s):
                    self._to_identify.popleft()
            elif self._waiting:
                yield from self._give(worker, self._waiting)

    def _give(self, worker: _Worker, indices: deque[int]) -> Iterator[Started[T]]:
        task = self._tasks[indices[0]]
        if worker.give(indices[0], Job(task), self._time_limit_s):
            indices.popleft()
            yield Started(task, worker.number)

    def _hear(self, worker: _Worker) -> Progressed[T] | Finished[T, R] | Failed[T] | None:
        try:
            answer: Answer = pickle.loads(worker.connection.recv_bytes())  # noqa: S301 our own process
        except (EOFError, OSError):
            return self._died(worker, death(self._remove(worker)))
        if isinstance(answer, StartFailed):
            raise answer.error
        if isinstance(answer, Ready):
            worker.ready = self._crew.any_ready = True
            self._n_failed_starts = 0
            return None
        if isinstance(answer, GettingOn):
            worker.grant(answer.behind_s)
            return Progressed(self._tasks[worker.index], answer.behind_s)
        worker.job = None
        if isinstance(answer, Performed):
            return Finished(
                self._tasks[worker.index], answer.value, self._first_deaths.pop(worker.index, None)
            )
        if answer.worn_out:
            worker.kill()
            self._remove(worker)
        return self._gave_up(worker.index, answer)

    def _expire(self, worker: _Worker) -> Failed[T] | None:
        if worker.connection.poll():  # it answered in the last moment
            return None
        worker.kill()
        self._remove(worker)
        limit_s = worker.deadline_s - worker.began_s
        return self._lost(
            worker,
            Failure(
                f"It gave no answer within {limit_s:.6g} s and was stopped",
                "Scan this file again by itself with a longer --time-limit.",
            ),
        )

    def _remove(self, worker: _Worker) -> int | None:
        self._workers.remove(worker)
        return worker.bury()

    def _died(self, worker: _Worker, failure: Failure) -> Failed[T] | None:
        """A worker ended by itself: of its task only if it had seen no other."""
        if not worker.ready or worker.job is None or worker.job.only_identify or worker.n_jobs == 1:
            return self._lost(worker, failure)
        self._first_deaths[worker.index] = failure
        self._again.append(worker.index)
        return None

    def _lost(self, worker: _Worker, failure: Failure) -> Failed[T] | None:
        """A worker is gone; its task, if it had one, is first identified by another worker."""
        words = last_words(worker.log)
        if not worker.ready:
            self._start_failed(failure, words)
        elif worker.job is not None and worker.job.only_identify:
            return self._gave_up(worker.index, GaveUp(None, None))
        elif worker.job is not None:
            self._failures[worker.index] = failure, words
            self._to_identify.append(worker.index)
        return None

    def _start_failed(self, failure: Failure, words: str) -> None:
        self._n_failed_starts += 1
        if not self._crew.any_ready or self._n_failed_starts >= MOST_FAILED_STARTS:
            raise EngineError(
                f"A worker failed while it was loading its models: {failure.reason}"
                + (f" ({words})" if words else ""),
                "Run forensics doctor; where memory is short, give fewer --workers.",
            )

    def _gave_up(self, index: int, answer: GaveUp) -> Failed[T]:
        if answer.failure is not None:
            failure, words = answer.failure, ""
        else:
            failure, words = self._failures.pop(index)
        return Failed(
            self._tasks[index], failure, answer.identity, words, self._first_deaths.pop(index, None)
        )


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
