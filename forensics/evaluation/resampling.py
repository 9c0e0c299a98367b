"""Bootstrap intervals that resample groups, not rows: rows of one person or source are not independent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

N_RESAMPLES = 1000
SEED = 20240607
# Percentiles of resamples of fewer groups than this say more about the resampling than about the data.
MIN_GROUPS = 5
# A resample without one of the classes has no value; with more such than this an interval would mislead.
_MAX_SHARE_WITHOUT = 0.1
# Weights held at a time: 16 MB as float64.
_CHUNK_CELLS = 2_000_000


def group_indices(groups: Sequence[str]) -> Ints:
    """int64[n] index of each row's group, from 0."""
    return np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)[1].astype(np.int64)


def group_weights(group_index: Ints, *, n_resamples: int = N_RESAMPLES, seed: int = SEED) -> Iterator[Floats]:
    """Row weights of bootstrap resamples, in chunks.

    Args:
        group_index: int64[n] group of each row, from 0.
        n_resamples: how many.
        seed: the same seed gives the same weights.

    Yields:
        float64[b, n] times that each row was drawn; the chunks' b sum to ``n_resamples``.
    """
    n_groups = int(group_index.max()) + 1
    random = np.random.default_rng(seed)
    chunk = max(1, _CHUNK_CELLS // max(1, group_index.size))
    for start in range(0, n_resamples, chunk):
        draws = random.multinomial(
            n_groups, np.full(n_groups, 1 / n_groups), size=min(chunk, n_resamples - start)
        )
        yield draws[:, group_index].astype(np.float64)


def intervals(
    statistics: Sequence[Callable[[Floats], Floats]],
    group_index: Ints,
    *,
    n_resamples: int = N_RESAMPLES,
    seed: int = SEED,
) -> list[tuple[float, float] | None]:
    """95 % percentile interval of each statistic.

    Args:
        statistics: each takes float64[b, n] row weights and gives float64[b], NaN where it has no value.
        group_index: int64[n] group of each row, from 0.
        n_resamples: how many.
        seed: the same seed gives the same intervals.

    Returns:
        (2.5th, 97.5th percentile), None where there are too few groups or too many resamples without a value.
    """
    if group_index.size == 0 or int(group_index.max()) + 1 < MIN_GROUPS:
        return [None] * len(statistics)
    values: list[list[Floats]] = [[] for _ in statistics]
    for weights in group_weights(group_index, n_resamples=n_resamples, seed=seed):
        for place, statistic in enumerate(statistics):
            values[place].append(statistic(weights))
    return [percentile_interval(np.concatenate(chunks)) for chunks in values]


def percentile_interval(values: Floats) -> tuple[float, float] | None:
    """2.5th and 97.5th percentile of resampled values; None where too many have none."""
    finite = values[np.isfinite(values)]
    if finite.size < (1 - _MAX_SHARE_WITHOUT) * values.size:
        return None
    lower, upper = np.percentile(finite, [2.5, 97.5])
    return float(lower), float(upper)
