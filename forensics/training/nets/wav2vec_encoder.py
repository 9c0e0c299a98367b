"""The encoders of wav2vec 2.0 and WavLM, base size, for windows of any length.

Baevski, Zhou, Mohamed, Auli: "wav2vec 2.0", NeurIPS 2020 (code and weights MIT); Chen et al.: "WavLM", IEEE
JSTSP 2022 (code MIT, weights CC BY-SA 3.0). Seven convolutions over plain samples give a frame every 20 ms; a
wide grouped convolution tells positions; transformer layers, each with its norms behind. WavLM adds to the
attention a bias by distance, which gates of the attending channels weigh.

The first convolution has no bias and is normalised over time, so the level of the input does not matter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

_KERNELS = (10, 3, 3, 3, 3, 2, 2)
_STRIDES = (5, 2, 2, 2, 2, 2, 2)
_GATE_PARTS = 4


@dataclass(frozen=True, slots=True)
class EncoderShape:
    """Sizes of an encoder; the defaults are those of both published base models.

    Attributes:
        n_filters: channels of the convolutions over samples.
        n_channels: of the transformer.
        position_width: frames that the convolution of positions spans.
        gated_distances: WavLM's bias of the attention by distance.
        n_buckets, furthest: classes of distance in both directions together, and frames from which on all
            distances are one class.
    """

    n_filters: int = 512
    n_channels: int = 768
    n_layers: int = 12
    n_heads: int = 12
    n_feed_forward: int = 3072
    position_width: int = 128
    n_position_groups: int = 16
    gated_distances: bool = False
    n_buckets: int = 320
    furthest: int = 800


class Wav2VecEncoder(nn.Module):
    """float32[N, samples] to the activations behind the positions and behind every layer."""

    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.shape = shape
        sizes = [1, *[shape.n_filters] * len(_KERNELS)]
        self.convolutions = nn.ModuleList(
            nn.Conv1d(n_in, n_out, kernel, stride, bias=False)
            for (n_in, n_out), kernel, stride in zip(pairwise(sizes), _KERNELS, _STRIDES, strict=True)
        )
        self.first_norm = nn.GroupNorm(shape.n_filters, shape.n_filters)
        self.filters_norm = nn.LayerNorm(shape.n_filters)
        self.projection = nn.Linear(shape.n_filters, shape.n_channels)
        self.positions = nn.Conv1d(
            shape.n_channels,
            shape.n_channels,
            shape.position_width,
            padding=shape.position_width // 2,
            groups=shape.n_position_groups,
        )
        self.norm = nn.LayerNorm(shape.n_channels)
        self.distances = nn.Embedding(shape.n_buckets, shape.n_heads) if shape.gated_distances else None
        self.layers = nn.ModuleList(_Layer(shape) for _ in range(shape.n_layers))

    def forward(self, raw: Tensor) -> list[Tensor]:
        """1 + n_layers activations float32[N, n_channels, frames]."""
        x = raw.unsqueeze(1)
        for index, convolution in enumerate(self.convolutions):
            x = convolution(x)
            if index == 0:
                x = self.first_norm(x)
            x = nn.functional.gelu(x)
        x = self.projection(self.filters_norm(x.transpose(1, 2)))
        placed = self.positions(x.transpose(1, 2))
        if self.shape.position_width % 2 == 0:
            placed = placed[:, :, :-1]
        x = self.norm(x + nn.functional.gelu(placed).transpose(1, 2))
        bias = None if self.distances is None else self._by_distance(self.distances, x.shape[1])
        found = [x]
        for layer in self.layers:
            x = layer(x, bias)
            found.append(x)
        return [one.transpose(1, 2) for one in found]

    def _by_distance(self, table: nn.Embedding, n_frames: int) -> Tensor:
        """float32[n_heads, n_frames, n_frames]: what each frame pays for attending to each."""
        at = torch.arange(n_frames, device=table.weight.device)
        return table(buckets(at[None, :] - at[:, None], self.shape)).permute(2, 0, 1)


class _Layer(nn.Module):
    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        n = shape.n_channels
        self.n_heads = shape.n_heads
        self.query, self.key, self.value, self.out = (nn.Linear(n, n) for _ in range(4))
        self.attention_norm = nn.LayerNorm(n)
        self.wide = nn.Linear(n, shape.n_feed_forward)
        self.narrow = nn.Linear(shape.n_feed_forward, n)
        self.norm = nn.LayerNorm(n)
        if shape.gated_distances:
            self.gate = nn.Linear(n // shape.n_heads, 2 * _GATE_PARTS)
            self.gate_scale = nn.Parameter(torch.ones(1, shape.n_heads, 1, 1))

    def forward(self, x: Tensor, bias: Tensor | None) -> Tensor:
        query, key, value = (
            part(x).unflatten(2, (self.n_heads, -1)).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        mask = None if bias is None else self._gates(x) * bias
        heard = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        x = self.attention_norm(x + self.out(heard.transpose(1, 2).flatten(2)))
        normed: Tensor = self.norm(x + self.narrow(nn.functional.gelu(self.wide(x))))
        return normed

    def _gates(self, x: Tensor) -> Tensor:
        """float32[N, n_heads, frames, 1]: how much the distance counts for each attending frame."""
        heads = x.unflatten(2, (self.n_heads, -1)).transpose(1, 2)
        parts = torch.sigmoid(self.gate(heads).unflatten(3, (2, _GATE_PARTS)).sum(dim=4))
        update, reset = parts[..., :1], parts[..., 1:]
        return update * (reset * self.gate_scale - 1.0) + 2.0


def buckets(distances: Tensor, shape: EncoderShape) -> Tensor:
    """int64, of the same shape: the class of each distance, exact when near, ever wider when far.

    The first half of the classes is for what lies before, the second for what lies behind.
    """
    n_ways = shape.n_buckets // 2
    n_exact = n_ways // 2
    far = distances.abs().float().clamp(min=1)
    steps = torch.log(far / n_exact) / math.log(shape.furthest / n_exact) * (n_ways - n_exact)
    wide = (n_exact + steps.long()).clamp(max=n_ways - 1)
    near = torch.where(distances.abs() < n_exact, distances.abs(), wide)
    return near + (distances > 0).long() * n_ways
