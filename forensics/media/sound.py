"""Bring speech of any origin to one form, the same in training and in scans.

Sample rate, level, silence and the noise floor of a recording say a lot about which collection it comes
from and nothing about whether a voice is synthetic. What can be levelled is levelled here.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from forensics.records.media import Samples

RATE_HZ = 16_000
_HIGH_PASS_HZ = 60.0
_LOW_PASS_HZ = 7_000.0
_FILTER_ORDER = 4
# Longer than what the filter remembers of 60 Hz.
_EDGE = RATE_HZ // 10
# Lengths that are multiples of it are quick to transform.
_FFT_MULTIPLE = 1024
_TRIM_DB = -35.0
_FRAME_S = 0.02
_LEVEL_RMS = 0.06
_NOISE_DB = -45.0
# Quieter than this throughout, nothing was said: 16-bit dither lies at about -93 dBFS.
_SILENCE_RMS = 10 ** (-60 / 20)
# Less speech than this within a window is not enough to judge.
MIN_SPEECH_S = 0.5


def level(samples: Samples, n_wanted: int) -> Samples | None:
    """One window in the form that the voice net takes.

    Band-pass 60 Hz to 7 kHz, silent edges off at -35 dB below the loudest 20 ms, repeated to the full
    length, RMS 0.06, and a noise floor 45 dB below.

    Args:
        samples: float32[N] mono at ``RATE_HZ``, in [-1, 1].
        n_wanted: length of the result.

    Returns:
        float32[n_wanted], or None if there is less than ``MIN_SPEECH_S`` of sound in it.
    """
    if samples.size < MIN_SPEECH_S * RATE_HZ or not np.isfinite(samples).all():
        return None
    filtered = _band_pass(samples)
    trimmed = _without_silent_edges(filtered)
    if trimmed.size < MIN_SPEECH_S * RATE_HZ or _rms(trimmed) < _SILENCE_RMS:
        return None
    repeated = np.resize(trimmed[:n_wanted], n_wanted)
    levelled = repeated * np.float32(_LEVEL_RMS / _rms(repeated))
    return np.asarray(levelled + _noise_floor(n_wanted), np.float32)


def _band_pass(samples: Samples) -> npt.NDArray[np.float64]:
    """A Butterworth band-pass of fourth order, forwards and backwards.

    By way of the spectrum, since both ways together shift no phase and their gain has a closed form: the
    filters of scipy.signal give the same and take most of a second to import.
    """
    n_edge = min(_EDGE, samples.size - 1)
    wide = samples.astype(np.float64)
    # Mirrored about its end points, so that the filter meets no step there.
    before = 2 * wide[0] - wide[n_edge:0:-1]
    after = 2 * wide[-1] - wide[-2 : -n_edge - 2 : -1]
    extended = np.concatenate([before, wide, after])
    n_fft = -(-extended.size // _FFT_MULTIPLE) * _FFT_MULTIPLE
    filtered = np.fft.irfft(np.fft.rfft(extended, n_fft) * _gain(n_fft), n_fft)
    return np.asarray(filtered[n_edge : n_edge + samples.size], np.float64)


@lru_cache(maxsize=4)
def _gain(n_fft: int) -> npt.NDArray[np.float64]:
    """float64[n_fft // 2 + 1]: the squared magnitude of the filter, by the bilinear transform."""
    warped = np.tan(np.pi * np.arange(1, n_fft // 2) / n_fft)
    lowest, highest = (np.tan(np.pi * hz / RATE_HZ) for hz in (_HIGH_PASS_HZ, _LOW_PASS_HZ))
    detuning = (warped**2 - lowest * highest) / (warped * (highest - lowest))
    gain = np.zeros(n_fft // 2 + 1)
    gain[1:-1] = 1.0 / (1.0 + detuning ** (2 * _FILTER_ORDER))
    return gain


def _without_silent_edges(samples: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    n_frame = int(_FRAME_S * RATE_HZ)
    frames = samples[: samples.size // n_frame * n_frame].reshape(-1, n_frame)
    levels = np.sqrt((frames**2).mean(axis=1))
    loud = np.flatnonzero(levels > levels.max() * 10 ** (_TRIM_DB / 20))
    if not loud.size:
        return samples[:0]
    return samples[loud[0] * n_frame : (loud[-1] + 1) * n_frame]


@lru_cache(maxsize=4)
def _noise_floor(n_samples: int) -> Samples:
    # The same noise every time: a score must not depend on chance.
    noise = np.random.default_rng(45).standard_normal(n_samples)
    return np.asarray(noise * _LEVEL_RMS * 10 ** (_NOISE_DB / 20), np.float32)


def _rms(samples: npt.NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(samples**2))) if samples.size else 0.0
