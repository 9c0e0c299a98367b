"""What ``evaluate`` and ``calibrate`` write into a model card; never written by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from forensics.errors import SettingsError
from forensics.evaluation.breakdowns import METHOD
from forensics.evaluation.calibration import CalibrationFit, calibrated, file_logits, fit_calibration
from forensics.evaluation.domain_bounds import measured_domain
from forensics.evaluation.labels import Label
from forensics.evaluation.left_out import left_out_alarms
from forensics.evaluation.likelihood_fit import fit_bounds
from forensics.evaluation.thresholds import earned_thresholds
from forensics.evaluation.windows import clips_of, fit_windows
from forensics.records.labelled_figures import LabelledFigures
from forensics.records.model_card import Metric, ModelCard
from forensics.records.scan_result import ScanResult

# Of the parts, a card holds the methods alone: the others are in the report of an evaluation.
_PART_FIGURES = ("auc", "recall")


def as_metrics(
    figures: Iterable[LabelledFigures], data_set: str, command: str, *, detector: str | None = None
) -> tuple[Metric, ...]:
    """Metrics for a card, named ``scope: figure``, for example ``face tracks: auc``.

    Of the stated likelihood ratios a card holds nothing: its Cllr is that of the scores themselves.

    Args:
        figures: as ``protocol.figures_for`` gives them.
        data_set: what was measured, in words, for example ``DFDC crops, test rows``.
        command: the command that prints the same figures.
        detector: only this detector's scopes, for its model's card; None takes all.
    """
    return tuple(
        Metric(
            metric_name(one.scope, figure.name),
            data_set,
            figure.n,
            figure.value,
            figure.lower,
            figure.upper,
            command,
            one.n_manipulated,
            one.n_pristine,
        )
        for one in figures
        if detector is None or one.detector == detector
        if not one.of_ratios
        for figure in one.figures
        if _belongs(one, figure.name)
    )


def with_metrics(card: ModelCard, metrics: Iterable[Metric]) -> ModelCard:
    """The card with these metrics in place of those that it had on the same data sets."""
    new = tuple(metrics)
    measured = {metric.data_set for metric in new}
    kept = tuple(metric for metric in card.metrics if metric.data_set not in measured)
    return replace(card, metrics=(*kept, *new))


def calibrated_card(
    card: ModelCard, results: Iterable[ScanResult], labels: Mapping[str, Label], *, data: str
) -> tuple[ModelCard, CalibrationFit]:
    """The card with calibration, thresholds, bounds of likelihood ratios and domain of these results.

    The card's metrics are dropped, since they were measured under its former calibration.

    Args:
        card: of the model that gave the scores.
        results: a scan of validation files, which the model was not trained on, under any calibration.
        labels: by display path.
        data: what the files are, in words.

    Raises:
        SettingsError: another model scored, or the rows do not allow a fit.
    """
    scanned = tuple(results)
    _check_model(card, scanned)
    logits, truth, groups, origins = file_logits(scanned, labels, card.task)
    fit = fit_calibration(logits, truth, groups, data=data)
    manipulation_score = calibrated(logits, fit.calibration)
    thresholds = earned_thresholds(manipulation_score, truth, groups, origins)
    fitted = replace(
        card,
        calibration=fit.calibration,
        thresholds=replace(thresholds, left_out=left_out_alarms(logits, truth, groups, origins)),
        likelihood=fit_bounds(manipulation_score, truth, data=data),
        domain=replace(card.domain, ranges=measured_domain(scanned, labels, card.task).ranges),
        windows=fit_windows(clips_of(scanned, labels, card.task), card.contract, data=data) or card.windows,
        metrics=(),
    )
    return fitted, fit


def card_with_domain(
    card: ModelCard, results: Iterable[ScanResult], labels: Mapping[str, Label]
) -> ModelCard:
    """The card with the domain of these results; ranges that they do not show stay as they were.

    Raises:
        SettingsError: another model scored, or there are too few files.
    """
    scanned = tuple(results)
    _check_model(card, scanned)
    measured = measured_domain(scanned, labels, card.task)
    if not measured.ranges:
        raise SettingsError(
            f"{len(scanned)} files are too few to measure the domain of {card.id}",
            "Add validation files: 20 with something to measure are the fewest.",
        )
    return replace(card, domain=replace(card.domain, ranges={**card.domain.ranges, **measured.ranges}))


def _check_model(card: ModelCard, results: Iterable[ScanResult]) -> None:
    models = {basis.model for one in results for basis in one.verdict.basis if basis.detector == card.task}
    if models - {card.id}:
        raise SettingsError(
            f"The scores come from {', '.join(sorted(models))}, not from {card.id}",
            f"Scan the validation files with --model {card.id}.",
        )


def _belongs(one: LabelledFigures, figure: str) -> bool:
    return not one.part or (one.part.startswith(f"{METHOD}=") and figure in _PART_FIGURES)


def metric_name(scope: str, figure: str) -> str:
    """The name under which a card holds one scope's figure."""
    return f"{scope}: {figure}"
