"""How long each stage of the pipeline took, without the stages that it waits for."""

from __future__ import annotations

import time
from collections.abc import Iterator

from forensics.records.stream import Item


class StageTimer:
    """Wall seconds per stage. Stages nest, since each pulls from the one before it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._stack: list[str] = []
        self._since = time.perf_counter()

    def __enter__(self) -> StageTimer:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, stage: str) -> StageTimer:
        """Until ``stop``, time counts for this stage and not for the one that runs it."""
        self._book()
        self._stack.append(stage)
        return self

    def stop(self) -> None:
        """Back to the stage that ran before the last ``start``."""
        self._book()
        self._stack.pop()

    def timed(self, stage: str, items: Iterator[Item]) -> Iterator[Item]:
        """The same items; what it takes to make them counts for ``stage``."""
        while True:
            self.start(stage)
            try:
                item = next(items)
            except StopIteration:
                return
            finally:
                self.stop()
            yield item

    def _book(self) -> None:
        now = time.perf_counter()
        if self._stack:
            stage = self._stack[-1]
            self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._since
        self._since = now
