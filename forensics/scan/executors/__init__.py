"""Executors by name. Adding one: a file beside this one and a line in ``EXECUTORS``."""

from __future__ import annotations

from typing import cast

from forensics.addresses import load
from forensics.errors import SettingsError
from forensics.scan.executors.executor import Executor

EXECUTORS: dict[str, str] = {
    "local": "forensics.scan.executors.local:LocalExecutor",
}


def load_executor(name: str) -> Executor:
    """The executor of this name, without workers yet.

    Raises:
        SettingsError: there is none of this name, or a package that it needs is missing.
    """
    target = EXECUTORS.get(name)
    if target is None:
        raise SettingsError(f"There is no executor {name!r}", f"Choose one of {', '.join(EXECUTORS)}.")
    return cast(Executor, load(target)())
