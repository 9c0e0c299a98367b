"""Fits which faces are too much like cut-outs for a verdict."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from forensics.evaluation.resampling import Bools, Floats
from forensics.evaluation.shares import share_text

# Cut-outs that raise no more false alarms than this above the same faces as they were cost no verdict.
_MORE_ALARMS = 0.02
# Of the rows of either label, each origin weighing the same, so many may lose their verdict to each property.
_LOST = 0.01
_DECIMALS = 2


@dataclass(frozen=True, slots=True)
class CutOuts:
    """Pristine rows that were put on another ground.

    Attributes:
        rows: int[c] place of each among the rows that it was made of.
        values: property name to float64[c].
        alarms_before: bool[c], whether the row as it was reaches the threshold for signs.
        alarms: bool[c], whether the cut-out does.
    """

    rows: Sequence[int]
    values: Mapping[str, Floats]
    alarms_before: Bools
    alarms: Bools


def fit_cut_outs(
    values: Mapping[str, Floats],
    manipulated: Bools,
    groups: Sequence[str],
    origins: Sequence[str],
    cut_outs: CutOuts,
) -> tuple[dict[str, float], str]:
    """The lowest value of each property with which a face may decide a verdict.

    Bounds are fitted on half of the groups; what they do is told of the other half.

    Args:
        values: property name to float64[n] of the rows as they are; cut-outs have lower ones.
        manipulated: bool[n].
        groups: n names.
        origins: n names.
        cut_outs: of some of the pristine rows.

    Returns:
        The bounds, empty where cut-outs raise hardly more false alarms; and how they were found, in words.
    """
    before, after = float(cut_outs.alarms_before.mean()), float(cut_outs.alarms.mean())
    rule = f"{cut_outs.alarms.size} pristine faces cut out: {after:.0%} alarms, {before:.0%} as they were"
    if after <= before + _MORE_ALARMS:
        return {}, rule
    names, truth = np.asarray(list(origins)), np.asarray(manipulated, np.bool_)
    fitted = np.array(
        [
            zlib.crc32(f"{origin} {group}".encode()) % 2 == 0
            for origin, group in zip(origins, groups, strict=True)
        ]
    )
    bounds = {
        name: round(
            min(_quantile(column[part], names[part]) for part in (fitted & ~truth, fitted & truth)), _DECIMALS
        )
        for name, column in values.items()
    }
    below = np.any([values[name] < bound for name, bound in bounds.items()], axis=0)
    cut = np.any([cut_outs.values[name] < bound for name, bound in bounds.items()], axis=0)
    others = ~fitted[np.asarray(cut_outs.rows, np.intp)]
    held_out = ", ".join(
        share_text(int(hits.sum()), hits.size) + f" {words}"
        for hits, words in (
            (below[~fitted & ~truth], "of the pristine rows"),
            (below[~fitted & truth], "of the manipulated rows"),
            (cut[others], "of the cut-outs"),
            (cut[others & cut_outs.alarms], "of the cut-outs that raise an alarm"),
        )
        if hits.size
    )
    return bounds, (
        f"{rule}; each bound leaves {_LOST:.0%} of the rows of one label below it, on half of the groups; "
        f"on the other half below one of them: {held_out}"
    )


def _quantile(values: Floats, origins: np.ndarray) -> float:
    """Below it lies the share that may be lost, where every origin weighs the same."""
    names, places, counts = np.unique(origins, return_inverse=True, return_counts=True)
    weights = 1 / counts[places] / names.size
    order = np.argsort(values, kind="stable")
    passed = int(np.searchsorted(np.cumsum(weights[order]), _LOST))
    return float(values[order[min(passed, values.size - 1)]])
