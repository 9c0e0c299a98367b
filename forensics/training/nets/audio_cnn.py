"""A small net on spectrograms of speech, with the spectrogram inside the net.

The short-time Fourier transform is a fixed convolution, so the IR takes plain samples and needs no sound
library at scan time. The net does not hear words: it measures how much the fine structure of the spectrum
moves from one hundredth of a second to the next, which synthesis smooths or roughens. Where the energy
lies it is not told, since that mostly says which microphone and which collection a clip comes from.
``benchmarks/accuracy`` holds what else was tried.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from forensics.training.nets.torch_net import TorchNet

RATE_HZ = 16_000
N_FFT = 512
HOP = 160
N_MELS = 80
LOWEST_HZ = 60.0
HIGHEST_HZ = 7_000.0
# Bands of equal width: synthesis betrays itself above 3 kHz, where mel bands are too wide to show it.
N_LINEAR = 56
LOWEST_LINEAR_HZ = 100.0
HIGHEST_LINEAR_HZ = 6_900.0
N_CEPSTRA = 30
# What moves in time is measured as it is, by its first and by its second differences.
N_ORDERS = 3
# Of the mel bands that a report shows, and of the linear bands: the latter hides what lies deeper than
# about 38 dB below a window's mean, where recordings differ by their noise.
_MEL_FLOOR = 1e-6
_LINEAR_FLOOR = 1e-4
_VARIANCE_FLOOR = 1e-4


class AudioCnn(TorchNet):
    """Convolutions, pooling by the variance over time, and two dense layers to one logit.

    Log energies of linear bands and their cosine transform over frequency (together: LFCC), with their
    first and second differences in time; of each, the logarithm of its variance over the window,
    normalised. The mean over time of every band cancels out.
    """

    recipe = "sound-windows"
    map_name = "mel"
    fourier: Tensor
    bands: Tensor
    floors: Tensor
    cosines: Tensor

    def __init__(
        self,
        n_hidden: int = 32,
        drop_rate: float = 0.4,
        hidden_drop_rate: float = 0.3,
        n_statistics: int = N_ORDERS * (N_CEPSTRA + N_LINEAR),
    ) -> None:
        super().__init__()
        floors = np.repeat([_MEL_FLOOR, _LINEAR_FLOOR], [N_MELS, N_LINEAR])[:, None]
        self._keep("fourier", fourier(N_FFT)[:, None])
        self._keep("bands", np.concatenate([mel_bands(), linear_bands()]))
        self._keep("floors", floors)
        self._keep("cosines", cosines(N_CEPSTRA, N_LINEAR)[:, :, None])
        self.norm = nn.BatchNorm1d(n_statistics, affine=False, momentum=0.03)
        self.dense = nn.Sequential(
            nn.Dropout(drop_rate),
            nn.Linear(n_statistics, n_hidden),
            nn.ReLU(),
            nn.Dropout(hidden_drop_rate),
            nn.Linear(n_hidden, 1),
        )

    def _keep(self, name: str, values: npt.NDArray[np.float64]) -> None:
        self.register_buffer(name, torch.from_numpy(values).float(), persistent=False)

    def prepare(self, raw: Tensor) -> Tensor:
        """float32[N, samples] to log power float32[N, 1, N_MELS + N_LINEAR, frames], natural logarithm."""
        spectrum = nn.functional.conv1d(raw.unsqueeze(1), self.fourier, stride=HOP)
        half = N_FFT // 2 + 1
        power = spectrum[:, :half] ** 2 + spectrum[:, half:] ** 2
        return torch.log(torch.matmul(self.bands, power) + self.floors).unsqueeze(1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logit float[N]; the map is the log-mel spectrogram that came in."""
        # A variance of differences is lost in bfloat16's eight bits.
        with torch.autocast(x.device.type, enabled=False):
            statistics = self.norm(self._statistics(x[:, 0, N_MELS:].float()))
        logit: Tensor = self.dense(statistics)
        return logit.flatten(), x[:, :, :N_MELS]

    def _statistics(self, linear: Tensor) -> Tensor:
        """float32[N, bands, frames] to float32[N, statistics]: log variances over time."""
        return log_variances(torch.cat([self.cepstra(linear), linear], dim=1))

    def cepstra(self, linear: Tensor) -> Tensor:
        """float32[N, N_LINEAR, frames] to float32[N, N_CEPSTRA, frames]."""
        return nn.functional.conv1d(linear, self.cosines)


def log_variances(still: Tensor) -> Tensor:
    """float[N, C, frames] to float[N, N_ORDERS * C]: of the curves, of their first and second differences."""
    moving = still[:, :, 1:] - still[:, :, :-1]
    turning = moving[:, :, 1:] - moving[:, :, :-1]
    variances = torch.cat([_variance(part) for part in (still, moving, turning)], dim=1)
    return torch.log(variances + _VARIANCE_FLOOR)


def _variance(x: Tensor) -> Tensor:
    return (x - x.mean(dim=2, keepdim=True)).square().mean(dim=2)


def fourier(n_fft: int) -> npt.NDArray[np.float64]:
    """float64[n_fft + 2, n_fft]: cosines, then sines, of all frequencies from nought, under a Hann window."""
    window = np.hanning(n_fft + 1)[:-1]
    angles = 2 * math.pi * np.outer(np.arange(n_fft // 2 + 1), np.arange(n_fft)) / n_fft
    return np.asarray(np.concatenate([np.cos(angles), np.sin(angles)]) * window)


def cosines(n_cepstra: int, n_bands: int) -> npt.NDArray[np.float64]:
    """float64[n_cepstra, n_bands]: the first rows of the orthonormal discrete cosine transform (type II)."""
    angles = math.pi * np.outer(np.arange(n_cepstra), np.arange(n_bands) + 0.5) / n_bands
    rows = np.cos(angles) * math.sqrt(2 / n_bands)
    rows[0] /= math.sqrt(2)
    return np.asarray(rows)


def linear_bands() -> npt.NDArray[np.float64]:
    """float64[N_LINEAR, N_FFT // 2 + 1]: triangular bands of equal width, each of unit sum."""
    edges_hz = np.linspace(LOWEST_LINEAR_HZ, HIGHEST_LINEAR_HZ, N_LINEAR + 2)
    triangles = _triangles(edges_hz, N_FFT)
    return np.asarray(triangles / triangles.sum(axis=1, keepdims=True))


def mel_bands(
    n_fft: int = N_FFT, lowest_hz: float = LOWEST_HZ, highest_hz: float = HIGHEST_HZ, n_bands: int = N_MELS
) -> npt.NDArray[np.float64]:
    """float64[n_bands, n_fft // 2 + 1]: triangular bands on Slaney's mel scale, each of unit area."""
    edges_hz = _mel_to_hz(np.linspace(_hz_to_mel(lowest_hz), _hz_to_mel(highest_hz), n_bands + 2))
    return np.asarray(_triangles(edges_hz, n_fft) * (2 / (edges_hz[2:] - edges_hz[:-2]))[:, None])


def _triangles(edges_hz: npt.NDArray[np.float64], n_fft: int) -> npt.NDArray[np.float64]:
    """Each band rises from the edge before its own to its own and falls to the edge behind it."""
    bins_hz = np.fft.rfftfreq(n_fft, 1 / RATE_HZ)
    widths = np.diff(edges_hz)
    distances = edges_hz[:, None] - bins_hz[None, :]
    rising, falling = -distances[:-2] / widths[:-1, None], distances[2:] / widths[1:, None]
    return np.asarray(np.maximum(0, np.minimum(rising, falling)))


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
