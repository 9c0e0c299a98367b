"""Fits how the detectors' scores are added up to a file's, from validation rows alone.

A logistic regression with one weight for each detector, none below 0, on the log-odds of each detector's
highest subject. A weight is drawn gently towards 1, which is what independent, calibrated detectors would
have (naive Bayes): with few rows it stays near. A detector without anybody to judge counts as log-odds 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.model_selection import StratifiedGroupKFold

from forensics import fusions
from forensics.errors import SettingsError
from forensics.evaluation.labels import Label
from forensics.evaluation.resampling import Bools, Floats, group_indices
from forensics.evaluation.thresholds import earned_thresholds
from forensics.evaluation.validation_rows import MIN_ROWS_PER_CLASS, checked
from forensics.records.fusion_card import FusedModel, FusionCard
from forensics.records.model_card import ModelCard, Thresholds
from forensics.records.scan_result import ScanResult
from forensics.records.verdict import FusedTerm
from forensics.verdicts.fusion import fused, fused_terms

# One detector's word is never more than about 400 to 1: beyond that few validation rows bear a score out.
MOST_LOG_ODDS = 6.0
# Of the squared distance of a weight from 1, in nats per row.
_PULL = 0.01
_N_FOLDS = 5
_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class FusionFit:
    """A fitted fusion, and what it is worth.

    Attributes:
        held_out_loss: log loss in nats on rows of other groups than it was fitted on, classes weighed alike;
            always guessing 0.5 costs 0.693.
        alone: detector to the log loss of its own score on the same rows, 0.5 where it judged nobody.
    """

    card: FusionCard
    held_out_loss: float
    alone: dict[str, float]


def fit_fusion(
    results: Iterable[ScanResult],
    labels: Mapping[str, Label],
    models: Mapping[str, ModelCard],
    *,
    name: str,
    data: str,
) -> FusionFit:
    """Fits the weights and the thresholds of a fusion.

    Args:
        results: a scan of validation files, which none of the models was trained on.
        labels: by key.
        models: detector to the calibrated card of its model, for those that are to be added up.
        name: id of the fusion.
        data: what the files are, in words.

    Raises:
        SettingsError: fewer than two detectors, or too few rows for one of them or for all.
    """
    if len(models) < 2:
        raise SettingsError(
            "A fusion needs two detectors that decide", "Give both, for example --detectors face,voice."
        )
    fitted_on = [FusedModel(task, card.id, fusions.calibration_sha256(card)) for task, card in models.items()]
    card = FusionCard(
        id=name,
        version="1",
        weights=dict.fromkeys(models, 1.0),
        intercept=0.0,
        most_log_odds=MOST_LOG_ODDS,
        thresholds=Thresholds(1.0, 0.0, "not fitted"),
        models=tuple(fitted_on),
        data=f"{data}; logistic regression, weights of at least 0, classes weighed alike",
        n=0,
    )
    rows = _judged(results, labels, card)
    odds = _table([terms for terms, _ in rows], list(models))
    truth = np.asarray([label.manipulated for _, label in rows], np.bool_)
    groups = [label.group for _, label in rows]
    checked(odds.sum(axis=1), truth, groups)
    _check_each(odds, truth, list(models))
    weights, intercept = _fitted(odds, truth)
    card = replace(
        card,
        weights={task: round(w, _DECIMALS) for task, w in zip(models, weights.tolist(), strict=True)},
        intercept=round(intercept, _DECIMALS),
        n=truth.size,
    )
    manipulation_score = np.asarray([fused(_weighed(terms, card), card) for terms, _ in rows], np.float64)
    origins = [label.facts.get("origin", "") for _, label in rows]
    card = replace(card, thresholds=earned_thresholds(manipulation_score, truth, groups, origins))
    alone = {task: _loss(expit(odds[:, column]), truth) for column, task in enumerate(models)}
    return FusionFit(card, _held_out_loss(odds, truth, groups), alone)


def _judged(
    results: Iterable[ScanResult], labels: Mapping[str, Label], card: FusionCard
) -> list[tuple[tuple[FusedTerm, ...], Label]]:
    """The terms and the label of every labelled file in which a detector had somebody to judge."""
    found = [
        (fused_terms(result.verdict.basis, card), labels[result.media.key])
        for result in results
        if result.media.key in labels
    ]
    return [(terms, label) for terms, label in found if terms]


def _table(rows: Sequence[Sequence[FusedTerm]], detectors: Sequence[str]) -> Floats:
    """float64[n, d] log-odds, 0 where a detector judged nobody."""
    table = np.zeros((len(rows), len(detectors)))
    for row, terms in zip(table, rows, strict=True):
        for term in terms:
            row[detectors.index(term.detector)] = term.log_odds
    return table


def _weighed(terms: Iterable[FusedTerm], card: FusionCard) -> list[FusedTerm]:
    return [replace(term, weight=card.weights[term.detector]) for term in terms]


def _check_each(odds: Floats, truth: Bools, detectors: Sequence[str]) -> None:
    for column, detector in enumerate(detectors):
        judged = odds[:, column] != 0
        n_manipulated, n_pristine = int((judged & truth).sum()), int((judged & ~truth).sum())
        if min(n_manipulated, n_pristine) < MIN_ROWS_PER_CLASS:
            raise SettingsError(
                f"{detector} judged {n_manipulated} manipulated and {n_pristine} pristine files; a fusion "
                f"needs {MIN_ROWS_PER_CLASS} of each",
                "Add labelled validation files that it can judge, or leave it out of --detectors.",
            )


def _balanced(truth: Bools) -> Floats:
    """float64[n] weights under which both classes weigh the same; they sum to 1."""
    return np.asarray(np.where(truth, 0.5 / truth.sum(), 0.5 / (~truth).sum()))


def _fitted(odds: Floats, truth: Bools) -> tuple[Floats, float]:
    """float64[d] weights of at least 0, and the intercept."""
    shares, signs = _balanced(truth), np.where(truth, 1.0, -1.0)

    def cost(values: Floats) -> tuple[float, Floats]:
        margins = signs * (odds @ values[:-1] + values[-1])
        slopes = -shares * signs * expit(-margins)
        pull = values[:-1] - 1
        loss = float(shares @ np.logaddexp(0, -margins) + _PULL * pull @ pull)
        return loss, np.append(odds.T @ slopes + 2 * _PULL * pull, slopes.sum())

    start = np.append(np.ones(odds.shape[1]), 0.0)
    bounds = [(0.0, None)] * odds.shape[1] + [(None, None)]
    found = minimize(cost, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-12})
    return np.asarray(found.x[:-1], np.float64), float(found.x[-1])


def _loss(manipulation_score: Floats, truth: Bools) -> float:
    edge = float(np.finfo(np.float64).eps)
    right = np.clip(np.where(truth, manipulation_score, 1 - manipulation_score), edge, 1.0)
    return float(-(_balanced(truth) @ np.log(right)))


def _held_out_loss(odds: Floats, truth: Bools, groups: Sequence[str]) -> float:
    index = group_indices(groups)
    folds = StratifiedGroupKFold(min(_N_FOLDS, int(index.max()) + 1), shuffle=True, random_state=0)
    given = np.empty(truth.size)
    for fitted, held_out in folds.split(odds, truth, index):
        if truth[fitted].all() or not truth[fitted].any():
            raise SettingsError(
                "One group holds nearly all rows of a class",
                "Add files of other people or sources of that class.",
            )
        weights, intercept = _fitted(odds[fitted], truth[fitted])
        given[held_out] = expit(odds[held_out] @ weights + intercept)
    return _loss(given, truth)
