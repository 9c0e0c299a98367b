"""Figures of merit with intervals: scikit-learn gives the values, weighted counts give the resamples.

``manipulation_score`` is read as the probability of manipulation when both classes are equally likely, so
that score / (1 - score) is a likelihood ratio. Log loss, Brier score and ECE take the classes as they come;
Cllr (Brümmer and du Preez, Computer Speech and Language 20, 2006) weighs both classes alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression
from sklearn import metrics as sk

from forensics.evaluation.resampling import N_RESAMPLES, SEED, Bools, Floats, intervals
from forensics.evaluation.rows import EPSILON, Resample, Rows
from forensics.records.labelled_figures import Figure


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of merit.

    Attributes:
        value: of the rows as they are.
        resampled: float64[b] of b resamples; NaN where one has no value.
        needs: ``both`` classes; ``flags`` and both; ``flags, pristine`` or ``flags, manipulated`` and one.
        higher_is_better: which way is worse, for audits.
        among: for a share of rows, the rows that it is a share of.
    """

    name: str
    value: Callable[[Rows], float]
    resampled: Callable[[Resample], Floats]
    needs: str
    higher_is_better: bool
    among: Callable[[Rows], Bools] | None = None


def measure(
    rows: Rows, names: Sequence[str] | None = None, *, n_resamples: int = N_RESAMPLES, seed: int = SEED
) -> tuple[Figure, ...]:
    """Every figure that these rows allow, with its 95 % interval resampled by group.

    A figure that cannot be had (one class only, no operating threshold) is left out. An interval is widened
    to hold the value itself, which resampling overestimates for ``ece`` and underestimates for ``cllr_min``.
    A share of none or of all rows is the same in every resample; its interval is that of Clopper and Pearson,
    with groups for trials. Another figure that is the same in every resample, as the AUC of classes that
    do not overlap, has no interval: resampling cannot say how far more rows would move it.

    Args:
        rows: scored rows with labels.
        names: the figures wanted; None means all.
        n_resamples: for the intervals.
        seed: the same seed gives the same intervals.
    """
    wanted = [one for one in MEASURES if (names is None or one.name in names) and _possible(one, rows)]
    if not wanted:
        return ()

    def of_resamples(draws: Floats) -> list[Floats]:
        drawn = Resample(rows, draws)
        return [one.resampled(drawn) for one in wanted]

    spans = intervals(of_resamples, rows.n_groups, rows.n, n_resamples=n_resamples, seed=seed)
    figures = []
    for one, resampled in zip(wanted, spans or [None] * len(wanted), strict=True):
        value, span = float(one.value(rows)), resampled
        if span is not None and one.among is not None and value in {0.0, 1.0}:
            span = _none_or_all(value, len(set(rows.group_index[one.among(rows)].tolist())))
        lower, upper = (None, None) if span is None else (min(span[0], value), max(span[1], value))
        if lower == upper:
            lower = upper = None
        figures.append(Figure(one.name, value, rows.n, lower, upper))
    return tuple(figures)


def _none_or_all(share: float, n_trials: int) -> tuple[float, float]:
    """95 % interval of Clopper and Pearson (1934) for a share of exactly 0 or 1."""
    room = 1 - 0.025 ** (1 / n_trials)
    return (0.0, room) if share == 0 else (1 - room, 1.0)


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


def cllr(manipulation_score: Floats, manipulated: Bools) -> float:
    """Cost of likelihood ratios in bits: 0 is perfect, 1 is what "always LR 1" costs."""
    log_odds = np.log(manipulation_score) - np.log1p(-manipulation_score)
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


def _flags(rows: Rows) -> Bools:
    assert rows.flagged is not None
    return rows.flagged


def _ratio(upper: Floats, lower: Floats) -> Floats:
    return np.divide(upper, lower, out=np.full_like(upper, np.nan), where=lower > 0)


# --- values -----------------------------------------------------------------------------------------------


def _eer(rows: Rows) -> float:
    false_positive_rate, found, _ = sk.roc_curve(
        rows.manipulated, rows.manipulation_score, drop_intermediate=False
    )
    return float(equal_error_rate(false_positive_rate[None], 1 - found[None])[0])


def _ece(rows: Rows) -> float:
    return float(_resampled_ece(_as_they_are(rows))[0])


def _cllr_min(rows: Rows) -> float:
    return float(_resampled_cllr_min(_as_they_are(rows))[0])


# --- resamples --------------------------------------------------------------------------------------------


def _as_they_are(rows: Rows) -> Resample:
    return Resample(rows, np.ones((1, rows.n_groups)))


def _resampled_auc(drawn: Resample) -> Floats:
    hits, alarms = drawn.counts
    n_hits, n_alarms = hits.sum(1), alarms.sum(1)
    below = n_alarms[:, None] - np.cumsum(alarms, axis=1)
    return _ratio((hits * (below + alarms / 2)).sum(1), n_hits * n_alarms)


def _resampled_average_precision(drawn: Resample) -> Floats:
    hits, alarms = drawn.counts
    found, flagged = np.cumsum(hits, axis=1), np.cumsum(hits + alarms, axis=1)
    precision = np.divide(found, flagged, out=np.zeros_like(found), where=flagged > 0)
    return _ratio((hits * precision).sum(1), hits.sum(1))


def _resampled_eer(drawn: Resample) -> Floats:
    hits, alarms = (_shares(counts) for counts in drawn.counts)
    start = np.zeros((len(hits), 1))
    false_positive_rate = np.hstack([start, np.cumsum(alarms, axis=1)])
    return equal_error_rate(false_positive_rate, 1 - np.hstack([start, np.cumsum(hits, axis=1)]))


def _resampled_cllr_min(drawn: Resample) -> Floats:
    """Cllr after the best monotone recalibration (pool adjacent violators)."""
    hits, alarms = (_shares(counts) for counts in drawn.counts)
    return np.asarray([_pooled_cost(*pair) for pair in zip(hits, alarms, strict=True)])


def _shares(counts: Floats) -> Floats:
    """Each row divided by its sum; NaN where that is 0."""
    with np.errstate(invalid="ignore"):
        return np.asarray(counts / counts.sum(1, keepdims=True))


def _pooled_cost(hits: Floats, alarms: Floats) -> float:
    """Mean cost in bits after pooling; ``hits`` and ``alarms`` each sum to 1, highest score first."""
    total = hits + alarms
    if not np.isfinite(total).all():
        return float("nan")
    used = total > 0
    # What scikit-learn's own isotonic regression calls, without its checks: those cost ten times the work.
    pooled = isotonic_regression(hits[used] / total[used], weights=total[used], increasing=False).x
    pooled = np.clip(pooled, EPSILON, 1 - EPSILON)
    return float(-(hits[used] @ np.log2(pooled) + alarms[used] @ np.log2(1 - pooled)) / 2)


def _resampled_mean(cost: Callable[[Rows], Floats]) -> Callable[[Resample], Floats]:
    return lambda drawn: drawn.total(cost(drawn.rows)) / drawn.total(np.ones(drawn.rows.n))


def _log_cost(rows: Rows) -> Floats:
    return -np.log(np.where(rows.manipulated, rows.clipped, 1 - rows.clipped))


def _square_cost(rows: Rows) -> Floats:
    return np.asarray((rows.manipulation_score - rows.manipulated) ** 2)


def _resampled_cllr(drawn: Resample) -> Floats:
    bits, manipulated = _log_cost(drawn.rows) / np.log(2), drawn.rows.manipulated
    sides = [_ratio(drawn.total(bits * side), drawn.total(side)) for side in (manipulated, ~manipulated)]
    return np.asarray((sides[0] + sides[1]) / 2)


def _resampled_ece(drawn: Resample) -> Floats:
    rows = drawn.rows
    gap = rows.manipulated - rows.manipulation_score
    by_bin = [np.abs(drawn.total(gap * (rows.bins == one))) for one in np.unique(rows.bins)]
    return np.asarray(np.sum(by_bin, axis=0) / drawn.total(np.ones(rows.n)))


def _resampled_share(
    upper: Callable[[Rows], Bools], lower: Callable[[Rows], Bools]
) -> Callable[[Resample], Floats]:
    """The share of ``upper`` rows among ``lower`` rows."""
    return lambda drawn: _ratio(
        drawn.total(upper(drawn.rows) & lower(drawn.rows)), drawn.total(lower(drawn.rows))
    )


def _resampled_f1(drawn: Resample) -> Floats:
    flagged, manipulated = _flags(drawn.rows), drawn.rows.manipulated
    return _ratio(2 * drawn.total(flagged & manipulated), drawn.total(flagged) + drawn.total(manipulated))


MEASURES: tuple[Measure, ...] = (
    Measure(
        "auc",
        lambda rows: sk.roc_auc_score(rows.manipulated, rows.manipulation_score),
        _resampled_auc,
        "both",
        True,
    ),
    Measure(
        "average_precision",
        lambda rows: sk.average_precision_score(rows.manipulated, rows.manipulation_score),
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
        lambda rows: np.ones(rows.n, np.bool_),
    ),
    Measure(
        "precision",
        lambda rows: sk.precision_score(rows.manipulated, _flags(rows), zero_division=0),
        _resampled_share(lambda rows: rows.manipulated, _flags),
        "flags",
        True,
        _flags,
    ),
    Measure(
        "recall",
        lambda rows: sk.recall_score(rows.manipulated, _flags(rows)),
        _resampled_share(_flags, lambda rows: rows.manipulated),
        "flags, manipulated",
        True,
        lambda rows: rows.manipulated,
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
        lambda rows: ~rows.manipulated,
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
        lambda rows: sk.brier_score_loss(rows.manipulated, rows.manipulation_score),
        _resampled_mean(_square_cost),
        "both",
        False,
    ),
    Measure("ece", _ece, _resampled_ece, "both", False),
    Measure("cllr", lambda rows: cllr(rows.clipped, rows.manipulated), _resampled_cllr, "both", False),
    Measure("cllr_min", _cllr_min, _resampled_cllr_min, "both", False),
)

HIGHER_IS_BETTER: dict[str, bool] = {one.name: one.higher_is_better for one in MEASURES}
