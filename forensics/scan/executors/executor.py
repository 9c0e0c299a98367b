"""What an executor is: it does one work on many tasks, on workers that may crash, hang or run out of memory.

It knows nothing of cases, media or results. Whoever calls it, one process, records what comes back.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar

from forensics.scan.failures import Failure

C = TypeVar("C")
R = TypeVar("R")
T = TypeVar("T")

LIMIT_COVERS_S: Final = 300.0
"""So many seconds of a file the time limit is for; where more are behind, it is longer in proportion."""


@dataclass(frozen=True, slots=True)
class Workplace(Generic[T]):
    """What other machines need to know of a work before they can do it; this machine needs none of it.

    Attributes:
        facts: what has to be the same on every machine, by name: versions, digests of models.
        at_hand: a task as the machine that is to do it finds it. A ``ForensicsError`` says why it does not.
        parcel: the file that a task is about, where one file can be sent along with it.
        unpacked: the task as it is about the file that was sent along with it.
    """

    facts: Callable[[], Mapping[str, str]]
    at_hand: Callable[[T], T]
    parcel: Callable[[T], Path] | None = None
    unpacked: Callable[[T, Path], T] | None = None


@dataclass(frozen=True, slots=True)
class Work(Generic[C, T, R]):
    """What is done with every task. All of it can be pickled: functions of modules, or partials of them.

    Attributes:
        make_context: builds what a worker keeps, once per worker. A ``ForensicsError`` that it raises ends
            the run.
        perform: a task to its value; of a long task it tells from time to time how many seconds of media are
            behind.
        identify: what is still to be known of a task that failed; None where there is nothing. After a crash
            another worker is asked.
        elsewhere: for workers on other machines; None where nothing needs to be compared or found there.
    """

    make_context: Callable[[], C]
    perform: Callable[[T, C, Callable[[float], object]], R]
    identify: Callable[[T], Any]
    elsewhere: Workplace[T] | None = None


@dataclass(frozen=True, slots=True)
class Started(Generic[T]):
    """A worker begins with a task.

    Attributes:
        worker: the worker's number, from 1.
    """

    task: T
    worker: int


@dataclass(frozen=True, slots=True)
class Progressed(Generic[T]):
    """A worker is getting on with a task.

    Attributes:
        behind_s: seconds of media that are behind.
    """

    task: T
    behind_s: float


@dataclass(frozen=True, slots=True)
class Finished(Generic[T, R]):
    """A task has its value.

    Attributes:
        first_death: of a worker that had this task after others; the task was done again in a new one.
    """

    task: T
    value: R
    first_death: Failure | None = None


@dataclass(frozen=True, slots=True)
class Failed(Generic[T]):
    """A task has no value and will have none.

    Attributes:
        identity: what ``Work.identify`` gave; None where that failed, too.
        words: what the worker wrote last before it ended.
        first_death: as of ``Finished``.
    """

    task: T
    failure: Failure
    identity: Any = None
    words: str = ""
    first_death: Failure | None = None


@dataclass(frozen=True, slots=True)
class ExecutorChoice:
    """Which executor, as it was asked for.

    Attributes:
        name: of the table.
        where: what stood behind ``://``; empty for nothing.
        ship: files are sent to the machines that examine them.
    """

    name: str = "local"
    where: str = ""
    ship: bool = False

    @classmethod
    def parse(cls, text: str, *, ship: bool = False) -> ExecutorChoice:
        """The executor that is written ``local``, ``ray`` or ``ray://HEAD``."""
        name, _, where = text.partition("://")
        return cls(name, where, ship)

    def __str__(self) -> str:
        return f"{self.name}://{self.where}" if self.where else self.name


class Executor(Protocol):
    """Workers, which may outlive a run: what they hold stays loaded."""

    def run(
        self,
        work: Work[C, T, R],
        tasks: Sequence[T],
        *,
        n_workers: int | None,
        time_limit_s: float,
        interrupted: threading.Event,
    ) -> Generator[Started[T] | Progressed[T] | Finished[T, R] | Failed[T], None, None]:
        """Does the work on every task, begun in the order given, one task per worker at a time.

        Every task comes back once, ``Finished`` or ``Failed``. A task that crashes its worker, exceeds the
        time limit, runs out of memory or meets a defect costs itself. A worker may die of an earlier task:
        the one that it had is done again, in a worker that has seen no other, before it is blamed. What a
        machine that is lost was at is done again on another one, and not blamed. Where the
        iterator is closed before its end, workers that are in the middle of a task are ended.

        Args:
            work: the same for all runs between two calls of ``dismiss``.
            tasks: can be pickled.
            n_workers: at most; None for as many as there is room for.
            time_limit_s: wall seconds for one task, from the moment that a worker begins with it; longer
                where more than ``LIMIT_COVERS_S`` are behind by then, in proportion.
            interrupted: once it is set, the run ends.

        Raises:
            EngineError: workers cannot be started.
            ForensicsError: what ``make_context`` raised.
            KeyboardInterrupt: ``interrupted`` was set.
        """
        ...

    def dismiss(self) -> None:
        """Ends all workers, whatever they are at, and leaves nothing behind."""
        ...
