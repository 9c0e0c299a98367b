"""How the phases of neighbouring frequencies keep step, which a vocoder has to invent.

The phase of every bin of a short-time spectrum is compared with its own two frames ago and one (does its
frequency hold still?), and its advance with the next bin's (do both advance alike?). Only directions count:
every product is brought to length one, so that neither level nor spectrum is heard. The mean direction over
a band is as long as its bins agree. Modified group delay and relative phase shift measure relations of the
same kind (Sanchez, Saratxaga, Hernaez, Navas, Erro, Raitio: "Toward a Universal Synthetic Speech Spoofing
Detection Using Phase Information", IEEE TIFS 2015).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from forensics.training.nets.audio_cnn import RATE_HZ, fourier

N_FFT = 320
HOP = 80
N_BANDS = 9
_BINS_PER_BAND = 15
_LOWEST_HZ = 100.0
_N_BINS = N_BANDS * _BINS_PER_BAND
# About the power of the noise floor that `media.sound.level` adds: what lies below it has no phase.
_FAINT = 1e-5
_VARIANCE_FLOOR = 1e-4
N_STATISTICS = 2 * 3 * N_BANDS

_Complex = tuple[Tensor, Tensor]


class PhaseCoherence(nn.Module):
    """float32[N, samples] to float32[N, N_STATISTICS]; nothing in it is learned."""

    fourier: Tensor

    def __init__(self) -> None:
        super().__init__()
        first = round(_LOWEST_HZ * N_FFT / RATE_HZ)
        # One bin more than is averaged: neighbours are compared.
        chosen = np.arange(first, first + _N_BINS + 1)
        rows = fourier(N_FFT)[np.concatenate([chosen, chosen + N_FFT // 2 + 1])]
        self.register_buffer("fourier", torch.from_numpy(rows[:, None]).float(), persistent=False)

    def forward(self, raw: Tensor) -> Tensor:
        """Of each band: mean and log variance over time of the coherence, and mean of its even part."""
        spectrum = nn.functional.conv1d(raw.unsqueeze(1), self.fourier, stride=HOP)
        # The sines' sign turns all phases round, which is all one here.
        bins = spectrum[:, : _N_BINS + 1], spectrum[:, _N_BINS + 1 :]
        advance = _turned(_later(bins), _earlier(bins))
        held = _turned(_later(advance), _earlier(advance))
        delay = _turned(_upper(bins), _lower(bins))
        shared = _turned(_later(delay), _earlier(delay))
        parts = [*_measured((held[0][:, :_N_BINS], held[1][:, :_N_BINS])), *_measured(shared)]
        return torch.cat(parts, dim=1)


def _turned(to: _Complex, since: _Complex) -> _Complex:
    """By how much each phase differs, as complex numbers of length one (shorter for faint ones)."""
    real = to[0] * since[0] + to[1] * since[1]
    imaginary = to[1] * since[0] - to[0] * since[1]
    length = torch.sqrt(real.square() + imaginary.square()) + _FAINT
    return real / length, imaginary / length


def _measured(direction: _Complex) -> tuple[Tensor, Tensor, Tensor]:
    real, imaginary = (x.unflatten(1, (N_BANDS, _BINS_PER_BAND)).mean(dim=2) for x in direction)
    coherence = torch.sqrt(real.square() + imaginary.square() + 1e-8)
    mean = coherence.mean(dim=2, keepdim=True)
    variance = (coherence - mean).square().mean(dim=2)
    return mean.squeeze(2), torch.log(variance + _VARIANCE_FLOOR), real.mean(dim=2)


def _later(x: _Complex) -> _Complex:
    return x[0][:, :, 1:], x[1][:, :, 1:]


def _earlier(x: _Complex) -> _Complex:
    return x[0][:, :, :-1], x[1][:, :, :-1]


def _upper(x: _Complex) -> _Complex:
    return x[0][:, 1:], x[1][:, 1:]


def _lower(x: _Complex) -> _Complex:
    return x[0][:, :-1], x[1][:, :-1]
