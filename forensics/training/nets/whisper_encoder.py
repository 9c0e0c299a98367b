"""The encoder of OpenAI's Whisper tiny.en, for windows of any length.

Radford, Kim, Xu, Brockman, McLeavey, Sutskever: "Robust Speech Recognition via Large-Scale Weak Supervision",
2022; code and weights under the MIT licence. A log-mel spectrogram, two convolutions, four transformer layers
of 384 channels. Whisper itself pads every window to 30 s; here a window is as long as it is, which the
position encodings allow, and costs a tenth at 3 s.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from forensics.training.nets.audio_cnn import N_MELS, fourier, mel_bands

N_CHANNELS = 384
N_LAYERS = 4
N_FFT = 400
HOP = 160
_N_HEADS = 6
_N_FEED_FORWARD = 4 * N_CHANNELS
_HIGHEST_HZ = 8_000.0
_LEAST_POWER = 1e-10
# In powers of ten below a window's loudest band; what lies deeper is cut off there.
_DEPTH = 8.0
# The longest window that Whisper has positions for.
_N_POSITIONS = 1_500
_LONGEST_WAVE = 10_000.0


class WhisperEncoder(nn.Module):
    """float32[N, samples] to the activations of every layer, a frame every 20 ms."""

    fourier: Tensor
    bands: Tensor
    positions: Tensor

    def __init__(self, n_layers: int = N_LAYERS) -> None:
        super().__init__()
        for name, values in (
            ("fourier", fourier(N_FFT)[:, None]),
            ("bands", mel_bands(N_FFT, 0.0, _HIGHEST_HZ)),
            ("positions", positions(_N_POSITIONS, N_CHANNELS)),
        ):
            self.register_buffer(name, torch.from_numpy(values).float(), persistent=False)
        self.conv1 = nn.Conv1d(N_MELS, N_CHANNELS, kernel_size=3, padding=1)
        self.conv2 = nn.Conv1d(N_CHANNELS, N_CHANNELS, kernel_size=3, stride=2, padding=1)
        self.layers = nn.ModuleList(_Layer() for _ in range(n_layers))

    def spectrogram(self, raw: Tensor) -> Tensor:
        """float32[N, samples] to log-mel float32[N, N_MELS, frames], scaled as Whisper's is."""
        padded = nn.functional.pad(raw.unsqueeze(1), (N_FFT // 2, N_FFT // 2), mode="reflect")
        spectrum = nn.functional.conv1d(padded, self.fourier, stride=HOP)[:, :, :-1]
        half = N_FFT // 2 + 1
        power = torch.matmul(self.bands, spectrum[:, :half] ** 2 + spectrum[:, half:] ** 2)
        levels = torch.log(power.clamp(min=_LEAST_POWER)) / math.log(10)
        loudest = levels.amax(dim=(1, 2), keepdim=True)
        return (torch.maximum(levels, loudest - _DEPTH) + 4) / 4

    def forward(self, spectrogram: Tensor) -> list[Tensor]:
        """Activations float32[N, N_CHANNELS, frames / 2] behind the convolutions and behind each layer."""
        x = nn.functional.gelu(self.conv1(spectrogram))
        x = nn.functional.gelu(self.conv2(x)).transpose(1, 2)
        x = x + self.positions[: x.shape[1]]
        found = [x]
        for layer in self.layers:
            x = layer(x)
            found.append(x)
        return [one.transpose(1, 2) for one in found]


class _Layer(nn.Module):
    """Self-attention and feed-forward, each behind its norm and beside its input."""

    def __init__(self) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(N_CHANNELS)
        self.attention_in = nn.Linear(N_CHANNELS, 3 * N_CHANNELS)
        self.attention_out = nn.Linear(N_CHANNELS, N_CHANNELS)
        self.norm = nn.LayerNorm(N_CHANNELS)
        self.wide = nn.Linear(N_CHANNELS, _N_FEED_FORWARD)
        self.narrow = nn.Linear(_N_FEED_FORWARD, N_CHANNELS)

    def forward(self, x: Tensor) -> Tensor:
        heads = self.attention_in(self.attention_norm(x)).unflatten(2, (3, _N_HEADS, -1))
        query, key, value = heads.permute(2, 0, 3, 1, 4).unbind(0)
        heard = nn.functional.scaled_dot_product_attention(query, key, value)
        x = x + self.attention_out(heard.transpose(1, 2).flatten(2))
        added: Tensor = self.narrow(nn.functional.gelu(self.wide(self.norm(x))))
        return x + added


def positions(n_positions: int, n_channels: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """float64[n_positions, n_channels]: sines, then cosines, of wavelengths in geometric progression."""
    n_half = n_channels // 2
    rates = _LONGEST_WAVE ** (-np.arange(n_half) / (n_half - 1))
    angles = np.outer(np.arange(n_positions), rates)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)


_CTRANSLATE2_LAYER = {
    "self_attention/layer_norm": "attention_norm",
    "self_attention/linear_0": "attention_in",
    "self_attention/linear_1": "attention_out",
    "ffn/layer_norm": "norm",
    "ffn/linear_0": "wide",
    "ffn/linear_1": "narrow",
}
_CTRANSLATE2_TENSOR = {"gamma": "weight", "beta": "bias"}


def from_ctranslate2(name: str) -> str | None:
    """This encoder's name of a tensor of CTranslate2's Whisper; None for one that it has not."""
    place, _, tensor = name.removeprefix("encoder/").rpartition("/")
    own = _CTRANSLATE2_TENSOR.get(tensor, tensor)
    if not name.startswith("encoder/"):
        return None
    if place in {"conv1", "conv2"}:
        return f"{place}.{own}"
    layer, _, part = place.partition("/")
    if part not in _CTRANSLATE2_LAYER:
        return None
    return f"layers.{layer.removeprefix('layer_')}.{_CTRANSLATE2_LAYER[part]}.{own}"
