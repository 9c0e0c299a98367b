"""The verdict on one file. The word "real" is not in it, on purpose."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from forensics.records.findings import MemberScore, Span
from forensics.records.subject import Subject


class VerdictLabel(enum.StrEnum):
    """What a file's scores support. NO_SIGNS_FOUND does not equate to "genuine"."""

    SIGNS_OF_MANIPULATION = "SIGNS_OF_MANIPULATION"
    INCONCLUSIVE = "INCONCLUSIVE"
    NO_SIGNS_FOUND = "NO_SIGNS_FOUND"
    NOT_EXAMINED = "NOT_EXAMINED"


@dataclass(frozen=True, slots=True)
class Stretch:
    """The window of one subject's scores that speaks most for manipulation.

    Attributes:
        span: from its first to its last score.
        logit: their mean logit; ``manipulation_score`` is that, calibrated.
        n_windows: windows side by side in the file, over all of its faces: how many chances there were.
        departure: logits by which it lies above the mean of the subject's whole clip.
        needed: logits by which one of so many windows has to lie above it to show signs.
        alone: whether it would show signs if it were the whole clip.
        spans: the seconds of this and of all other windows that show signs, those that overlap as one.
    """

    span: Span
    n_scores: int
    logit: float
    manipulation_score: float
    n_windows: int
    departure: float
    needed: float
    alone: bool
    spans: tuple[Span, ...] = ()

    @property
    def shows_signs(self) -> bool:
        """Whether it would show signs alone, and stands out of its clip more than by accident."""
        return bool(self.spans)


@dataclass(frozen=True, slots=True)
class SubjectScore:
    """What a verdict rests on: one subject as one detector saw it.

    Attributes:
        manipulation_score: calibrated, of the mean logit over this subject's scores.
        lower, upper: 95 % interval of ``manipulation_score`` when other moments of the same file had been
            sampled; None where there are too few scores. It is not the error rate of the model.
        span: where in the file the subject was seen or heard.
        strongest: the moment that speaks most for manipulation.
        label: what this subject alone would support.
        covered: False where the mean logit lies outside the scores that the calibration has seen:
            ``manipulation_score`` is then the edge's, a bound and no probability.
        stretch: the most suspicious window; None where the model's card has no rule for windows.
        judges: False where the model did not earn verdicts: its score decides nothing.
        in_domain: False where the subject is too unlike what the model was calibrated on to decide.
        brief: seen in few pictures beside those of somebody else, and judged by a bound of its own.
        members: of an ensemble, each model's mean logit and what it amounts to alone.
    """

    detector: str
    model: str
    subject: Subject
    n_scores: int
    logit: float
    manipulation_score: float
    lower: float | None
    upper: float | None
    span: Span
    strongest: Span
    label: VerdictLabel
    covered: bool = True
    stretch: Stretch | None = None
    judges: bool = True
    in_domain: bool = True
    brief: bool = False
    members: tuple[MemberScore, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether it says something of the file: somebody seen briefly only if there are signs."""
        return self.in_domain and (not self.brief or self.label is VerdictLabel.SIGNS_OF_MANIPULATION)


@dataclass(frozen=True, slots=True)
class FusedTerm:
    """What one detector adds to a fused score.

    Attributes:
        subject: its highest one.
        log_odds: of the subject's calibrated manipulation score, natural logarithm.
        weight: of the fusion; the term is ``weight * log_odds``.
    """

    detector: str
    subject: Subject
    log_odds: float
    weight: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """The conclusion on one file.

    Attributes:
        manipulation_score, lower, upper: of what decided: the deciding subject as a whole, or its ``stretch``
            (which has no interval); None when nothing could be judged.
        reason: one sentence in plain words.
        policy: name and version of the policy that concluded.
        basis: every subject that was scored, the deciding one first; where nothing could be judged, those
            that were scored all the same.
        limits: what this verdict does not cover, in words.
        stretch: the seconds that decided, where a stretch of the clip did and not the whole of it.
        shortest_s: a manipulation shorter than this may fall between the examined pictures; None where it
            was not determined.
        terms: what a fusion added up, where the policy is one; empty where the worst subject decided.
    """

    label: VerdictLabel
    reason: str
    policy: str
    manipulation_score: float | None = None
    lower: float | None = None
    upper: float | None = None
    basis: tuple[SubjectScore, ...] = ()
    limits: tuple[str, ...] = ()
    stretch: Span | None = None
    shortest_s: float | None = None
    terms: tuple[FusedTerm, ...] = ()
