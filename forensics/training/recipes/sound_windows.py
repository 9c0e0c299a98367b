"""Windows of sound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset

from forensics.detectors.declarations import VOICE
from forensics.detectors.domain import voice_properties
from forensics.media.sound import RATE_HZ
from forensics.records.input_contract import InputContract, SoundContract
from forensics.training.data.balanced_sampler import BalancedSampler
from forensics.training.data.samples import Sample
from forensics.training.data.voice_samples import TrainingVoices, WholeVoices, of_sound
from forensics.training.recipes.recipe import Item
from forensics.training.training_run import TrainSettings

_WINDOW_S = 3.0


class SoundWindows:
    """The recipe of voice nets."""

    detector = VOICE.name
    reading = (
        "input: float32[N, window_s * rate_hz] mono, levelled as forensics.media.sound does. logit: "
        "float32[N], positive for manipulated; a file's raw score is the mean over its windows. map: "
        "float32[N, 1, h, w], the log-mel spectrogram."
    )
    limits = (
        "Generators unlike the training data's may go unnoticed; music, noise and several voices at once "
        "were not in the training data.",
        "Telephone bandwidth and heavy compression raise both error rates.",
    )

    def units(self, samples: Sequence[Sample]) -> list[Sample]:
        """Every row by itself."""
        return list(samples)

    def contract(self, settings: TrainSettings) -> InputContract:  # noqa: ARG002 - one window for all nets
        """Windows of three seconds."""
        return voice_contract()

    def training_set(
        self, sampler: BalancedSampler, contract: InputContract, settings: TrainSettings
    ) -> Dataset[Item]:
        """Augmented windows."""
        return TrainingVoices(sampler, contract, settings.seed)

    def validation_set(self, samples: Sequence[Sample], contract: InputContract) -> Dataset[Item]:
        """The first window of every clip."""
        return WholeVoices(list(samples), contract)

    def example(self, contract: InputContract, n: int) -> Tensor:
        """float32[n, samples]."""
        return torch.zeros(n, of_sound(contract).n_samples)

    def properties(self, item: npt.NDArray[Any], contract: InputContract) -> Mapping[str, float]:
        """The bandwidth."""
        return voice_properties(np.asarray(item, np.float32), of_sound(contract).rate_hz)


def voice_contract() -> SoundContract:
    """How sound is cut into windows, in training and in scans."""
    return SoundContract(rate_hz=RATE_HZ, window_s=_WINDOW_S, hop_s=_WINDOW_S / 2)
