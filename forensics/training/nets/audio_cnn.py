"""A small convolutional net on mel spectrograms, with the spectrogram inside the net.

The short-time Fourier transform is a fixed convolution, so the IR takes plain samples, needs no sound
library at scan time, and gives the spectrogram out for the report. The mel bands follow Slaney's scale,
as librosa's do.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from forensics.records.model_card import Task
from forensics.training.nets.net import FakenessNet

RATE_HZ = 16_000
N_FFT = 512
HOP = 160
N_MELS = 80
LOWEST_HZ = 60.0
HIGHEST_HZ = 7_000.0
_FLOOR = 1e-6


class AudioCnn(FakenessNet):
    """Convolution, batch norm, ReLU and pooling four times, then dense layers to one logit.

    The mean of every mel band over the window is taken off first: it mostly tells the microphone and the
    data set (on its own: AUC 0.89 inside the training sources, 0.56 outside).
    """

    task = Task.VOICE
    map_name = "mel"

    def __init__(self, channels: tuple[int, ...] = (16, 32, 64, 96), drop_rate: float = 0.4) -> None:
        super().__init__()
        window = np.hanning(N_FFT + 1)[:-1]
        angles = 2 * math.pi * np.outer(np.arange(N_FFT // 2 + 1), np.arange(N_FFT)) / N_FFT
        fourier = np.concatenate([np.cos(angles), np.sin(angles)]) * window
        self.register_buffer("fourier", torch.from_numpy(fourier).float().unsqueeze(1), persistent=False)
        self.register_buffer("bands", torch.from_numpy(mel_bands()).float(), persistent=False)
        blocks: list[nn.Module] = []
        n_in = 1
        for n_out in channels:
            blocks += [_block(n_in, n_out), nn.MaxPool2d(2)]
            n_in = n_out
        self.blocks = nn.Sequential(*blocks)
        self.dense = nn.Sequential(
            nn.Dropout(drop_rate), nn.Linear(2 * n_in, 64), nn.ReLU(), nn.Dropout(drop_rate), nn.Linear(64, 1)
        )

    def prepare(self, raw: Tensor) -> Tensor:
        """float32[N, samples] to log-mel power float32[N, 1, N_MELS, frames], natural logarithm."""
        spectrum = nn.functional.conv1d(raw.unsqueeze(1), self.fourier, stride=HOP)
        half = N_FFT // 2 + 1
        power = spectrum[:, :half] ** 2 + spectrum[:, half:] ** 2
        mel = torch.matmul(self.bands, power)
        return torch.log(mel + _FLOOR).unsqueeze(1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logit float[N]; the map is the log-mel spectrogram that came in."""
        y = self.blocks((x - x.mean(dim=3, keepdim=True)) / 3.0)
        pooled = torch.cat([y.mean(dim=(2, 3)), y.amax(dim=(2, 3))], dim=1)
        return self.dense(pooled).flatten(), x


def _block(n_in: int, n_out: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, 3, padding=1, bias=False),
        nn.BatchNorm2d(n_out),
        nn.ReLU(),
        nn.Conv2d(n_out, n_out, 3, padding=1, bias=False),
        nn.BatchNorm2d(n_out),
        nn.ReLU(),
    )


def mel_bands() -> npt.NDArray[np.float64]:
    """float64[N_MELS, N_FFT // 2 + 1]: triangular bands on Slaney's mel scale, each of unit area."""
    edges_hz = _mel_to_hz(np.linspace(_hz_to_mel(LOWEST_HZ), _hz_to_mel(HIGHEST_HZ), N_MELS + 2))
    bins_hz = np.fft.rfftfreq(N_FFT, 1 / RATE_HZ)
    widths = np.diff(edges_hz)
    distances = edges_hz[:, None] - bins_hz[None, :]
    rising, falling = -distances[:-2] / widths[:-1, None], distances[2:] / widths[1:, None]
    triangles = np.maximum(0, np.minimum(rising, falling))
    return np.asarray(triangles * (2 / (edges_hz[2:] - edges_hz[:-2]))[:, None])


# Slaney's scale: linear below 1 kHz (200/3 Hz per mel), logarithmic above (27 steps per factor 6.4).
_LINEAR_HZ = 200 / 3
_KNEE_HZ = 1_000.0
_LOG_STEP = math.log(6.4) / 27


def _hz_to_mel(hz: float) -> float:
    if hz < _KNEE_HZ:
        return hz / _LINEAR_HZ
    return _KNEE_HZ / _LINEAR_HZ + math.log(hz / _KNEE_HZ) / _LOG_STEP


def _mel_to_hz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    knee = _KNEE_HZ / _LINEAR_HZ
    return np.where(mel < knee, mel * _LINEAR_HZ, _KNEE_HZ * np.exp(_LOG_STEP * (mel - knee)))
