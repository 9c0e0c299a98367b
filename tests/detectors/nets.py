"""A stand-in for a compiled net whose answers are known: it looks at brightness or at level."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from forensics.engines.net import InferenceConfig, NetOutput
from forensics.records.detector_spec import CropSpec
from forensics.records.input_contract import InputContract, PictureContract, SoundContract
from forensics.records.model_card import Calibration, Domain, ModelCard, Thresholds

SPEC = CropSpec(32, 1.04, 20)


def face_card(**domain: tuple[float, float]) -> ModelCard:
    """A face model's card, 32 px crops, mirrored crops scored too."""
    return _card(
        "face",
        PictureContract(size_px=32, crop_margin=1.04, min_face_px=20, finder="dlib-hog", flip=True),
        domain,
    )


def voice_card(**domain: tuple[float, float]) -> ModelCard:
    """A voice model's card, windows of 3 s every 1.5 s."""
    return _card("voice", SoundContract(rate_hz=16_000, window_s=3.0, hop_s=1.5), domain)


def _card(task: str, contract: InputContract, domain: dict[str, tuple[float, float]]) -> ModelCard:
    return ModelCard(
        id=f"{task}-test",
        version="1",
        task=task,
        net="test",
        summary="made up",
        licence="",
        training_data="",
        contract=contract,
        variants=(),
        calibration=Calibration(1.0, 0.0, -8.0, 8.0, "made up", 10),
        thresholds=Thresholds(0.8, 0.3, "made up"),
        domain=Domain(domain),
    )


class KnownNet:
    """Logit: the left half's mean brightness in [0, 1] for faces, the first sample for sound."""

    def __init__(self, card: ModelCard, precision: str = "f32", shift: float = 0.0) -> None:
        self.card = card
        self.precision = precision
        self.pace = InferenceConfig()
        self.shift = shift
        self.batches: list[int] = []

    def infer(self, batch: npt.NDArray[Any]) -> NetOutput:
        """Answers for a batch, and remembers its size."""
        self.batches.append(len(batch))
        if self.card.task == "face":
            logits = batch[:, :, : batch.shape[2] // 2].mean(axis=(1, 2, 3)) / 255
        else:
            logits = np.abs(batch).max(axis=1)
        maps = np.random.default_rng(0).random((len(batch), 4, 4))
        return NetOutput(np.asarray(logits + self.shift, np.float32), np.asarray(maps, np.float32))
