"""The policy: which subject decides, and what the thresholds make of it.

Per subject (a person's face, the voice) the logits of all its moments are averaged, then calibrated:
the mean of logits beats the mean of sigmoids. Any subject at or above its model's threshold gives
SIGNS_OF_MANIPULATION. Otherwise the worst face decides, and the voice where there is no face. A voice
that cannot be told either way does not overrule faces without signs; it is named among the limits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from forensics.records.findings import Abstention, Score, Span
from forensics.records.media import MediaFile, MediaKind
from forensics.records.model_card import ModelCard
from forensics.records.verdict import Basis, Verdict, VerdictLabel
from forensics.verdicts.interval import mean_interval
from forensics.verdicts.words import (
    limits_of,
    reason_for_nothing,
    reason_for_verdict,
    too_rarely_seen,
)

POLICY = "worst-subject/1"

# In a video, a person in fewer sampled frames than this share of the most seen person's is likelier a
# false alarm of the finder or a passer-by than evidence, and is not judged.
_FEWEST_FACES = 3
_FEWEST_SHARE = 0.1


def conclude(
    media: MediaFile,
    scores: Sequence[Score],
    abstentions: Sequence[Abstention],
    cards: Mapping[str, ModelCard],
) -> Verdict:
    """The verdict on one file.

    Args:
        media: what was scanned.
        scores: of all detectors, any order.
        abstentions: of all detectors.
        cards: model id to card, for every model that gave a score.
    """
    by_subject = _by_subject(scores)
    judged, rare = _seen_enough(by_subject) if media.kind is MediaKind.VIDEO else (by_subject, {})
    bases = [_basis(rows, cards[rows[0].model]) for rows in judged.values()]
    if not bases:
        return Verdict(
            label=VerdictLabel.NOT_EXAMINED, reason=reason_for_nothing(media, abstentions), policy=POLICY
        )
    deciding = _deciding(bases)
    label = deciding.label
    face_missing = media.kind is MediaKind.VIDEO and not any(basis.detector == "face" for basis in bases)
    if label is VerdictLabel.NO_SIGNS_FOUND and face_missing and _was_asked("face", abstentions):
        # Half a video was not looked at: that is no finding of no signs.
        label = VerdictLabel.INCONCLUSIVE
    others = sorted((basis for basis in bases if basis is not deciding), key=lambda basis: -basis.fakeness)
    return Verdict(
        label=label,
        reason=reason_for_verdict(label, deciding, abstentions),
        policy=POLICY,
        fakeness=deciding.fakeness,
        lower=deciding.lower,
        upper=deciding.upper,
        basis=(deciding, *others),
        limits=(
            *limits_of(media, deciding, others, abstentions, cards),
            *(too_rarely_seen(subject, len(rows)) for subject, rows in rare.items()),
        ),
    )


def _by_subject(scores: Sequence[Score]) -> dict[tuple[str, str], list[Score]]:
    rows: dict[tuple[str, str], list[Score]] = {}
    for score in sorted(scores, key=lambda score: (score.detector, score.subject, score.span.start_s)):
        rows.setdefault((score.detector, score.subject), []).append(score)
    return rows


def _seen_enough(
    by_subject: dict[tuple[str, str], list[Score]],
) -> tuple[dict[tuple[str, str], list[Score]], dict[str, list[Score]]]:
    most = max((len(rows) for (detector, _), rows in by_subject.items() if detector == "face"), default=0)
    # A clip of two or three frames can show nobody more often than that.
    needed = max(min(_FEWEST_FACES, most), _FEWEST_SHARE * most)
    judged, rare = {}, {}
    for (detector, subject), rows in by_subject.items():
        if detector == "face" and len(rows) < needed:
            rare[subject] = rows
        else:
            judged[detector, subject] = rows
    return judged, rare


def _basis(rows: Sequence[Score], card: ModelCard) -> Basis:
    raws = np.array([score.raw for score in rows], np.float64)
    raw = float(raws.mean())
    fakeness = card.fakeness(raw)
    interval = mean_interval(raws)
    return Basis(
        detector=rows[0].detector,
        model=card.id,
        subject=rows[0].subject,
        n_scores=len(rows),
        raw=raw,
        fakeness=fakeness,
        lower=None if interval is None else card.fakeness(interval[0]),
        upper=None if interval is None else card.fakeness(interval[1]),
        span=Span(min(s.span.start_s for s in rows), max(s.span.end_s for s in rows)),
        strongest=max(rows, key=lambda score: score.raw).span,
        label=_label(fakeness, card),
        covered=card.calibration is None or card.calibration.covers(raw),
    )


def _label(fakeness: float, card: ModelCard) -> VerdictLabel:
    # Without thresholds from validation rows there is no ground to say either.
    if card.thresholds is None:
        return VerdictLabel.INCONCLUSIVE
    if fakeness >= card.thresholds.signs:
        return VerdictLabel.SIGNS_OF_MANIPULATION
    if fakeness <= card.thresholds.no_signs:
        return VerdictLabel.NO_SIGNS_FOUND
    return VerdictLabel.INCONCLUSIVE


def _deciding(bases: Sequence[Basis]) -> Basis:
    """With signs the highest of those; otherwise the worst face; otherwise the worst of the rest."""
    with_signs = [basis for basis in bases if basis.label is VerdictLabel.SIGNS_OF_MANIPULATION]
    faces = [basis for basis in bases if basis.detector == "face"]
    return max(with_signs or faces or bases, key=lambda basis: basis.fakeness)


def _was_asked(detector: str, abstentions: Sequence[Abstention]) -> bool:
    return any(abstention.detector == detector for abstention in abstentions)
