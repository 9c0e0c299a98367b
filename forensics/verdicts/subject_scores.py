"""From scores to what each subject amounts to: mean, interval, windows, and what it alone would support."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from forensics.records.detector_spec import DetectorSpec, Role
from forensics.records.findings import Abstention, AbstentionReason, MemberScore, Score, Span
from forensics.records.media import MediaFile, MediaKind
from forensics.records.model_card import ModelCard
from forensics.records.subject import Subject
from forensics.records.verdict import SubjectScore, VerdictLabel
from forensics.verdicts.interval import mean_interval
from forensics.verdicts.stretches import strongest_stretch, times_of

# In a video, a person in fewer sampled frames than this is likelier a false alarm of the finder than
# evidence, and is not judged; one in fewer than this share of the most seen person's is seen briefly.
_FEWEST_FACES = 3
_BRIEF_SHARE = 0.1

Subjects: TypeAlias = Mapping[tuple[str, Subject], Sequence[Score]]


def by_subject(scores: Iterable[Score]) -> dict[tuple[str, Subject], list[Score]]:
    """(detector, subject) to its scores in the order of time."""
    rows: dict[tuple[str, Subject], list[Score]] = {}
    for score in sorted(scores, key=lambda score: (score.detector, score.subject, score.span.start_s)):
        rows.setdefault((score.detector, score.subject), []).append(score)
    return rows


def subject_scores(
    media: MediaFile,
    subjects: Subjects,
    abstentions: Sequence[Abstention],
    cards: Mapping[str, ModelCard],
    specs: Mapping[str, DetectorSpec],
) -> tuple[list[SubjectScore], list[SubjectScore]]:
    """What every subject amounts to, and those that were seen too rarely to be judged.

    Args:
        media: what was scanned.
        subjects: from ``by_subject``.
        abstentions: a subject that stands here as OUT_OF_DOMAIN does not decide.
        cards: model id to card.
        specs: detector name to declaration.
    """
    unlike = {(one.detector, one.subject) for one in abstentions if one.why is AbstentionReason.OUT_OF_DOMAIN}
    crowds = {name: _crowd(name, subjects) for name in {detector for detector, _ in subjects}}
    judged, rare = [], []
    for (detector, subject), rows in subjects.items():
        card, spec, crowd = cards[rows[0].model], specs[detector], crowds[detector]
        n_windows = crowd.n_windows(card) if media.kind is not MediaKind.IMAGE else 0
        of_video = media.kind is MediaKind.VIDEO and spec.first_in_video
        basis = replace(
            _basis(rows, card, cards),
            judges=card.draws_verdicts and spec.role is Role.DECIDES,
            in_domain=(detector, subject) not in unlike,
            stretch=strongest_stretch(rows, card, n_windows) if n_windows else None,
            brief=of_video and len(rows) < _BRIEF_SHARE * crowd.most,
        )
        if of_video and len(rows) < crowd.fewest:
            rare.append(replace(basis, brief=True))
        else:
            judged.append(replace(basis, label=_label(basis, card, crowd.n_people if spec.of_people else 0)))
    return judged, rare


class _Crowd:
    """All subjects of one detector: how often each was scored, and the chances that they give together.

    Attributes:
        most: scores of the subject that has most.
        fewest: with fewer scores somebody is not judged.
        n_people: subjects with at least as many.
    """

    def __init__(self, times: Sequence[Sequence[float]]) -> None:
        self._times = times
        self._n_windows: dict[str, int] = {}
        self.most = max(map(len, times))
        # A clip of two or three frames can show nobody more often than that.
        self.fewest = min(_FEWEST_FACES, self.most)
        self.n_people = sum(len(one) >= self.fewest for one in times)

    def n_windows(self, card: ModelCard) -> int:
        """Windows side by side over all subjects: each is a chance to be high by accident."""
        rule = card.windows
        if rule is None:
            return 0
        if card.id not in self._n_windows:
            self._n_windows[card.id] = sum(rule.count(one) for one in self._times)
        return self._n_windows[card.id]


def _crowd(detector: str, subjects: Subjects) -> _Crowd:
    return _Crowd([times_of(rows) for (name, _), rows in subjects.items() if name == detector])


def _basis(rows: Sequence[Score], card: ModelCard, cards: Mapping[str, ModelCard]) -> SubjectScore:
    logits = np.array([score.logit for score in rows], np.float64)
    logit = float(logits.mean())
    manipulation_score = card.manipulation_score(logit)
    interval = mean_interval(logits)
    return SubjectScore(
        detector=rows[0].detector,
        model=card.id,
        subject=rows[0].subject,
        n_scores=len(rows),
        logit=logit,
        manipulation_score=manipulation_score,
        lower=None if interval is None else card.manipulation_score(interval[0]),
        upper=None if interval is None else card.manipulation_score(interval[1]),
        span=Span(min(s.span.start_s for s in rows), max(s.span.end_s for s in rows)),
        strongest=max(rows, key=lambda score: score.logit).span,
        label=VerdictLabel.INCONCLUSIVE,
        covered=card.calibration is None or card.calibration.covers(logit),
        members=_members(rows, cards),
    )


def _members(rows: Sequence[Score], cards: Mapping[str, ModelCard]) -> tuple[MemberScore, ...]:
    """What each model of an ensemble makes of a subject alone; it decides nothing."""
    names = [one.model for one in rows[0].members]
    logits = np.array([[one.logit for one in score.members] for score in rows], np.float64)
    return tuple(
        MemberScore(name, logit, cards[name].manipulation_score(logit))
        for name, logit in zip(names, logits.mean(axis=0).tolist(), strict=True)
    )


def _label(basis: SubjectScore, card: ModelCard, n_people: int) -> VerdictLabel:
    """What one subject alone would support."""
    # Without thresholds from validation rows there is no ground to say either.
    if card.thresholds is None:
        return VerdictLabel.INCONCLUSIVE
    if _by_whole(basis, card, n_people) or (basis.stretch is not None and basis.stretch.shows_signs):
        return VerdictLabel.SIGNS_OF_MANIPULATION
    alone = basis.stretch is not None and basis.stretch.alone
    if basis.manipulation_score <= card.thresholds.no_signs and not alone:
        return VerdictLabel.NO_SIGNS_FOUND
    return VerdictLabel.INCONCLUSIVE


def _by_whole(basis: SubjectScore, card: ModelCard, n_people: int) -> bool:
    """Whether all of a subject's scores together show signs."""
    if not as_high_as_signs(basis, card):
        return False
    # Each passer-by is one more chance to be high by accident: that has to be allowed for.
    return not basis.brief or (card.windows is not None and basis.logit >= card.windows.brief_signs(n_people))


def by_stretch(basis: SubjectScore, card: ModelCard) -> bool:
    """Whether a subject shows signs by a stretch of its clip, and not as a whole."""
    return (
        basis.label is VerdictLabel.SIGNS_OF_MANIPULATION
        and basis.stretch is not None
        and basis.stretch.shows_signs
        and (basis.brief or not as_high_as_signs(basis, card))
    )


def as_high_as_signs(basis: SubjectScore, card: ModelCard) -> bool:
    """Whether all of a subject's scores together reach the bound for signs."""
    return card.thresholds is not None and basis.manipulation_score >= card.thresholds.signs
