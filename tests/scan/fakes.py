"""Benches and examinations for workers that run in processes of their own: picklable, and bad on demand."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from forensics.errors import MediaError, ModelError
from forensics.media.discovery import Found
from forensics.media.hashing import sha256_of
from forensics.records.exhibit_content import Picture
from forensics.records.findings import Exhibit, ExhibitKind
from forensics.records.media import MediaFile
from forensics.records.scan_result import ScanResult
from forensics.records.subject import person
from forensics.records.verdict import Verdict, VerdictLabel


@dataclass
class WorkerContext:
    """Counts the files that it saw, as a long-lived bench would warm up."""

    n_seen: int = 0
    poisoned: bool = False


def made(folder: Path, name: str, size_bytes: int = 10) -> Found:
    """A file on the disk with content of its own; the start of its name says what its examination does."""
    path = folder / name
    path.write_bytes(content(name, size_bytes))
    return Found(path, name, size_bytes, "2026-11-20T10:00:00+00:00")


def content(name: str, size_bytes: int = 10) -> bytes:
    digest = hashlib.sha256(name.encode()).digest()
    return (digest * (size_bytes // len(digest) + 1))[:size_bytes]


def several(folder: Path, *names: str) -> list[Found]:
    return [made(folder, name) for name in names]


def make_bench() -> WorkerContext:
    return WorkerContext()


def bench_for(_settings: object, _detectors: object) -> WorkerContext:
    """As ``scan.bench.assemble`` is called."""
    return WorkerContext()


def examine(file: Found, context: WorkerContext, tell: Callable[[float], object]) -> ScanResult:
    name = Path(file.display).name
    context.n_seen += 1
    if context.poisoned:
        _segfault()
    context.poisoned = name.startswith("poison")
    if name.startswith("long"):
        _long(tell)
    _MISFORTUNES.get(name.split("-")[0], _nothing)()
    media = MediaFile(
        file.display,
        file.size_bytes,
        file.modified_utc,
        sha256_of(file.path),
        facts=_facts(context),
        place=file.place,
    )
    manipulation_score = float("nan") if name.startswith("nan") else len(file.display) / 100
    verdict = Verdict(VerdictLabel.NO_SIGNS_FOUND, "Nothing was found.", "made/1", manipulation_score)
    return ScanResult(media, verdict, exhibits=tuple(_exhibits(file)))


def _facts(context: WorkerContext) -> dict[str, str]:
    return {
        "pid": str(os.getpid()),
        "n_seen": str(context.n_seen),
        "threads": os.environ.get("OMP_NUM_THREADS", ""),
        "main": str(getattr(sys.modules["__main__"], "__file__", "")),
    }


def _exhibits(file: Found) -> Iterator[Exhibit]:
    if file.display.startswith("heavy"):
        yield Exhibit(ExhibitKind.FRAME, Picture(bytes(3_000_000)), "frame", person(1), "all", 0.0)


def _nothing() -> None:
    pass


def _long(tell: Callable[[float], object]) -> None:
    """Half an hour of film in three seconds, said as it goes on."""
    for minute in range(30):
        tell(60.0 * (minute + 1))
        time.sleep(0.1)


def _by_signal(number: int) -> None:
    os.kill(os.getpid(), number)


def _segfault() -> None:
    ctypes.string_at(0)


def _hang_in_c() -> None:
    """Holds the interpreter's lock as a defective native library might: only SIGKILL ends it."""
    ctypes.PyDLL(None).sleep(600)


def _memory() -> NoReturn:
    raise MemoryError


def _defect() -> NoReturn:
    raise ZeroDivisionError("division by zero")


def _unreadable() -> NoReturn:
    raise MediaError("The file ends in its middle", "Ask for another copy.")


def _noise() -> None:
    os.write(1, b"[h264 @ 0x55] error while decoding\n")
    os.write(2, b"[h264 @ 0x55] error while decoding\n")


_MISFORTUNES = {
    "kill": functools.partial(_by_signal, signal.SIGKILL),
    "abort": os.abort,
    "segfault": _segfault,
    "exit": functools.partial(os._exit, 7),
    "hang": functools.partial(time.sleep, 600),
    "stuck": _hang_in_c,
    "memory": _memory,
    "defect": _defect,
    "unreadable": _unreadable,
    "noise": _noise,
    "slow": functools.partial(time.sleep, 0.3),
}


def bench_without_model() -> NoReturn:
    raise ModelError("The model face-b0 is damaged", "Run forensics models verify.")


def bench_with_defect() -> NoReturn:
    raise ZeroDivisionError("made")


def bench_that_crashes() -> NoReturn:
    os.kill(os.getpid(), signal.SIGSEGV)
    raise AssertionError("unreachable")


def bench_that_works_once(marks: Path) -> WorkerContext:
    """The first worker starts; those after it crash while they start."""
    try:
        (marks / "first").touch(exist_ok=False)
    except FileExistsError:
        os._exit(3)
    return WorkerContext()
