"""Find, read and write the cards of fusions, and tell whether one fits the models of a scan."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec
import tomli_w

from forensics import catalog
from forensics.errors import ModelError
from forensics.records.fusion_card import FusionCard
from forensics.records.model_card import ModelCard

FUSION_NAME = "fusion.toml"
WORST_SUBJECT = "worst-subject"
"""Stands for no fusion, where one can be named."""
_INDEX = "fusion"
_DEFAULT = "default"


def find(reference: str) -> FusionCard:
    """A fusion by id, among those that ship, or by its folder.

    Raises:
        ModelError: there is none, or its card cannot be read.
    """
    shipped = catalog.models_folder() / reference
    folder = shipped if (shipped / FUSION_NAME).is_file() else Path(reference)
    path = folder / FUSION_NAME
    try:
        return msgspec.toml.decode(path.read_bytes(), type=FusionCard)
    except OSError as error:
        raise ModelError(
            f"There is no fusion {reference}: {path} cannot be read ({error.strerror})",
            f"Give the folder that forensics calibrate --fusion wrote, or {WORST_SUBJECT} for none.",
        ) from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ModelError(
            f"{path} is not the card of a fusion: {error}", "Fit it again: forensics calibrate --fusion"
        ) from error


def usual(profile: str) -> FusionCard | None:
    """The fusion that the index of models names for a profile; None where it names none.

    Raises:
        ModelError: the index names one that cannot be read.
    """
    named = catalog.index().get(_INDEX, {})
    reference = named.get(profile) or named.get(_DEFAULT)
    return None if reference is None else find(reference)


def write(card: FusionCard, folder: Path) -> Path:
    """Writes the card into a folder, whole or not at all.

    Raises:
        ModelError: it cannot be written.
    """
    path = folder / FUSION_NAME
    fresh = path.with_suffix(".toml.new")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fresh.write_text(tomli_w.dumps(msgspec.to_builtins(card)), encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        raise ModelError(
            f"{path} cannot be written: {error.strerror}", "Choose a folder that may be written to."
        ) from error
    return path


def calibration_sha256(card: ModelCard) -> str:
    """Digest of what a model's logits are turned into manipulation score by."""
    return hashlib.sha256(msgspec.json.encode(card.calibration, order="deterministic")).hexdigest()


def misfit(fusion: FusionCard, deciding: Mapping[str, ModelCard]) -> str:
    """Why a fusion cannot be used with these models, in words; empty where it can.

    Args:
        fusion: any.
        deciding: detector to the card of its model, for every detector of a scan that decides.
    """
    fitted = {one.detector: one for one in fusion.models}
    for detector, card in deciding.items():
        one = fitted.get(detector)
        if one is None or detector not in fusion.weights:
            return f"it was fitted without {detector}"
        if one.id != card.id:
            return f"it was fitted with {one.id} for {detector}, not with {card.id}"
        if one.calibration_sha256 != calibration_sha256(card):
            return f"{card.id} was calibrated anew since it was fitted"
    return "" if deciding else "no detector of the scan decides"
