"""Storing an IR, and what it says about itself: the lasting part of its card, in its ``rt_info``.

An IR that is separated from its card still says what it is, how its input is made and its output is read.
Calibration, thresholds and figures are measured again in the life of a model (``forensics calibrate``,
``forensics evaluate --write-card``), and the IR's SHA-256 is in the card: they stand in ``card.toml`` alone.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import openvino as ov

import forensics
from forensics.media.hashing import sha256_of
from forensics.records.model_card import ModelCard, Variant
from forensics.training.data.samples import make_folder

_PLACE = "forensics"
_IN_CARD_ONLY = ("variants", "calibration", "thresholds", "domain", "metrics", "likelihood")


def store(model: ov.Model, card: ModelCard, precision: str, folder: Path, reading: str) -> Variant:
    """Saves a model with its inscription, weights in half precision, and gives the card's entry for it.

    Args:
        precision: ``f16`` or ``int8``, as in ``Variant.precision``.
        folder: the model's folder, which is made if need be.
        reading: how its input is made and its output is read, as its recipe says.
    """
    inscribe(model, card, precision, reading)
    make_folder(folder)
    stem = stem_of(precision)
    ov.save_model(model, folder / f"{stem}.xml", compress_to_fp16=True)
    names = f"{stem}.xml", f"{stem}.bin"
    return Variant(precision, *names, *(sha256_of(folder / name) for name in names))


def stem_of(precision: str) -> str:
    """Name of a stored form's files, without the ending."""
    return "model" if precision == "f16" else f"model.{precision}"


def inscribe(model: ov.Model, card: ModelCard, precision: str, reading: str) -> None:
    """Writes into the model what its card says and will say for as long as the model lives.

    Args:
        model: changed in place; save it afterwards.
        card: only its lasting part is written.
        precision: of this stored form, as in ``Variant.precision``.
        reading: as for ``store``.
    """
    whole: dict[str, object] = msgspec.to_builtins(card)
    lasting = {name: value for name, value in whole.items() if name not in _IN_CARD_ONLY}
    lasting["contract"] = {
        name: value for name, value in msgspec.to_builtins(card.contract).items() if value is not None
    }
    facts = lasting | {
        "precision": precision,
        "reading": reading,
        "written_by": f"forensics {forensics.__version__}",
    }
    for name, value in facts.items():
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        model.set_rt_info(text, [_PLACE, name])


def read_inscription(model: ov.Model) -> dict[str, str]:
    """What ``inscribe`` wrote, name to text (``contract`` and ``limits`` in JSON); empty if it never did."""
    if not model.has_rt_info([_PLACE]):
        return {}
    names = model.get_rt_info([_PLACE]).astype(dict)
    return {name: model.get_rt_info([_PLACE, name]).astype(str) for name in names}
