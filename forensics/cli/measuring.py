"""What ``evaluate`` makes of a scan of labelled files: figures, comparisons, tables and cards."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from forensics import catalog
from forensics.cli.evaluating import Measured, scanned
from forensics.cli.wording import escaped
from forensics.evaluation.cards import as_metrics, with_metrics
from forensics.evaluation.compare import as_figures, compare
from forensics.evaluation.protocol import figures_for
from forensics.records.figures import LabelledFigures
from forensics.settings import Profile, ScanSettings

_ENTIRE = ("auc", "average_precision", "eer", "recall", "false_positive_rate", "cllr", "ece")


def figures_of(measured: Measured) -> tuple[LabelledFigures, ...]:
    """Figures of every scope."""
    thresholds = {card.task.value: card.thresholds for card in measured.cards if card.thresholds is not None}
    return figures_for(measured.results, measured.known.labels, thresholds=thresholds)


def compared(
    measured: Measured,
    settings: ScanSettings,
    other: str,
    labels: Path | None,
    split: str | None,
    command: Sequence[str],
) -> LabelledFigures:
    """The same files with another model or profile, and the paired difference.

    Args:
        other: ``examination``, ``triage``, or a model's id or folder.

    Raises:
        ForensicsError: the other scan cannot run.
    """
    changed = replace(settings, case=None)
    if other in tuple(Profile):
        changed = replace(changed, profile=Profile(other))
        names = settings.profile.value, other
    else:
        card, _ = catalog.find(other)
        replaced = [model for model in measured.models if model.card.task is card.task]
        kept = [str(model.folder) for model in measured.models if model.card.task is not card.task]
        changed = replace(changed, models=(*kept, other))
        names = ", ".join(model.card.id for model in replaced) or "none", card.id
    with scanned(changed, labels, split, command) as second:
        return as_figures(compare(measured.results, second.results, measured.known.labels, names=names))


def table(figures: Sequence[LabelledFigures]) -> Iterator[str]:
    """The figures as lines of text, the whole scopes in full and their parts by AUC."""
    for one in figures:
        yield ""
        yield (
            f"{escaped(one.scope)}: {one.n_manipulated} manipulated, {one.n_pristine} pristine, "
            f"{one.n_abstained} abstained"
        )
        known = [figure for figure in one.figures if figure.name in _ENTIRE or " minus " in one.scope]
        for figure in known:
            interval = ""
            if figure.lower is not None and figure.upper is not None:
                interval = f"  ({figure.lower:.3f} to {figure.upper:.3f})"
            yield f"  {figure.name:<20} {figure.value:.3f}{interval}  n = {figure.n}"
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
        metrics = as_metrics(figures, data_set, shlex.join(command), detector=model.card.task.value)
        yield catalog.write_card(with_metrics(model.card, metrics), model.folder)
