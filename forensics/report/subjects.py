"""The persons and voices of a file, each with its scores, what they amount to, and what can be seen of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from forensics.records.exhibit_content import Filmstrip
from forensics.records.faces import FaceTrack
from forensics.records.findings import AbstentionReason, Exhibit, Score
from forensics.records.model_card import ModelCard, Thresholds
from forensics.records.scan_result import ScanResult
from forensics.records.subject import Subject
from forensics.records.verdict import SubjectScore, Verdict
from forensics.report.evidence import ExhibitGroup, groups_of
from forensics.verdicts.likelihood import REFUSAL, LikelihoodStatement, likelihood_of


@dataclass(frozen=True, slots=True)
class SubjectView:
    """One person or the voice: scores over time, what they amount to, and pictures.

    Attributes:
        deciding: the file's verdict rests on this subject.
        thresholds: of the model that scored, None where its card was not given.
        likelihood: the subject's likelihood ratio or why there is none; None where none was asked for.
        cautions: why the scores of this subject carry less, or are fewer, than others'.
        anchor: what the addresses of its sampled frames within the page begin with.
    """

    subject: Subject
    detector: str
    deciding: bool
    basis: SubjectScore | None
    track: FaceTrack | None
    scores: tuple[Score, ...]
    thresholds: Thresholds | None
    groups: tuple[ExhibitGroup, ...]
    likelihood: LikelihoodStatement | None = None
    cautions: tuple[str, ...] = ()
    anchor: str = ""

    @property
    def filmstrip(self) -> Filmstrip | None:
        """All sampled frames, small; None where there are none, or they are left out."""
        contents = (exhibit.content for group in self.groups for exhibit in group.exhibits)
        return next((one for one in contents if isinstance(one, Filmstrip)), None)

    @property
    def of_sound(self) -> bool:
        """The scores are of stretches of time rather than of single frames."""
        return any(score.span.end_s > score.span.start_s for score in self.scores)


def subjects_of(
    result: ScanResult, exhibits: Sequence[Exhibit], cards: Mapping[str, ModelCard], ratios: bool, anchor: str
) -> tuple[SubjectView, ...]:
    """Subjects in the order of the verdict's basis, then those that only have scores or pictures.

    Args:
        exhibits: of the file, as far as the page shows them.
        cards: model id to card.
        ratios: state likelihood ratios.
        anchor: of the file.
    """
    keys = [(one.detector, one.subject) for one in result.verdict.basis]
    keys += [(score.detector, score.subject) for score in result.scores]
    subjects: list[SubjectView] = []
    drawn: set[Subject] = set()
    for detector, subject in dict.fromkeys(keys):
        basis = next(
            (one for one in result.verdict.basis if (one.detector, one.subject) == (detector, subject)), None
        )
        scores = tuple(
            sorted(
                (score for score in result.scores if (score.detector, score.subject) == (detector, subject)),
                key=lambda score: score.span.start_s,
            )
        )
        model = basis.model if basis else scores[0].model
        subjects.append(
            SubjectView(
                subject=subject,
                detector=detector,
                deciding=basis is not None and _decides(basis, result.verdict),
                basis=basis,
                track=next((track for track in result.tracks if subject == track.subject), None),
                scores=scores,
                thresholds=cards[model].thresholds if model in cards else None,
                groups=() if subject in drawn else groups_of(subject, exhibits),
                likelihood=_likelihood(result, basis, cards) if ratios and basis is not None else None,
                cautions=_cautions(result, detector, subject),
                anchor=f"{anchor}-{len(subjects) + 1}",
            )
        )
        drawn.add(subject)
    subjects.extend(
        SubjectView(subject, "", False, None, None, (), None, groups_of(subject, exhibits))
        for subject in dict.fromkeys(one.subject for one in exhibits if one.subject not in drawn)
    )
    return tuple(subjects)


def _cautions(result: ScanResult, detector: str, subject: Subject) -> tuple[str, ...]:
    """What is said of this subject that weakens its scores: unlike the calibration, or too small to judge."""
    weakening = (AbstentionReason.OUT_OF_DOMAIN, AbstentionReason.TOO_SMALL)
    said = [
        one.detail
        for one in result.abstentions
        if one.subject == subject and one.detector == detector and one.why in weakening
    ]
    said += [one.message for one in result.notices if one.subject == subject]
    return tuple(dict.fromkeys(said))


def _likelihood(
    result: ScanResult, basis: SubjectScore, cards: Mapping[str, ModelCard]
) -> LikelihoodStatement:
    card = cards.get(basis.model)
    if card is None:
        words = f"{REFUSAL}the card of {basis.model} is not at hand."
        return LikelihoodStatement(None, False, None, words)
    return likelihood_of(basis, card, result.properties_of(basis.detector, basis.subject))


def _decides(basis: SubjectScore, verdict: Verdict) -> bool:
    return verdict.manipulation_score is not None and basis is verdict.basis[0]
