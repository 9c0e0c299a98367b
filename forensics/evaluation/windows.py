"""Fits how windows of a clip, and people seen briefly, are judged, from pristine validation clips alone.

The highest of many windows is high by accident more often than a single one, and the longer the clip, the
more often. What counts is therefore how far a window lies above its own clip's mean, and the bound for that
rises with the number n of windows:

    P(no window of n departs by b or more) = F(b) ** n = 1 - rate

with F the distribution of the departures of all pristine clips: as observed up to its 90th percentile, above
it with an exponential tail through the mean excess (peaks over threshold, Pickands 1975, with shape 0), since
a bound for an hour lies beyond what some hundred windows show. Windows of one clip are taken for independent:
those that overlap are not, which makes the bound rather too high than too low. People seen briefly are many
chances in the same way; their bound comes from the same formula on the means of whole clips.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from forensics.evaluation.labels import Label
from forensics.evaluation.resampling import Floats
from forensics.records.input_contract import InputContract, SoundContract
from forensics.records.model_card import Windows
from forensics.records.scan_result import ScanResult
from forensics.records.subject import Subject

MAX_FALSE_POSITIVE_RATE = 0.02
# Clips with as many scores tell departures from levels.
MIN_CLIPS = 20
MIN_SCORES = 6
# Of pictures three at two a second, so that any stretch of 1.5 s holds a window. Of sound, what a net hears
# at once is a window already.
_OF_PICTURES, _OF_SOUND = (1.0, 3), (0.1, 1)
_FEWEST_WINDOWS = 2
_NUMBERS = (1, 4, 16, 64, 256, 1024, 4096)
_TAIL_FROM = 0.9
_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Clip:
    """One subject of one clip.

    Attributes:
        logits: logits in the order of time.
        at_s: when; None where it is not known: then as many neighbours as a window needs are one. Their
            distances are longer than in a scan, and what is farther apart is less alike.
    """

    logits: tuple[float, ...]
    manipulated: bool
    group: str
    at_s: tuple[float, ...] | None = None


def fit_windows(clips: Iterable[Clip], contract: InputContract, *, data: str) -> Windows | None:
    """The bounds, or None where too few pristine clips have several windows.

    Args:
        clips: validation clips; the manipulated ones are not looked at.
        contract: of the model that scored.
        data: what they are, in words, for the card.
    """
    length_s, n_fewest = _OF_SOUND if isinstance(contract, SoundContract) else _OF_PICTURES
    shape = Windows(length_s, n_fewest, ((1, 0.0),), ((1, 0.0),), "", 0, "")
    pristine = [clip for clip in clips if not clip.manipulated and clip.logits]
    several = [clip for clip in pristine if len(clip.logits) >= max(MIN_SCORES, 2 * n_fewest)]
    if len(several) < MIN_CLIPS:
        return None
    departures = np.concatenate([departures_of(clip, shape) for clip in several])
    levels = np.asarray([float(np.mean(clip.logits)) for clip in pristine])
    n_groups = len({clip.group for clip in several})
    rule = (
        f"at most {MAX_FALSE_POSITIVE_RATE:.0%} of pristine clips with so many windows have one that departs "
        f"as far: {departures.size} windows of {n_fewest} scores in {len(several)} pristine clips "
        f"({n_groups} groups), exponential tail above the {_TAIL_FROM:.0%} quantile; people: the same of the "
        f"means of {levels.size} pristine clips"
    )
    return Windows(length_s, n_fewest, _bounds(departures), _bounds(levels), data, len(several), rule)


def held_out_alarms(
    clips: Iterable[Clip], contract: InputContract, as_high_as_signs: Callable[[float], bool]
) -> tuple[int, int]:
    """How often bounds raise an alarm on pristine clips of groups that they were not fitted on.

    A clip raises one if a window reaches the threshold and stands out of its clip, and the whole of it does
    not reach the threshold itself: those are alarms that the bounds add.

    Args:
        clips: as for ``fit_windows``.
        contract: of the model that scored.
        as_high_as_signs: whether a mean logit reaches the threshold for signs.

    Returns:
        Alarms, and pristine clips with several windows.
    """
    pristine = [clip for clip in clips if not clip.manipulated]
    n_alarms = n_clips = 0
    for group in sorted({clip.group for clip in pristine}):
        rule = fit_windows([clip for clip in pristine if clip.group != group], contract, data="")
        if rule is None:
            continue
        for clip in pristine:
            at_s = _times(clip, rule)
            if clip.group != group or rule.count(at_s) < _FEWEST_WINDOWS:
                continue
            level = float(np.mean(clip.logits))
            needed = rule.departure(rule.count(at_s))
            stands_out = any(
                departure >= needed and as_high_as_signs(level + float(departure))
                for departure in departures_of(clip, rule)
            )
            n_alarms += stands_out and not as_high_as_signs(level)
            n_clips += 1
    return n_alarms, n_clips


def departures_of(clip: Clip, shape: Windows) -> Floats:
    """float64[n] how far each window of a clip lies above the mean of all its scores."""
    logits = np.asarray(clip.logits, np.float64)
    at_s = _times(clip, shape)
    means = np.asarray([logits[first:end].mean() for first, end in shape.over(at_s)], np.float64)
    return np.asarray(means - logits.mean(), np.float64)


def _times(clip: Clip, shape: Windows) -> tuple[float, ...]:
    # Farther apart than a window is long, so that each holds its fewest scores.
    return clip.at_s or tuple(2 * shape.length_s * index for index in range(len(clip.logits)))


def clips_of(results: Iterable[ScanResult], labels: Mapping[str, Label], detector: str) -> list[Clip]:
    """The subjects of labelled files, for the fit: one clip each."""
    clips = []
    for result in results:
        label = labels.get(result.media.key)
        if label is None:
            continue
        of_file: dict[Subject, list[tuple[float, float]]] = {}
        for score in result.scores:
            if score.detector == detector:
                of_file.setdefault(score.subject, []).append((score.span.start_s, score.logit))
        for rows in of_file.values():
            at_s, logits = zip(*sorted(rows), strict=True)
            clips.append(Clip(logits, label.manipulated, label.group, at_s))
    return clips


def _bounds(values: Floats) -> tuple[tuple[float, float], ...]:
    """(n, what the highest of n such values reaches in the allowed share of cases), rising in both."""
    start = float(np.quantile(values, _TAIL_FROM))
    above = values[values > start]
    excess = float((above - start).mean()) if above.size else 0.0
    bounds = []
    for n in _NUMBERS:
        share = 1 - (1 - MAX_FALSE_POSITIVE_RATE) ** (1 / n)
        bounds.append(start + excess * float(np.log(above.size / values.size / share)))
    return tuple(
        (float(n), round(float(bound), _DECIMALS)) for n, bound in zip(_NUMBERS, bounds, strict=True)
    )
