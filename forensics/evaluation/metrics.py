"""Figures of merit with intervals: scikit-learn gives the values, weighted counts give the resamples.

``fakeness`` is read as the probability of manipulation when both classes are equally likely, so that
fakeness / (1 - fakeness) is a likelihood ratio. Log loss, Brier score and ECE take the classes as they come;
Cllr (Brümmer and du Preez, Computer Speech and Language 20, 2006) weighs both classes alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import isotonic_regression
from sklearn import metrics as sk

from forensics.errors import SettingsError
from forensics.evaluation.resampling import N_RESAMPLES, SEED, Bools, Floats, Ints, group_indices, intervals
from forensics.records.figures import Figure

N_BINS = 10
# As scikit-learn's log loss does: a fakeness of exactly 0 or 1 would cost infinity.
_EPSILON = float(np.finfo(np.float64).eps)


class Rows:
    """Scored rows with labels.

    Args:
        fakeness: float[n] in [0, 1].
        manipulated: bool[n].
        groups: n names; rows of one group are resampled together.
        flagged: bool[n] whether the operating threshold calls the row manipulated; None where none applies.

    Raises:
        SettingsError: lengths differ or a fakeness is outside [0, 1].
    """

    def __init__(
        self,
        fakeness: Sequence[float] | Floats,
        manipulated: Sequence[bool] | Bools,
        groups: Sequence[str],
        flagged: Sequence[bool] | Bools | None = None,
    ) -> None:
        self.fakeness: Floats = np.asarray(fakeness, dtype=np.float64)
        self.manipulated: Bools = np.asarray(manipulated, dtype=np.bool_)
        self.group_index: Ints = group_indices(groups)
        self.flagged: Bools | None = None if flagged is None else np.asarray(flagged, dtype=np.bool_)
        lengths = {self.fakeness.size, self.manipulated.size, self.group_index.size}
        if len(lengths) != 1 or (self.flagged is not None and self.flagged.size != self.fakeness.size):
            raise SettingsError("Scores, labels and groups differ in number", "Give one of each per row.")
        if not ((self.fakeness >= 0) & (self.fakeness <= 1)).all():
            raise SettingsError("A fakeness lies outside 0 to 1", "Give calibrated scores, not logits.")

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.fakeness.size)

    @property
    def has_both_classes(self) -> bool:
        """Whether pristine and manipulated rows are both present."""
        return bool(self.manipulated.any() and not self.manipulated.all())

    @property
    def clipped(self) -> Floats:
        """float64[n] fakeness, kept off 0 and 1 by the rounding step."""
        return np.clip(self.fakeness, _EPSILON, 1 - _EPSILON)

    @cached_property
    def bins(self) -> Ints:
        """int64[n] bin of each row, in bins of about equal numbers of rows; equal scores share a bin."""
        edges = np.quantile(self.fakeness, np.linspace(0, 1, N_BINS + 1)[1:-1])
        return np.searchsorted(np.unique(edges), self.fakeness, side="left").astype(np.int64)

    @cached_property
    def ranking(self) -> tuple[Ints, Ints]:
        """Order by descending fakeness, and where each run of equal scores starts in it."""
        order = np.argsort(-self.fakeness, kind="stable")
        ranked = self.fakeness[order]
        return order, np.concatenate(([0], np.flatnonzero(np.diff(ranked)) + 1)).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of merit.

    Attributes:
        value: of the rows as they are.
        resampled: of float64[b, n] row weights, float64[b]; NaN where a resample has none.
        needs: ``both`` classes; ``flags`` and both; ``flags, pristine`` or ``flags, manipulated`` and one.
        higher_is_better: which way is worse, for audits.
    """

    name: str
    value: Callable[[Rows], float]
    resampled: Callable[[Rows, Floats], Floats]
    needs: str
    higher_is_better: bool


def measure(
    rows: Rows, names: Sequence[str] | None = None, *, n_resamples: int = N_RESAMPLES, seed: int = SEED
) -> tuple[Figure, ...]:
    """Every figure that these rows allow, with its 95 % interval resampled by group.

    A figure that cannot be had (one class only, no operating threshold) is left out. An interval is widened
    to hold the value itself, which resampling overestimates for ``ece`` and underestimates for ``cllr_min``.

    Args:
        rows: scored rows with labels.
        names: the figures wanted; None means all.
        n_resamples: for the intervals.
        seed: the same seed gives the same intervals.
    """
    wanted = [one for one in MEASURES if (names is None or one.name in names) and _possible(one, rows)]
    statistics = [_bound(one, rows) for one in wanted]
    spans = intervals(statistics, rows.group_index, n_resamples=n_resamples, seed=seed)
    figures = []
    for one, span in zip(wanted, spans, strict=True):
        value = float(one.value(rows))
        lower, upper = (None, None) if span is None else (min(span[0], value), max(span[1], value))
        figures.append(Figure(one.name, value, rows.n, lower, upper))
    return tuple(figures)


def equal_error_rate(false_positive_rate: Floats, miss_rate: Floats) -> Floats:
    """Where both error rates meet, on straight lines between the operating points.

    Args:
        false_positive_rate: float64[b, k] rising along k from 0 to 1.
        miss_rate: float64[b, k] falling along k from 1 to 0.
    """
    gap = miss_rate - false_positive_rate
    after = np.maximum(np.argmax(gap <= 0, axis=1), 1)[:, None]
    gap_before, gap_after = (np.take_along_axis(gap, place, 1)[:, 0] for place in (after - 1, after))
    rate_before, rate_after = (
        np.take_along_axis(false_positive_rate, place, 1)[:, 0] for place in (after - 1, after)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(rate_before + gap_before / (gap_before - gap_after) * (rate_after - rate_before))


def cllr(fakeness: Floats, manipulated: Bools) -> float:
    """Cost of likelihood ratios in bits: 0 is perfect, 1 is what "always LR 1" costs."""
    log_odds = np.log(fakeness) - np.log1p(-fakeness)
    missed = np.logaddexp(0, -log_odds[manipulated]).mean()
    alarmed = np.logaddexp(0, log_odds[~manipulated]).mean()
    return float((missed + alarmed) / 2 / np.log(2))


def _possible(one: Measure, rows: Rows) -> bool:
    if one.needs.startswith("flags") and rows.flagged is None:
        return False
    if one.needs == "flags, pristine":
        return bool((~rows.manipulated).any())
    if one.needs == "flags, manipulated":
        return bool(rows.manipulated.any())
    return rows.has_both_classes


def _bound(one: Measure, rows: Rows) -> Callable[[Floats], Floats]:
    return lambda weights: one.resampled(rows, weights)


def _flags(rows: Rows) -> Bools:
    assert rows.flagged is not None
    return rows.flagged


def _ratio(upper: Floats, lower: Floats) -> Floats:
    return np.divide(upper, lower, out=np.full_like(upper, np.nan), where=lower > 0)


# --- values -----------------------------------------------------------------------------------------------


def _eer(rows: Rows) -> float:
    false_positive_rate, found, _ = sk.roc_curve(rows.manipulated, rows.fakeness, drop_intermediate=False)
    return float(equal_error_rate(false_positive_rate[None], 1 - found[None])[0])


def _ece(rows: Rows) -> float:
    return float(_resampled_ece(rows, np.ones((1, rows.n)))[0])


def _cllr_min(rows: Rows) -> float:
    return float(_resampled_cllr_min(rows, np.ones((1, rows.n)))[0])


# --- resamples --------------------------------------------------------------------------------------------


def _ranked_counts(rows: Rows, weights: Floats) -> tuple[Floats, Floats]:
    """float64[b, k] manipulated and pristine weight at each distinct fakeness, highest first."""
    order, starts = rows.ranking
    ranked = weights[:, order]
    is_manipulated = rows.manipulated[order]
    hits = np.add.reduceat(ranked * is_manipulated, starts, axis=1)
    return hits, np.add.reduceat(ranked * ~is_manipulated, starts, axis=1)


def _resampled_auc(rows: Rows, weights: Floats) -> Floats:
    hits, alarms = _ranked_counts(rows, weights)
    n_hits, n_alarms = hits.sum(1), alarms.sum(1)
    below = n_alarms[:, None] - np.cumsum(alarms, axis=1)
    return _ratio((hits * (below + alarms / 2)).sum(1), n_hits * n_alarms)


def _resampled_average_precision(rows: Rows, weights: Floats) -> Floats:
    hits, alarms = _ranked_counts(rows, weights)
    found, flagged = np.cumsum(hits, axis=1), np.cumsum(hits + alarms, axis=1)
    precision = np.divide(found, flagged, out=np.zeros_like(found), where=flagged > 0)
    return _ratio((hits * precision).sum(1), hits.sum(1))


def _resampled_eer(rows: Rows, weights: Floats) -> Floats:
    hits, alarms = _ranked_counts(rows, weights)
    start = np.zeros((len(weights), 1))
    with np.errstate(invalid="ignore"):
        rates = [np.cumsum(counts, axis=1) / counts.sum(1, keepdims=True) for counts in (alarms, hits)]
    return equal_error_rate(np.hstack([start, rates[0]]), 1 - np.hstack([start, rates[1]]))


def _resampled_cllr_min(rows: Rows, weights: Floats) -> Floats:
    """Cllr after the best monotone recalibration (pool adjacent violators)."""
    hits, alarms = _ranked_counts(rows, weights)
    hits, alarms = (
        _ratio(hits, hits.sum(1)[:, None] + 0 * hits),
        _ratio(alarms, alarms.sum(1)[:, None] + 0 * alarms),
    )
    return np.asarray([_pooled_cost(hits[b], alarms[b]) for b in range(len(weights))])


def _pooled_cost(hits: Floats, alarms: Floats) -> float:
    """Mean cost in bits after pooling; ``hits`` and ``alarms`` each sum to 1, highest score first."""
    total = hits + alarms
    if not np.isfinite(total).all():
        return float("nan")
    used = total > 0
    # What scikit-learn's own isotonic regression calls, without its checks: those cost ten times the work.
    pooled = isotonic_regression(hits[used] / total[used], weights=total[used], increasing=False).x
    pooled = np.clip(pooled, _EPSILON, 1 - _EPSILON)
    return float(-(hits[used] @ np.log2(pooled) + alarms[used] @ np.log2(1 - pooled)) / 2)


def _resampled_mean(cost: Callable[[Rows], Floats]) -> Callable[[Rows, Floats], Floats]:
    return lambda rows, weights: np.asarray(weights @ cost(rows) / weights.sum(1))


def _log_cost(rows: Rows) -> Floats:
    return -np.log(np.where(rows.manipulated, rows.clipped, 1 - rows.clipped))


def _square_cost(rows: Rows) -> Floats:
    return np.asarray((rows.fakeness - rows.manipulated) ** 2)


def _resampled_cllr(rows: Rows, weights: Floats) -> Floats:
    bits = _log_cost(rows) / np.log(2)
    sides = [
        _ratio((weights * side) @ bits, weights @ side)
        for side in (1.0 * rows.manipulated, 1.0 * ~rows.manipulated)
    ]
    return np.asarray((sides[0] + sides[1]) / 2)


def _resampled_ece(rows: Rows, weights: Floats) -> Floats:
    gap = rows.manipulated - rows.fakeness
    by_bin = np.zeros((rows.n, int(rows.bins.max()) + 1))
    by_bin[np.arange(rows.n), rows.bins] = gap
    return np.asarray(np.abs(weights @ by_bin).sum(1) / weights.sum(1))


def _resampled_share(
    upper: Callable[[Rows], Bools], lower: Callable[[Rows], Bools]
) -> Callable[[Rows, Floats], Floats]:
    """The weight of ``upper`` rows among ``lower`` rows."""
    return lambda rows, weights: _ratio(
        weights @ (1.0 * (upper(rows) & lower(rows))), weights @ (1.0 * lower(rows))
    )


def _resampled_f1(rows: Rows, weights: Floats) -> Floats:
    both = weights @ (1.0 * (_flags(rows) & rows.manipulated))
    return _ratio(2 * both, weights @ (1.0 * _flags(rows) + rows.manipulated))


MEASURES: tuple[Measure, ...] = (
    Measure(
        "auc", lambda rows: sk.roc_auc_score(rows.manipulated, rows.fakeness), _resampled_auc, "both", True
    ),
    Measure(
        "average_precision",
        lambda rows: sk.average_precision_score(rows.manipulated, rows.fakeness),
        _resampled_average_precision,
        "both",
        True,
    ),
    Measure("eer", _eer, _resampled_eer, "both", False),
    Measure(
        "accuracy",
        lambda rows: sk.accuracy_score(rows.manipulated, _flags(rows)),
        _resampled_mean(lambda rows: 1.0 * (_flags(rows) == rows.manipulated)),
        "flags",
        True,
    ),
    Measure(
        "precision",
        lambda rows: sk.precision_score(rows.manipulated, _flags(rows), zero_division=0),
        _resampled_share(lambda rows: rows.manipulated, _flags),
        "flags",
        True,
    ),
    Measure(
        "recall",
        lambda rows: sk.recall_score(rows.manipulated, _flags(rows)),
        _resampled_share(_flags, lambda rows: rows.manipulated),
        "flags, manipulated",
        True,
    ),
    Measure(
        "f1",
        lambda rows: sk.f1_score(rows.manipulated, _flags(rows), zero_division=0),
        _resampled_f1,
        "flags",
        True,
    ),
    Measure(
        "false_positive_rate",
        lambda rows: float(_flags(rows)[~rows.manipulated].mean()),
        _resampled_share(_flags, lambda rows: ~rows.manipulated),
        "flags, pristine",
        False,
    ),
    Measure(
        "log_loss",
        lambda rows: sk.log_loss(rows.manipulated, rows.clipped),
        _resampled_mean(_log_cost),
        "both",
        False,
    ),
    Measure(
        "brier",
        lambda rows: sk.brier_score_loss(rows.manipulated, rows.fakeness),
        _resampled_mean(_square_cost),
        "both",
        False,
    ),
    Measure("ece", _ece, _resampled_ece, "both", False),
    Measure("cllr", lambda rows: cllr(rows.clipped, rows.manipulated), _resampled_cllr, "both", False),
    Measure("cllr_min", _cllr_min, _resampled_cllr_min, "both", False),
)

HIGHER_IS_BETTER: dict[str, bool] = {one.name: one.higher_is_better for one in MEASURES}
