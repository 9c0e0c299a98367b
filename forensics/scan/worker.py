"""What runs inside a worker process: build a context, then examine one file after the other."""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import logging
import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from typing import TypeVar

from forensics.casefile.chain import why_unstorable
from forensics.errors import ForensicsError, MediaError
from forensics.media.discovery import Found
from forensics.media.hashing import sha256_of
from forensics.records.scan_result import ScanResult
from forensics.scan.failures import AGAIN, LITTLE_MEMORY, Failure

B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Job:
    """One file for one worker.

    Attributes:
        only_hash: the file took a worker down before; it is merely to be identified.
    """

    file: Found
    only_hash: bool = False


@dataclass(frozen=True, slots=True)
class Ready:
    """The context stands."""


@dataclass(frozen=True, slots=True)
class StartFailed:
    """The context cannot be built, here or in any other worker."""

    error: ForensicsError


@dataclass(frozen=True, slots=True)
class GettingOn:
    """No answer yet: so many seconds of a long file are behind."""

    behind_s: float


@dataclass(frozen=True, slots=True)
class Examined:
    """A file went through the pipeline."""

    result: ScanResult


@dataclass(frozen=True, slots=True)
class GaveUp:
    """A file did not go through.

    Attributes:
        sha256: None if the file could not be read.
        worn_out: the worker should be replaced, since its memory is not to be relied on.
    """

    failure: Failure | None
    sha256: str | None
    worn_out: bool = False


Answer = Ready | StartFailed | GettingOn | Examined | GaveUp


def work(connection: Connection, tools: bytes, log: str) -> None:
    """A worker's life: until the other end of the connection is closed or it is killed.

    Args:
        tools: pickled ``(make_bench, examine)``; unpickled here, when everything is settled, since that
            imports the native libraries.
        log: file that takes what native libraries write to stdout and stderr.
    """
    _settle(log)
    make_bench, examine = pickle.loads(tools)  # noqa: S301 from our own parent
    try:
        context = make_bench()
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
        answer = _answer(job, examine, context, lambda behind_s: _send(connection, GettingOn(behind_s)))
        connection.send_bytes(answer)


def _settle(log: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the batch decides
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    faulthandler.enable()
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


def _answer(
    job: Job,
    examine: Callable[[Found, B, Callable[[float], object]], ScanResult],
    context: B,
    tell: Callable[[float], object],
) -> bytes:
    """The pickled answer; pickled here so that running out of memory over it costs the file alone."""
    if job.only_hash:
        return pickle.dumps(GaveUp(None, _sha256(job.file)))
    worn_out = False
    try:
        result = examine(job.file, context, tell)
        # What a file leaves behind goes now. Where a native library crashes over it, it is this file's crash.
        gc.collect()
        problem = why_unstorable(result)
        if problem is None:
            return pickle.dumps(Examined(result))
        failure = Failure(f"Its result cannot be recorded: {problem}", AGAIN)
    except MemoryError:
        worn_out = True
        failure = Failure("Examining it took more memory than there is", LITTLE_MEMORY)
    except ForensicsError as error:
        failure = Failure(error.message, error.hint)
    except Exception as error:  # noqa: BLE001 one of three legal places: a defect costs its file, not the batch
        traceback.print_exc()
        failure = Failure(f"Examining it failed ({type(error).__name__}: {error})", AGAIN)
    return pickle.dumps(GaveUp(failure, _sha256(job.file), worn_out))


def _sha256(file: Found) -> str | None:
    try:
        return sha256_of(file.path)
    except (MediaError, OSError):
        return None
