"""The face finders. Adding one: a file in this folder and a line in the table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from forensics.addresses import load
from forensics.errors import ModelError, SettingsError
from forensics.faces.finder import FaceFinder
from forensics.records.input_contract import USUAL_FINDER, SoundContract
from forensics.records.model_card import ModelCard

FINDERS = {
    "dlib-hog": "forensics.faces.finders.dlib_hog:DlibHogFinder",
    "yunet": "forensics.faces.finders.yunet:YuNetFinder",
}


def finder_for(cards: Iterable[ModelCard]) -> str:
    """Name of the finder whose boxes these models' faces are cut by; the usual one where they take none.

    Args:
        cards: of all models of a scan; those of sound have no say.

    Raises:
        ModelError: they name different finders: one of them would see other faces than it was trained on.
    """
    named = {card.contract.finder: card.id for card in cards if not isinstance(card.contract, SoundContract)}
    if len(named) > 1:
        words = " and ".join(f"{model} takes the boxes of {finder}" for finder, model in named.items())
        raise ModelError(
            f"One scan finds faces in one way, but {words}", "Scan with one of these models at a time."
        )
    return next(iter(named), USUAL_FINDER)


def load_finder(name: str) -> FaceFinder:
    """The finder of this name, ready to use.

    Args:
        name: a key of ``FINDERS``.

    Raises:
        SettingsError: there is no such finder, or what it needs is missing.
    """
    address = FINDERS.get(name)
    if address is None:
        known = ", ".join(FINDERS)
        raise SettingsError(f"There is no face finder named {name!r}", f"Choose one of: {known}.")
    return cast(FaceFinder, load(address)())
