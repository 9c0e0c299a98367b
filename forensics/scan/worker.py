"""What runs inside a worker process: build what it keeps, then do one task after the other."""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import logging
import os
import pickle
import signal
import tempfile
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from forensics.errors import ForensicsError
from forensics.scan.executors.executor import Work
from forensics.scan.failures import AGAIN, LITTLE_MEMORY, Failure


@dataclass(frozen=True, slots=True)
class Job:
    """One task for one worker.

    Attributes:
        only_identify: the task took a worker down before; it is merely to be identified.
    """

    task: Any
    only_identify: bool = False


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker can begin."""


@dataclass(frozen=True, slots=True)
class StartFailed:
    """What the worker keeps cannot be built, here or in any other worker."""

    error: ForensicsError


@dataclass(frozen=True, slots=True)
class GettingOn:
    """No answer yet: so many seconds of a long file are behind."""

    behind_s: float


@dataclass(frozen=True, slots=True)
class Performed:
    """A task is done."""

    value: Any


@dataclass(frozen=True, slots=True)
class GaveUp:
    """A task is not done.

    Attributes:
        failure: None where the task was merely identified.
        identity: None if that failed, too.
        worn_out: the worker should be replaced, since its memory is not to be relied on.
    """

    failure: Failure | None
    identity: Any
    worn_out: bool = False


Answer = Ready | StartFailed | GettingOn | Performed | GaveUp


def work(connection: Connection, tools: bytes, log: str) -> None:
    """A worker's life: until the other end of the connection is closed or it is killed.

    Args:
        tools: a pickled ``Work``; unpickled here, when everything is settled, since that
            imports the native libraries.
        log: file that takes what native libraries write to stdout and stderr.
    """
    settle(log)
    done: Work[Any, Any, Any] = pickle.loads(tools)  # noqa: S301 from our own parent
    try:
        context = done.make_context()
    except ForensicsError as error:
        _send(connection, StartFailed(error))
        return
    # What stands now stands until the end: collecting garbage after each file then costs next to nothing.
    gc.freeze()
    _send(connection, Ready())
    while True:
        try:
            job: Job = connection.recv()
        except EOFError:
            return
        os.truncate(log, 0)  # only the words about the newest file are of interest
        said = answer(job, done, context, lambda behind_s: _send(connection, GettingOn(behind_s)))
        connection.send_bytes(said)


def settle(log: str) -> None:
    """Makes this process a worker: nothing of it reaches the terminal, and it goes before its parent does.

    Args:
        log: file that takes what native libraries write to stdout and stderr; its folder takes temporary
            files.
    """
    with contextlib.suppress(ValueError):  # an actor of Ray may be at work outside its main thread
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the batch decides
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    # What a worker that is killed leaves behind goes with the batch's own folder.
    tempfile.tempdir = str(Path(log).parent)
    faulthandler.enable(2)
    logging.basicConfig(level=logging.WARNING)
    # When memory runs out, the kernel should take a worker and not the batch that holds the case file.
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("500")
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    """A batch that was killed must not leave workers busy with its files."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _send(connection: Connection, answer: Answer) -> None:
    connection.send_bytes(pickle.dumps(answer))


def answer(job: Job, done: Work[Any, Any, Any], context: Any, tell: Callable[[float], object]) -> bytes:
    """Does a job; gives the pickled answer.

    It is pickled here so that running out of memory over it costs the task alone.
    """
    if job.only_identify:
        return pickle.dumps(GaveUp(None, done.identify(job.task)))
    worn_out = False
    try:
        value = done.perform(job.task, context, tell)
        # What a file leaves behind goes now. Where a native library crashes over it, it is this file's crash.
        gc.collect()
        return pickle.dumps(Performed(value))
    except MemoryError:
        worn_out = True
        failure = Failure("Examining it took more memory than there is", LITTLE_MEMORY)
    except ForensicsError as error:
        failure = Failure(error.message, error.hint)
    except Exception as error:  # noqa: BLE001 one of three legal places: a defect costs its file, not the batch
        traceback.print_exc()
        failure = Failure(f"Examining it failed ({type(error).__name__}: {error})", AGAIN)
    return pickle.dumps(GaveUp(failure, done.identify(job.task), worn_out))
