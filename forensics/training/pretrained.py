"""From a published checkpoint to a model that a scan can load."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from forensics import catalog
from forensics.media.hashing import sha256_of
from forensics.records.input_contract import USUAL_FINDER, PictureContract
from forensics.records.model_card import ModelCard
from forensics.training.checkpoint_import import import_checkpoint
from forensics.training.conversion import parity, to_openvino
from forensics.training.ir_metadata import store
from forensics.training.recipes import load_recipe

# Crops of this size are what the reference nets were trained on (Bonettini et al. 2020).
_SIZE_PX = 224
_MIN_FACE_PX = 48
_N_PARITY_PICTURES = 4
_LIMITS = (
    "The checkpoint was not trained here: what it was trained on is not known to this card.",
    "It was trained on crops of another face finder (BlazeFace); the crop margin for dlib's boxes is a "
    "setting of the import, not a measurement.",
    "It has no calibration and no thresholds: it gives scores, and no verdicts, until "
    "it is calibrated on labelled files.",
)


@dataclass(frozen=True, slots=True)
class ImportSettings:
    """Settings of ``forensics models import``.

    Attributes:
        net: name in the table of nets.
        out: the model's folder; its name becomes the model's id.
        crop_margin: width of a crop in boxes of the scan's face finder.
    """

    checkpoint: Path
    net: str
    out: Path
    crop_margin: float = 1.3
    licence: str = "as the checkpoint's publisher states"


def import_model(settings: ImportSettings) -> ModelCard:
    """Writes ``model.xml``, ``model.bin`` and ``card.toml`` for a checkpoint of the reference implementation.

    Raises:
        TrainingError: the checkpoint does not fit, or the IR's logits are not the net's.
    """
    net = import_checkpoint(settings.checkpoint, settings.net)
    recipe = load_recipe(net.recipe)
    contract = PictureContract(
        size_px=_SIZE_PX, crop_margin=settings.crop_margin, min_face_px=_MIN_FACE_PX, finder=USUAL_FINDER
    )
    model = to_openvino(net, contract)
    worst = parity(net, model, [_pictures()])
    card = ModelCard(
        id=settings.out.resolve().name,
        version="1",
        task=recipe.detector,
        net=settings.net,
        summary=(
            f"{settings.net} from {settings.checkpoint.name} (SHA-256 {sha256_of(settings.checkpoint)}); "
            f"torch and IR agree to {worst:.1e} in f32"
        ),
        licence=settings.licence,
        training_data="As the checkpoint's publisher states; not known here.",
        contract=contract,
        variants=(),
        limits=_LIMITS,
    )
    card = replace(card, variants=(store(model, card, "f16", settings.out, recipe.reading),))
    catalog.write_card(card, settings.out)
    catalog.verify(card, settings.out)
    return card


def _pictures() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """uint8[N, S, S, 3]: noise over the whole range of values, the hardest test of agreement."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (_N_PARITY_PICTURES, _SIZE_PX, _SIZE_PX, 3), np.uint8)
