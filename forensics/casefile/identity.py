"""Which files a case has done, read from its rows without decoding what else they hold."""

from __future__ import annotations

from dataclasses import dataclass

from forensics.records.findings import Why
from forensics.records.verdict import VerdictLabel

Identity = tuple[str, int, str]
"""(path as shown, size_bytes, modified_utc): a file for which one of them changed is examined again."""


@dataclass(frozen=True, slots=True)
class _Media:
    path: str
    size_bytes: int
    modified_utc: str


@dataclass(frozen=True, slots=True)
class _Verdict:
    label: VerdictLabel


@dataclass(frozen=True, slots=True)
class _Abstention:
    why: Why


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
    def path(self) -> str:
        """As shown to people."""
        return self.result.media.path

    @property
    def identity(self) -> Identity:
        """What has to be the same for a file to count as done."""
        media = self.result.media
        return media.path, media.size_bytes, media.modified_utc

    @property
    def failed(self) -> bool:
        """The tool failed on the file, so that another try may give a verdict."""
        return self.result.verdict.label is VerdictLabel.NOT_EXAMINED and any(
            abstention.why is Why.FAILED for abstention in self.result.abstentions
        )
