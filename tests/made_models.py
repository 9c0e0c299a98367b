"""Tiny models with known answers, as a user would have them: IR and card in a folder."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import openvino as ov
from openvino import opset13 as op

from forensics import catalog
from forensics.detectors.declarations import VOICE
from forensics.records.input_contract import InputContract, PictureContract, SoundContract
from forensics.records.model_card import Calibration, ModelCard, Thresholds, Variant
from forensics.resources import resource_folder

SIZE_PX = 32
RATE_HZ = 16_000
WINDOW_S = 2.0
_MAP_SIDE = 16


def face_model(
    root: Path,
    name: str = "face-made",
    *,
    size_px: int = SIZE_PX,
    crop_margin: float = 1.04,
    min_face_px: int = 20,
    flip: bool = False,
    grey: float = 0.5,
) -> Path:
    """A face model whose logit is 8 x (mean brightness - grey): bright faces pass for manipulated."""
    pictures = op.parameter([-1, size_px, size_px, 3], np.uint8, name="input")
    shares = op.divide(op.convert(pictures, np.float32), np.float32(255))
    means = op.reduce_mean(shares, [1, 2, 3], keep_dims=False)
    where = op.reshape(op.reduce_mean(shares, [3], keep_dims=False), [-1, 1, size_px, size_px], False)
    contract = PictureContract(
        size_px=size_px,
        crop_margin=crop_margin,
        min_face_px=min_face_px,
        finder="dlib-hog",
        flip=flip,
    )
    return _saved(root / name, "face", pictures, means, where, contract, grey)


def voice_model(
    root: Path, name: str = "voice-made", *, window_s: float = WINDOW_S, grey: float = 0.5
) -> Path:
    """A voice model whose logit is 8 x (mean level - grey)."""
    n_samples = round(window_s * RATE_HZ)
    sound = op.parameter([-1, n_samples], np.float32, name="input")
    levels = op.absolute(sound)
    means = op.reduce_mean(levels, [1], keep_dims=False)
    begin = op.slice(levels, [0], [_MAP_SIDE**2], [1], [1])
    where = op.reshape(begin, [-1, 1, _MAP_SIDE, _MAP_SIDE], False)
    contract = SoundContract(rate_hz=RATE_HZ, window_s=window_s, hop_s=1.0)
    return _saved(root / name, "voice", sound, means, where, contract, grey)


def voice_aids(root: Path) -> tuple[Path, ...]:
    """The models that ship and that the voice detector takes from the folder of models."""
    shipped = resource_folder("models")
    return tuple(Path(shutil.copytree(shipped / one, root / one)) for one in VOICE.aids)


def _saved(
    folder: Path,
    task: str,
    given: ov.Node,
    means: ov.Node,
    where: ov.Node,
    contract: InputContract,
    grey: float = 0.5,
) -> Path:
    logit = op.multiply(op.subtract(means, np.float32(grey)), np.float32(8))
    model = ov.Model([logit, where], [given], folder.name)
    for port, name in zip(model.outputs, ("logit", "map"), strict=True):
        port.get_tensor().set_names({name})
    folder.mkdir(parents=True)
    ov.save_model(model, folder / "model.xml")
    digests = [
        hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ("model.xml", "model.bin")
    ]
    card = ModelCard(
        id=folder.name,
        version="1",
        task=task,
        net="made up",
        summary="Made for tests: brightness or level, nothing else",
        licence="Apache-2.0",
        training_data="none",
        contract=contract,
        variants=(Variant("f16", "model.xml", "model.bin", *digests),),
        calibration=Calibration(1.0, 0.0, -8.0, 8.0, "made up", 10),
        thresholds=Thresholds(0.6, 0.3, "made up"),
        limits=("Knows nothing about manipulation.",),
    )
    catalog.write_card(card, folder)
    return folder
