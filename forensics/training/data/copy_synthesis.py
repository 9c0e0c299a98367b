"""Pseudo-fakes of speech: pristine clips taken apart and put together again, as vocoders do.

A vocoder leaves traces because it invents what its input does not hold: the phase, the fine structure
between mel bands, the excitation. Each way here invents another of them, so that pristine speech alone
teaches a net what synthesis sounds like. None of them is a neural vocoder; ``benchmarks/accuracy`` says
what each brings on generators that training has not met.
"""

from __future__ import annotations

from collections.abc import Callable

import librosa
import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from forensics.media.sound import RATE_HZ
from forensics.records.media import Samples

_LOWEST_PITCH_HZ, _HIGHEST_PITCH_HZ = 60.0, 450.0
_LEAST_MAGNITUDE = 1e-7

Way = Callable[[Samples, np.random.Generator], npt.NDArray[np.floating]]


def copy_synthesise(samples: Samples, rng: np.random.Generator) -> Samples:
    """The same words by the same voice, synthesised, as loud as before.

    Args:
        samples: float32[N] mono at ``media.sound.RATE_HZ``.
        rng: chooses the way and its settings.

    Returns:
        float32[N].
    """
    way = _WAYS[int(rng.choice(len(_WAYS), p=_SHARES))]
    sound = np.asarray(way(samples, rng), np.float32)
    loudness, wanted = float(np.std(sound)), float(np.std(samples))
    return sound * np.float32(wanted / loudness) if loudness > 0 else sound


def invented_phase(samples: Samples, rng: np.random.Generator) -> npt.NDArray[np.floating]:
    """Griffin and Lim's algorithm (1984) on magnitudes alone, mostly after a detour over mel bands."""
    n_fft = int(rng.choice([512, 800, 1024, 2048]))
    magnitude = np.abs(librosa.stft(samples, n_fft=n_fft, hop_length=n_fft // 4))
    if rng.random() < 0.75:
        magnitude = _over_mel_bands(magnitude, n_fft, rng)
    return np.asarray(
        librosa.griffinlim(
            magnitude.astype(np.float32),
            n_iter=int(rng.choice([4, 8, 16, 32])),
            hop_length=n_fft // 4,
            n_fft=n_fft,
            momentum=float(rng.choice([0.0, 0.99])),
            length=samples.size,
            random_state=int(rng.integers(2**31)),
        )
    )


def smoothed_magnitude(samples: Samples, rng: np.random.Generator) -> npt.NDArray[np.floating]:
    """Magnitudes of mel bands, half of the time smoothed over time too, with a phase that is nearly right.

    So sounds a good neural vocoder: harmonics fit together, high frequencies blur.
    """
    n_fft = int(rng.choice([512, 1024, 1024, 2048]))
    spectrum = librosa.stft(samples, n_fft=n_fft, hop_length=n_fft // 4)
    magnitude = _over_mel_bands(np.abs(spectrum), n_fft, rng)
    if rng.random() < 0.5:
        smoothed = np.exp(lfilter([0.25, 0.5, 0.25], [1.0], np.log(magnitude), axis=1))
        magnitude = np.roll(smoothed, -1, axis=1)
    jitter = rng.uniform(0, 1.5) * rng.standard_normal(spectrum.shape)
    phase = np.angle(spectrum) + jitter * np.linspace(0, 1, spectrum.shape[0])[:, None]
    rebuilt = magnitude * np.exp(1j * phase)
    return np.asarray(librosa.istft(rebuilt, hop_length=n_fft // 4, n_fft=n_fft, length=samples.size))


def source_and_filter(samples: Samples, rng: np.random.Generator) -> npt.NDArray[np.floating]:
    """Linear prediction: pulses at the pitch and noise, through each frame's all-pole filter."""
    order, n_frame = int(rng.choice([16, 20, 24])), int(rng.choice([320, 480]))
    excitation = _excitation(samples, rng)
    window = np.hanning(n_frame)
    sound = np.zeros(samples.size)
    for start in range(0, samples.size - n_frame, n_frame // 2):
        frame = samples[start : start + n_frame].astype(np.float64) * window
        power = float((frame**2).sum())
        if power < 1e-7:
            continue
        # A trace of noise keeps the recursion off frames that are exactly predictable.
        poles = librosa.lpc(frame + 1e-6 * rng.standard_normal(n_frame), order=order)
        made = lfilter([1.0], poles, excitation[start : start + n_frame]) * window
        sound[start : start + n_frame] += made * np.sqrt(power / max(float((made**2).sum()), 1e-12))
    return sound


def _excitation(samples: Samples, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """float64[N]: pulses and some noise where there is a pitch, noise elsewhere."""
    hop = 160
    pitch_hz = librosa.yin(
        samples, fmin=_LOWEST_PITCH_HZ, fmax=_HIGHEST_PITCH_HZ, sr=RATE_HZ, frame_length=1024, hop_length=hop
    )
    # Speech without a pitch crosses zero often.
    crossings = librosa.feature.zero_crossing_rate(samples, frame_length=1024, hop_length=hop)[0]
    held_hz = np.resize(np.repeat(pitch_hz, hop), samples.size)
    voiced = np.resize(np.repeat(crossings < 0.15, hop), samples.size)
    pulses = np.diff(np.floor(np.cumsum(held_hz / RATE_HZ)), prepend=0.0) > 0
    noise = rng.standard_normal(samples.size)
    breathy = 0.7 * pulses * np.sqrt(RATE_HZ / held_hz) + 0.3 * noise
    return np.where(voiced, breathy, noise)


def _over_mel_bands(
    magnitude: npt.NDArray[np.floating], n_fft: int, rng: np.random.Generator
) -> npt.NDArray[np.floating]:
    bands = librosa.filters.mel(sr=RATE_HZ, n_fft=n_fft, n_mels=int(rng.choice([60, 80, 80, 100, 128])))
    # Back from mel bands by the pseudo-inverse, as fast vocoders' front ends do.
    return np.maximum(_LEAST_MAGNITUDE, np.linalg.pinv(bands) @ (bands @ magnitude))


_WAYS: tuple[Way, ...] = (invented_phase, smoothed_magnitude, source_and_filter)
_SHARES = (0.45, 0.3, 0.25)
