"""Work for executors: functions of a module, so that workers can load them; bad on demand."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn

from forensics.errors import MediaError, ModelError


@dataclass
class Context:
    """What a worker keeps: the tasks that it has seen."""

    seen: list[str] = field(default_factory=list)
    poisoned: bool = False


def make_context() -> Context:
    return Context()


def no_model() -> NoReturn:
    raise ModelError("The model made is damaged", "Get it again.")


def crashing_start() -> NoReturn:
    os.abort()


def perform(task: str, context: Context, tell: Callable[[float], object]) -> tuple[str, int, int]:
    """The task turned round, the worker's process, and how many tasks this worker has had."""
    if context.poisoned:
        ctypes.string_at(0)
    context.seen.append(task)
    kind = task.split("-", maxsplit=1)[0]
    context.poisoned = kind == "poison"
    if kind == "long":  # four times what the limit is for, in proportion
        for step in range(30):
            tell(60.0 * (step + 1))
            time.sleep(0.1)
    if kind in _MISFORTUNES:
        _MISFORTUNES[kind]()
    return task[::-1] * (1_000_000 if kind == "heavy" else 1), os.getpid(), len(context.seen)


def identify(task: str) -> str:
    return f"identity of {task}"


def no_identity(task: str) -> str:
    os.abort()


def _memory() -> NoReturn:
    raise MemoryError


def _defect() -> NoReturn:
    raise ZeroDivisionError("division by zero")


def _unreadable() -> NoReturn:
    raise MediaError("The file ends in its middle", "Ask for another copy.")


_MISFORTUNES: dict[str, Callable[[], object]] = {
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "segfault": lambda: ctypes.string_at(0),
    "exit": lambda: os._exit(7),
    "hang": lambda: time.sleep(600),
    "stuck": lambda: ctypes.PyDLL(None).sleep(600),  # keeps the interpreter's lock
    "memory": _memory,
    "defect": _defect,
    "unreadable": _unreadable,
}
