"""A hash of sound over time: which of two neighbouring bands gains on the other.

After Haitsma and Kalker, "A highly robust audio fingerprinting system", 2002: 33 bands of 300 to 2,000 Hz,
and for each step a bit for every two neighbours, set where their difference grew since the step before.
Level, equalisers and codecs leave most of these bits as they are. Written here since Chromaprint needs a
program or a library of the system, and PyAV's FFmpeg was built without it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from forensics.media.sound import RATE_HZ
from forensics.records.media import Samples

Bits = npt.NDArray[np.uint32]

STEP_S: Final = 0.048
_STEP: Final = round(STEP_S * RATE_HZ)
_WINDOW: Final = 8 * _STEP
_N_BITS: Final = 32
_LOWEST_HZ, _HIGHEST_HZ = 300.0, 2000.0
# What is so quiet is silence, of which dither would decide the bits.
_SILENCE_DBFS: Final = -60.0
_AT_ONCE: Final = 512


class SoundHasher:
    """Takes sound chunk by chunk, gives a word of 32 bits for each step of ``STEP_S``.

    Args:
        most_s: seconds after which nothing more is hashed.
    """

    def __init__(self, most_s: float) -> None:
        self._most = round(most_s / STEP_S)
        self._rest = np.empty(0, np.float32)
        self._before: npt.NDArray[np.float64] | None = None
        self._words: list[Bits] = []
        self._n = 0
        self.whole = True

    def take(self, samples: Samples) -> None:
        """Takes a stretch that follows on the one before.

        Args:
            samples: float32[N] mono at 16 kHz, in [-1, 1].
        """
        if self._n >= self._most:
            self.whole = self.whole and not samples.size
            return
        held = np.concatenate((self._rest, samples))
        n_steps = max(0, (held.size - _WINDOW) // _STEP + 1)
        for first in range(0, n_steps, _AT_ONCE):
            n = min(_AT_ONCE, n_steps - first)
            self._hash(held[first * _STEP : (first + n - 1) * _STEP + _WINDOW])
        self._rest = held[n_steps * _STEP :]

    @property
    def words(self) -> Bits:
        """uint32[steps], 0 for what is silent."""
        return np.concatenate(self._words)[: self._most] if self._words else np.empty(0, np.uint32)

    def _hash(self, samples: Samples) -> None:
        windows = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_STEP]
        spectra = np.abs(np.fft.rfft(windows * np.hanning(_WINDOW).astype(np.float32), axis=1)) ** 2
        bands = np.add.reduceat(spectra, _EDGES, axis=1)[:, :-1]
        slopes = np.diff(bands, axis=1)
        known = slopes[:1] if self._before is None else self._before
        gains = np.diff(np.concatenate((known, slopes)), axis=0)
        words = ((gains > 0) * (1 << np.arange(_N_BITS, dtype=np.uint64))).sum(axis=1).astype(np.uint32)
        levels = np.sqrt(np.mean(np.square(windows, dtype=np.float64), axis=1))
        words[levels < 10 ** (_SILENCE_DBFS / 20)] = 0
        self._before = slopes[-1:]
        self._words.append(words)
        self._n += words.size


def _edges() -> npt.NDArray[np.intp]:
    hz = np.geomspace(_LOWEST_HZ, _HIGHEST_HZ, _N_BITS + 2)
    return np.round(hz * _WINDOW / RATE_HZ).astype(np.intp)


_EDGES: Final = _edges()
