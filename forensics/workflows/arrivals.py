"""Arrivals: files of a watched folder, handed out once nothing has been written to them for a while."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from watchfiles import DefaultFilter, watch

from forensics.errors import PathError
from forensics.media.discovery import Archive, Found, discover

_TICK_MS: Final = 500
_State = tuple[int, int]
"""Size in bytes and time of the last change in nanoseconds."""


class Arrivals:
    """What lies in a folder, and since when it has been as it is.

    Args:
        settle_s: a file counts as complete when its size and time have stood still for so long.
    """

    def __init__(self, folder: Path, settle_s: float) -> None:
        self._folder = folder
        self._settle_s = settle_s
        self._pending: dict[Path, tuple[_State, float]] = {}
        self._handed_out: dict[Path, _State] = {}

    def look(self, now_s: float) -> tuple[Path, ...]:
        """Media files that are complete and were not handed out as they are now, in the order of their names.

        Args:
            now_s: monotonic seconds.
        """
        seen = {path: state for path in _files_below(self._folder) if (state := _state(path)) is not None}
        pending = {}
        complete = []
        for path, state in seen.items():
            if self._handed_out.get(path) == state:
                continue
            before = self._pending.get(path)
            since_s = before[1] if before is not None and before[0] == state else now_s
            pending[path] = state, since_s
            if now_s - since_s >= self._settle_s and state[0] > 0:
                complete.append(path)
        self._pending = pending
        if not complete:
            return ()
        media = _media_of(self._folder)
        for path in complete:
            self._handed_out[path] = seen[path]
            del self._pending[path]
        return tuple(path for path in sorted(complete) if path in media)

    @property
    def waiting(self) -> bool:
        """Some files are not known to be complete yet."""
        return bool(self._pending)


def complete_files(folder: Path, settle_s: float, stop: threading.Event) -> Iterator[tuple[Path, ...]]:
    """Media files of a folder and the folders in it, as they arrive; those that are there already come first.

    Args:
        settle_s: as for ``Arrivals``.
        stop: once set, ends the watch.

    Raises:
        PathError: the folder is none.
    """
    if not folder.is_dir():
        raise PathError(f"{folder} is not a folder", "Name a folder to watch.")
    arrivals = Arrivals(folder, settle_s)
    # On network drives changes are not told: the folder is looked through at every tick all the same.
    for _ in watch(
        folder,
        watch_filter=DefaultFilter(ignore_dirs=(), ignore_entity_patterns=()),
        stop_event=stop,
        rust_timeout=_TICK_MS,
        yield_on_timeout=True,
        raise_interrupt=True,
    ):
        complete = arrivals.look(time.monotonic())
        if complete:
            yield complete


def _files_below(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        for name in names:
            yield Path(place, name)


def _state(path: Path) -> _State | None:
    try:
        status = path.lstat()
    except OSError:  # it went away
        return None
    return (status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


def _media_of(folder: Path) -> set[Path]:
    return {item.path for item in discover([folder]) if isinstance(item, (Found, Archive))}
