"""What every fit demands of its rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from forensics.errors import SettingsError
from forensics.evaluation.resampling import MIN_GROUPS, Bools, Floats

MIN_ROWS_PER_CLASS = 20


def checked(
    scores: Sequence[float] | Floats, manipulated: Sequence[bool] | Bools, groups: Sequence[str]
) -> tuple[Floats, Bools]:
    """The rows as arrays.

    Args:
        scores: float[n].
        manipulated: bool[n].
        groups: n names.

    Raises:
        SettingsError: too few rows or groups, one class only, or a score that is no number.
    """
    values, truth = np.asarray(scores, dtype=np.float64), np.asarray(manipulated, dtype=np.bool_)
    if not values.size == truth.size == len(groups):
        raise SettingsError("Scores, labels and groups differ in number", "Give one of each per row.")
    n_manipulated, n_pristine = int(truth.sum()), int((~truth).sum())
    if min(n_manipulated, n_pristine) < MIN_ROWS_PER_CLASS:
        raise SettingsError(
            f"Calibration has {n_manipulated} manipulated and {n_pristine} pristine rows; "
            f"it needs {MIN_ROWS_PER_CLASS} of each",
            "Add labelled validation files of both kinds that this model was not trained on.",
        )
    if len(set(groups)) < MIN_GROUPS:
        raise SettingsError(
            f"The rows come from {len(set(groups))} groups; calibration needs {MIN_GROUPS}",
            "Add files of other people or sources, or correct the column group of the labels.",
        )
    if not np.isfinite(values).all():
        raise SettingsError(
            "A score is not a finite number", "Run the model's conformance tests before calibrating."
        )
    return values, truth
