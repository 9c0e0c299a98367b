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
    Failed,
    Finished,
    Progressed,
    Started,
    Work,
)
from forensics.scan.executors.hand import Hand
from forensics.scan.executors.ledger import Ledger, Outcome
from forensics.scan.failures import Failure, death, last_words
from forensics.scan.worker import Answer, GettingOn, Job, Performed, Ready, StartFailed, work

C = TypeVar("C")
R = TypeVar("R")
T = TypeVar("T")

POLL_S: Final = 0.1
"""How late, at most, an interruption or a time limit is noticed."""

KILL_LIMIT_S: Final = 5.0
"""A process that waits for a network drive that is gone cannot be killed; it is left behind."""

ONE_THREAD: Final = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"), "1"
)
"""Read by the libraries when they are loaded. Workers fill the cores; threads on top only get in the way."""


class _Worker(Hand):
    """One process."""

    def __init__(self, number: int, tools: bytes, logs: Path) -> None:
        context = multiprocessing.get_context("spawn")  # fork would copy locked locks of native threads
        super().__init__(number)
        self.log = logs / f"worker-{number}.log"
        self.connection, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(
            target=work, args=(theirs, tools, str(self.log)), daemon=True, name=f"forensics worker {number}"
        )
        try:
            with _environment_of_workers():
                self.process.start()
        except OSError as error:
            raise EngineError(
                f"Worker {number} could not be started ({error})", "Give fewer --workers."
            ) from error
        theirs.close()  # so that the connection ends when the worker does

    @property
    def overdue(self) -> bool:
        return not self.idle and time.monotonic() > self.deadline_s

    def give(self, index: int, job: Job, time_limit_s: float) -> bool:
        """False if it died while idle; its connection tells so too, and the job goes to another."""
        try:
            self.connection.send(job)
        except OSError:
            return False
        self.begin(index, job, time_limit_s)
        return True

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
            if run.ledger.open:
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
        self.ledger: Ledger[T, R] = Ledger(tasks)
        self._tools = tools
        self._crew = crew
        self._time_limit_s = time_limit_s
        self._workers = crew.workers

    def outcomes(self, n_workers: int, interrupted: threading.Event) -> Iterator[Outcome[T, R]]:
        while self.ledger.open:
            self._staff(n_workers)
            yield from self._hand_out()
            speaking = wait([worker.connection for worker in self._workers], POLL_S)
            for worker in [one for one in self._workers if one.connection in speaking]:
                yield from self.ledger.counted(self._hear(worker))
            for worker in [one for one in self._workers if one.overdue]:
                yield from self.ledger.counted(self._expire(worker))
            if interrupted.is_set():
                raise KeyboardInterrupt

    def _staff(self, n_workers: int) -> None:
        for _ in range(min(n_workers - len(self._workers), self.ledger.n_needed(self._workers))):
            self._crew.hire(self._tools)

    def _hand_out(self) -> Iterator[Started[T]]:
        for worker in self._workers:
            if not worker.idle:
                continue
            # The worker that died left a place for a fresh one, which takes nothing else before this.
            if self.ledger.again and worker.fresh:
                yield from self._give(worker, self.ledger.again)
            elif self.ledger.to_identify:
                index = self.ledger.to_identify[0]
                if worker.give(index, Job(self.ledger.tasks[index], only_identify=True), self._time_limit_s):
                    self.ledger.to_identify.popleft()
            elif self.ledger.waiting:
                yield from self._give(worker, self.ledger.waiting)

    def _give(self, worker: _Worker, indices: deque[int]) -> Iterator[Started[T]]:
        task = self.ledger.tasks[indices[0]]
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
            self.ledger.started()
            return None
        if isinstance(answer, GettingOn):
            worker.grant(answer.behind_s)
            return Progressed(self.ledger.tasks[worker.index], answer.behind_s)
        worker.job = None
        if isinstance(answer, Performed):
            return self.ledger.finished(worker.index, answer.value)
        if answer.worn_out:
            worker.kill()
            self._remove(worker)
        return self.ledger.gave_up(worker.index, answer)

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
        self.ledger.do_again(worker.index, failure)
        return None

    def _lost(self, worker: _Worker, failure: Failure) -> Failed[T] | None:
        """A worker is gone; its task, if it had one, is first identified by another worker."""
        words = last_words(worker.log)
        if not worker.ready:
            self.ledger.start_failed(
                failure,
                words,
                any_ready=self._crew.any_ready,
                where="A worker failed while it was loading its models",
                hint="Run forensics doctor; where memory is short, give fewer --workers.",
            )
        elif worker.job is not None and worker.job.only_identify:
            return self.ledger.unidentified(worker.index)
        elif worker.job is not None:
            self.ledger.blame(worker.index, failure, words)
            self.ledger.to_identify.append(worker.index)
        return None


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
