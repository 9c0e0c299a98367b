"""What runs on the machines of a Ray cluster: actors that keep their context, and looks at a machine.

An actor is as alone with its task as a worker of the local executor; it settles and answers by the same code.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from forensics.errors import ForensicsError
from forensics.scan.executors.executor import Work
from forensics.scan.failures import last_words
from forensics.scan.worker import Job, Ready, StartFailed, answer, settle

_M = TypeVar("_M", bound=Callable[..., Any])

FOLDER_PREFIX: Final = "forensics-ray-"
"""Of an actor's folder; its process follows, so that what an actor left behind is known as such."""

PROGRESS: Final = "progress"
"""The group of an actor's methods that has a thread of its own and answers while the other one works."""

_LEAVE_LIMIT_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a machine of the cluster is found to be.

    Attributes:
        facts: as of ``Workplace``.
        not_at_hand: why it does not find tasks that it was given to try, one line each.
    """

    facts: Mapping[str, str]
    not_at_hand: tuple[str, ...]


def _answering_meanwhile(method: _M) -> _M:
    """As ``ray.method(concurrency_group=...)`` does; this module is also read where Ray is not installed."""
    vars(method)["__ray_concurrency_group__"] = PROGRESS
    return method


class RayWorker:
    """An actor: builds its context once, then does one task after the other. What it gives is pickled."""

    def __init__(self) -> None:
        self._behind_s = 0.0
        self._folder = Path(tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}{os.getpid()}-"))
        self._log = self._folder / "worker.log"
        self._parcel: Path | None = None
        self._work: Work[Any, Any, Any] | None = None
        self._context: Any = None
        settle(str(self._log))

    def settled(self) -> tuple[int, str]:
        """Its process and its log."""
        return os.getpid(), str(self._log)

    def load(self, tools: bytes) -> bytes:
        """Builds the context; gives ``Ready`` or ``StartFailed``.

        Args:
            tools: a pickled ``Work``.
        """
        work: Work[Any, Any, Any] = pickle.loads(tools)  # noqa: S301 from our own driver
        try:
            self._context = work.make_context()
        except ForensicsError as error:
            return pickle.dumps(StartFailed(error))
        self._work = work if work.elsewhere is None else replace(work, perform=self._found(work))
        gc.freeze()  # as in a local worker
        return pickle.dumps(Ready())

    def receive(self, name: str, chunk: bytes, modified_ns: int, *, first: bool) -> None:
        """Takes a piece of the file that the next tasks are about.

        Args:
            name: of the file, without its folders.
            modified_ns: when the file was written to last.
            first: of this file.
        """
        if first:
            self._unload()
            folder = self._folder / "parcel"
            folder.mkdir()
            self._parcel = folder / name
        if self._parcel is None:
            raise RuntimeError("a piece came before the first one")
        with self._parcel.open("ab") as file:
            file.write(chunk)
        os.utime(self._parcel, ns=(modified_ns, modified_ns))

    def perform(self, job: bytes, *, keep: bool = False) -> bytes:
        """Does a task; gives ``Performed`` or ``GaveUp``.

        Args:
            job: a pickled ``Job``.
            keep: the file that was received is needed again.
        """
        if self._work is None:
            raise RuntimeError("a task came before the context was there")
        asked: Job = pickle.loads(job)  # noqa: S301 from our own driver
        os.truncate(self._log, 0)
        self._behind_s = 0.0
        try:
            return answer(asked, self._work, self._context, self._get_on)
        finally:
            if not keep:
                self._unload()

    @_answering_meanwhile
    def behind(self) -> float:
        """Seconds of the task's media that are behind; asked while it is being done."""
        return self._behind_s

    def _get_on(self, behind_s: float) -> None:
        self._behind_s = behind_s

    def _found(self, work: Work[Any, Any, Any]) -> Callable[[Any, Any, Callable[[float], object]], Any]:
        """Performs on the task as this machine finds it, or as it was sent here."""
        place = work.elsewhere

        def perform(task: Any, context: Any, tell: Callable[[float], object]) -> Any:
            if place is None:
                return work.perform(task, context, tell)
            sent = self._parcel is not None and place.unpacked is not None
            here = place.unpacked(task, self._parcel) if sent else place.at_hand(task)  # type: ignore[misc, arg-type]
            return work.perform(here, context, tell)

        return perform

    def _unload(self) -> None:
        if self._parcel is not None:
            shutil.rmtree(self._parcel.parent, ignore_errors=True)
            self._parcel = None


def inspect(tools: bytes, tasks: bytes) -> Inspection:
    """Looks at this machine before it is given anything to do.

    Args:
        tools: a pickled ``Work`` with a ``Workplace``.
        tasks: pickled; some that it is to try to find.
    """
    clear(())
    work: Work[Any, Any, Any] = pickle.loads(tools)  # noqa: S301 from our own driver
    if work.elsewhere is None:
        return Inspection({}, ())
    missing = []
    for task in pickle.loads(tasks):  # noqa: S301 from our own driver
        try:
            work.elsewhere.at_hand(task)
        except ForensicsError as error:
            missing.append(error.message)
    return Inspection(work.elsewhere.facts(), tuple(missing))


def words_of(log: str) -> str:
    """What an actor of this machine wrote last before it ended; its folder goes."""
    folder = Path(log).parent
    words = last_words(Path(log))
    if folder.name.startswith(FOLDER_PREFIX):
        shutil.rmtree(folder, ignore_errors=True)
    return words


def clear(ending: tuple[int, ...]) -> None:
    """Removes what actors that are gone have left on this machine.

    Args:
        ending: processes of actors that are just being ended.
    """
    deadline_s = time.monotonic() + _LEAVE_LIMIT_S
    while any(map(_alive, ending)) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*"):
        process = folder.name.removeprefix(FOLDER_PREFIX).partition("-")[0]
        if process.isdigit() and not _alive(int(process)):
            shutil.rmtree(folder, ignore_errors=True)


def _alive(process: int) -> bool:
    with contextlib.suppress(PermissionError):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
    return True
