"""The verdict on one file. The word "real" is not in it, on purpose."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from forensics.records.findings import Span


class VerdictLabel(enum.StrEnum):
    """What a file's scores support. NO_SIGNS_FOUND does not equate to "genuine"."""

    SIGNS_OF_MANIPULATION = "SIGNS_OF_MANIPULATION"
    INCONCLUSIVE = "INCONCLUSIVE"
    NO_SIGNS_FOUND = "NO_SIGNS_FOUND"
    NOT_EXAMINED = "NOT_EXAMINED"


@dataclass(frozen=True, slots=True)
class Basis:
    """What a verdict rests on: one subject as one detector saw it.

    Attributes:
        fakeness: calibrated, of the mean logit over this subject's scores.
        lower, upper: 95 % interval of ``fakeness`` when other moments of the same file had been
            sampled; None where there are too few scores. It is not the error rate of the model.
        span: where in the file the subject was seen or heard.
        strongest: the moment that speaks most for manipulation.
        label: what this subject alone would support.
        covered: False where the mean logit lies outside the scores that the calibration has seen:
            ``fakeness`` is then the edge's, a bound and no probability.
    """

    detector: str
    model: str
    subject: str
    n_scores: int
    raw: float
    fakeness: float
    lower: float | None
    upper: float | None
    span: Span
    strongest: Span
    label: VerdictLabel
    covered: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """The conclusion on one file.

    Attributes:
        fakeness, lower, upper: of the deciding basis; None when nothing could be scored.
        reason: one sentence in plain words.
        policy: name and version of the policy that concluded.
        basis: every subject that was scored, the deciding one first.
        limits: what this verdict does not cover, in words.
    """

    label: VerdictLabel
    reason: str
    policy: str
    fakeness: float | None = None
    lower: float | None = None
    upper: float | None = None
    basis: tuple[Basis, ...] = ()
    limits: tuple[str, ...] = ()
