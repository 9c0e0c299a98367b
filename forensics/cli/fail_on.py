"""What ``--fail-on`` may name."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from forensics.records.verdict import VerdictLabel


class FailOn(enum.StrEnum):
    """The mildest verdict that counts as a find; graver ones count, too."""

    SIGNS = "signs"
    INCONCLUSIVE = "inconclusive"
    NOT_EXAMINED = "not-examined"

    def met_by(self, counts: Mapping[VerdictLabel, int]) -> bool:
        """Whether there is such a file among the verdicts."""
        return any(counts.get(label, 0) for label in _LABELS[self])


_SIGNS = (VerdictLabel.SIGNS_OF_MANIPULATION,)
_LABELS = {
    FailOn.SIGNS: _SIGNS,
    FailOn.INCONCLUSIVE: (*_SIGNS, VerdictLabel.INCONCLUSIVE),
    FailOn.NOT_EXAMINED: (*_SIGNS, VerdictLabel.INCONCLUSIVE, VerdictLabel.NOT_EXAMINED),
}
