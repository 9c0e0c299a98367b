"""Pseudo-fakes of speech: pristine clips taken apart into spectrograms and put together again.

A vocoder leaves traces because it invents the phase. Griffin and Lim's algorithm (1984) invents it too,
from the magnitudes alone, and a detour over few mel bands loses what a neural vocoder's input loses. So
pristine speech alone teaches a net what synthesis sounds like.
"""

from __future__ import annotations

import librosa
import numpy as np

from forensics.media.sound import RATE_HZ
from forensics.records.media import Samples


def copy_synthesise(samples: Samples, rng: np.random.Generator) -> Samples:
    """The same words by the same voice, synthesised from a spectrogram.

    Args:
        samples: float32[N] mono at ``media.sound.RATE_HZ``.
        rng: chooses the transform's size, the mel bands and the number of iterations.

    Returns:
        float32[N].
    """
    n_fft = int(rng.choice([512, 800, 1024, 2048]))
    hop = n_fft // 4
    magnitude = np.abs(librosa.stft(samples, n_fft=n_fft, hop_length=hop))
    if rng.random() < 0.75:
        bands = librosa.filters.mel(sr=RATE_HZ, n_fft=n_fft, n_mels=int(rng.choice([60, 80, 100, 128])))
        # Back from mel bands by the pseudo-inverse, as fast vocoders' front ends do.
        magnitude = np.maximum(0, np.linalg.pinv(bands) @ (bands @ magnitude))
    sound = librosa.griffinlim(
        magnitude.astype(np.float32),
        n_iter=int(rng.choice([4, 8, 16, 32])),
        hop_length=hop,
        n_fft=n_fft,
        momentum=float(rng.choice([0.0, 0.99])),
        length=samples.size,
        random_state=int(rng.integers(2**31)),
    )
    return np.asarray(sound, np.float32)
