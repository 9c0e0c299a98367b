"""The policy: which subject decides, and what the thresholds make of it.

Per subject (a person's face, the voice) the logits of all its moments are averaged, then calibrated:
the mean of logits beats the mean of sigmoids. Its windows are looked at as well: one that would show signs
alone, and stands out of the subject's clip by more than the highest of so many does by accident, shows signs
(``evaluation.windows`` fits by how much). Any subject with signs gives SIGNS_OF_MANIPULATION. Otherwise the
worst face decides, and the voice where there is no face. A voice that cannot be told either way does not
overrule faces without signs; it is named among the limits.

Some scores decide nothing: those of a model that did not earn verdicts, of a subject too unlike what its
model was calibrated on, and of somebody seen in one or two pictures. Nor does one of these, or somebody seen
briefly, keep quiet: as high as signs, they turn "no signs found" into "inconclusive".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from forensics.records.findings import Abstention, Score, Span, Why
from forensics.records.media import MediaFile, MediaKind, StreamKind
from forensics.records.model_card import ModelCard
from forensics.records.verdict import Basis, Verdict, VerdictLabel
from forensics.verdicts.interval import mean_interval
from forensics.verdicts.stretches import holes, shortest_seen, strongest_stretch, times_of
from forensics.verdicts.words import (
    STANDING_OUT,
    limits_of,
    reason_for_nothing,
    reason_for_verdict,
    time_limits,
    too_rarely_seen,
)

POLICY = "worst-subject/2"

# In a video, a person in fewer sampled frames than this is likelier a false alarm of the finder than
# evidence, and is not judged; one in fewer than this share of the most seen person's is seen briefly.
_FEWEST_FACES = 3
_BRIEF_SHARE = 0.1

_Subjects = Mapping[tuple[str, str], Sequence[Score]]


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
        abstentions: of all detectors. A subject with scores that stands here as OUT_OF_DOMAIN does not
            decide.
        cards: model id to card, for every model that gave a score.
    """
    by_subject = _by_subject(scores)
    bases, rare = _bases(media, by_subject, abstentions, cards)
    able = [basis for basis in bases if basis.judges and basis.in_domain]
    limits = (
        *(too_rarely_seen(basis) for basis in rare),
        *_limits_of_time(media, by_subject, cards),
    )
    if not able:
        return _undecided(media, bases, abstentions, cards, limits)
    deciding = _deciding(able)
    label, doubts = deciding.label, _doubts(deciding, (*bases, *rare), cards)
    face_seen = any(basis.detector == "face" and not basis.brief for basis in able)
    face_missing = media.kind is MediaKind.VIDEO and not face_seen and _was_asked("face", abstentions)
    if label is VerdictLabel.NO_SIGNS_FOUND and (doubts or face_missing):
        # Somebody who cannot be passed, or half a video that was not looked at, is no finding of no signs.
        label = VerdictLabel.INCONCLUSIVE
    others = _highest_first(basis for basis in bases if basis is not deciding)
    stretch = deciding.stretch if _by_stretch(deciding, cards[deciding.model]) else None
    return Verdict(
        label=label,
        reason=reason_for_verdict(label, deciding, doubts, abstentions, by_stretch=stretch is not None),
        policy=POLICY,
        fakeness=deciding.fakeness if stretch is None else stretch.fakeness,
        lower=deciding.lower if stretch is None else None,
        upper=deciding.upper if stretch is None else None,
        basis=(deciding, *others),
        limits=(
            *((STANDING_OUT,) if stretch is not None else ()),
            *limits_of(media, deciding, others, abstentions, cards),
            *limits,
        ),
        stretch=None if stretch is None else stretch.span,
        shortest_s=_shortest_s(media, by_subject, cards),
    )


def _undecided(
    media: MediaFile,
    bases: Sequence[Basis],
    abstentions: Sequence[Abstention],
    cards: Mapping[str, ModelCard],
    limits: Sequence[str],
) -> Verdict:
    """The verdict where nothing that was scored may decide, or nothing was scored."""
    unlike = any(basis.judges for basis in bases)
    return Verdict(
        label=VerdictLabel.INCONCLUSIVE if unlike else VerdictLabel.NOT_EXAMINED,
        reason=reason_for_nothing(media, bases, abstentions, cards),
        policy=POLICY,
        basis=_highest_first(bases),
        limits=tuple(limits) if unlike else (),
    )


def _highest_first(bases: Iterable[Basis]) -> tuple[Basis, ...]:
    return tuple(sorted(bases, key=lambda basis: -basis.fakeness))


def _by_subject(scores: Sequence[Score]) -> dict[tuple[str, str], list[Score]]:
    rows: dict[tuple[str, str], list[Score]] = {}
    for score in sorted(scores, key=lambda score: (score.detector, score.subject, score.span.start_s)):
        rows.setdefault((score.detector, score.subject), []).append(score)
    return rows


def _bases(
    media: MediaFile,
    by_subject: _Subjects,
    abstentions: Sequence[Abstention],
    cards: Mapping[str, ModelCard],
) -> tuple[list[Basis], list[Basis]]:
    """What every subject amounts to, and those that were seen too rarely to be judged."""
    faces = [rows for (detector, _), rows in by_subject.items() if detector == "face"]
    is_video = media.kind is MediaKind.VIDEO
    most = max(map(len, faces), default=0)
    # A clip of two or three frames can show nobody more often than that.
    fewest = min(_FEWEST_FACES, most)
    n_people = sum(len(rows) >= fewest for rows in faces)
    unlike = {(one.detector, one.subject) for one in abstentions if one.why is Why.OUT_OF_DOMAIN}
    judged, rare = [], []
    for (detector, subject), rows in by_subject.items():
        card = cards[rows[0].model]
        n_windows = _n_windows(by_subject, detector, card) if media.kind is not MediaKind.IMAGE else 0
        of_video = is_video and detector == "face"
        basis = replace(
            _basis(rows, card),
            judges=card.draws_verdicts,
            in_domain=(detector, subject) not in unlike,
            stretch=strongest_stretch(rows, card, n_windows) if n_windows else None,
            brief=of_video and len(rows) < _BRIEF_SHARE * most,
        )
        if of_video and len(rows) < fewest:
            rare.append(replace(basis, brief=True))
        else:
            judged.append(replace(basis, label=_label(basis, card, n_people)))
    return judged, rare


def _n_windows(by_subject: _Subjects, detector: str, card: ModelCard) -> int:
    """Windows side by side over all subjects of a detector: each is a chance to be high by accident."""
    rule = card.windows
    if rule is None:
        return 0
    return sum(rule.count(times_of(rows)) for (name, _), rows in by_subject.items() if name == detector)


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
        label=VerdictLabel.INCONCLUSIVE,
        covered=card.calibration is None or card.calibration.covers(raw),
    )


def _label(basis: Basis, card: ModelCard, n_people: int) -> VerdictLabel:
    """What one subject alone would support."""
    # Without thresholds from validation rows there is no ground to say either.
    if card.thresholds is None:
        return VerdictLabel.INCONCLUSIVE
    if _by_whole(basis, card, n_people) or (basis.stretch is not None and basis.stretch.shows_signs):
        return VerdictLabel.SIGNS_OF_MANIPULATION
    alone = basis.stretch is not None and basis.stretch.alone
    if basis.fakeness <= card.thresholds.no_signs and not alone:
        return VerdictLabel.NO_SIGNS_FOUND
    return VerdictLabel.INCONCLUSIVE


def _by_whole(basis: Basis, card: ModelCard, n_people: int) -> bool:
    """Whether all of a subject's scores together show signs."""
    if not _as_high_as_signs(basis, card):
        return False
    # Each passer-by is one more chance to be high by accident: that has to be allowed for.
    return not basis.brief or (card.windows is not None and basis.raw >= card.windows.brief_signs(n_people))


def _by_stretch(basis: Basis, card: ModelCard) -> bool:
    """Whether a subject shows signs by a stretch of its clip, and not as a whole."""
    return (
        basis.label is VerdictLabel.SIGNS_OF_MANIPULATION
        and basis.stretch is not None
        and basis.stretch.shows_signs
        and (basis.brief or not _as_high_as_signs(basis, card))
    )


def _as_high_as_signs(basis: Basis, card: ModelCard) -> bool:
    return card.thresholds is not None and basis.fakeness >= card.thresholds.signs


def _deciding(bases: Sequence[Basis]) -> Basis:
    """With signs the highest of those; otherwise the worst face; otherwise the worst of the rest."""
    with_signs = [basis for basis in bases if basis.label is VerdictLabel.SIGNS_OF_MANIPULATION]
    faces = [basis for basis in bases if basis.detector == "face" and not basis.brief]
    return max(
        with_signs or faces or bases,
        # A stretch can keep somebody from being passed whose mean is lower than that of somebody passed.
        key=lambda basis: (basis.label is not VerdictLabel.NO_SIGNS_FOUND, basis.fakeness),
    )


def _doubts(deciding: Basis, bases: Iterable[Basis], cards: Mapping[str, ModelCard]) -> tuple[Basis, ...]:
    """Subjects that may not decide, but score as high as signs."""
    return _highest_first(
        basis
        for basis in bases
        if basis.judges
        and basis is not deciding
        and (basis.brief or not basis.in_domain)
        and _as_high_as_signs(basis, cards[basis.model])
    )


def _was_asked(detector: str, abstentions: Sequence[Abstention]) -> bool:
    return any(abstention.detector == detector for abstention in abstentions)


def _faces_at_s(by_subject: _Subjects) -> list[float]:
    """When at least one face was scored."""
    return sorted(
        {at_s for (name, _), rows in by_subject.items() if name == "face" for at_s in times_of(rows)}
    )


def _face_card(by_subject: _Subjects, cards: Mapping[str, ModelCard]) -> ModelCard | None:
    return next((cards[rows[0].model] for (name, _), rows in by_subject.items() if name == "face"), None)


def _shortest_s(media: MediaFile, by_subject: _Subjects, cards: Mapping[str, ModelCard]) -> float | None:
    card = _face_card(by_subject, cards)
    if media.kind is not MediaKind.VIDEO or card is None:
        return None
    return shortest_seen(_faces_at_s(by_subject), card, _pictures_end_s(media))


def _limits_of_time(
    media: MediaFile, by_subject: _Subjects, cards: Mapping[str, ModelCard]
) -> tuple[str, ...]:
    card = _face_card(by_subject, cards)
    if media.kind is not MediaKind.VIDEO or card is None or not card.draws_verdicts:
        return ()
    return time_limits(
        card,
        _shortest_s(media, by_subject, cards),
        holes(_faces_at_s(by_subject), _pictures_end_s(media)),
    )


def _pictures_end_s(media: MediaFile) -> float | None:
    stream = media.stream(StreamKind.VIDEO)
    return None if stream is None else stream.duration_from_content_s
