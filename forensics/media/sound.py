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
LEVEL_RMS = 0.06
_NOISE_DB = -45.0
# From here on, sound is taken as it is. What is quieter may be a far voice or the noise of a recorder
# (16-bit dither lies at about -93 dBFS): it has to swell and to be voiced as speech is.
QUIET_DBFS = -60.0
# Measured on 155 training clips brought to -65, -75 and -85 dBFS and rounded to 16 bits, and on white, pink
# and brown noise, hum, and noise that swells: 99 % of speech lies above both bounds, the rest below one.
_SWELL_DB = 5.0
_VOICED = 0.4
_SWELL_FRAME_S = 0.1
_VOICE_FRAME_S = 0.04
_LOWEST_VOICE_HZ, _HIGHEST_VOICE_HZ = 70.0, 400.0
_LOUD_WITHIN_DB = 10.0
_LEAST_LOUD_S = 0.2
_DIFFERENCE = RATE_HZ // 2000
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
        float32[n_wanted], or None if there is less than ``MIN_SPEECH_S`` of sound in it. What is quieter
        than ``QUIET_DBFS`` counts as sound only if it is like speech: noise is not amplified.
    """
    if samples.size < MIN_SPEECH_S * RATE_HZ or not np.isfinite(samples).all():
        return None
    filtered = _band_pass(samples)
    trimmed = _without_silent_edges(filtered)
    if trimmed.size < MIN_SPEECH_S * RATE_HZ or not _holds_sound(filtered, trimmed):
        return None
    repeated = np.resize(trimmed[:n_wanted], n_wanted)
    levelled = repeated * np.float32(LEVEL_RMS / _rms(repeated))
    return np.asarray(levelled + _noise_floor(n_wanted), np.float32)


def like_speech(samples: Samples) -> bool:
    """Whether sound swells and is voiced as speech is, however quiet it is.

    Noise and hum are not; music may be.

    Args:
        samples: float32[N] mono at ``RATE_HZ``.
    """
    if samples.size < MIN_SPEECH_S * RATE_HZ or not np.isfinite(samples).all():
        return False
    return _swells(_band_pass(samples))


def _holds_sound(filtered: npt.NDArray[np.float64], trimmed: npt.NDArray[np.float64]) -> bool:
    level_rms = _rms(trimmed)
    return level_rms >= 10 ** (QUIET_DBFS / 20) or (level_rms > 0 and _swells(filtered))


def _swells(filtered: npt.NDArray[np.float64]) -> bool:
    """Level and pitch of what passed the band-pass are those of speech."""
    levels_db = _levels_db(filtered, _SWELL_FRAME_S)
    if np.percentile(levels_db, 95) - np.percentile(levels_db, 10) < _SWELL_DB:
        return False
    n_frame = int(_VOICE_FRAME_S * RATE_HZ)
    frames = filtered[: filtered.size // n_frame * n_frame].reshape(-1, n_frame)
    levels_db = _levels_db(filtered, _VOICE_FRAME_S)
    loud = frames[levels_db >= np.percentile(levels_db, 95) - _LOUD_WITHIN_DB]
    # Differences, since rumble is like itself for the length of a frame; over half a millisecond, since
    # those of neighbours would raise the hiss.
    loud = loud[:, _DIFFERENCE:] - loud[:, :-_DIFFERENCE]
    # A few clicks are loud too, and each is like itself.
    return len(loud) * _VOICE_FRAME_S >= _LEAST_LOUD_S and float(np.median(_periodicity(loud))) >= _VOICED


def _periodicity(frames: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """float64[N]: how like itself each frame is after one period of a voice, 1 for the same again.

    The greatest normalised autocorrelation within the range of voices, without the window's own decline
    (Boersma 1993).
    """
    window = np.hanning(frames.shape[1])
    n_fft = 2 * _FFT_MULTIPLE
    shortest, longest = int(RATE_HZ / _HIGHEST_VOICE_HZ), int(RATE_HZ / _LOWEST_VOICE_HZ)

    def correlated(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(np.fft.irfft(np.abs(np.fft.rfft(rows, n_fft, axis=-1)) ** 2, axis=-1))

    own, rows = correlated(window), correlated(frames * window)
    decline = own[shortest : longest + 1] / own[0]
    likeness = rows[:, shortest : longest + 1] / np.maximum(rows[:, :1], np.finfo(np.float64).tiny) / decline
    return np.asarray(likeness.max(axis=1))


def _levels_db(samples: npt.NDArray[np.float64], frame_s: float) -> npt.NDArray[np.float64]:
    n_frame = int(frame_s * RATE_HZ)
    power = (samples[: samples.size // n_frame * n_frame].reshape(-1, n_frame) ** 2).mean(axis=1)
    return np.asarray(10 * np.log10(np.maximum(power, 1e-20)), np.float64)


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
    return np.asarray(noise * LEVEL_RMS * 10 ** (_NOISE_DB / 20), np.float32)


def _rms(samples: npt.NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(samples**2))) if samples.size else 0.0
