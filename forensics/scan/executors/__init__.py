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


def load_executor(choice: str | ExecutorChoice) -> Executor:
    """The executor of this name, without workers yet.

    Args:
        choice: a name of the table, for ``ray`` perhaps with an address: ``ray://HEAD``.

    Raises:
        SettingsError: there is none of this name, it takes no address, or a package that it needs is missing.
    """
    asked = ExecutorChoice.parse(choice) if isinstance(choice, str) else choice
    target = EXECUTORS.get(asked.name)
    if target is None:
        raise SettingsError(f"There is no executor {asked.name!r}", f"Choose one of {', '.join(EXECUTORS)}.")
    if asked.name in ELSEWHERE:
        return cast(Executor, load(target)(asked))
    if asked.where or asked.ship:
        raise SettingsError(
            f"The executor {asked.name} takes no address and sends no files anywhere",
            f"Give --executor {asked.name} by itself.",
        )
    return cast(Executor, load(target)())
