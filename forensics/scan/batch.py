"""A batch: files to results on an executor; what that gives back is put into the words of a scan."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import FrameType
from typing import TypeVar

from forensics.casefile.chain import why_unstorable
from forensics.errors import CaseFileError, MediaError
from forensics.media.archive_search import sha256_of_found
from forensics.media.discovery import Found
from forensics.records.scan_result import ScanResult
from forensics.scan.events import (
    BatchEnded,
    BatchStarted,
    Event,
    FileDone,
    FileFailed,
    FileProgressed,
    FileStarted,
)
from forensics.scan.executors import load_executor
from forensics.scan.executors.executor import (
    Executor,
    Failed,
    Finished,
    Progressed,
    Started,
    Work,
    Workplace,
)
from forensics.scan.failures import AGAIN, examined_again, not_examined
from forensics.scan.twins import Twin

B = TypeVar("B")


def run_batch(
    files: Sequence[Found],
    make_context: Callable[[], B],
    examine: Callable[[Found, B, Callable[[float], object]], ScanResult],
    *,
    n_workers: int | None,
    time_limit_s: float,
    on_result: Callable[[ScanResult], object],
    on_event: Callable[[Event], object] | None = None,
    n_skipped: int = 0,
    executor: Executor | None = None,
    elsewhere: Workplace[Found] | None = None,
    twins: Mapping[str, Sequence[Twin]] | None = None,
    settled: Sequence[ScanResult] = (),
    stop: threading.Event | None = None,
) -> int:
    """Examines files on the workers of an executor, the largest first so that the workers finish together.

    Every file gets a result: one that crashes its worker, exceeds the time limit, runs out of memory or
    meets a defect becomes NOT_EXAMINED with the reason. ``on_result`` and ``on_event`` are called in this
    process, one at a time; what they raise stops the batch.

    Args:
        make_context: builds what a worker keeps, once per worker. Picklable, as ``examine`` is: a function of
            a module or a ``functools.partial`` of one.
        examine: one file to its result; of a long file it tells from time to time how many seconds of it are
            behind.
        time_limit_s: wall seconds for one file, as for ``Executor.run``.
        on_result: takes each result as it comes.
        n_skipped: for the progress display: files that an earlier run has done.
        executor: keeps its workers for the next batch, which must have the same ``make_context`` and
            ``examine``; None for processes of this machine that end with the batch.
        elsewhere: what an executor on other machines needs to know.
        twins: by ``Found.key``, files with the same content as one of ``files``: they get its result.
        settled: results that are known already; they count as done.
        stop: once set, stops the batch as SIGINT does; for batches outside the main thread.

    Returns:
        The number of files done.

    Raises:
        ForensicsError: a context cannot be built; results so far were handed on.
        KeyboardInterrupt: stopped by SIGINT, SIGTERM or ``stop``; results so far were handed on.
    """
    began_s = time.monotonic()
    tell = on_event or _to_nobody
    n_files = len(files) + sum(map(len, (twins or {}).values())) + len(settled)
    tell(BatchStarted(n_files, n_skipped, sum(file.size_bytes for file in files)))
    work = Work(make_context, partial(_storable, examine), _sha256, elsewhere)
    batch = _Batch(on_result, tell, twins or {})
    with contextlib.ExitStack() as stack:
        interrupted = stack.enter_context(_interruptible(stop or threading.Event()))
        if executor is None:
            executor = load_executor("local")
            stack.callback(executor.dismiss)
        run = partial(
            executor.run, work, n_workers=n_workers, time_limit_s=time_limit_s, interrupted=interrupted
        )
        try:
            for result in settled:
                batch.tell(result)
            # Workers on other machines are in other folders.
            absolute = [replace(file, path=file.path.absolute()) for file in files]
            todo = sorted(absolute, key=lambda file: -file.size_bytes)
            while todo:
                todo = batch.done_with(run(todo))
        finally:
            tell(BatchEnded(batch.n_done, batch.n_done < n_files, time.monotonic() - began_s))
    return batch.n_done


def _to_nobody(_event: Event) -> None:
    """For a batch that nobody watches."""


def _storable(
    examine: Callable[[Found, B, Callable[[float], object]], ScanResult],
    file: Found,
    context: B,
    tell: Callable[[float], object],
) -> ScanResult:
    """In a worker: what cannot be recorded must not come as far as the process that records."""
    result = examine(file, context, tell)
    problem = why_unstorable(result)
    if problem is not None:
        raise CaseFileError(f"Its result cannot be recorded: {problem}", AGAIN)
    return result


def _sha256(file: Found) -> str | None:
    """In a worker: what a file is that has no result of its own."""
    try:
        return sha256_of_found(file)
    except (MediaError, OSError):
        return None


class _Batch:
    def __init__(
        self,
        on_result: Callable[[ScanResult], object],
        on_event: Callable[[Event], object],
        twins: Mapping[str, Sequence[Twin]],
    ) -> None:
        self.n_done = 0
        self._on_result = on_result
        self._on_event = on_event
        self._twins = dict(twins)

    def done_with(
        self,
        outcomes: Generator[
            Started[Found] | Progressed[Found] | Finished[Found, ScanResult] | Failed[Found], None, None
        ],
    ) -> list[Found]:
        """Hands on what comes; gives the files that have to be examined after all."""
        others: list[Found] = []
        with contextlib.closing(outcomes):
            for outcome in outcomes:
                if isinstance(outcome, Started):
                    self._on_event(FileStarted(outcome.task.display, outcome.worker))
                elif isinstance(outcome, Progressed):
                    self._on_event(FileProgressed(outcome.task.display, outcome.behind_s))
                else:
                    others += self._with_twins(outcome.task, self._result(outcome))
        return others

    def _result(self, outcome: Finished[Found, ScanResult] | Failed[Found]) -> ScanResult:
        if isinstance(outcome, Finished):
            result = outcome.value
        else:
            file, failure = outcome.task, outcome.failure
            self._on_event(FileFailed(file.display, failure.reason))
            result = not_examined(file, failure, outcome.identity, outcome.words)
        if outcome.first_death is None:
            return result
        return replace(result, notices=(*result.notices, examined_again(outcome.first_death)))

    def _with_twins(self, file: Found, result: ScanResult) -> list[Found]:
        self.tell(result)
        others = []
        for twin in self._twins.pop(file.key, ()):
            shared = twin.result_from(result)
            if shared is None:
                others.append(twin)
            else:
                self.tell(shared)
        if not others:
            return []
        # No longer what they were, or the examined one was not: one of them is examined itself.
        self._twins[others[0].file.key] = others[1:]
        return [others[0].file]

    def tell(self, result: ScanResult) -> None:
        """Hands on one result."""
        self._on_result(result)
        self.n_done += 1
        self._on_event(FileDone(replace(result, exhibits=()), self.n_done))


@contextlib.contextmanager
def _interruptible(asked: threading.Event) -> Iterator[threading.Event]:
    """Notes SIGINT and SIGTERM in an event, so that a result that is being recorded is recorded to the end.

    A second signal interrupts at once. Outside the main thread, signals cannot be caught and are left alone.
    """
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
