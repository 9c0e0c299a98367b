"""Fits the bounds for "signs" and "no signs" that a model card stores, from validation rows only."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from forensics.errors import SettingsError
from forensics.evaluation.metrics import measure
from forensics.evaluation.resampling import Bools, Floats
from forensics.evaluation.rows import Rows
from forensics.evaluation.shares import share_interval
from forensics.evaluation.validation_rows import checked
from forensics.numerals import figure_text
from forensics.records.labelled_figures import Figure
from forensics.records.model_card import Thresholds

MAX_FALSE_POSITIVE_RATE = 0.02
MAX_MISS_RATE = 0.05
# Lower end of the interval of AUC on validation rows, resampled by group, from which a model may draw
# verdicts: fair discrimination in the usual reading of AUC (Hosmer and Lemeshow).
LEAST_AUC = 0.7
# Cards are read by people: thresholds are stored to six decimals.
_DECIMALS = 6


def earned_thresholds(
    manipulation_score: Floats,
    manipulated: Bools,
    groups: Sequence[str],
    origins: Sequence[str] | None = None,
) -> Thresholds:
    """Thresholds, or bounds that no score can cross for a model that is too close to guessing.

    An examiner is served better by "cannot tell" than by verdicts of a model that may not tell anything on
    sources that it has not met.

    Args:
        manipulation_score: float[n] calibrated, one row per file as the policy judges it.
        manipulated: bool[n].
        groups: n names.
        origins: n names of the data sets or sources that the rows come from; None takes all for one.

    Raises:
        SettingsError: too few rows, one class only, or no bound keeps the rate.
    """
    _, truth = checked(manipulation_score, manipulated, groups)
    (auc,) = measure(Rows(manipulation_score, manipulated, groups), ["auc"])
    lower = _lower_end(auc, truth, groups)
    if lower is not None and lower >= LEAST_AUC:
        return fit_thresholds(manipulation_score, manipulated, groups, origins)
    found = figure_text(auc.value, lower, None if lower is None else auc.upper or auc.value)
    rule = f"AUC on {auc.n} validation rows is {found}; verdicts need a lower end of at least {LEAST_AUC:.3f}"
    return Thresholds(signs=1.0, no_signs=0.0, rule=rule)


def _lower_end(auc: Figure, manipulated: Bools, groups: Sequence[str]) -> float | None:
    """The lower end of AUC's interval, an exact one where no row is out of order.

    Resampling cannot move an AUC of 1. It is the share of pairs in order, and of pairs that have no group in
    common there are as many as groups of the rarer class: all of so many in order has an exact bound.
    """
    if auc.lower is not None or auc.value != 1.0:
        return auc.lower
    names = np.asarray(list(groups))
    n_pairs = min(np.unique(names[truth]).size for truth in (manipulated, ~manipulated))
    return share_interval(n_pairs, n_pairs)[0]


def fit_thresholds(
    manipulation_score: Sequence[float] | Floats,
    manipulated: Sequence[bool] | Bools,
    groups: Sequence[str],
    origins: Sequence[str] | None = None,
    *,
    max_false_positive_rate: float = MAX_FALSE_POSITIVE_RATE,
    max_miss_rate: float = MAX_MISS_RATE,
) -> Thresholds:
    """Bounds for "signs" and "no signs" from validation rows.

    ``signs`` lies just above the k-th lowest pristine row, k = ceil((1 - rate) (n + 1)): for a further row
    of the same kind the chance of a false positive is then at most ``rate`` (the order statistic of split
    conformal prediction, Vovk et al. 2005; a little stricter than the rate counted on the rows themselves).
    Where the rows come from several origins that holds for each of them: the origin whose pristine rows score
    highest decides, since a file of a lab's own case is more like a new origin than like the mean of these.
    It is at least 0.5: a score that speaks against manipulation is no sign of it. ``no_signs`` is the
    highest bound with at most ``max_miss_rate`` of the manipulated rows at or below it, at most 0.5 and
    below ``signs``.

    Args:
        manipulation_score: float[n] calibrated, one row per file as the policy judges it.
        manipulated: bool[n].
        groups: n names, for the rule's count.
        origins: n names of the data sets or sources that the rows come from; None takes all for one.
        max_false_positive_rate: the share of pristine rows that may be called manipulated.
        max_miss_rate: the share of manipulated rows that may be called free of signs.

    Raises:
        SettingsError: too few rows, one class only, or no bound keeps the rate.
    """
    scores, truth = checked(manipulation_score, manipulated, groups)
    pristine, fakes = np.sort(scores[~truth]), np.sort(scores[truth])
    names = np.array(["all"] * truth.size if origins is None else list(origins))
    by_origin = {str(name): np.sort(scores[~truth & (names == name)]) for name in np.unique(names[~truth])}
    bounds = signs_bounds(scores, truth, names, max_false_positive_rate)
    careful = max(bounds, key=bounds.__getitem__)
    signs = bounds[careful]
    n_false = int((pristine >= signs).sum())
    n_missed_at_most = math.floor(max_miss_rate * fakes.size)
    no_signs = min(0.5, _just_below(float(fakes[min(n_missed_at_most, fakes.size - 1)])), _just_below(signs))
    n_groups = len({group for group, fake in zip(groups, truth, strict=True) if not fake})
    n_missed = int((fakes <= no_signs).sum())
    rule = (
        f"signs: false positives at most {max_false_positive_rate:.0%}, {n_false} of {pristine.size} "
        f"pristine rows ({n_groups} groups) at or above; no signs: misses at most {max_miss_rate:.0%}, "
        f"{n_missed} of {fakes.size} manipulated rows at or below"
    )
    if len(by_origin) > 1:
        counted = ", ".join(
            f"{int((values >= signs).sum())} of {values.size} of {name}" for name, values in by_origin.items()
        )
        rule += f"; in every origin of pristine rows: {counted}; {careful} decided"
    needed = math.ceil(1 / max_false_positive_rate) - 1
    if by_origin[careful].size < needed:
        rule += (
            f"; {by_origin[careful].size} pristine rows are too few to show that rate "
            f"({needed} would be the fewest)"
        )
    return Thresholds(signs, max(0.0, no_signs), rule)


def signs_bounds(
    scores: Floats, manipulated: Bools, origins: npt.NDArray[np.str_], max_false_positive_rate: float
) -> dict[str, float]:
    """The bound for "signs" that each origin's pristine rows ask for, at least 0.5; see ``fit_thresholds``.

    Args:
        scores: float[n] calibrated.
        manipulated: bool[n].
        origins: str[n].
        max_false_positive_rate: the share of pristine rows that may be called manipulated.

    Raises:
        SettingsError: no row is pristine, or those of an origin reach 1.
    """
    pristine = {str(name): np.sort(scores[~manipulated & (origins == name)]) for name in np.unique(origins)}
    bounds = {
        name: max(0.5, _bound(values, max_false_positive_rate))
        for name, values in pristine.items()
        if values.size
    }
    if not bounds:
        raise SettingsError("No row is pristine", "Add pristine validation rows.")
    if max(bounds.values()) > 1:
        raise SettingsError(
            f"No threshold keeps false positives at {max_false_positive_rate:.0%}: pristine rows reach 1",
            "Calibrate first, or train on data more like these.",
        )
    return bounds


def _bound(pristine: Floats, max_false_positive_rate: float) -> float:
    """Just above the order statistic of sorted pristine scores that keeps the rate for a further one."""
    place = math.ceil((1 - max_false_positive_rate) * (pristine.size + 1))
    return _just_above(float(pristine[min(place, pristine.size) - 1]))


def _just_above(value: float) -> float:
    bound = round(value, _DECIMALS)
    return bound if bound > value else round(bound + 10.0**-_DECIMALS, _DECIMALS)


def _just_below(value: float) -> float:
    bound = round(value, _DECIMALS)
    return bound if bound < value else round(bound - 10.0**-_DECIMALS, _DECIMALS)
