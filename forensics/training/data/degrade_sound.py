"""What happens to sound on its way: applied to pristine and synthetic speech alike."""

from __future__ import annotations

import numpy as np
from scipy.signal import fftconvolve, resample_poly

from forensics.media.recompress import SOUND_CODECS, TELEPHONE_CODECS, over_telephone, sound_through
from forensics.media.sound import RATE_HZ
from forensics.records.media import Samples

_RATES_HZ = (8_000, 11_025, 12_000, 22_050, 24_000)
# Of the modes of AMR, a poor, a usual and the best one.
_AMR_BPS = (5_900, 7_950, 12_200)


def degrade_sound(samples: Samples, rng: np.random.Generator) -> Samples:
    """One random journey: speed, equaliser, room, noise, resampling, telephone, lossy codec.

    Args:
        samples: float32[N] mono at ``media.sound.RATE_HZ``.
        rng: source of all randomness.

    Returns:
        float32[M], M within 10 % of N.
    """
    if rng.random() < 0.3:
        samples = _resampled(samples, int(rng.integers(92, 109)), 100)
    if rng.random() < 0.5:
        samples = _equalised(samples, rng)
    if rng.random() < 0.25:
        samples = _in_a_room(samples, rng)
    if rng.random() < 0.5:
        samples = _noisy(samples, rng)
    if rng.random() < 0.3:
        rate_hz = int(rng.choice(_RATES_HZ))
        samples = _resampled(_resampled(samples, rate_hz, RATE_HZ), RATE_HZ, rate_hz)
    if rng.random() < 0.1:
        codec = str(rng.choice(list(TELEPHONE_CODECS)))
        bit_rate_bps = int(rng.choice(_AMR_BPS))
        samples = over_telephone(_in_range(samples), RATE_HZ, codec, bit_rate_bps)
    if rng.random() < 0.3:
        codec = str(rng.choice(list(SOUND_CODECS)))
        samples = sound_through(
            _in_range(samples), RATE_HZ, codec, int(rng.choice([16_000, 24_000, 32_000, 64_000]))
        )
    return _in_range(samples)


def _in_range(samples: Samples) -> Samples:
    peak = float(np.abs(samples).max()) if samples.size else 0.0
    return np.asarray(samples * np.float32(0.95 / peak), np.float32) if peak > 0.95 else samples


def _resampled(samples: Samples, up: int, down: int) -> Samples:
    return np.asarray(resample_poly(samples, up, down), np.float32)


def _equalised(samples: Samples, rng: np.random.Generator) -> Samples:
    """A smooth random frequency response, within 9 dB."""
    spectrum = np.fft.rfft(samples)
    knots_db = rng.normal(0, 3, size=8).clip(-9, 9)
    gain_db = np.interp(np.linspace(0, 7, spectrum.size), np.arange(8), knots_db)
    return np.asarray(np.fft.irfft(spectrum * 10 ** (gain_db / 20), samples.size), np.float32)


def _in_a_room(samples: Samples, rng: np.random.Generator) -> Samples:
    """Exponentially decaying noise as an impulse response, 60 dB down after 0.1 to 0.5 s."""
    n_response = int(rng.uniform(0.1, 0.5) * RATE_HZ)
    response = rng.standard_normal(n_response) * 10 ** (-3 * np.arange(n_response) / n_response)
    wet = fftconvolve(samples, response / np.sqrt((response**2).sum()))[: samples.size]
    return np.asarray(samples + rng.uniform(0.1, 0.7) * wet, np.float32)


def _noisy(samples: Samples, rng: np.random.Generator) -> Samples:
    """White to pink noise, 12 to 45 dB below the signal."""
    spectrum = np.fft.rfft(rng.standard_normal(samples.size))
    spectrum /= np.maximum(1, np.arange(spectrum.size)) ** rng.uniform(0, 0.6)
    noise = np.fft.irfft(spectrum, samples.size)
    wanted = np.sqrt(np.mean(samples**2)) * 10 ** (-rng.uniform(12, 45) / 20)
    return np.asarray(samples + noise * wanted / max(float(np.sqrt(np.mean(noise**2))), 1e-12), np.float32)
