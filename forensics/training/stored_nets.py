"""Models as they are stored, run on prepared rows: a single net, or the members of an ensemble."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from torch.utils.data import Dataset

from forensics import ensembles
from forensics.errors import ModelError
from forensics.records.input_contract import InputContract
from forensics.records.model_card import ModelCard
from forensics.training.conversion import run_openvino
from forensics.training.data.samples import Sample
from forensics.training.nets import build_net
from forensics.training.recipes import load_recipe
from forensics.training.recipes.recipe import Item, Recipe

_BATCH = 16

Batch = npt.NDArray[np.generic]
Batches = list[Batch]
Inputs = tuple[Batches, ...]
"""The same rows as every net takes them."""


@dataclass(frozen=True, slots=True)
class StoredNet:
    """A single net.

    Attributes:
        xml: of the weights that run in f32.
        weight: of its logit.
    """

    contract: InputContract
    xml: Path
    weight: float = 1.0


class StoredNets:
    """What gives a model's logit: the weighted sum of those of its nets.

    Args:
        nets: first the one whose contract the model's card states.
    """

    def __init__(self, nets: Sequence[StoredNet]) -> None:
        self.nets = tuple(nets)

    def inputs(self, recipe: Recipe, rows: Sequence[Sample]) -> Inputs:
        """Rows as a scan would show them to each net."""
        return tuple(batches_of(recipe.validation_set(rows, net.contract)) for net in self.nets)

    def logits(self, inputs: Inputs) -> npt.NDArray[np.float32]:
        """float32[N] logits of the model, mirrored inputs included where a contract says so."""
        parts = [
            net.weight * logits_of(net.xml, batches, net.contract).astype(np.float64)
            for net, batches in zip(self.nets, inputs, strict=True)
        ]
        return np.sum(parts, axis=0).astype(np.float32)


def stored_nets(card: ModelCard, folder: Path) -> tuple[StoredNets, Recipe]:
    """The nets behind a card, and the recipe that feeds them.

    Raises:
        ModelError: no weights, a member that is missing or another, or members of different recipes.
    """
    found = ensembles.members_of(card, folder) if card.members else ((card, folder),)
    weights = [member.weight for member in card.members] or [1.0]
    recipes = {build_net(one.net).recipe for one, _ in found}
    if len(recipes) > 1:
        raise ModelError(
            f"The members of {card.id} take different rows: {' and '.join(sorted(recipes))}",
            "Calibrate it on media: forensics calibrate VALIDATION_MEDIA --model FOLDER",
        )
    nets = [
        StoredNet(one.contract, place / _weights_of(one), weight)
        for (one, place), weight in zip(found, weights, strict=True)
    ]
    # The sort keeps the order of equals, so that the first of the heaviest leads, as in the card.
    return StoredNets(sorted(nets, key=lambda net: -net.weight)), load_recipe(recipes.pop())


def batches_of(data: Dataset[Item]) -> Batches:
    """The inputs of a data set, in order, as a net takes them."""
    return batched([data[index][0].numpy() for index in range(len(data))])  # type: ignore[arg-type]


def batched(items: Sequence[Batch]) -> Batches:
    """Single inputs in batches."""
    return [np.stack(items[start : start + _BATCH]) for start in range(0, len(items), _BATCH)]


def logits_of(xml: Path, batches: Batches, contract: InputContract) -> npt.NDArray[np.float32]:
    """float32[N] logits of a stored net, mirrored inputs included where the contract says so."""
    logits = run_openvino(xml, batches)
    if contract.flip:
        mirrored = [batch[..., ::-1, :].copy() for batch in batches]
        logits = (logits + run_openvino(xml, mirrored)) / np.float32(2)
    return logits


def _weights_of(card: ModelCard) -> str:
    variant = card.variant("f16")
    if variant is None:
        raise ModelError(f"{card.id} has no weights to run", "Export the model again.")
    return variant.xml
