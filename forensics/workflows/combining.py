"""``models combine``: the card of an ensemble, from models that are installed or lie in folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from forensics import catalog, ensembles
from forensics.records.model_card import ModelCard


def combine(
    models: Sequence[str], out: Path, weights: Sequence[float], *, looks_first: str = ""
) -> ModelCard:
    """Writes the card of an ensemble, after the files of its members have been checked.

    Args:
        models: ids or folders, two or more.
        out: the ensemble's folder; its name becomes the id.
        weights: of each model, above 0; they are scaled to sum to 1.
        looks_first: id of the member that a triage looks with first; empty for all of them.

    Raises:
        ModelError: a model is missing or damaged, or would not be found again from ``out``.
        SettingsError: they cannot be combined.
    """
    found = [catalog.find(one) for one in models]
    for card, folder in found:
        catalog.verify(card, folder)
    weighed = [(card, weight) for (card, _), weight in zip(found, weights, strict=True)]
    card = ensembles.combined(weighed, out.name, looks_first=looks_first)
    ensembles.members_of(card, out)
    catalog.write_card(card, out)
    return card
