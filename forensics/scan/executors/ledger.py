"""What executors keep of a run: which tasks wait for what, and what is known of those that cost a worker."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Generic, TypeVar

from forensics.errors import EngineError
from forensics.scan.executors.executor import Failed, Finished, Progressed, Started
from forensics.scan.executors.hand import Hand
from forensics.scan.failures import Failure
from forensics.scan.worker import GaveUp

R = TypeVar("R")
T = TypeVar("T")

MOST_FAILED_STARTS: Final = 3
"""In a row. A first context that died tells of a defect, a later one perhaps of a moment without memory."""

Outcome = Started[T] | Progressed[T] | Finished[T, R] | Failed[T]


class Ledger(Generic[T, R]):
    """Of one run; tasks are known by their index.

    Attributes:
        n_done: tasks that have come back.
        waiting: not begun, or begun on a machine that was lost.
        again: cost a worker that had seen others; they go to a fresh worker, before everything else.
        to_identify: failed; a worker is to say what is still to be known of them.
    """

    def __init__(self, tasks: Sequence[T]) -> None:
        self.tasks = tasks
        self.n_done = 0
        self.waiting = deque(range(len(tasks)))
        self.again: deque[int] = deque()
        self.to_identify: deque[int] = deque()
        self._failures: dict[int, tuple[Failure, str]] = {}
        self._first_deaths: dict[int, Failure] = {}
        self._n_failed_starts = 0

    @property
    def open(self) -> bool:
        """Whether there is anything left."""
        return self.n_done < len(self.tasks)

    def counted(self, outcome: Outcome[T, R] | None) -> Iterator[Outcome[T, R]]:
        """Hands on an outcome; its task counts as done once it was taken."""
        if outcome is not None:
            yield outcome
            self.n_done += isinstance(outcome, (Finished, Failed))

    def n_needed(self, workers: Iterable[Hand]) -> int:
        """How many more workers there is something to do for."""
        idle = [worker for worker in workers if worker.job is None]
        n_fresh = sum(worker.fresh for worker in idle)
        n_used = len(idle) - n_fresh
        n_open = len(self.waiting) + len(self.to_identify)
        n_again = len(self.again)
        return max(n_again - n_fresh, 0) + max(n_open - n_used - max(n_fresh - n_again, 0), 0)

    # -- workers ---------------------------------------------------------------------------------

    def started(self) -> None:
        """A worker has loaded its context."""
        self._n_failed_starts = 0

    def start_failed(self, failure: Failure, words: str, *, any_ready: bool, where: str, hint: str) -> None:
        """A worker ended before it had loaded its context; another one may be started.

        Args:
            words: what it wrote last.
            any_ready: some other worker has ever loaded it.
            where: what failed, as the message begins.

        Raises:
            EngineError: there is no point in another one.
        """
        self._n_failed_starts += 1
        if not any_ready or self._n_failed_starts >= MOST_FAILED_STARTS:
            raise EngineError(f"{where}: {failure.reason}" + (f" ({words})" if words else ""), hint)

    # -- tasks -----------------------------------------------------------------------------------

    def do_again(self, index: int, failure: Failure) -> None:
        """A task is done once more, in a fresh worker, before it is blamed for the death of one."""
        self._first_deaths[index] = failure
        self.again.append(index)

    def put_back(self, index: int, failure: Failure) -> None:
        """A task is done elsewhere, before all others; it is not to blame."""
        self._first_deaths.setdefault(index, failure)
        self.waiting.appendleft(index)

    def blame(self, index: int, failure: Failure, words: str = "") -> None:
        """A task failed; whoever identifies it gives it back with ``gave_up``."""
        self._failures[index] = failure, words

    def finished(self, index: int, value: R) -> Finished[T, R]:
        """A task has its value."""
        return Finished(self.tasks[index], value, self._first_deaths.pop(index, None))

    def gave_up(self, index: int, answer: GaveUp) -> Failed[T]:
        """A task has none: for the reason that the answer names, or that it was blamed for."""
        failure, words = self._failures.pop(index) if answer.failure is None else (answer.failure, "")
        return Failed(self.tasks[index], failure, answer.identity, words, self._first_deaths.pop(index, None))

    def unidentified(self, index: int) -> Failed[T]:
        """A task failed, and so did whoever was to identify it."""
        return self.gave_up(index, GaveUp(None, None))
