"""Figures as a model card holds them: written by ``evaluate``, never by hand."""

from __future__ import annotations

from collections.abc import Iterable

from forensics.evaluation.protocol import FILE_SCOPE
from forensics.records.figures import LabelledFigures
from forensics.records.model_card import Metric

_PART_FIGURES = ("auc", "recall", "false_positive_rate")


def as_metrics(
    figures: Iterable[LabelledFigures], data_set: str, command: str, *, detector: str | None = None
) -> tuple[Metric, ...]:
    """Metrics for a card, named ``scope: figure``, for example ``face tracks: auc``.

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
        )
        for one in figures
        if detector is None or detector_of(one.scope) == detector
        for figure in one.figures
        if "," not in one.scope or figure.name in _PART_FIGURES
    )


def metric_name(scope: str, figure: str) -> str:
    """The name under which a card holds one scope's figure."""
    return f"{scope}: {figure}"


def detector_of(scope: str) -> str | None:
    """The detector whose scope this is; None for the files' verdicts."""
    first = scope.split(",", 1)[0].split(" ", 1)[0]
    return None if first == FILE_SCOPE else first
