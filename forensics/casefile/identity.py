"""Which files a case has done, read from its rows without decoding what else they hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from forensics.records.findings import AbstentionReason
from forensics.records.verdict import VerdictLabel

Identity = tuple[str, int, str]
"""(place, size_bytes, modified_utc): a file for which one of them changed is examined again.

Cases of earlier versions recorded no places; there the path as typed stands in their stead.
"""


@dataclass(frozen=True, slots=True)
class _Media:
    path: str
    size_bytes: int
    modified_utc: str
    sha256: str | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class _Verdict:
    label: VerdictLabel


@dataclass(frozen=True, slots=True)
class _Abstention:
    why: AbstentionReason


@dataclass(frozen=True, slots=True)
class _Result:
    media: _Media
    verdict: _Verdict
    abstentions: tuple[_Abstention, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The part of a result's payload that resuming needs."""

    result: _Result

    @property
    def key(self) -> str:
        """The place, or the path as typed where no place was recorded."""
        return self.result.media.place or self.result.media.path

    @property
    def path(self) -> str:
        """As typed."""
        return self.result.media.path

    @property
    def sha256(self) -> str | None:
        """Of the content; None if it could not be read, or did not stand still."""
        return self.result.media.sha256

    @property
    def identity(self) -> Identity:
        """What has to be the same for a file to count as done."""
        media = self.result.media
        return self.key, media.size_bytes, media.modified_utc

    @property
    def failed(self) -> bool:
        """The tool failed on the file, so that another try may give a verdict."""
        return self.result.verdict.label is VerdictLabel.NOT_EXAMINED and self._abstained(
            AbstentionReason.FAILED
        )

    @property
    def unsettled(self) -> bool:
        """The file changed while it was examined, so that nothing is known of what it is now."""
        return self._abstained(AbstentionReason.CHANGED)

    def _abstained(self, why: AbstentionReason) -> bool:
        return any(abstention.why is why for abstention in self.result.abstentions)


def newest(outcomes: Iterable[tuple[int, Outcome]]) -> dict[tuple[str, str | None], tuple[int, Outcome]]:
    """(place, content) to the newest row about it.

    Args:
        outcomes: (row number, outcome) in the order of the rows.
    """
    latest: dict[tuple[str, str | None], tuple[int, Outcome]] = {}
    for row_id, outcome in outcomes:
        # A file that can be read now answers for what could not be read there before, and one with its place
        # for what an earlier version recorded of the same content under the path as typed.
        latest.pop((outcome.key, None), None)
        latest.pop((outcome.path, outcome.sha256), None)
        latest[outcome.key, outcome.sha256] = row_id, outcome
    return latest
