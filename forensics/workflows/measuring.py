"""What ``evaluate`` makes of a scan of labelled files: figures and cards."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from forensics import catalog
from forensics.errors import SettingsError
from forensics.evaluation.cards import as_metrics, with_metrics
from forensics.records.labelled_figures import LabelledFigures
from forensics.workflows.drawing import labelled_figures
from forensics.workflows.evaluating import Measured

# What does not change the figures is no part of the command that repeats them.
_FLAGS_LEFT_OUT = ("--write-card", "--audit", "--lr", "--debug")
_OPTIONS_LEFT_OUT = ("--report", "--case", "--junit", "--workers", "--compare")


def figures_of(measured: Measured, *, ratios: bool) -> tuple[LabelledFigures, ...]:
    """Figures of every scope; with ``ratios``, those of likelihood ratios as a report states them."""
    return labelled_figures(measured.results, measured.known, measured.cards, ratios=ratios)


def write_figures(
    measured: Measured, figures: Sequence[LabelledFigures], data_set: str, command: Sequence[str]
) -> Iterator[Path]:
    """Puts the figures into the cards of the models that scored.

    Args:
        data_set: replaces what the cards held on a data set of this name.
        command: the command line that measures the same again.

    Yields:
        The cards that were written.
    """
    for model in measured.models:
        if model.folder is None:
            raise SettingsError(
                f"{model.card.id} has no card to write to: it was put together on the command line",
                "Give it one: forensics models combine",
            )
        again = shlex.join(repeatable(command))
        metrics = as_metrics(figures, data_set, again, detector=model.card.task)
        yield catalog.write_card(with_metrics(model.card, metrics), model.folder)


def repeatable(command: Sequence[str]) -> list[str]:
    """The command without what writes files or changes no figure: what a reader of a card types."""
    kept = []
    words = iter(command)
    for word in words:
        if word in _OPTIONS_LEFT_OUT:
            next(words, None)
        elif word not in _FLAGS_LEFT_OUT and word.split("=", 1)[0] not in _OPTIONS_LEFT_OUT:
            kept.append(word)
    return kept
