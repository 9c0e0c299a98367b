"""How far a subject's score moves when other moments of the same file are taken."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_N_RESAMPLES = 400
_SEED = 7
_FEWEST = 4


def mean_interval(logits: npt.NDArray[np.float64]) -> tuple[float, float] | None:
    """95 % interval of the mean of a series by moving-block bootstrap (Kuensch 1989).

    Neighbouring frames resemble each other, so blocks of about the cube root of the length are drawn
    instead of single values. Seeded: the same series gives the same interval.

    Args:
        logits: float64[N] logits in order of time.

    Returns:
        (lower, upper), or None for fewer than four values.
    """
    n = logits.size
    if n < _FEWEST:
        return None
    n_block = max(1, round(n ** (1 / 3)))
    rng = np.random.default_rng(_SEED)
    # Blocks wrap around, so that the ends are drawn as often as the middle.
    starts = rng.integers(0, n, size=(_N_RESAMPLES, -(-n // n_block)))
    indices = (starts[:, :, None] + np.arange(n_block)).reshape(_N_RESAMPLES, -1)[:, :n] % n
    lower, upper = np.percentile(logits[indices].mean(axis=1), (2.5, 97.5))
    return float(lower), float(upper)
