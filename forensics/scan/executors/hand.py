"""A worker as its executor sees it, wherever it runs: what it is at, and until when."""

from __future__ import annotations

import time
from dataclasses import KW_ONLY, dataclass, field
from typing import Final

from forensics.scan.executors.executor import LIMIT_COVERS_S
from forensics.scan.worker import Job

START_LIMIT_S: Final = 300.0
"""Compiling nets on a slow, busy machine takes a minute; a worker that needs longer hangs."""


@dataclass(eq=False, slots=True)
class Hand:
    """One worker, which has one task at most.

    Attributes:
        ready: it has loaded its context.
        index: of the task that it has or had last.
        n_jobs: that it was given so far.
        began_s: when it was given its job, or was started; as ``deadline_s``, of a clock that only rises.
        limit_s: for the job, where it gets on no further than expected.
    """

    number: int
    _: KW_ONLY
    ready: bool = False
    job: Job | None = None
    index: int = 0
    n_jobs: int = 0
    began_s: float = field(default_factory=time.monotonic)
    limit_s: float = START_LIMIT_S
    deadline_s: float = field(default_factory=lambda: time.monotonic() + START_LIMIT_S)

    @property
    def idle(self) -> bool:
        """Whether it can be given something."""
        return self.ready and self.job is None

    @property
    def fresh(self) -> bool:
        """Whether it has seen no task yet."""
        return self.n_jobs == 0

    def begin(self, index: int, job: Job, time_limit_s: float) -> None:
        """It has a job from now on."""
        self.index, self.job = index, job
        self.n_jobs += 1
        self.limit_s = time_limit_s
        self.restart_clock()

    def restart_clock(self) -> None:
        """The time for its job runs from now on."""
        self.began_s = time.monotonic()
        self.deadline_s = self.began_s + self.limit_s

    def grant(self, behind_s: float) -> None:
        """More time for a long file, as far as it has got on."""
        granted_s = self.limit_s * behind_s / LIMIT_COVERS_S
        self.deadline_s = max(self.deadline_s, self.began_s + granted_s)
