"""Progress: how far the examination of a case is, from the events of its scan."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from forensics.languages import later
from forensics.scan.events import (
    BatchStarted,
    Event,
    FileDone,
    FileProgressed,
    FileStarted,
    RehashStarted,
)
from forensics.web.orders import Progress

STAGES: Final = (
    later("Starting"),
    later("Hashing again what was examined before the restart"),
    later("Loading the models"),
    later("Examining"),
    later("Writing the report"),
)
"""Everything that ``Progress.stage`` says, in English; a page in another language has its words."""


class ProgressOfCase:
    """Listens to the scan of one case.

    Args:
        tell: takes every step.
        whole: name of a file to its bytes and its length in seconds, where that is known; of such a file
            what is done so far counts too.
        clock: seconds that only rise.
    """

    def __init__(
        self,
        case_id: str,
        n_files: int,
        tell: Callable[[Progress], object],
        whole: Mapping[str, tuple[int, float]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.now = Progress(case_id, "Starting", n_files)
        self._tell = tell
        self._clock = clock
        self._began_s = clock()
        self._first_file_s: float | None = None
        self._total_bytes = 0
        self._done_bytes = 0
        self._whole = whole or {}
        self._under_way_bytes: dict[str, float] = {}
        self.advance("Starting")

    def on_event(self, event: Event) -> None:
        """Takes what the scan tells."""
        if isinstance(event, RehashStarted):
            self.advance("Hashing again what was examined before the restart")
        elif isinstance(event, BatchStarted):
            self._total_bytes = event.total_bytes
            self.advance(
                "Loading the models", n_done=event.n_skipped, n_files=event.n_files + event.n_skipped
            )
        elif isinstance(event, FileStarted):
            if self._first_file_s is None:
                self._first_file_s = self._clock()
            self.advance("Examining", file=event.path, behind_s=0.0)
        elif isinstance(event, FileProgressed):
            size_bytes, length_s = self._whole.get(event.path, (0, 0.0))
            if length_s > 0:
                self._under_way_bytes[event.path] = size_bytes * min(1.0, event.behind_s / length_s)
            self.advance("Examining", file=event.path, behind_s=event.behind_s)
        elif isinstance(event, FileDone):
            self._done_bytes += event.result.media.size_bytes
            self._under_way_bytes.pop(event.result.media.path, None)
            self.advance(
                "Examining",
                file=event.result.media.path,
                n_done=self.now.n_done + 1,
                n_scores=self.now.n_scores + len(event.result.scores),
            )

    def advance(self, stage: str, **changes: object) -> None:
        """Another step, with whatever changed."""
        self.now = replace(
            self.now,
            stage=stage,
            elapsed_s=round(self._clock() - self._began_s, 1),
            left_s=self._left_s(),
            **changes,  # type: ignore[arg-type]
        )
        self._tell(self.now)

    def _left_s(self) -> float | None:
        done_bytes = self._done_bytes + sum(self._under_way_bytes.values())
        if self._first_file_s is None or not done_bytes or done_bytes >= self._total_bytes:
            return None
        spent_s = self._clock() - self._first_file_s
        return round(spent_s * (self._total_bytes - done_bytes) / done_bytes, 1)
