"""Two models, profiles or versions side by side on the same files."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr
from scipy.stats import rankdata

from forensics.errors import SettingsError
from forensics.evaluation.labels import Label
from forensics.evaluation.metrics import MEASURES
from forensics.evaluation.resampling import N_RESAMPLES, Bools, Floats, intervals
from forensics.evaluation.rows import Resample, Rows
from forensics.records.labelled_figures import Figure, LabelledFigures
from forensics.records.scan_result import ScanResult
from forensics.records.verdict import VerdictLabel

# Begins the name of the scope of a comparison.
COMPARISON = "comparison"
_NORMAL_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Difference:
    """A paired difference, first minus second.

    Attributes:
        lower, upper: 95 % interval; None where it cannot be had.
        p_value: two-sided, of no difference; None for resampled intervals.
    """

    value: float
    lower: float | None
    upper: float | None
    p_value: float | None = None


@dataclass(frozen=True, slots=True)
class Flip:
    """One file whose verdict differs."""

    path: str
    first: VerdictLabel
    second: VerdictLabel


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sets of results on the same files; first minus second everywhere.

    Attributes:
        n: files that both scored.
        n_manipulated, n_pristine: of these, where labels are known.
        n_only_first, n_only_second: files that only one of the two scored.
        auc_delong: difference of the AUCs by DeLong's method, which takes files as independent.
        auc_by_group: the same with the interval resampled by group.
        drift_mean, drift_p95, drift_max: of the absolute difference in manipulation score.
        flips: files whose verdict's label differs, by path.
    """

    first: str
    second: str
    n: int
    n_only_first: int
    n_only_second: int
    drift_mean: float
    drift_p95: float
    drift_max: float
    flips: tuple[Flip, ...]
    n_manipulated: int = 0
    n_pristine: int = 0
    auc_first: float | None = None
    auc_second: float | None = None
    auc_delong: Difference | None = None
    auc_by_group: Difference | None = None


def compare(
    first: Iterable[ScanResult],
    second: Iterable[ScanResult],
    labels: Mapping[str, Label] | None = None,
    *,
    names: tuple[str, str] = ("first", "second"),
    n_resamples: int = N_RESAMPLES,
) -> Comparison:
    """Compares the files' verdicts, matched by display path.

    Args:
        first: results of one model, profile or version.
        second: results of the other.
        labels: by display path; without them there is drift and no AUC. With them, only labelled files count.
        names: what to call the two.
        n_resamples: for the interval by group.

    Raises:
        SettingsError: no file was scored by both.
    """
    ours, theirs = ({r.media.key: r for r in results if _wanted(r, labels)} for results in (first, second))
    shared = sorted(ours.keys() & theirs.keys())
    pairs = [
        (path, one, other)
        for path in shared
        if (one := ours[path].verdict.manipulation_score) is not None
        and (other := theirs[path].verdict.manipulation_score) is not None
    ]
    if not pairs:
        raise SettingsError(
            f"No file was scored by both {names[0]} and {names[1]}",
            "Scan the same files with both, by the same paths.",
        )
    a, b = (np.asarray([pair[place] for pair in pairs], dtype=np.float64) for place in (1, 2))
    drift = np.abs(a - b)
    flips = tuple(
        Flip(path, ours[path].verdict.label, theirs[path].verdict.label)
        for path in shared
        if ours[path].verdict.label is not theirs[path].verdict.label
    )
    n_first, n_second = (
        sum(r.verdict.manipulation_score is not None for r in side.values()) for side in (ours, theirs)
    )
    comparison = Comparison(
        first=names[0],
        second=names[1],
        n=len(pairs),
        n_only_first=n_first - len(pairs),
        n_only_second=n_second - len(pairs),
        drift_mean=float(drift.mean()),
        drift_p95=float(np.percentile(drift, 95)),
        drift_max=float(drift.max()),
        flips=flips,
    )
    if labels is None:
        return comparison
    truth = [labels[path].manipulated for path, _, _ in pairs]
    groups = [labels[path].group for path, _, _ in pairs]
    return _with_aucs(comparison, Rows(a, truth, groups), Rows(b, truth, groups), n_resamples)


def _with_aucs(comparison: Comparison, first: Rows, second: Rows, n_resamples: int) -> Comparison:
    n_manipulated = int(first.manipulated.sum())
    comparison = replace(comparison, n_manipulated=n_manipulated, n_pristine=first.n - n_manipulated)
    if not first.has_both_classes:
        return comparison
    auc_first, auc_second = _AUC.value(first), _AUC.value(second)

    def of_resamples(draws: Floats) -> list[Floats]:
        ours, theirs = (_AUC.resampled(Resample(rows, draws)) for rows in (first, second))
        return [ours - theirs]

    spans = intervals(of_resamples, first.n_groups, first.n, n_resamples=n_resamples)
    span = None if spans is None else spans[0]
    return replace(
        comparison,
        auc_first=auc_first,
        auc_second=auc_second,
        auc_delong=delong_difference(first.manipulation_score, second.manipulation_score, first.manipulated),
        auc_by_group=Difference(auc_first - auc_second, *(span or (None, None))),
    )


def delong_difference(first: Floats, second: Floats, manipulated: Bools) -> Difference:
    """Difference of two AUCs on the same rows with DeLong's interval.

    DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988), by the ranks of Sun and Xu, IEEE Signal
    Processing Letters 21 (2014).

    Args:
        first: float64[n] scores.
        second: float64[n] scores of the same rows.
        manipulated: bool[n], both classes present.
    """
    (auc_a, hits_a, alarms_a), (auc_b, hits_b, alarms_b) = (
        _placements(s, manipulated) for s in (first, second)
    )
    value = auc_a - auc_b
    if min(hits_a.size, alarms_a.size) < 2:
        return Difference(value, None, None)
    variance = (
        np.var(hits_a - hits_b, ddof=1) / hits_a.size + np.var(alarms_a - alarms_b, ddof=1) / alarms_a.size
    )
    deviation = math.sqrt(float(variance))
    p_value = 1.0 if deviation == 0 else 2 * float(ndtr(-abs(value) / deviation))
    return Difference(value, value - _NORMAL_95 * deviation, value + _NORMAL_95 * deviation, p_value)


def as_figures(comparison: Comparison) -> LabelledFigures:
    """The comparison for a report: first minus second, with the group interval where there is one."""
    name = f"{COMPARISON} {comparison.first} minus {comparison.second}"
    n = comparison.n
    figures = [
        Figure("drift_mean", comparison.drift_mean, n),
        Figure("drift_p95", comparison.drift_p95, n),
        Figure("drift_max", comparison.drift_max, n),
        Figure("label_flips", float(len(comparison.flips)), n),
    ]
    notes = (
        [f"Only {comparison.first} scored {comparison.n_only_first} files"] if comparison.n_only_first else []
    )
    if comparison.n_only_second:
        notes.append(f"Only {comparison.second} scored {comparison.n_only_second} files")
    delong, by_group = comparison.auc_delong, comparison.auc_by_group
    if delong is not None and by_group is not None:
        span = by_group if by_group.lower is not None else delong
        figures.insert(0, Figure("auc_difference", by_group.value, n, span.lower, span.upper))
        notes.append(f"AUC {comparison.auc_first:.3f} against {comparison.auc_second:.3f}")
        if delong.lower is not None and delong.upper is not None:
            p_value = f", p = {delong.p_value:.3g}" if delong.p_value is not None else ""
            notes.append(f"DeLong, files as independent: {delong.lower:+.3f} to {delong.upper:+.3f}{p_value}")
    notes += [
        f"{flip.path}: {flip.first} became {flip.second}" for flip in comparison.flips[:_MAX_FLIPS_NAMED]
    ]
    if len(comparison.flips) > _MAX_FLIPS_NAMED:
        notes.append(f"and {len(comparison.flips) - _MAX_FLIPS_NAMED} more flips")
    return LabelledFigures(
        name,
        comparison.n_manipulated,
        comparison.n_pristine,
        comparison.n_only_first + comparison.n_only_second,
        tuple(figures),
        notes=tuple(notes),
    )


_AUC = next(one for one in MEASURES if one.name == "auc")
_MAX_FLIPS_NAMED = 20


def _wanted(result: ScanResult, labels: Mapping[str, Label] | None) -> bool:
    return labels is None or result.media.key in labels


def _placements(scores: Floats, manipulated: Bools) -> tuple[float, Floats, Floats]:
    """AUC, and for each row the share of the other class that it is ordered rightly against."""
    hits, alarms = scores[manipulated], scores[~manipulated]
    ranks = rankdata(np.concatenate([hits, alarms]))
    hit_share = (ranks[: hits.size] - rankdata(hits)) / alarms.size
    alarm_share = 1 - (ranks[hits.size :] - rankdata(alarms)) / hits.size
    return float(hit_share.mean()), hit_share, alarm_share
