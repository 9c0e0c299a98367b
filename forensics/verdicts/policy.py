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

from forensics.records.detector_spec import DetectorSpec, Role
from forensics.records.findings import Abstention, AbstentionReason, MemberScore, Score, Span
from forensics.records.media import MediaFile, MediaKind, StreamKind
from forensics.records.model_card import ModelCard
from forensics.records.verdict import SubjectScore, Verdict, VerdictLabel
from forensics.verdicts.interval import mean_interval
from forensics.verdicts.stretches import holes, shortest_seen, strongest_stretch, times_of
from forensics.verdicts.verdict_words import (
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
    specs: Mapping[str, DetectorSpec],
) -> Verdict:
    """The verdict on one file.

    Args:
        media: what was scanned.
        scores: of all detectors, any order.
        abstentions: of all detectors. A subject with scores that stands here as OUT_OF_DOMAIN does not
            decide.
        cards: model id to card, for every model whose scores may count; others stay in the record.
        specs: detector name to declaration, for every detector of the scan.
    """
    by_subject = _by_subject(score for score in scores if score.model in cards and score.detector in specs)
    bases, rare = _bases(media, by_subject, abstentions, cards, specs)
    able = [basis for basis in bases if basis.judges and basis.in_domain]
    limits = (
        *(too_rarely_seen(basis) for basis in rare),
        *_limits_of_time(media, by_subject, cards, specs),
    )
    if not able:
        return _undecided(media, bases, abstentions, cards, specs, limits)
    deciding = _deciding(able, specs)
    label, doubts = deciding.label, _doubts(deciding, (*bases, *rare), cards)
    missing = _missing(able, abstentions, specs) if media.kind is MediaKind.VIDEO else ()
    if label is VerdictLabel.NO_SIGNS_FOUND and (doubts or missing):
        # Somebody who cannot be passed, or half a video that was not looked at, is no finding of no signs.
        label = VerdictLabel.INCONCLUSIVE
    others = _highest_first(basis for basis in bases if basis is not deciding)
    stretch = deciding.stretch if _by_stretch(deciding, cards[deciding.model]) else None
    return Verdict(
        label=label,
        reason=reason_for_verdict(
            label, deciding, doubts, abstentions, specs, missing=missing, by_stretch=stretch is not None
        ),
        policy=POLICY,
        fakeness=deciding.fakeness if stretch is None else stretch.fakeness,
        lower=deciding.lower if stretch is None else None,
        upper=deciding.upper if stretch is None else None,
        basis=(deciding, *others),
        limits=(
            *((STANDING_OUT,) if stretch is not None else ()),
            *limits_of(media, deciding, others, abstentions, cards, specs),
            *limits,
        ),
        stretch=None if stretch is None else stretch.span,
        shortest_s=_shortest_s(media, by_subject, cards, specs),
    )


def _undecided(
    media: MediaFile,
    bases: Sequence[SubjectScore],
    abstentions: Sequence[Abstention],
    cards: Mapping[str, ModelCard],
    specs: Mapping[str, DetectorSpec],
    limits: Sequence[str],
) -> Verdict:
    """The verdict where nothing that was scored may decide, or nothing was scored."""
    unlike = any(basis.judges for basis in bases)
    return Verdict(
        label=VerdictLabel.INCONCLUSIVE if unlike else VerdictLabel.NOT_EXAMINED,
        reason=reason_for_nothing(media, bases, abstentions, cards, specs),
        policy=POLICY,
        basis=_highest_first(bases),
        limits=tuple(limits) if unlike else (),
    )


def _highest_first(bases: Iterable[SubjectScore]) -> tuple[SubjectScore, ...]:
    return tuple(sorted(bases, key=lambda basis: -basis.fakeness))


def _by_subject(scores: Iterable[Score]) -> dict[tuple[str, str], list[Score]]:
    rows: dict[tuple[str, str], list[Score]] = {}
    for score in sorted(scores, key=lambda score: (score.detector, score.subject, score.span.start_s)):
        rows.setdefault((score.detector, score.subject), []).append(score)
    return rows


def _bases(
    media: MediaFile,
    by_subject: _Subjects,
    abstentions: Sequence[Abstention],
    cards: Mapping[str, ModelCard],
    specs: Mapping[str, DetectorSpec],
) -> tuple[list[SubjectScore], list[SubjectScore]]:
    """What every subject amounts to, and those that were seen too rarely to be judged."""
    is_video = media.kind is MediaKind.VIDEO
    unlike = {(one.detector, one.subject) for one in abstentions if one.why is AbstentionReason.OUT_OF_DOMAIN}
    judged, rare = [], []
    for (detector, subject), rows in by_subject.items():
        card = cards[rows[0].model]
        n_windows = _n_windows(by_subject, detector, card) if media.kind is not MediaKind.IMAGE else 0
        people = [len(others) for (name, _), others in by_subject.items() if name == detector]
        most = max(people)
        # A clip of two or three frames can show nobody more often than that.
        fewest = min(_FEWEST_FACES, most)
        n_people = sum(n >= fewest for n in people) if specs[detector].of_people else 0
        of_video = is_video and specs[detector].first_in_video
        basis = replace(
            _basis(rows, card, cards),
            judges=card.draws_verdicts and specs[detector].role is Role.DECIDES,
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


def _basis(rows: Sequence[Score], card: ModelCard, cards: Mapping[str, ModelCard]) -> SubjectScore:
    raws = np.array([score.raw for score in rows], np.float64)
    raw = float(raws.mean())
    fakeness = card.fakeness(raw)
    interval = mean_interval(raws)
    return SubjectScore(
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
        members=_members(rows, cards),
    )


def _members(rows: Sequence[Score], cards: Mapping[str, ModelCard]) -> tuple[MemberScore, ...]:
    """What each model of an ensemble makes of a subject alone; it decides nothing."""
    names = [one.model for one in rows[0].members]
    logits = np.array([[one.raw for one in score.members] for score in rows], np.float64)
    return tuple(
        MemberScore(name, raw, cards[name].fakeness(raw))
        for name, raw in zip(names, logits.mean(axis=0).tolist(), strict=True)
    )


def _label(basis: SubjectScore, card: ModelCard, n_people: int) -> VerdictLabel:
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


def _by_whole(basis: SubjectScore, card: ModelCard, n_people: int) -> bool:
    """Whether all of a subject's scores together show signs."""
    if not _as_high_as_signs(basis, card):
        return False
    # Each passer-by is one more chance to be high by accident: that has to be allowed for.
    return not basis.brief or (card.windows is not None and basis.raw >= card.windows.brief_signs(n_people))


def _by_stretch(basis: SubjectScore, card: ModelCard) -> bool:
    """Whether a subject shows signs by a stretch of its clip, and not as a whole."""
    return (
        basis.label is VerdictLabel.SIGNS_OF_MANIPULATION
        and basis.stretch is not None
        and basis.stretch.shows_signs
        and (basis.brief or not _as_high_as_signs(basis, card))
    )


def _as_high_as_signs(basis: SubjectScore, card: ModelCard) -> bool:
    return card.thresholds is not None and basis.fakeness >= card.thresholds.signs


def _deciding(bases: Sequence[SubjectScore], specs: Mapping[str, DetectorSpec]) -> SubjectScore:
    """With signs the highest of those; otherwise the worst face; otherwise the worst of the rest."""
    with_signs = [basis for basis in bases if basis.label is VerdictLabel.SIGNS_OF_MANIPULATION]
    faces = [basis for basis in bases if specs[basis.detector].of_people and not basis.brief]
    return max(
        with_signs or faces or bases,
        # A stretch can keep somebody from being passed whose mean is lower than that of somebody passed.
        key=lambda basis: (basis.label is not VerdictLabel.NO_SIGNS_FOUND, basis.fakeness),
    )


def _doubts(
    deciding: SubjectScore, bases: Iterable[SubjectScore], cards: Mapping[str, ModelCard]
) -> tuple[SubjectScore, ...]:
    """Subjects that may not decide, but score as high as signs."""
    return _highest_first(
        basis
        for basis in bases
        if basis.judges
        and basis is not deciding
        and (basis.brief or not basis.in_domain)
        and _as_high_as_signs(basis, cards[basis.model])
    )


def _missing(
    able: Sequence[SubjectScore], abstentions: Sequence[Abstention], specs: Mapping[str, DetectorSpec]
) -> tuple[str, ...]:
    """Detectors without which a video is half examined, that abstained and have nobody to judge."""
    judged = {basis.detector for basis in able if not basis.brief}
    asked = {abstention.detector for abstention in abstentions}
    return tuple(
        name for name, spec in specs.items() if spec.first_in_video and name in asked and name not in judged
    )


def _first_in_video(
    by_subject: _Subjects, cards: Mapping[str, ModelCard], specs: Mapping[str, DetectorSpec]
) -> tuple[ModelCard | None, list[float]]:
    """The card of the detector that comes first in a video, and when it scored at least one subject."""
    rows = [of for (name, _), of in by_subject.items() if specs[name].first_in_video]
    card = cards[rows[0][0].model] if rows else None
    return card, sorted({at_s for of in rows for at_s in times_of(of)})


def _shortest_s(
    media: MediaFile,
    by_subject: _Subjects,
    cards: Mapping[str, ModelCard],
    specs: Mapping[str, DetectorSpec],
) -> float | None:
    card, at_s = _first_in_video(by_subject, cards, specs)
    if media.kind is not MediaKind.VIDEO or card is None:
        return None
    return shortest_seen(at_s, card, _pictures_end_s(media))


def _limits_of_time(
    media: MediaFile,
    by_subject: _Subjects,
    cards: Mapping[str, ModelCard],
    specs: Mapping[str, DetectorSpec],
) -> tuple[str, ...]:
    card, at_s = _first_in_video(by_subject, cards, specs)
    if media.kind is not MediaKind.VIDEO or card is None or not card.draws_verdicts:
        return ()
    return time_limits(
        card,
        _shortest_s(media, by_subject, cards, specs),
        holes(at_s, _pictures_end_s(media)),
    )


def _pictures_end_s(media: MediaFile) -> float | None:
    stream = media.stream(StreamKind.VIDEO)
    return None if stream is None else stream.duration_from_content_s
