"""Verdicts in plain words: reasons and limits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from forensics.numerals import count_text, moment_text, score_text, span_text
from forensics.records.detector_spec import DetectorSpec, Role
from forensics.records.findings import Abstention, AbstentionReason, Span
from forensics.records.input_contract import SoundContract
from forensics.records.media import MediaFile, MediaKind, StreamKind
from forensics.records.model_card import ModelCard
from forensics.records.verdict import FusedTerm, SubjectScore, VerdictLabel

# Two of six people stood out by it when all their pristine validation clips were taken for one.
STANDING_OUT = (
    "Another shot, light or pose of the same person can stand out from a clip as well: compare the named "
    "seconds with the rest."
)
# Of many stretches of a clip, so many are named.
_MOST_NAMED = 3


def reason_for_verdict(
    label: VerdictLabel,
    basis: SubjectScore,
    doubts: Sequence[SubjectScore],
    abstentions: Sequence[Abstention],
    specs: Mapping[str, DetectorSpec],
    *,
    missing: Sequence[str] = (),
    by_stretch: bool = False,
) -> str:
    """One sentence or two: who decided, by what score, against which bound, and who did not.

    Args:
        basis: the subject that decided.
        doubts: subjects that may not decide, but score as high as signs.
        specs: detector name to declaration.
        missing: detectors without which the file is half examined.
        by_stretch: a stretch of the clip decided, not the whole of it.
    """
    found = _found(label, basis, doubts, abstentions, specs, missing=missing, by_stretch=by_stretch)
    left_out = [one.detail for one in abstentions if one.why is AbstentionReason.OUT_OF_DOMAIN]
    return " ".join([found, *left_out])


def _found(
    label: VerdictLabel,
    basis: SubjectScore,
    doubts: Sequence[SubjectScore],
    abstentions: Sequence[Abstention],
    specs: Mapping[str, DetectorSpec],
    *,
    missing: Sequence[str],
    by_stretch: bool,
) -> str:
    who = specs[basis.detector].who(basis.subject)
    score = f"{stated(basis)} over {specs[basis.detector].counted(basis.n_scores)}"
    scores = f"{who} scores {score}"
    stretch = basis.stretch
    if label is VerdictLabel.SIGNS_OF_MANIPULATION:
        if by_stretch and stretch is not None:
            return (
                f"{who} scores {score_text(stretch.manipulation_score)} from {_spans(stretch.spans)}, and "
                f"{score} in all. This part shows signs of manipulation: it stands out from the clip by more "
                "than parts of pristine clips do."
            )
        when = f", strongest at {moment_text(basis.strongest.start_s)}" if basis.n_scores > 1 else ""
        bound = f" that applies to a person seen only from {_spans((basis.span,))}" if basis.brief else ""
        return f"{scores}{when}: at or above the threshold for signs of manipulation{bound}."
    if label is VerdictLabel.NO_SIGNS_FOUND:
        found = f"{scores}: at or below the threshold for no signs."
    elif basis.label is VerdictLabel.NO_SIGNS_FOUND and doubts:
        named = "; ".join(_doubted(doubt) for doubt in doubts)
        found = (
            f"{scores}, without signs, but these score as high as signs of manipulation: {named}. Look there."
        )
    elif basis.label is VerdictLabel.NO_SIGNS_FOUND:
        why = "; ".join(one.detail for one in abstentions if one.detector in missing)
        what = " and no ".join(missing)
        found = f"{scores}, without signs, but no {what} could be examined: {why or 'nothing was scored.'}"
    elif stretch is not None and stretch.alone:
        found = (
            f"{scores}, but {score_text(stretch.manipulation_score)} from {_spans((stretch.span,))}: too "
            "high for no signs, and not far enough above the rest of the clip for signs of manipulation."
        )
    else:
        found = f"{scores}: between the two thresholds."
    return found


def reason_for_fused(
    label: VerdictLabel,
    manipulation_score: float,
    terms: Sequence[FusedTerm],
    subjects: Sequence[SubjectScore],
    contrary: Sequence[SubjectScore],
    specs: Mapping[str, DetectorSpec],
    *,
    missing: Sequence[str],
) -> str:
    """One sentence or two: the combined score, what it is made of, and which bound it meets.

    Args:
        subjects: of the verdict.
        contrary: subjects that keep a low score from being passed.
        missing: detectors without which the file is half examined.
    """
    by_key = {(one.detector, one.subject): one for one in subjects}
    scored = [by_key[term.detector, term.subject] for term in terms]
    parts = [
        f"{one.subject} ({stated(one)} over {specs[one.detector].counted(one.n_scores)})" for one in scored
    ]
    found = f"The combined score is {score_text(manipulation_score)}, from {' and '.join(parts)}"
    if label is VerdictLabel.SIGNS_OF_MANIPULATION:
        return f"{found}: at or above the threshold for signs of manipulation."
    if label is VerdictLabel.NO_SIGNS_FOUND:
        return f"{found}: at or below the threshold for no signs."
    if contrary:
        named = "; ".join(f"{one.subject} ({stated(one)}, {_spans((one.span,))})" for one in contrary)
        return f"{found}, but these score as high as signs of manipulation alone: {named}. Look there."
    if missing:
        return f"{found}, but no {' and no '.join(missing)} could be examined."
    return f"{found}: between the two thresholds."


def _doubted(basis: SubjectScore) -> str:
    why = "seen in few frames" if basis.in_domain else "unlike what the model was calibrated on"
    return f"{basis.subject} ({stated(basis)}, {_spans((basis.span,))}, {why})"


def _spans(spans: Sequence[Span]) -> str:
    """``10.0 to 11.5 s``; of many stretches the first three."""
    named = [span_text(span.start_s, span.end_s) for span in spans[:_MOST_NAMED]]
    more = len(spans) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")


def stated(basis: SubjectScore) -> str:
    """The manipulation score; beyond what the calibration has seen it is a bound, not a value."""
    if basis.covered:
        return score_text(basis.manipulation_score)
    # Both classes weigh the same in a calibration, so its edges lie on either side of even odds.
    if basis.manipulation_score >= 0.5:
        return f"at least {math.floor(100 * basis.manipulation_score) / 100:.2f}"
    return f"at most {math.ceil(100 * basis.manipulation_score) / 100:.2f}"


def reason_for_nothing(
    media: MediaFile,
    bases: Sequence[SubjectScore],
    abstentions: Sequence[Abstention],
    cards: Mapping[str, ModelCard],
    specs: Mapping[str, DetectorSpec],
) -> str:
    """Why nothing was judged: nothing was scored, or nothing that was may decide."""
    details = [abstention.detail for abstention in abstentions]
    details += [
        _may_not_judge(basis, cards[basis.model], specs[basis.detector])
        for basis in bases
        if not basis.judges
    ]
    if not details and specs and all(spec.role is not Role.DECIDES for spec in specs.values()):
        return f"No detector of this scan draws verdicts ({', '.join(specs)})."
    return " ".join(dict.fromkeys(details)) or f"No detector applies to this {media.kind.value} file."


def _may_not_judge(basis: SubjectScore, card: ModelCard, spec: DetectorSpec) -> str:
    if spec.role is not Role.DECIDES:
        return f"{spec.who(basis.subject)} was scored ({stated(basis)}), but {spec.name} draws no verdicts."
    why = (
        "it is not calibrated"
        if card.thresholds is None
        else "on validation data it did not tell manipulated from pristine well enough"
    )
    return f"{spec.who(basis.subject)} was scored ({stated(basis)}), but {card.id} may not judge: {why}."


def too_rarely_seen(basis: SubjectScore) -> str:
    """The limit that a person's few frames put."""
    frames = count_text(basis.n_scores, "sampled frame", "sampled frames")
    return (
        f"{basis.subject.at_start} was found in only {frames} ({stated(basis)} at "
        f"{moment_text(basis.span.start_s)}) and was not judged."
    )


def time_limits(card: ModelCard, shortest_s: float | None, holes: Sequence[Span]) -> tuple[str, ...]:
    """What may have been missed in time.

    Args:
        card: of the face model.
        shortest_s: a manipulation shorter than this may hold no window; None where none was looked at.
        holes: times without a face.
    """
    limits = []
    if card.windows is None:
        limits.append(
            f"The card of {card.id} has no thresholds for parts of a clip: a manipulated part is averaged "
            "with the rest and may be missed (forensics calibrate fits them)."
        )
    elif shortest_s is None:
        limits.append("Too few frames were examined to judge parts of the clip.")
    else:
        least = moment_text(math.ceil(10 * shortest_s) / 10)
        limits.append(f"A manipulation shorter than {least} may lie between the examined frames.")
    if holes:
        limits.append(f"No face was scored from {_spans(holes)}.")
    return tuple(limits)


def unheard_parts(bases: Sequence[SubjectScore], cards: Mapping[str, ModelCard]) -> tuple[str, ...]:
    """That short parts of a recording pass unheard, for every model of sound that has no bounds for them."""
    judging = {basis.model for basis in bases if basis.judges and basis.n_scores > 1}
    return tuple(
        f"The card of {card.id} has no thresholds for parts of a recording: the recording is judged as a "
        "whole, and a few seconds of synthetic speech in it are nearly always missed."
        for card in cards.values()
        if card.id in judging and isinstance(card.contract, SoundContract) and card.windows is None
    )


def limits_of(
    media: MediaFile,
    deciding: SubjectScore,
    others: Sequence[SubjectScore],
    abstentions: Sequence[Abstention],
    cards: Mapping[str, ModelCard],
    specs: Mapping[str, DetectorSpec],
) -> tuple[str, ...]:
    """What the verdict does not cover."""
    limits = []
    card = cards[deciding.model]
    if card.thresholds is None or card.calibration is None:
        limits.append(f"{card.id} is not calibrated: its scores carry no error rate.")
    elif not deciding.covered:
        limits.append(
            f"The score lies beyond those that {card.id} was calibrated on: it is {stated(deciding)}, and no "
            "probability is stated beyond that."
        )
    limits.extend(
        _may_not_judge(basis, cards[basis.model], specs[basis.detector])
        for basis in others
        if not basis.judges
    )
    limits.extend(
        f"{specs[basis.detector].who(basis.subject)} is inconclusive ({stated(basis)})."
        for basis in others
        if not specs[basis.detector].of_people and basis.judges and basis.label is VerdictLabel.INCONCLUSIVE
    )
    limits.extend(
        f"{basis.subject.at_start}, seen briefly ({stated(basis)} over "
        f"{specs[basis.detector].counted(basis.n_scores)}, {_spans((basis.span,))}), is inconclusive."
        for basis in others
        if basis.brief and basis.label is VerdictLabel.INCONCLUSIVE
    )
    limits.extend(
        f"{abstention.detector.capitalize()} not examined: {abstention.detail}"
        for abstention in abstentions
        if abstention.detector != deciding.detector or abstention.subject != deciding.subject
    )
    if media.kind is MediaKind.VIDEO:
        limits.extend(_not_every_frame(media))
    return tuple(dict.fromkeys(limits))


def _not_every_frame(media: MediaFile) -> Iterator[str]:
    stream = media.stream(StreamKind.VIDEO)
    n_all = stream.n_frames_from_content if stream else None
    n_chosen = len(stream.chosen_frames) if stream else 0
    if not n_all or not n_chosen:
        yield "Sampled frames were examined, not every frame."
    elif n_chosen < n_all:
        yield f"{n_chosen} of {n_all} frames were examined."
