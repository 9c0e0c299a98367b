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
# Rows times resamples held at a time: 16 MB as float64.
_CHUNK_CELLS = 2_000_000


def group_indices(groups: Sequence[str]) -> Ints:
    """int64[n] index of each row's group, from 0."""
    return np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)[1].astype(np.int64)


def group_draws(
    n_groups: int, n_rows: int, *, n_resamples: int = N_RESAMPLES, seed: int = SEED
) -> Iterator[Floats]:
    """How often bootstrap resamples draw each group, in chunks that suit ``n_rows`` rows.

    Yields:
        float64[b, n_groups]; every line sums to ``n_groups``, the chunks' b to ``n_resamples``.
    """
    random = np.random.default_rng(seed)
    chunk = max(1, _CHUNK_CELLS // max(1, n_rows))
    for start in range(0, n_resamples, chunk):
        size = min(chunk, n_resamples - start)
        yield random.multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=size).astype(np.float64)


def intervals(
    statistics: Callable[[Floats], Sequence[Floats]],
    n_groups: int,
    n_rows: int,
    *,
    n_resamples: int = N_RESAMPLES,
    seed: int = SEED,
) -> list[tuple[float, float] | None] | None:
    """95 % percentile interval of each statistic.

    Args:
        statistics: takes float64[b, n_groups] draws and gives float64[b] for each statistic, NaN where a
            resample has no value.
        n_groups: groups that are drawn from.
        n_rows: rows that they hold.
        n_resamples: how many.
        seed: the same seed gives the same intervals.

    Returns:
        (2.5th, 97.5th percentile) for each, None for one that too many resamples have no value of; None
        altogether where there are too few groups.
    """
    if n_groups < MIN_GROUPS:
        return None
    chunks = [
        np.asarray(statistics(draws))
        for draws in group_draws(n_groups, n_rows, n_resamples=n_resamples, seed=seed)
    ]
    return [percentile_interval(values) for values in np.concatenate(chunks, axis=1)]


def percentile_interval(values: Floats) -> tuple[float, float] | None:
    """2.5th and 97.5th percentile of resampled values; None where too many have none."""
    finite = values[np.isfinite(values)]
    if finite.size < (1 - _MAX_SHARE_WITHOUT) * values.size:
        return None
    lower, upper = np.percentile(finite, [2.5, 97.5])
    return float(lower), float(upper)
