"""Verdicts in plain words: reasons and limits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from forensics.records.detector_spec import DetectorSpec, Role
from forensics.records.findings import Abstention, Span, Why
from forensics.records.media import MediaFile, MediaKind, StreamKind
from forensics.records.model_card import ModelCard
from forensics.records.verdict import Basis, VerdictLabel

# Two of six people stood out by it when all their pristine validation clips were taken for one.
STANDING_OUT = (
    "The same person in another shot, light or pose can stand out of a clip too: compare the named seconds "
    "with the rest."
)
# Of many stretches of a clip, so many are named.
_MOST_NAMED = 3


def reason_for_verdict(
    label: VerdictLabel,
    basis: Basis,
    doubts: Sequence[Basis],
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
    left_out = [one.detail for one in abstentions if one.why is Why.OUT_OF_DOMAIN]
    return " ".join([found, *left_out])


def _found(
    label: VerdictLabel,
    basis: Basis,
    doubts: Sequence[Basis],
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
                f"{who} scores {_in_two_decimals(stretch.fakeness)} from {_seconds(stretch.spans)}, "
                f"and {score}: this part shows signs of manipulation, and it stands out of the clip by more "
                "than parts of pristine clips do."
            )
        when = f", strongest at {basis.strongest.start_s:.1f} s" if basis.n_scores > 1 else ""
        bound = f" for somebody seen from {_seconds((basis.span,))} only" if basis.brief else ""
        return f"{scores}{when}: at or above the threshold for signs of manipulation{bound}."
    if label is VerdictLabel.NO_SIGNS_FOUND:
        found = f"{scores}: at or below the threshold for no signs."
    elif basis.label is VerdictLabel.NO_SIGNS_FOUND and doubts:
        named = "; ".join(_doubted(doubt) for doubt in doubts)
        found = f"{scores}, without signs, but as high as signs of manipulation are: {named}. Look there."
    elif basis.label is VerdictLabel.NO_SIGNS_FOUND:
        why = "; ".join(one.detail for one in abstentions if one.detector in missing)
        what = " and no ".join(missing)
        found = f"{scores}, without signs, but no {what} could be examined: {why or 'nothing was scored.'}"
    elif stretch is not None and stretch.alone:
        found = (
            f"{scores}, but {_in_two_decimals(stretch.fakeness)} from {_seconds((stretch.span,))}: too high "
            "to find no signs, and not high enough beside the rest of the clip to show signs."
        )
    else:
        found = f"{scores}: between the thresholds, cannot tell."
    return found


def _doubted(basis: Basis) -> str:
    why = "in few pictures" if basis.in_domain else "unlike what the model was calibrated on"
    return f"{basis.subject} ({stated(basis)}, {_seconds((basis.span,))}, {why})"


def _seconds(spans: Sequence[Span]) -> str:
    """``10.0 to 11.5 s``; of many stretches the first three."""
    named = [f"{span.start_s:.1f} to {span.end_s:.1f} s" for span in spans[:_MOST_NAMED]]
    more = len(spans) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")


def stated(basis: Basis) -> str:
    """The fakeness in two decimals, never a rounded 0 or 1: no score is certain.

    Beyond what the calibration has seen it is a bound, not a value.
    """
    if basis.covered:
        return _in_two_decimals(basis.fakeness)
    # Both classes weigh the same in a calibration, so its edges lie on either side of even odds.
    if basis.fakeness >= 0.5:
        return f"at least {math.floor(100 * basis.fakeness) / 100:.2f}"
    return f"at most {math.ceil(100 * basis.fakeness) / 100:.2f}"


def _in_two_decimals(fakeness: float) -> str:
    if 0.005 <= fakeness < 0.995:
        return f"{fakeness:.2f}"
    return "more than 0.99" if fakeness > 0.5 else "less than 0.01"


def reason_for_nothing(
    media: MediaFile,
    bases: Sequence[Basis],
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
    return " ".join(dict.fromkeys(details)) or f"No detector applies to this {media.kind.value} file."


def _may_not_judge(basis: Basis, card: ModelCard, spec: DetectorSpec) -> str:
    if spec.role is not Role.DECIDES:
        return f"{spec.who(basis.subject)} was scored ({stated(basis)}), but {spec.name} draws no verdicts."
    why = (
        "it is not calibrated" if card.thresholds is None else "it did not earn verdicts on validation files"
    )
    return f"{spec.who(basis.subject)} was scored ({stated(basis)}), but {card.id} may not judge: {why}."


def too_rarely_seen(basis: Basis) -> str:
    """The limit that a person's few frames put."""
    frames = "frame" if basis.n_scores == 1 else "frames"
    return (
        f"{basis.subject.capitalize()} was found in {basis.n_scores} sampled {frames} only "
        f"({stated(basis)} at {basis.span.start_s:.1f} s) and was not judged."
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
            f"{card.id} has no bounds for parts of a clip: a manipulated part is averaged with the rest and "
            "may be missed (forensics calibrate fits them)."
        )
    elif shortest_s is None:
        limits.append("Too few pictures were examined to look at parts of the clip.")
    else:
        tenths = math.ceil(10 * shortest_s) / 10
        limits.append(f"A manipulation shorter than {tenths:.1f} s may lie between the examined pictures.")
    if holes:
        limits.append(f"No face was scored from {_seconds(holes)}.")
    return tuple(limits)


def limits_of(
    media: MediaFile,
    deciding: Basis,
    others: Sequence[Basis],
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
            f"The score lies outside what the calibration of {card.id} has seen: it is {stated(deciding)}, "
            "and no probability is stated beyond that."
        )
    limits.extend(
        _may_not_judge(basis, cards[basis.model], specs[basis.detector])
        for basis in others
        if not basis.judges
    )
    limits.extend(
        f"{specs[basis.detector].who(basis.subject)} ({stated(basis)}) could not be told either way."
        for basis in others
        if not specs[basis.detector].of_people and basis.judges and basis.label is VerdictLabel.INCONCLUSIVE
    )
    limits.extend(
        f"{basis.subject.capitalize()} ({stated(basis)} over "
        f"{specs[basis.detector].counted(basis.n_scores)}, {_seconds((basis.span,))}) was seen briefly and "
        "could not be told either way."
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
