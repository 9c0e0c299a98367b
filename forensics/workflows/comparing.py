"""What ``evaluate --compare`` puts beside a scan: another model, profile or precision on the same files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from forensics import catalog
from forensics.errors import SettingsError
from forensics.evaluation.compare import as_figures, compare
from forensics.processor import cpu_isa, has_bf16
from forensics.records.labelled_figures import LabelledFigures
from forensics.records.model_card import ModelCard
from forensics.scan.events import Event
from forensics.settings import Profile, ScanSettings
from forensics.workflows.evaluating import Measured, scanned

PRECISIONS = ("f32", "bf16", "int8")


def compared(
    measured: Measured,
    settings: ScanSettings,
    other: str,
    labels: Path | None,
    split: str | None,
    command: Sequence[str],
    *,
    on_event: Callable[[Event], object] = lambda _: None,
    on_note: Callable[[str], object] = lambda _: None,
) -> LabelledFigures:
    """The same files with another model, profile or precision, and the paired difference.

    Args:
        measured: the first of the two.
        settings: that it was scanned with.
        other: ``examination`` or ``triage``; ``f32``, ``bf16`` or ``int8``, in which everything is then
            scored; or a model's id or folder.
        labels: as for the first.
        split: as for the first.
        command: the command line as typed, for the manifest.
        on_event: takes what happens, as it happens.
        on_note: takes sentences on what the figures leave out.

    Raises:
        ForensicsError: the other scan cannot run.
    """
    changed = replace(settings, case=None)
    precision = None
    ours = "f32" if settings.profile is Profile.EXAMINATION else settings.profile.value
    if other in PRECISIONS:
        _check_precision(other, [one.card for model in measured.models for one in model.single])
        precision, names = other, (ours, other)
    elif other in tuple(Profile):
        changed = replace(changed, profile=Profile(other))
        names = settings.profile.value, other
    else:
        card, _ = catalog.find(other)
        replaced = [model for model in measured.models if model.card.task == card.task]
        kept = [
            str(one.folder)
            for model in measured.models
            if model.card.task != card.task
            for one in ((model,) if model.folder is not None else model.members)
        ]
        changed = replace(changed, models=(*kept, other))
        names = ", ".join(model.card.id for model in replaced) or "none", card.id
    with scanned(
        changed, labels, split, command, precision=precision, on_event=on_event, on_note=on_note
    ) as second:
        return as_figures(compare(measured.results, second.results, measured.known.labels, names=names))


def check_other(other: str) -> None:
    """Makes sure that there is something of this name to compare with: before the first scan, not after it.

    Raises:
        ModelError: it is no profile, no precision and no model.
    """
    if other not in PRECISIONS and other not in tuple(Profile):
        catalog.find(other)


def _check_precision(precision: str, cards: Sequence[ModelCard]) -> None:
    if precision == "bf16" and not has_bf16(cpu_isa()):
        raise SettingsError("This CPU has no bf16", "Compare with int8, or on a CPU with avx512_bf16.")
    without = [card for card in cards if precision == "int8" and card.variant("int8") is None]
    if without:
        left = ",".join(card.task for card in cards if card not in without)
        raise SettingsError(
            f"{' and '.join(card.id for card in without)} has no INT8 form to compare with",
            f"Compare with bf16{f', or look at others alone: --detectors {left}' if left else ''}.",
        )
