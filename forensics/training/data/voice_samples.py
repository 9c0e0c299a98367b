"""Clips of speech for training and validation."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import Dataset

from forensics.errors import MediaError, TrainingError
from forensics.media.probe import probe
from forensics.media.sound import RATE_HZ, level
from forensics.records.input_contract import InputContract, SoundContract
from forensics.records.media import Samples
from forensics.training.data.balanced_sampler import BalancedSampler
from forensics.training.data.clip_sound import sound_of
from forensics.training.data.copy_synthesis import copy_synthesise
from forensics.training.data.degrade_sound import degrade_sound
from forensics.training.data.samples import Sample

# Copy synthesis takes 0.1 to 0.3 s a clip: this many variants of every clip are made and kept.
_N_VARIANTS = 4
# Share of the pairs that go no way at all: a scan hears most clips as they are.
_AS_THEY_ARE = 0.5


class TrainingVoices(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Endless, deterministic stream of augmented windows: item i depends on (seed, i) alone."""

    def __init__(self, sampler: BalancedSampler, contract: InputContract, seed: int) -> None:
        self.sampler = sampler
        self.n_window = of_sound(contract).n_samples
        self.seed = seed

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Item ``index`` of the stream: (float32[n_window], float label).

        The two of a pair go the same way: the same stretch, room, noise and codec or none of them, so that
        nothing but the synthesis tells a pseudo-fake from its pristine original.
        """
        pair, member = divmod(index, 2)
        # A clip may be too quiet or too short after the journey; the next draw then takes its place.
        for attempt in range(8):
            rng = np.random.default_rng((self.seed, pair, attempt))
            draw = self.sampler.pair(rng)[member]
            variant = int(rng.integers(_N_VARIANTS))
            sound = _copied(draw.sample.path, variant) if draw.pseudo_fake else read_sound(draw.sample.path)
            stretch = _stretch_of(sound, self.n_window, rng)
            if np.random.default_rng((self.seed, pair, attempt, 1)).random() >= _AS_THEY_ARE:
                stretch = degrade_sound(stretch, rng)
            window = level(stretch, self.n_window)
            if window is not None:
                return torch.from_numpy(window), torch.tensor(float(draw.manipulated))
        raise TrainingError(
            f"Eight clips in a row hold no speech, last {draw.sample.path}",
            "Check the data set's sound files.",
        )


class WholeVoices(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """The first window of every clip as a scan takes it, in the order of ``samples``.

    A row that is a pseudo-fake is a copy of its clip, every time the same.
    """

    def __init__(self, samples: list[Sample], contract: InputContract) -> None:
        self.samples = samples
        self.n_window = of_sound(contract).n_samples

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        sample = self.samples[index]
        sound = _copied(sample.path, 0) if sample.is_pseudo_fake else read_sound(sample.path)
        window = level(sound[: self.n_window], self.n_window)
        if window is None:
            raise TrainingError(f"{sample.path} holds no speech", "Remove its row from the validation split.")
        return torch.from_numpy(window), torch.tensor(float(sample.manipulated))


def of_sound(contract: InputContract) -> SoundContract:
    """The contract, which must be one of sound.

    Raises:
        TrainingError: it is not.
    """
    if not isinstance(contract, SoundContract):
        raise TrainingError("The input contract is not one of sound", "Train the net again.")
    return contract


@lru_cache(maxsize=2048)
def read_sound(path: str) -> Samples:
    """float32[N] mono at 16 kHz of a whole clip, decoded by the scan's own code.

    Raises:
        TrainingError: no sound in it.
    """
    try:
        sound = sound_of(Path(path), probe(Path(path)))
    except MediaError as error:
        raise TrainingError(f"{path}: {error.message}", error.hint) from error
    if not sound.size:
        raise TrainingError(f"{path} holds no sound", "Remove its row, or prepare the data again.")
    return sound


@lru_cache(maxsize=2048)
def _copied(path: str, variant: int) -> Samples:
    sound = read_sound(path)[: 8 * RATE_HZ]
    seed = int.from_bytes(path.encode()[-8:], "little")
    return copy_synthesise(sound, np.random.default_rng((seed, variant)))


def _stretch_of(sound: Samples, n_window: int, rng: np.random.Generator) -> Samples:
    spare = sound.size - n_window
    start = int(rng.integers(spare + 1)) if spare > 0 else 0
    return sound[start : start + n_window]
