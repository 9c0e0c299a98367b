"""Fits the calibration that a model card stores, from validation rows only.

Plain arrays in, records out, so that training's export and ``forensics calibrate`` share it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from forensics.errors import SettingsError
from forensics.evaluation.labels import Label
from forensics.evaluation.resampling import Bools, Floats, group_indices
from forensics.evaluation.validation_rows import checked
from forensics.records.model_card import Calibration
from forensics.records.scan_result import ScanResult

PLATT, TEMPERATURE, ISOTONIC = "platt", "temperature", "isotonic"
_N_FOLDS = 5
# Nats per row by which isotonic regression, with its dozens of knots, has to beat a line to be chosen.
_CLEARLY_BETTER = 0.01
# Cards are read by people.
_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class CalibrationFit:
    """A fitted calibration and how the candidates compared.

    Attributes:
        chosen: ``platt``, ``temperature`` or ``isotonic``.
        log_losses: candidate to its log loss in nats on rows of other groups than it was fitted on, both
            classes weighing the same; always guessing 0.5 costs 0.693.
    """

    calibration: Calibration
    chosen: str
    log_losses: dict[str, float]


def fit_calibration(
    logits: Sequence[float] | Floats, manipulated: Sequence[bool] | Bools, groups: Sequence[str], *, data: str
) -> CalibrationFit:
    """Fits Platt scaling, temperature scaling (no intercept) and isotonic regression; keeps the best.

    Both classes weigh the same whatever their number, so that score 0.5 means that a score speaks for
    neither. The lowest log loss, cross-validated by group, wins; isotonic regression only by a clear margin.

    Args:
        logits: float[n] mean of each subject (best one row per file: its highest, as the policy judges).
        manipulated: bool[n].
        groups: n names.
        data: what the rows are, in words, for the card.

    Raises:
        SettingsError: too few rows or groups, one class only, or scores that run the wrong way.
    """
    logits, truth = checked(logits, manipulated, groups)
    log_losses = _held_out_losses(logits, truth, groups)
    line = min((PLATT, TEMPERATURE), key=log_losses.__getitem__)
    slope, intercept = _fit_line(logits, truth, with_intercept=line == PLATT)
    if slope <= 0:
        raise SettingsError(
            f"The scores do not rise with manipulation (slope {slope:.3g} on {logits.size} rows)",
            "Check that the labels are the right way round and that this is the model you meant; "
            "a net that is new needs more training.",
        )
    bent = log_losses[line] - log_losses[ISOTONIC] > _CLEARLY_BETTER
    chosen = ISOTONIC if bent else line
    calibration = Calibration(
        slope,
        intercept,
        float(logits.min()),
        float(logits.max()),
        f"{data}; {chosen}, classes weighed alike",
        logits.size,
        _fit_knots(logits, truth) if bent else (),
    )
    return CalibrationFit(calibration, chosen, log_losses)


def file_logits(
    results: Iterable[ScanResult], labels: Mapping[str, Label], detector: str
) -> tuple[Floats, Bools, list[str], list[str]]:
    """Mean logits for the fits: one row per labelled file, its highest subject, as the policy judges.

    Returns:
        float64[n] logits, bool[n] manipulated, n groups, n origins (the labels' column ``origin``, empty
        without one); without files that the detector abstained from.
    """
    rows = []
    for result in results:
        label = labels.get(result.media.key)
        of_file = [
            b.logit for b in result.verdict.basis if b.detector == detector and b.in_domain and not b.brief
        ]
        if label is not None and of_file:
            rows.append((max(of_file), label.manipulated, label.group, label.facts.get("origin", "")))
    logits = np.asarray([row[0] for row in rows], dtype=np.float64)
    truth = np.asarray([row[1] for row in rows], dtype=np.bool_)
    return logits, truth, [row[2] for row in rows], [row[3] for row in rows]


def calibrated(logits: Sequence[float] | Floats, calibration: Calibration) -> Floats:
    """float64[n] manipulation score of mean logits, held at the edges of what the fit has seen."""
    return np.asarray([calibration.manipulation_score(float(logit)) for logit in logits], dtype=np.float64)


def _balanced(truth: Bools) -> Floats:
    """float64[n] weights under which both classes weigh the same; they sum to n."""
    return np.asarray(np.where(truth, truth.size / 2 / truth.sum(), truth.size / 2 / (~truth).sum()))


def _fit_line(logits: Floats, truth: Bools, *, with_intercept: bool) -> tuple[float, float]:
    """Slope and intercept of a logistic regression on Platt's softened targets.

    Targets (n + 1) / (n + 2) and 1 / (n + 2) instead of 1 and 0 (Platt 1999) keep the slope finite where the
    classes do not overlap: each row stands once with either label, weighted by its target.
    """
    # Centred and scaled: a net that has learned little gives scores whose mean is many times their spread.
    centre, scale = float(logits.mean()) if with_intercept else 0.0, float(logits.std())
    if scale == 0:
        raise SettingsError("All scores are the same", "Check the model: it does not react to its input.")
    n_manipulated, n_pristine = float(truth.sum()), float((~truth).sum())
    target = np.where(truth, (n_manipulated + 1) / (n_manipulated + 2), 1 / (n_pristine + 2))
    weights = _balanced(truth)
    model = LogisticRegression(
        C=np.inf, solver="newton-cholesky", fit_intercept=with_intercept, tol=1e-8, max_iter=1000
    )
    model.fit(
        (np.concatenate([logits, logits])[:, None] - centre) / scale,
        np.concatenate([np.ones(logits.size), np.zeros(logits.size)]),
        sample_weight=np.concatenate([weights * target, weights * (1 - target)]),
    )
    slope = float(model.coef_[0, 0]) / scale
    return slope, float(model.intercept_[0]) - slope * centre if with_intercept else 0.0


def _fit_knots(logits: Floats, truth: Bools) -> tuple[tuple[float, float], ...]:
    """Isotonic regression as (logit, score): each pool of rows at its middle, straight between them.

    Its first and last pool may hold one class only; they stop short of certainty by one row in n + 2.
    """
    edge = 1 / (truth.size + 2)
    steps = IsotonicRegression(y_min=edge, y_max=1 - edge)
    order = np.argsort(logits, kind="stable")
    values = steps.fit_transform(logits[order], truth[order], sample_weight=_balanced(truth)[order])
    pools = np.split(logits[order], np.flatnonzero(np.diff(values) > 0) + 1)
    middles = [round(float(pool.mean()), _DECIMALS) for pool in pools]
    heights = [round(float(value), _DECIMALS) for value in np.unique(values)]
    knots: list[tuple[float, float]] = []
    for knot in zip(middles, heights, strict=True):
        # Pools closer than the rounding step are one.
        if not knots or knot[0] > knots[-1][0]:
            knots.append(knot)
    return tuple(knots)


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
        x, y = np.asarray(_fit_knots(logits, truth)).T
        return np.asarray(np.interp(asked, x, y))
    slope, intercept = _fit_line(logits, truth, with_intercept=name == PLATT)
    edge = float(np.finfo(np.float64).eps)
    return np.asarray(np.clip(expit(slope * asked + intercept), edge, 1 - edge))
