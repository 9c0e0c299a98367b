"""Figures as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forensics.cli.wording import escaped
from forensics.numerals import figure_text
from forensics.records.labelled_figures import Confusion, Figure, LabelledFigures

_OF_PARTS = ("auc", "recall", "false_positive_rate")


def table(figures: Sequence[LabelledFigures]) -> Iterator[str]:
    """The figures as lines of text: whole scopes in full, their parts on a line each."""
    whole = [one for one in figures if not one.part]
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


def _support(counted: Confusion) -> Iterator[str]:
    width = max(map(len, counted.manipulated), default=0)
    yield f"  {'support':<{width}}  manipulated  pristine"
    for words, n in counted.manipulated.items():
        yield f"  {words:<{width}}  {n:>11}  {counted.pristine[words]:>8}"
