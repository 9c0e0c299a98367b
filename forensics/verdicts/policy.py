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

Where a fusion was fitted (``evaluation.fusion``) it may decide instead: a weighted sum of the log-odds of
each detector's highest subject, under thresholds of its own. Somebody who shows signs alone is then still not
passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from forensics.records.detector_spec import DetectorSpec, Role
from forensics.records.findings import Abstention, AbstentionReason, Score
from forensics.records.fusion_card import FusionCard
from forensics.records.media import MediaFile, MediaKind, StreamKind
from forensics.records.model_card import ModelCard
from forensics.records.verdict import FusedTerm, SubjectScore, Verdict, VerdictLabel
from forensics.verdicts.fusion import fused, fused_label, fused_terms, policy_name
from forensics.verdicts.stretches import holes, shortest_seen, times_of
from forensics.verdicts.subject_scores import (
    Subjects,
    as_high_as_signs,
    by_stretch,
    by_subject,
    subject_scores,
)
from forensics.verdicts.verdict_words import (
    STANDING_OUT,
    limits_of,
    reason_for_fused,
    reason_for_nothing,
    reason_for_verdict,
    time_limits,
    too_rarely_seen,
    unheard_parts,
)

POLICY = "worst-subject/2"


def conclude(
    media: MediaFile,
    scores: Sequence[Score],
    abstentions: Sequence[Abstention],
    cards: Mapping[str, ModelCard],
    specs: Mapping[str, DetectorSpec],
    fusion: FusionCard | None = None,
) -> Verdict:
    """The verdict on one file.

    Args:
        media: what was scanned.
        scores: of all detectors, any order.
        abstentions: of all detectors. A subject with scores that stands here as OUT_OF_DOMAIN does not
            decide.
        cards: model id to card, for every model whose scores may count; others stay in the record.
        specs: detector name to declaration, for every detector of the scan.
        fusion: adds up what the detectors say; None for the worst subject's verdict.
    """
    rows = by_subject(score for score in scores if score.model in cards and score.detector in specs)
    abstentions = [one for one in abstentions if not _beside_the_verdict(one, specs)]
    bases, rare = subject_scores(media, rows, abstentions, cards, specs)
    able = [basis for basis in bases if basis.judges and basis.in_domain]
    times = _times(media, rows, cards, specs)
    limits = (*(too_rarely_seen(basis) for basis in rare), *times.limits, *unheard_parts(bases, cards))
    if not able:
        undecided = _undecided(media, bases, abstentions, cards, specs, limits)
        return undecided if fusion is None else replace(undecided, policy=policy_name(fusion))
    worst = _by_worst_subject(media, (bases, rare), abstentions, cards, specs, limits)
    verdict = replace(worst, shortest_s=times.shortest_s)
    terms = () if fusion is None else fused_terms(able, fusion)
    if fusion is None or not terms:
        return verdict
    missing = _missing(able, abstentions, specs) if media.kind is MediaKind.VIDEO else ()
    return _fused(verdict, terms, fusion, _contrary((*bases, *rare), able, cards), missing, specs)


def _by_worst_subject(
    media: MediaFile,
    subjects: tuple[Sequence[SubjectScore], Sequence[SubjectScore]],
    abstentions: Sequence[Abstention],
    cards: Mapping[str, ModelCard],
    specs: Mapping[str, DetectorSpec],
    limits: Sequence[str],
) -> Verdict:
    """The verdict of the subject that decides alone.

    Args:
        subjects: those that were judged, and those that were seen too rarely to be.
    """
    bases, rare = subjects
    able = [basis for basis in bases if basis.judges and basis.in_domain]
    deciding = _deciding(able, specs)
    label, doubts = deciding.label, _doubts(deciding, (*bases, *rare), cards)
    missing = _missing(able, abstentions, specs) if media.kind is MediaKind.VIDEO else ()
    if label is VerdictLabel.NO_SIGNS_FOUND and (doubts or missing):
        # Somebody who cannot be passed, or half a video that was not looked at, is no finding of no signs.
        label = VerdictLabel.INCONCLUSIVE
    others = _highest_first(basis for basis in bases if basis is not deciding)
    stretch = deciding.stretch if by_stretch(deciding, cards[deciding.model]) else None
    return Verdict(
        label=label,
        reason=reason_for_verdict(
            label, deciding, doubts, abstentions, specs, missing=missing, by_stretch=stretch is not None
        ),
        policy=POLICY,
        manipulation_score=deciding.manipulation_score if stretch is None else stretch.manipulation_score,
        lower=deciding.lower if stretch is None else None,
        upper=deciding.upper if stretch is None else None,
        basis=(deciding, *others),
        limits=(
            *((STANDING_OUT,) if stretch is not None else ()),
            *limits_of(media, deciding, others, abstentions, cards, specs),
            *limits,
        ),
        stretch=None if stretch is None else stretch.span,
    )


def _fused(
    worst: Verdict,
    terms: Sequence[FusedTerm],
    fusion: FusionCard,
    contrary: Sequence[SubjectScore],
    missing: Sequence[str],
    specs: Mapping[str, DetectorSpec],
) -> Verdict:
    """The verdict of the sum, with the limits that the worst subject's has.

    Args:
        contrary: subjects that keep a low sum from being passed.
        missing: detectors without which the file is half examined.
    """
    manipulation_score = fused(terms, fusion)
    label = fused_label(manipulation_score, fusion)
    if label is VerdictLabel.NO_SIGNS_FOUND and (contrary or missing):
        label = VerdictLabel.INCONCLUSIVE
    strongest = max(terms, key=lambda term: term.weight * term.log_odds)
    key = strongest.detector, strongest.subject
    first = next(basis for basis in worst.basis if (basis.detector, basis.subject) == key)
    return replace(
        worst,
        label=label,
        reason=reason_for_fused(
            label, manipulation_score, terms, worst.basis, contrary, specs, missing=missing
        ),
        policy=policy_name(fusion),
        manipulation_score=manipulation_score,
        lower=None,
        upper=None,
        basis=(first, *_highest_first(basis for basis in worst.basis if basis is not first)),
        stretch=None,
        terms=tuple(terms),
    )


def _contrary(
    subjects: Iterable[SubjectScore], able: Sequence[SubjectScore], cards: Mapping[str, ModelCard]
) -> tuple[SubjectScore, ...]:
    """Subjects that alone could not be passed, whatever the others say."""
    signs = [basis for basis in able if basis.label is VerdictLabel.SIGNS_OF_MANIPULATION]
    parts = [basis for basis in able if basis.stretch is not None and basis.stretch.alone]
    unheard = [
        basis
        for basis in subjects
        if basis.judges
        and (basis.brief or not basis.in_domain)
        and as_high_as_signs(basis, cards[basis.model])
    ]
    return _highest_first({(one.detector, one.subject): one for one in (*signs, *parts, *unheard)}.values())


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


def _beside_the_verdict(abstention: Abstention, specs: Mapping[str, DetectorSpec]) -> bool:
    """Whether a detector that decides nothing says that it does not apply: that limits no verdict."""
    spec = specs.get(abstention.detector)
    if spec is None or spec.role is Role.DECIDES:
        return False
    return abstention.why is AbstentionReason.UNSUPPORTED


def _highest_first(bases: Iterable[SubjectScore]) -> tuple[SubjectScore, ...]:
    return tuple(sorted(bases, key=lambda basis: -basis.manipulation_score))


def _deciding(bases: Sequence[SubjectScore], specs: Mapping[str, DetectorSpec]) -> SubjectScore:
    """With signs the highest of those; otherwise the worst face; otherwise the worst of the rest."""
    with_signs = [basis for basis in bases if basis.label is VerdictLabel.SIGNS_OF_MANIPULATION]
    faces = [basis for basis in bases if specs[basis.detector].of_people and not basis.brief]
    return max(
        with_signs or faces or bases,
        # A stretch can keep somebody from being passed whose mean is lower than that of somebody passed.
        key=lambda basis: (basis.label is not VerdictLabel.NO_SIGNS_FOUND, basis.manipulation_score),
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
        and as_high_as_signs(basis, cards[basis.model])
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


@dataclass(frozen=True, slots=True)
class _Times:
    """When the detector that comes first in a video scored anybody.

    Attributes:
        card: of its model; None where nobody was scored, or the file is no video.
        at_s: rising.
        end_s: of the pictures, None where it is not known.
        shortest_s: see ``Verdict``.
    """

    card: ModelCard | None = None
    at_s: tuple[float, ...] = ()
    end_s: float | None = None
    shortest_s: float | None = None

    @property
    def limits(self) -> tuple[str, ...]:
        """What may have been missed in time."""
        if self.card is None or not self.card.draws_verdicts:
            return ()
        return time_limits(self.card, self.shortest_s, holes(self.at_s, self.end_s))


def _times(
    media: MediaFile,
    by_subject: Subjects,
    cards: Mapping[str, ModelCard],
    specs: Mapping[str, DetectorSpec],
) -> _Times:
    rows = [of for (name, _), of in by_subject.items() if specs[name].first_in_video]
    if media.kind is not MediaKind.VIDEO or not rows:
        return _Times()
    card = cards[rows[0][0].model]
    at_s = tuple(sorted({at_s for of in rows for at_s in times_of(of)}))
    stream = media.stream(StreamKind.VIDEO)
    end_s = None if stream is None else stream.duration_from_content_s
    return _Times(card, at_s, end_s, shortest_seen(at_s, card, end_s))
