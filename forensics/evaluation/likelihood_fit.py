"""How far likelihood ratios may be stated, from validation rows. ``verdicts.likelihood`` states them.

Bounds: the empirical lower and upper bound (ELUB) of Vergeer, van Es, de Jongh, Alberink and Stoel,
"Numerical likelihood ratios outputted by LR systems are often based on extrapolation: when to stop
extrapolating?", Science & Justice 56 (2016) 482-491.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from forensics.errors import SettingsError
from forensics.evaluation.resampling import Bools, Floats
from forensics.records.model_card import LikelihoodBounds

_STEP_LOG10 = 0.01


def fit_bounds(
    manipulation_score: Sequence[float] | Floats, manipulated: Sequence[bool] | Bools, *, data: str
) -> LikelihoodBounds:
    """The empirical lower and upper bound of the likelihood ratios of these validation rows.

    Whoever acts on a ratio at a threshold t wins, on average, less from a system than from none ("always 1")
    where its normalised Bayes error exceeds that of none. With one misleading row added to each class, that
    happens beyond some t on either side; from there on ratios would be extrapolation. The bounds are the
    thresholds next to 1 at which it first happens.

    Args:
        manipulation_score: float[n] calibrated with both classes weighing the same.
        manipulated: bool[n].
        data: what the rows are, in words.

    Raises:
        SettingsError: one class is missing.
    """
    truth = np.asarray(manipulated, dtype=np.bool_)
    if truth.all() or not truth.any():
        raise SettingsError(
            "Bounds of likelihood ratios need manipulated and pristine rows", "Add files of the missing kind."
        )
    ratios = log10_ratios(manipulation_score)
    reach = math.log10(truth.size + 1) + _STEP_LOG10
    steps = np.arange(0.0, reach, _STEP_LOG10)
    highest = _reach(steps, ratios[truth], ratios[~truth])
    # Seen from the other side pristine is what is looked for, and the ratio is inverted.
    lowest = 0.0 - _reach(steps, -ratios[~truth], -ratios[truth])
    n_manipulated, n_pristine = int(truth.sum()), int((~truth).sum())
    rule = f"ELUB (Vergeer et al. 2016) on {data}: {n_manipulated} manipulated, {n_pristine} pristine rows"
    return LikelihoodBounds(lowest, highest, rule)


def log10_ratios(manipulation_score: Sequence[float] | Floats) -> Floats:
    """float64[n] log10 likelihood ratios of calibrated score; infinite for 0 and 1, for bounds to hold."""
    values = np.asarray(manipulation_score, dtype=np.float64)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log10(values) - np.log10(1 - values))


def _reach(steps: Floats, wanted: Floats, others: Floats) -> float:
    """The last log10 threshold from 0 up to which acting on the ratios beats ignoring them.

    Args:
        steps: float64[k] log10 thresholds, rising from 0.
        wanted: log10 ratios of the class that high ratios speak for.
        others: those of the other class.
    """
    missed = (np.searchsorted(np.sort(wanted), steps, side="right") + 1) / (wanted.size + 1)
    alarms = others.size - np.searchsorted(np.sort(others), steps, side="right")
    error = missed + 10**steps * (alarms + 1) / (others.size + 1)
    failed = np.flatnonzero(error > 1)
    last = failed[0] - 1 if failed.size else len(steps) - 1
    return round(float(steps[max(last, 0)]), 2)
