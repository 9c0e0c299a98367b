"""What ``calibrate`` fits: a model's card or a fusion, on a scan of labelled validation media."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from forensics import catalog
from forensics.errors import SettingsError
from forensics.evaluation.calibration import CalibrationFit
from forensics.evaluation.cards import calibrated_card, card_with_domain
from forensics.evaluation.fusion_fit import FusionFit, fit_fusion
from forensics.records.model_card import ModelCard
from forensics.scan.events import Event
from forensics.settings import ScanSettings
from forensics.workflows.evaluating import scanned


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A model's card as fitted; it is not written yet.

    Attributes:
        fit: None where the domain alone was measured.
        folder: of the model.
    """

    card: ModelCard
    fit: CalibrationFit | None
    folder: Path


def the_model(models: Sequence[str]) -> str:
    """The one model that is to be fitted.

    Raises:
        SettingsError: none or several were named.
    """
    if len(models) != 1:
        raise SettingsError(
            f"calibrate fits one model, and --model names {len(models) or 'none'}",
            "Give one --model, or --fusion FOLDER to add up several detectors.",
        )
    return models[0]


def calibrated(
    settings: ScanSettings,
    labels: Path | None,
    split: str | None,
    command: Sequence[str],
    *,
    data: str,
    domain_only: bool = False,
    on_event: Callable[[Event], object] = lambda _: None,
    on_note: Callable[[str], object] = lambda _: None,
) -> Calibrated:
    """Scans validation files with one model, and fits its card to them.

    Args:
        settings: name one model, and the validation files; its detector alone is run.
        labels: the labels file; None takes folders called real and fake.
        split: rows of this split alone.
        command: the command line as typed, for the manifest.
        data: what the files are, in words.
        domain_only: measure the domain, and leave the calibration as it is.
        on_event: takes what happens, as it happens.
        on_note: takes sentences on what the fit leaves out.

    Raises:
        ForensicsError: not one model, labels that fit nothing, rows that allow no fit, or anything that
            stops a scan.
    """
    card, folder = catalog.find(the_model(settings.models))
    alone = replace(settings, detectors=(card.task,))
    with scanned(alone, labels, split, command, on_event=on_event, on_note=on_note) as measured:
        known = measured.known.labels
        if domain_only:
            return Calibrated(card_with_domain(card, measured.results, known), None, folder)
        fitted, fit = calibrated_card(card, measured.results, known, data=data)
        return Calibrated(fitted, fit, folder)


def fused(
    settings: ScanSettings,
    labels: Path | None,
    split: str | None,
    command: Sequence[str],
    *,
    name: str,
    data: str,
    on_event: Callable[[Event], object] = lambda _: None,
    on_note: Callable[[str], object] = lambda _: None,
) -> FusionFit:
    """Scans validation files with several calibrated models, and fits how their detectors are added up.

    Args:
        settings: name the detectors and the validation files.
        labels: as for ``calibrated``.
        split: as for ``calibrated``.
        command: the command line as typed, for the manifest.
        name: id of the fusion.
        data: what the files are, in words.
        on_event: takes what happens, as it happens.
        on_note: takes sentences on what the fit leaves out.

    Raises:
        ForensicsError: labels that fit nothing, rows that allow no fit, or anything that stops a scan.
    """
    with scanned(settings, labels, split, command, on_event=on_event, on_note=on_note) as measured:
        models = {card.task: card for card in measured.cards}
        return fit_fusion(measured.results, measured.known.labels, models, name=name, data=data)
