"""Executors by name. Adding one: a file beside this one and a line in ``EXECUTORS``."""

from __future__ import annotations

from typing import cast

from forensics.addresses import load
from forensics.errors import SettingsError
from forensics.scan.executors.executor import Executor, ExecutorChoice

EXECUTORS: dict[str, str] = {
    "local": "forensics.scan.executors.local:LocalExecutor",
    "ray": "forensics.scan.executors.ray_cluster:RayExecutor",
}
ELSEWHERE = frozenset({"ray"})
"""Those that take an address and can send files: they are called with the ``ExecutorChoice``."""


def check_choice(asked: ExecutorChoice) -> None:
    """Makes sure that there is such an executor, before anything is begun.

    Raises:
        SettingsError: there is none of this name, or it takes no address and sends no files.
    """
    if asked.name not in EXECUTORS:
        raise SettingsError(f"There is no executor {asked.name!r}", f"Choose one of {', '.join(EXECUTORS)}.")
    if (asked.where or asked.ship) and asked.name not in ELSEWHERE:
        raise SettingsError(
            f"The executor {asked.name} takes no address and sends no files anywhere",
            f"Give --executor {asked.name} by itself.",
        )


def load_executor(choice: str | ExecutorChoice) -> Executor:
    """The executor of this name, without workers yet.

    Args:
        choice: a name of the table, for ``ray`` perhaps with an address: ``ray://HEAD``.

    Raises:
        SettingsError: as ``check_choice``, or a package that it needs is missing.
    """
    asked = ExecutorChoice.parse(choice) if isinstance(choice, str) else choice
    check_choice(asked)
    made = load(EXECUTORS[asked.name])
    return cast(Executor, made(asked) if asked.name in ELSEWHERE else made())
