"""Fits how sharp a face has to be for a verdict: from pristine validation faces that were made worse."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from forensics.evaluation.resampling import Bools, Floats

# Faces of like sharpness of which the share of alarms is taken.
_N_ALIKE = 60
# By so much may the share of alarms exceed that of the faces as they were.
_MORE_ALARMS = 0.1
_DECIMALS = 2


def fit_needed(sharpness: Sequence[Floats], alarms: Sequence[Bools]) -> tuple[float | None, str]:
    """The lowest sharpness above which faces that were made worse raise hardly more alarms than before.

    Sharpness, and not how they were made worse, is what a scan can measure: faces that are blurred and faces
    that are enlarged from few pixels are taken together.

    Args:
        sharpness: float64[n] per kind, the first of the faces as they were.
        alarms: bool[n] per kind: whether a face reaches the threshold for signs.

    Returns:
        The bound, None where no sharpness raises alarms; and how it was found, in words.
    """
    before = float(alarms[0].mean())
    values, hits = np.concatenate(sharpness), np.concatenate(alarms).astype(np.float64)
    order = np.argsort(values, kind="stable")
    values, hits = values[order], hits[order]
    n_alike = min(_N_ALIKE, values.size)
    shares = np.convolve(hits, np.ones(n_alike) / n_alike, mode="valid")
    too_many = np.flatnonzero(shares > before + _MORE_ALARMS)
    rule = (
        f"{sharpness[0].size} pristine faces, blurred or shrunk in {len(sharpness) - 1} ways: "
        f"{before:.0%} alarms as they were"
    )
    if not too_many.size:
        return None, f"{rule}, at no sharpness more than {before + _MORE_ALARMS:.0%}"
    # Of the sharpest such faces the alarms come from the least sharp ones.
    last = int(too_many[-1])
    n_alarms = int(hits[last : last + n_alike].sum())
    lowest = round(float(values[min(last + n_alarms, values.size - 1)]), _DECIMALS)
    share = float(hits[values < lowest].mean())
    return (
        lowest,
        f"{rule}, more than {before + _MORE_ALARMS:.0%} up to sharpness {lowest:g} ({share:.0%} below it)",
    )
