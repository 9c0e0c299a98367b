"""Whether the case file that a report is drawn from is what was written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CaseCondition:
    """What the check of the case file found, which precedes every drawing.

    Attributes:
        intact: no row and no picture was changed, removed or put in between.
        n_rows: rows of the case file.
        problems: what is not as it was written, in words; empty where the case is intact.
        runs_without_end: runs that were stopped by force or whose last rows were cut off, in words.
    """

    intact: bool
    n_rows: int
    problems: tuple[str, ...] = ()
    runs_without_end: tuple[str, ...] = ()
