"""Verdicts in plain words: reasons and limits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from forensics.records.findings import Abstention
from forensics.records.media import MediaFile, MediaKind, StreamKind
from forensics.records.model_card import ModelCard
from forensics.records.verdict import Basis, VerdictLabel


def reason_for_verdict(label: VerdictLabel, basis: Basis, abstentions: Sequence[Abstention]) -> str:
    """One sentence: who decided, by what score, against which bound."""
    who = "The voice" if basis.detector == "voice" else f"The face of {basis.subject}"
    what = "windows" if basis.detector == "voice" else "frames"
    score = f"{stated(basis)} over {basis.n_scores} {what if basis.n_scores != 1 else what[:-1]}"
    if label is VerdictLabel.SIGNS_OF_MANIPULATION:
        when = f", strongest at {basis.strongest.start_s:.1f} s" if basis.n_scores > 1 else ""
        return f"{who} scores {score}{when}: at or above the threshold for signs of manipulation."
    if label is VerdictLabel.NO_SIGNS_FOUND:
        return f"{who} scores {score}: at or below the threshold for no signs."
    if basis.label is VerdictLabel.NO_SIGNS_FOUND:
        why = "; ".join(a.detail for a in abstentions if a.detector == "face") or "No face was scored."
        return f"{who} scores {score}, without signs, but no face could be examined: {why}"
    return f"{who} scores {score}: between the thresholds, cannot tell."


def stated(basis: Basis) -> str:
    """The fakeness in two decimals, never a rounded 0 or 1: no score is certain.

    Beyond what the calibration has seen it is a bound, not a value.
    """
    if basis.covered:
        if 0.005 <= basis.fakeness < 0.995:
            return f"{basis.fakeness:.2f}"
        return "more than 0.99" if basis.fakeness > 0.5 else "less than 0.01"
    # Both classes weigh the same in a calibration, so its edges lie on either side of even odds.
    if basis.fakeness >= 0.5:
        return f"at least {math.floor(100 * basis.fakeness) / 100:.2f}"
    return f"at most {math.ceil(100 * basis.fakeness) / 100:.2f}"


def reason_for_nothing(media: MediaFile, abstentions: Sequence[Abstention]) -> str:
    """One sentence on a file without any score."""
    details = list(dict.fromkeys(abstention.detail for abstention in abstentions))
    return " ".join(details) or f"No detector applies to this {media.kind.value} file."


def too_rarely_seen(subject: str, n_scores: int) -> str:
    """The limit that a person's few frames put."""
    frames = "frame" if n_scores == 1 else "frames"
    return f"{subject.capitalize()} was found in {n_scores} sampled {frames} only and was not judged."


def limits_of(
    media: MediaFile,
    deciding: Basis,
    others: Sequence[Basis],
    abstentions: Sequence[Abstention],
    cards: Mapping[str, ModelCard],
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
    if card.thresholds is not None and not card.thresholds.draw_verdicts:
        limits.append(f"{card.id} gives scores but no verdicts: {card.thresholds.rule}.")
    limits.extend(
        f"The voice ({stated(basis)}) could not be told either way."
        for basis in others
        if basis.detector == "voice" and basis.label is VerdictLabel.INCONCLUSIVE
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
