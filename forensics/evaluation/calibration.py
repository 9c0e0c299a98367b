"""Fits what a model card stores: calibration, thresholds and domain, from validation rows only.

Plain arrays in, records out, so that training's export and ``forensics calibrate`` share it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from forensics.errors import SettingsError
from forensics.evaluation.labels import Label
from forensics.evaluation.resampling import MIN_GROUPS, Bools, Floats, group_indices
from forensics.records.model_card import Calibration, Domain, Thresholds
from forensics.records.scan import ScanResult

PLATT, TEMPERATURE, ISOTONIC = "platt", "temperature", "isotonic"
MIN_ROWS_PER_CLASS = 20
MAX_FALSE_POSITIVE_RATE = 0.02
MAX_MISS_RATE = 0.05
_N_FOLDS = 5
_MIN_DOMAIN_ROWS = 20
# Nats per row by which isotonic regression has to win before the comparison says so.
_CLEARLY_BETTER = 0.01
# Cards are read by people: thresholds are stored to six decimals.
_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class CalibrationFit:
    """A fitted calibration and how the candidates compared.

    Attributes:
        chosen: ``platt`` or ``temperature``.
        log_losses: candidate to its log loss in nats on rows of other groups than it was fitted on, both
            classes weighing the same; always guessing 0.5 costs 0.693.
    """

    calibration: Calibration
    chosen: str
    log_losses: dict[str, float]
    notes: tuple[str, ...] = ()


def fit_calibration(
    raw: Sequence[float] | Floats, manipulated: Sequence[bool] | Bools, groups: Sequence[str], *, data: str
) -> CalibrationFit:
    """Fits Platt scaling, temperature scaling (no intercept) and isotonic regression; keeps one of the two.

    Both classes weigh the same whatever their number, so that fakeness 0.5 means that a score speaks for
    neither. The lower log loss, cross-validated by group, wins; isotonic regression is reported only: as a
    step function it would state certainty at its ends, and a card stores a slope and an intercept.

    Args:
        raw: float[n] mean logit of each subject (best one row per file: its highest, as the policy judges).
        manipulated: bool[n].
        groups: n names.
        data: what the rows are, in words, for the card.

    Raises:
        SettingsError: too few rows or groups, one class only, or scores that run the wrong way.
    """
    logits, truth = _checked(raw, manipulated, groups)
    log_losses = _held_out_losses(logits, truth, groups)
    chosen = PLATT if log_losses[PLATT] < log_losses[TEMPERATURE] else TEMPERATURE
    slope, intercept = _fit_line(logits, truth, with_intercept=chosen == PLATT)
    if slope <= 0:
        raise SettingsError(
            f"The scores do not rise with manipulation (slope {slope:.3g} on {logits.size} rows)",
            "Check that the labels are the right way round, and that this is the model you meant.",
        )
    notes = []
    if log_losses[chosen] - log_losses[ISOTONIC] > _CLEARLY_BETTER:
        notes.append(
            f"Isotonic regression would have a lower log loss ({log_losses[ISOTONIC]:.3f} against "
            f"{log_losses[chosen]:.3f}): the scores are not logistic. A card cannot hold it."
        )
    calibration = Calibration(
        slope,
        intercept,
        float(logits.min()),
        float(logits.max()),
        f"{data}; {chosen}, classes weighed alike",
        logits.size,
    )
    return CalibrationFit(calibration, chosen, log_losses, tuple(notes))


def fit_thresholds(
    fakeness: Sequence[float] | Floats,
    manipulated: Sequence[bool] | Bools,
    groups: Sequence[str],
    *,
    max_false_positive_rate: float = MAX_FALSE_POSITIVE_RATE,
    max_miss_rate: float = MAX_MISS_RATE,
) -> Thresholds:
    """Bounds for "signs" and "no signs" from validation rows.

    ``signs`` lies just above the k-th lowest pristine row, k = ceil((1 - rate) (n + 1)): for a further row
    of the same kind the chance of a false positive is then at most ``rate`` (the order statistic of split
    conformal prediction, Vovk et al. 2005; a little stricter than the rate counted on the rows themselves).
    It is at least 0.5: a score that speaks against manipulation is no sign of it. ``no_signs`` is the
    highest bound with at most ``max_miss_rate`` of the manipulated rows at or below it, at most 0.5 and
    below ``signs``.

    Args:
        fakeness: float[n] calibrated, one row per file as the policy judges it.
        manipulated: bool[n].
        groups: n names, for the rule's count.
        max_false_positive_rate: the share of pristine rows that may be called manipulated.
        max_miss_rate: the share of manipulated rows that may be called free of signs.

    Raises:
        SettingsError: too few rows, one class only, or no bound keeps the rate.
    """
    scores, truth = _checked(fakeness, manipulated, groups)
    pristine, fakes = np.sort(scores[~truth]), np.sort(scores[truth])
    place = math.ceil((1 - max_false_positive_rate) * (pristine.size + 1))
    signs = max(0.5, _just_above(float(pristine[min(place, pristine.size) - 1])))
    if signs > 1:
        raise SettingsError(
            f"No threshold keeps false positives at {max_false_positive_rate:.0%}: pristine rows reach 1",
            "Calibrate first, or train on data more like these.",
        )
    n_false = int((pristine >= signs).sum())
    n_missed_at_most = math.floor(max_miss_rate * fakes.size)
    no_signs = min(0.5, _just_below(float(fakes[min(n_missed_at_most, fakes.size - 1)])), _just_below(signs))
    n_groups = len({group for group, fake in zip(groups, truth, strict=True) if not fake})
    n_missed = int((fakes <= no_signs).sum())
    rule = (
        f"signs: false positives at most {max_false_positive_rate:.0%}, {n_false} of {pristine.size} "
        f"pristine rows ({n_groups} groups) at or above; no signs: misses at most {max_miss_rate:.0%}, "
        f"{n_missed} of {fakes.size} manipulated rows at or below"
    )
    if place > pristine.size:
        needed = math.ceil(1 / max_false_positive_rate) - 1
        rule += (
            f"; {pristine.size} pristine rows are too few to show that rate ({needed} would be the fewest)"
        )
    return Thresholds(signs, max(0.0, no_signs), rule)


def fit_domain(properties: Mapping[str, Sequence[float] | Floats]) -> Domain:
    """The 1st to 99th percentile of each measured property; those with fewer than 20 values are left out."""
    ranges = {}
    for name, values in properties.items():
        measured = np.asarray(values, dtype=np.float64)
        measured = measured[np.isfinite(measured)]
        if measured.size >= _MIN_DOMAIN_ROWS:
            lowest, highest = np.percentile(measured, [1, 99])
            ranges[name] = (float(lowest), float(highest))
    return Domain(ranges)


def file_logits(
    results: Iterable[ScanResult], labels: Mapping[str, Label], detector: str
) -> tuple[Floats, Bools, list[str]]:
    """Raw mean logits for the fits: one row per labelled file, its highest subject, as the policy judges.

    Returns:
        float64[n] raw, bool[n] manipulated, n groups; without files that the detector abstained from.
    """
    rows = []
    for result in results:
        label = labels.get(result.media.path)
        raws = [basis.raw for basis in result.verdict.basis if basis.detector == detector]
        if label is not None and raws:
            rows.append((max(raws), label.manipulated, label.group))
    raw = np.asarray([row[0] for row in rows], dtype=np.float64)
    return raw, np.asarray([row[1] for row in rows], dtype=np.bool_), [row[2] for row in rows]


def calibrated(raw: Sequence[float] | Floats, calibration: Calibration) -> Floats:
    """float64[n] fakeness of mean logits, held at the edges of what the fit has seen."""
    return np.asarray([calibration.fakeness(float(logit)) for logit in raw], dtype=np.float64)


def _checked(
    scores: Sequence[float] | Floats, manipulated: Sequence[bool] | Bools, groups: Sequence[str]
) -> tuple[Floats, Bools]:
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


def _balanced(truth: Bools) -> Floats:
    """float64[n] weights under which both classes weigh the same; they sum to n."""
    return np.asarray(np.where(truth, truth.size / 2 / truth.sum(), truth.size / 2 / (~truth).sum()))


def _fit_line(logits: Floats, truth: Bools, *, with_intercept: bool) -> tuple[float, float]:
    """Slope and intercept of a logistic regression on Platt's softened targets.

    Targets (n + 1) / (n + 2) and 1 / (n + 2) instead of 1 and 0 (Platt 1999) keep the slope finite where the
    classes do not overlap: each row stands once with either label, weighted by its target.
    """
    scale = float(logits.std())
    if scale == 0:
        raise SettingsError("All scores are the same", "Check the model: it does not react to its input.")
    n_manipulated, n_pristine = float(truth.sum()), float((~truth).sum())
    target = np.where(truth, (n_manipulated + 1) / (n_manipulated + 2), 1 / (n_pristine + 2))
    weights = _balanced(truth)
    model = LogisticRegression(
        C=np.inf, solver="newton-cholesky", fit_intercept=with_intercept, tol=1e-8, max_iter=1000
    )
    model.fit(
        np.concatenate([logits, logits])[:, None] / scale,
        np.concatenate([np.ones(logits.size), np.zeros(logits.size)]),
        sample_weight=np.concatenate([weights * target, weights * (1 - target)]),
    )
    return float(model.coef_[0, 0]) / scale, float(model.intercept_[0]) if with_intercept else 0.0


def _held_out_losses(logits: Floats, truth: Bools, groups: Sequence[str]) -> dict[str, float]:
    """Log loss in nats of every candidate on rows of other groups than it was fitted on."""
    group_index = group_indices(groups)
    folds = StratifiedGroupKFold(min(_N_FOLDS, int(group_index.max()) + 1), shuffle=True, random_state=0)
    predicted = {name: np.empty_like(logits) for name in (PLATT, TEMPERATURE, ISOTONIC)}
    for fitted, held_out in folds.split(logits[:, None], truth, group_index):
        if truth[fitted].all() or not truth[fitted].any():
            raise SettingsError(
                "One group holds nearly all rows of a class",
                "Add files of other people or sources of that class.",
            )
        for name, values in predicted.items():
            values[held_out] = _predict(name, logits[fitted], truth[fitted], logits[held_out])
    weights = _balanced(truth)
    return {
        name: float(-(weights * np.log(np.where(truth, values, 1 - values))).mean())
        for name, values in predicted.items()
    }


def _predict(name: str, logits: Floats, truth: Bools, asked: Floats) -> Floats:
    if name == ISOTONIC:
        # Its ends are 0 and 1; a row that contradicts them must cost much, not infinity.
        edge = 1 / (truth.size + 2)
        steps = IsotonicRegression(y_min=edge, y_max=1 - edge, out_of_bounds="clip")
        steps.fit(logits, truth.astype(np.float64), sample_weight=_balanced(truth))
        return np.asarray(steps.predict(asked), dtype=np.float64)
    slope, intercept = _fit_line(logits, truth, with_intercept=name == PLATT)
    edge = float(np.finfo(np.float64).eps)
    return np.asarray(np.clip(expit(slope * asked + intercept), edge, 1 - edge))


def _just_above(value: float) -> float:
    bound = round(value, _DECIMALS)
    return bound if bound > value else round(bound + 10.0**-_DECIMALS, _DECIMALS)


def _just_below(value: float) -> float:
    bound = round(value, _DECIMALS)
    return bound if bound < value else round(bound - 10.0**-_DECIMALS, _DECIMALS)
