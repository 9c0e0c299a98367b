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
from forensics.numerals import figure_text
from forensics.records.figures import Confusion, Figure, LabelledFigures

_OF_PARTS = ("auc", "recall", "false_positive_rate")
# What does not change the figures is no part of the command that repeats them.
_FLAGS_LEFT_OUT = ("--write-card", "--audit", "--lr", "--debug")
_OPTIONS_LEFT_OUT = ("--report", "--case", "--junit", "--workers", "--compare")


def figures_of(measured: Measured, *, ratios: bool) -> tuple[LabelledFigures, ...]:
    """Figures of every scope; with ``ratios``, those of likelihood ratios as a report states them."""
    return labelled_figures(measured.results, measured.known, measured.cards, ratios=ratios)


def table(figures: Sequence[LabelledFigures]) -> Iterator[str]:
    """The figures as lines of text: whole scopes in full, their parts on a line each."""
    whole = [one for one in figures if "," not in one.scope]
    for one in whole:
        yield ""
        yield f"{escaped(one.scope)}: {_counts(one)}"
        yield from (f"  {figure.name:<24} {_value(figure)}  n = {figure.n}" for figure in one.figures)
        if one.support is not None:
            yield from _support(one.support)
            yield from (f"  {n} {escaped(words)}" for words, n in one.subsets.items())
        yield from (f"  {escaped(note)}" for note in one.notes)
    if len(whole) < len(figures):
        yield ""
        yield "parts (AUC; recall and false alarms at the threshold for signs)"
    for one in figures:
        if one not in whole:
            known = {figure.name: _value(figure) for figure in one.figures}
            said = [f"{name} {known[name]}" for name in _OF_PARTS if name in known]
            yield f"  {escaped(one.scope)}: {_counts(one)}; {'; '.join(said) or 'no figures'}"


def _counts(one: LabelledFigures) -> str:
    return f"{one.n_manipulated} manipulated, {one.n_pristine} pristine, {one.n_abstained} abstained"


def _value(figure: Figure) -> str:
    return figure_text(figure.value, figure.lower, figure.upper)


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


def _support(counted: Confusion) -> Iterator[str]:
    width = max(map(len, counted.manipulated), default=0)
    yield f"  {'support':<{width}}  manipulated  pristine"
    for words, n in counted.manipulated.items():
        yield f"  {words:<{width}}  {n:>11}  {counted.pristine[words]:>8}"
