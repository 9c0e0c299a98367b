"""The likelihood ratios that a report states, against labels: Tippett curves, words and misleading ratios."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from forensics.evaluation.curves import tippett
from forensics.evaluation.labels import Label
from forensics.evaluation.metrics import measure
from forensics.evaluation.protocol import RATIOS
from forensics.evaluation.resampling import N_RESAMPLES
from forensics.evaluation.rows import Rows
from forensics.records.labelled_figures import Confusion, Figure, LabelledFigures
from forensics.records.model_card import ModelCard
from forensics.records.scan_result import ScanResult
from forensics.verdicts.likelihood import (
    ENFSI_SCALE,
    LikelihoodStatement,
    likelihood_of,
    ratio_text,
)

NEITHER = "support for neither"
NOT_STATED = "not stated"
_WORDS = (
    *(f"{words} for manipulated" for _, words in ENFSI_SCALE),
    NEITHER,
    *(f"{words} for not manipulated" for _, words in reversed(ENFSI_SCALE)),
    NOT_STATED,
)


@dataclass(frozen=True, slots=True)
class _Row:
    manipulated: bool
    group: str
    statement: LikelihoodStatement | None


def ratio_figures(
    results: Iterable[ScanResult],
    labels: Mapping[str, Label],
    cards: Iterable[ModelCard],
    *,
    n_resamples: int = N_RESAMPLES,
) -> tuple[LabelledFigures, ...]:
    """One scope for each model that scored: the ratios of each file's highest subject, as reports state them.

    The fusion of face and voice has none: bounds are known for each model alone.

    Args:
        results: of labelled files; others are not counted.
        labels: by display path.
        cards: of the models that scored.
        n_resamples: for the intervals.
    """
    labelled = [(result, labels[result.media.key]) for result in results if result.media.key in labels]
    return tuple(
        _figures(card, [_row(result, label, card) for result, label in labelled], n_resamples)
        for card in cards
    )


def support_words(statement: LikelihoodStatement) -> str:
    """What a statement supports, in a few words, for tables."""
    if statement.log10_ratio is None:
        return NOT_STATED
    if statement.support is None:
        return NEITHER
    return f"{statement.support} for {'' if statement.log10_ratio > 0 else 'not '}manipulated"


def _row(result: ScanResult, label: Label, card: ModelCard) -> _Row:
    bases = [basis for basis in result.verdict.basis if basis.model == card.id]
    if not bases:
        return _Row(label.manipulated, label.group, None)
    highest = max(bases, key=lambda basis: basis.manipulation_score)
    statement = likelihood_of(highest, card, result.properties_of(highest.detector, highest.subject))
    return _Row(label.manipulated, label.group, statement)


def _figures(card: ModelCard, rows: Sequence[_Row], n_resamples: int) -> LabelledFigures:
    stated = [(row, row.statement.log10_ratio) for row in rows if row.statement is not None]
    ratios = [(row, ratio) for row, ratio in stated if ratio is not None]
    scored = Rows(
        [1 / (1 + 10**-ratio) for _, ratio in ratios],
        [row.manipulated for row, _ in ratios],
        [row.group for row, _ in ratios],
        [ratio > 0 for _, ratio in ratios],
    )
    refused = Counter(
        row.statement.refusal
        for row in rows
        if row.statement is not None and row.statement.log10_ratio is None
    )
    n_without = len(rows) - len(stated)
    return LabelledFigures(
        scope=f"{card.task}{RATIOS}",
        detector=card.task,
        of_ratios=True,
        n_manipulated=int(scored.manipulated.sum()),
        n_pristine=int((~scored.manipulated).sum()),
        n_abstained=len(rows) - len(ratios),
        figures=_misleading(scored, n_resamples) if ratios else (),
        curves=tippett(scored) if scored.has_both_classes else (),
        support=_support(rows),
        notes=_notes(card),
        subsets={f"{NOT_STATED}, since {why}": n for why, n in refused.items()}
        | ({"nothing to score": n_without} if n_without else {}),
    )


def _misleading(rows: Rows, n_resamples: int) -> tuple[Figure, ...]:
    figures = []
    for one in measure(rows, ("cllr", "recall", "false_positive_rate"), n_resamples=n_resamples):
        if one.name == "cllr":
            figures.append(one)
        elif one.name == "false_positive_rate":
            figures.append(Figure("misleading_pristine", one.value, one.n, one.lower, one.upper))
        else:
            ends = [None if end is None else 1 - end for end in (one.upper, one.lower)]
            figures.append(Figure("misleading_manipulated", 1 - one.value, one.n, *ends))
    return tuple(figures)


def _support(rows: Sequence[_Row]) -> Confusion:
    counts = {True: Counter[str](), False: Counter[str]()}
    for row in rows:
        if row.statement is not None:
            counts[row.manipulated][support_words(row.statement)] += 1
    used = [words for words in _WORDS if counts[True][words] or counts[False][words]]
    return Confusion(*({words: counts[side][words] for words in used} for side in (True, False)))


def _notes(card: ModelCard) -> tuple[str, ...]:
    bounds = card.likelihood
    if bounds is None:
        return ()
    return (
        f"Ratios of {card.id} are held between {ratio_text(bounds.log10_lowest)} and "
        f"{ratio_text(bounds.log10_highest)}: {bounds.rule}.",
        "Words after the ENFSI Guideline for Evaluative Reporting in Forensic Science (2015).",
    )
