"""Ensembles: several models whose logits are combined, under a card of their own.

An ensemble is a folder with a ``card.toml`` that names its members by id and by the digests of their files.
A member's folder lies beside the ensemble's, or it is a model that ships. Its own card may be calibrated or
measured anew; other weights make it another model, and the ensemble is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from forensics import catalog
from forensics.errors import ModelError, SettingsError
from forensics.records.model_card import Member, ModelCard, Variant

_RUN_IN_F32 = "f16"


def members_of(card: ModelCard, folder: Path) -> tuple[tuple[ModelCard, Path], ...]:
    """The members of an ensemble with their folders, in the order of its card; their files are not read.

    Args:
        card: of the ensemble.
        folder: of the ensemble.

    Raises:
        ModelError: a member is missing, or not the one that the card describes.
    """
    found = tuple(_member(member, card, folder) for member in card.members)
    heaviest = max(zip(card.members, found, strict=True), key=lambda pair: pair[0].weight)[1][0]
    if card.contract != heaviest.contract:
        raise ModelError(
            f"The contract of {card.id} is not that of {heaviest.id}, its member that weighs most",
            "Combine the models again: forensics models combine",
        )
    return found


def verify(card: ModelCard, folder: Path) -> int:
    """Checks the files of a model, or of every member of an ensemble, against their cards.

    Returns:
        Bytes that were checked.

    Raises:
        ModelError: a file is missing, unreadable or not the one that the card describes.
    """
    if not card.members:
        return catalog.verify(card, folder)
    return sum(catalog.verify(*member) for member in members_of(card, folder))


def combined(
    models: Sequence[tuple[ModelCard, float]], name: str = "", *, looks_first: str = ""
) -> ModelCard:
    """The card of an ensemble of these models: without calibration, thresholds and figures.

    Args:
        models: cards with weights above 0, which are scaled to sum to 1.
        name: the ensemble's id; empty joins those of the models.
        looks_first: the member that a triage looks with first.

    Raises:
        SettingsError: fewer than two models, one twice, ensembles among them, or of different detectors.
    """
    cards = [card for card, _ in models]
    ids = [card.id for card in cards]
    wrong = {
        "an ensemble needs two models or more": len(cards) < 2,
        "a model stands there twice": len(set(ids)) < len(ids),
        "an ensemble cannot be a member": any(card.members for card in cards),
        "they serve different detectors": len({card.task for card in cards}) > 1,
        "a weight must be above 0": any(weight <= 0 for _, weight in models),
        f"{looks_first}, which is to look first, is not among them": bool(looks_first)
        and looks_first not in ids,
    }
    for words, holds in wrong.items():
        if holds:
            raise SettingsError(
                f"{' and '.join(ids) or 'No models'} cannot be combined: {words}",
                "Name different single models of one detector, each with a weight above 0.",
            )
    total = sum(weight for _, weight in models)
    variants = [_in_f32(card) for card in cards]
    heaviest = max(models, key=lambda one: one[1])[0]
    return ModelCard(
        id=name or "+".join(ids),
        version="1",
        task=heaviest.task,
        net="ensemble",
        summary="Weighted sum of the logits of "
        + ", ".join(f"{card.id} {card.version} ({weight / total:.3g})" for card, weight in models),
        licence="; ".join(f"{card.id}: {card.licence}" for card in cards),
        training_data="; ".join(f"{card.id}: {card.training_data}" for card in cards),
        contract=heaviest.contract,
        variants=(),
        limits=tuple(dict.fromkeys(limit for card in cards for limit in card.limits)),
        members=tuple(
            Member(card.id, weight / total, variant.xml_sha256, variant.bin_sha256)
            for (card, weight), variant in zip(models, variants, strict=True)
        ),
        looks_first=looks_first,
    )


def card_sha256(card: ModelCard, folder: Path | None) -> str:
    """Digest of ``card.toml``; of the card itself where it lies in no file."""
    if folder is None:
        return hashlib.sha256(msgspec.json.encode(card, order="deterministic")).hexdigest()
    return catalog.card_sha256(folder)


def _member(member: Member, card: ModelCard, folder: Path) -> tuple[ModelCard, Path]:
    places = [parent / member.id for parent in (folder.absolute().parent, catalog.models_folder())]
    place = next((one for one in places if (one / catalog.CARD_NAME).is_file()), None)
    if place is None:
        raise ModelError(
            f"{member.id}, a member of {card.id}, lies neither in {places[0]} nor among the models that ship",
            "Put its folder beside the ensemble's.",
        )
    found = catalog.read_card(place)
    if found.members or found.task != card.task:
        raise ModelError(
            f"{member.id}, which {card.id} names as a member, is no single model for {card.task}",
            "Combine other models: forensics models combine",
        )
    variant = _in_f32(found)
    if (variant.xml_sha256, variant.bin_sha256) != (member.xml_sha256, member.bin_sha256):
        raise ModelError(
            f"{member.id} in {place} is not the member that the card of {card.id} describes: its weights "
            f"have the SHA-256 {variant.bin_sha256[:12]}, the card says {member.bin_sha256[:12]}",
            "Restore that model, or combine and calibrate the ensemble again: forensics models combine",
        )
    return found, place


def _in_f32(card: ModelCard) -> Variant:
    variant = card.variant(_RUN_IN_F32)
    if variant is None:
        raise ModelError(f"{card.id} has no weights to run in f32", "Export the model again.")
    return variant
