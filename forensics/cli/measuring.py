"""What ``evaluate`` makes of a scan of labelled files: figures, tables and cards."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from forensics import catalog
from forensics.cli.drawing import labelled_figures
from forensics.cli.evaluating import Measured
from forensics.cli.wording import escaped
from forensics.evaluation.cards import as_metrics, with_metrics
from forensics.evaluation.compare import COMPARISON
from forensics.evaluation.protocol import RATIOS
from forensics.records.figures import Confusion, LabelledFigures

_ENTIRE = ("auc", "average_precision", "eer", "recall", "false_positive_rate", "cllr", "ece")
# What does not change the figures is no part of the command that repeats them.
_FLAGS_LEFT_OUT = ("--write-card", "--audit", "--lr", "--debug")
_OPTIONS_LEFT_OUT = ("--report", "--case", "--junit", "--workers", "--compare")


def figures_of(measured: Measured, *, ratios: bool) -> tuple[LabelledFigures, ...]:
    """Figures of every scope; with ``ratios``, those of likelihood ratios as a report states them."""
    return labelled_figures(measured.results, measured.known, measured.cards, ratios=ratios)


def table(figures: Sequence[LabelledFigures]) -> Iterator[str]:
    """The figures as lines of text, the whole scopes in full and their parts by AUC."""
    for one in figures:
        yield ""
        yield (
            f"{escaped(one.scope)}: {one.n_manipulated} manipulated, {one.n_pristine} pristine, "
            f"{one.n_abstained} abstained"
        )
        all_of_it = one.scope.startswith(COMPARISON) or one.scope.endswith(RATIOS)
        known = [figure for figure in one.figures if all_of_it or figure.name in _ENTIRE]
        for figure in known:
            interval = ""
            if figure.lower is not None and figure.upper is not None:
                interval = f"  ({figure.lower:.3f} to {figure.upper:.3f})"
            yield f"  {figure.name:<20} {figure.value:.3f}{interval}  n = {figure.n}"
        if one.support is not None:
            yield from _support(one.support)
            yield from (f"  {n} {escaped(words)}" for words, n in one.subsets.items())
        yield from (f"  {escaped(note)}" for note in one.notes)


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
        again = shlex.join(repeatable(command))
        metrics = as_metrics(figures, data_set, again, detector=model.card.task.value)
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


def _support(counted: Confusion) -> Iterator[str]:
    width = max(map(len, counted.manipulated), default=0)
    yield f"  {'support':<{width}}  manipulated  pristine"
    for words, n in counted.manipulated.items():
        yield f"  {words:<{width}}  {n:>11}  {counted.pristine[words]:>8}"
