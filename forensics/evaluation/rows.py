"""Scored rows with labels, and the same rows as a bootstrap drew them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from scipy import sparse

from forensics.errors import SettingsError
from forensics.evaluation.resampling import Bools, Floats, Ints, group_indices

N_BINS = 10
# As scikit-learn's log loss does: a manipulation score of exactly 0 or 1 would cost infinity.
EPSILON = float(np.finfo(np.float64).eps)


class Rows:
    """Scored rows with labels.

    Args:
        manipulation_score: float[n] in [0, 1].
        manipulated: bool[n].
        groups: n names; rows of one group are resampled together.
        flagged: bool[n] whether the operating threshold calls the row manipulated; None where none applies.

    Raises:
        SettingsError: lengths differ or a manipulation score is outside [0, 1].
    """

    def __init__(
        self,
        manipulation_score: Sequence[float] | Floats,
        manipulated: Sequence[bool] | Bools,
        groups: Sequence[str],
        flagged: Sequence[bool] | Bools | None = None,
    ) -> None:
        self.manipulation_score: Floats = np.asarray(manipulation_score, dtype=np.float64)
        self.manipulated: Bools = np.asarray(manipulated, dtype=np.bool_)
        self.group_index: Ints = group_indices(groups)
        self.flagged: Bools | None = None if flagged is None else np.asarray(flagged, dtype=np.bool_)
        lengths = {self.manipulation_score.size, self.manipulated.size, self.group_index.size}
        if len(lengths) != 1 or (
            self.flagged is not None and self.flagged.size != self.manipulation_score.size
        ):
            raise SettingsError("Scores, labels and groups differ in number", "Give one of each per row.")
        if not ((self.manipulation_score >= 0) & (self.manipulation_score <= 1)).all():
            raise SettingsError("A score lies outside 0 to 1", "Give calibrated scores, not logits.")

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.manipulation_score.size)

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return int(self.group_index.max()) + 1 if self.n else 0

    @property
    def has_both_classes(self) -> bool:
        """Whether pristine and manipulated rows are both present."""
        return bool(self.manipulated.any() and not self.manipulated.all())

    @property
    def clipped(self) -> Floats:
        """float64[n] manipulation score, kept off 0 and 1 by the rounding step."""
        return np.clip(self.manipulation_score, EPSILON, 1 - EPSILON)

    @cached_property
    def bins(self) -> Ints:
        """int64[n] bin of each row, in bins of about equal numbers of rows; equal scores share a bin."""
        edges = np.quantile(self.manipulation_score, np.linspace(0, 1, N_BINS + 1)[1:-1])
        return np.searchsorted(np.unique(edges), self.manipulation_score, side="left").astype(np.int64)

    @cached_property
    def levels(self) -> tuple[sparse.csr_array, sparse.csr_array]:
        """Manipulated and pristine rows, [distinct manipulation score, highest first; group]."""
        levels = np.unique(-self.manipulation_score, return_inverse=True)[1]
        shape = (int(levels.max()) + 1, self.n_groups)
        return tuple(
            sparse.csr_array((np.ones(int(side.sum())), (levels[side], self.group_index[side])), shape=shape)
            for side in (self.manipulated, ~self.manipulated)
        )


class Resample:
    """Rows as bootstrap resamples drew them.

    Args:
        rows: the rows.
        draws: float64[b, g] times that each group was drawn.
    """

    def __init__(self, rows: Rows, draws: Floats) -> None:
        self.rows = rows
        self._draws = draws

    def total(self, values: Floats | Bools) -> Floats:
        """float64[b] sum over the drawn rows of float64[n] ``values``."""
        by_group = np.bincount(self.rows.group_index, weights=values, minlength=self.rows.n_groups)
        return np.asarray(self._draws @ by_group)

    @cached_property
    def counts(self) -> tuple[Floats, Floats]:
        """float64[b, k] manipulated and pristine rows at each distinct manipulation score, highest first."""
        hits, alarms = (np.ascontiguousarray((side @ self._draws.T).T) for side in self.rows.levels)
        return hits, alarms
