"""From the subjects' calibrated scores to one of the file: a monotone function with a card of its own."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence

import msgspec

from forensics.records.fusion_card import FusionCard
from forensics.records.verdict import FusedTerm, SubjectScore, VerdictLabel


def policy_name(fusion: FusionCard) -> str:
    """Name, version and digest of a fusion, as verdicts and case files hold it."""
    digest = hashlib.sha256(msgspec.json.encode(fusion, order="deterministic")).hexdigest()
    return f"{fusion.id}/{fusion.version} {digest[:12]}"


def fused_terms(subjects: Iterable[SubjectScore], fusion: FusionCard) -> tuple[FusedTerm, ...]:
    """One term for each detector of the fusion that has anybody to judge: its highest subject's.

    Args:
        subjects: that may decide. One seen briefly counts only where it shows signs.
        fusion: any.

    Returns:
        In the order of the fusion's weights; empty where none of its detectors has anybody.
    """
    counting = [one for one in subjects if one.judges and one.counts]
    terms = []
    for detector, weight in fusion.weights.items():
        own = [one for one in counting if one.detector == detector]
        if own:
            highest = max(own, key=effective)
            odds = log_odds(effective(highest), fusion.most_log_odds)
            terms.append(FusedTerm(detector, highest.subject, odds, weight))
    return tuple(terms)


def fused(terms: Sequence[FusedTerm], fusion: FusionCard) -> float:
    """The file's manipulation score in [0, 1]; detectors without a term add nothing."""
    logit = fusion.intercept + math.fsum(term.weight * term.log_odds for term in terms)
    return 1 / (1 + math.exp(-logit)) if logit >= 0 else math.exp(logit) / (1 + math.exp(logit))


def fused_label(manipulation_score: float, fusion: FusionCard) -> VerdictLabel:
    """What the fused manipulation score supports."""
    if manipulation_score >= fusion.thresholds.signs:
        return VerdictLabel.SIGNS_OF_MANIPULATION
    if manipulation_score <= fusion.thresholds.no_signs:
        return VerdictLabel.NO_SIGNS_FOUND
    return VerdictLabel.INCONCLUSIVE


def effective(subject: SubjectScore) -> float:
    """A subject's score, or that of the part of its clip that shows signs, whichever is higher."""
    stretch = subject.stretch
    if stretch is not None and stretch.shows_signs:
        return max(subject.manipulation_score, stretch.manipulation_score)
    return subject.manipulation_score


def log_odds(manipulation_score: float, most: float) -> float:
    """Natural log-odds of a manipulation score, held within ``most`` on either side of 0."""
    edge = 1 / (1 + math.exp(most))
    held = min(max(manipulation_score, edge), 1 - edge)
    return math.log(held) - math.log1p(-held)
