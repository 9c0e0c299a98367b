"""AASIST (Jung et al., ICASSP 2022), written from the paper, for its published weights; inference only.

Attributes are named as the published weights name them, so that those load strictly. The published code is
under the MIT licence; none of it stands here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

RATE_HZ = 16_000
# About four seconds: what the published weights were trained on.
N_SAMPLES = 64_600

_N_BANDS = 70
_N_TAPS = 129
_N_SPECTRAL_NODES = 23
_NODE_TEMPERATURE = 2.0
_PAIR_TEMPERATURE = 100.0
_N_HETEROGENEOUS = 32


@dataclass(frozen=True)
class Shape:
    """What differs between the two published nets.

    Attributes:
        width: channels of the last encoder blocks and of the graphs.
        kept: shares of nodes that the pools keep: spectral, temporal, within the heterogeneous graphs.
    """

    width: int
    kept: tuple[float, float, float]


SHAPES = {"aasist": Shape(64, (0.5, 0.7, 0.5)), "aasist-l": Shape(24, (0.4, 0.5, 0.7))}


class Aasist(nn.Module):
    """Raw sound to two logits: spoofed, bona fide."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width, n_pair = shape.width, _N_HETEROGENEOUS
        self.register_buffer("bank", _mel_band_passes(), persistent=False)
        self.first_bn = nn.BatchNorm2d(1)
        widths = ((1, 32), (32, 32), (32, width), *[(width, width)] * 3)
        self.encoder = nn.Sequential(
            *(nn.Sequential(_Residual(*pair, first=not index)) for index, pair in enumerate(widths))
        )
        self.pos_S = nn.Parameter(torch.zeros(1, _N_SPECTRAL_NODES, width))
        self.master1 = nn.Parameter(torch.zeros(1, 1, width))
        self.master2 = nn.Parameter(torch.zeros(1, 1, width))
        self.GAT_layer_S = _Attention(width, width)
        self.GAT_layer_T = _Attention(width, width)
        self.pool_S = _Pool(width, shape.kept[0])
        self.pool_T = _Pool(width, shape.kept[1])
        for branch in (1, 2):
            self.add_module(f"HtrgGAT_layer_ST{branch}1", _PairAttention(width, n_pair))
            self.add_module(f"HtrgGAT_layer_ST{branch}2", _PairAttention(n_pair, n_pair))
            self.add_module(f"pool_hS{branch}", _Pool(n_pair, shape.kept[2]))
            self.add_module(f"pool_hT{branch}", _Pool(n_pair, shape.kept[2]))
        self.out_layer = nn.Linear(5 * n_pair, 2)

    def forward(self, sound: Tensor) -> Tensor:
        """float32[N, 64600] in [-1, 1] to float32[N, 2]: spoofed, bona fide."""
        bands = nn.functional.conv1d(sound.unsqueeze(1), self.get_buffer("bank")).unsqueeze(1)
        x = self.encoder(
            nn.functional.selu(self.first_bn(nn.functional.max_pool2d(bands.abs(), kernel_size=3)))
        )
        spectral = x.abs().amax(dim=3).transpose(1, 2) + self.pos_S
        temporal = x.abs().amax(dim=2).transpose(1, 2)
        spectral = self.pool_S(self.GAT_layer_S(spectral))
        temporal = self.pool_T(self.GAT_layer_T(temporal))
        branches = [
            self._branch(1, temporal, spectral, self.master1),
            self._branch(2, temporal, spectral, self.master2),
        ]
        temporal, spectral, master = (torch.maximum(*pair) for pair in zip(*branches, strict=True))
        seen = [
            temporal.abs().amax(dim=1),
            temporal.mean(dim=1),
            spectral.abs().amax(dim=1),
            spectral.mean(dim=1),
            master.squeeze(1),
        ]
        logits: Tensor = self.out_layer(torch.cat(seen, dim=1))
        return logits

    def _branch(
        self, number: int, temporal: Tensor, spectral: Tensor, master: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        first, second, pool_s, pool_t = (
            self.get_submodule(name.format(number))
            for name in ("HtrgGAT_layer_ST{}1", "HtrgGAT_layer_ST{}2", "pool_hS{}", "pool_hT{}")
        )
        temporal, spectral, master = first(temporal, spectral, master)
        temporal, spectral = pool_t(temporal), pool_s(spectral)
        more = second(temporal, spectral, master)
        return temporal + more[0], spectral + more[1], master + more[2]


class _Residual(nn.Module):
    """Two convolutions over (band, time) beside a shortcut; a third of the time steps remain."""

    def __init__(self, n_in: int, n_out: int, *, first: bool) -> None:
        super().__init__()
        if not first:
            # Stored with the published weights, which were trained without it in the path.
            self.bn1 = nn.BatchNorm2d(n_in)
        self.conv1 = nn.Conv2d(n_in, n_out, (2, 3), padding=(1, 1))
        self.bn2 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, (2, 3), padding=(0, 1))
        if n_in != n_out:
            self.conv_downsample = nn.Conv2d(n_in, n_out, (1, 3), padding=(0, 1))

    def forward(self, x: Tensor) -> Tensor:
        shortcut = self.conv_downsample(x) if hasattr(self, "conv_downsample") else x
        x = self.conv2(nn.functional.selu(self.bn2(self.conv1(x))))
        return nn.functional.max_pool2d(x + shortcut, (1, 3))


class _Attention(nn.Module):
    """Graph attention: how much a node takes from another depends on their product."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.att_proj = nn.Linear(n_in, n_out)
        self.att_weight = nn.Parameter(torch.zeros(n_out, 1))
        self.proj_with_att = nn.Linear(n_in, n_out)
        self.proj_without_att = nn.Linear(n_in, n_out)
        self.bn = nn.BatchNorm1d(n_out)

    def forward(self, nodes: Tensor) -> Tensor:
        hidden = torch.tanh(self.att_proj(_products(nodes)))
        shares = ((hidden @ self.att_weight).squeeze(-1) / _NODE_TEMPERATURE).softmax(dim=-1)
        return _activated(self.bn, self.proj_with_att(shares @ nodes) + self.proj_without_att(nodes))


class _PairAttention(nn.Module):
    """Attention over temporal and spectral nodes at once, with weights for each kind of pair.

    A master node takes from all and gives to none.
    """

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.proj_type1 = nn.Linear(n_in, n_in)
        self.proj_type2 = nn.Linear(n_in, n_in)
        self.att_proj = nn.Linear(n_in, n_out)
        self.att_projM = nn.Linear(n_in, n_out)
        for kind in ("11", "22", "12", "M"):
            self.register_parameter(f"att_weight{kind}", nn.Parameter(torch.zeros(n_out, 1)))
        self.proj_with_att = nn.Linear(n_in, n_out)
        self.proj_without_att = nn.Linear(n_in, n_out)
        self.proj_with_attM = nn.Linear(n_in, n_out)
        self.proj_without_attM = nn.Linear(n_in, n_out)
        self.bn = nn.BatchNorm1d(n_out)

    def forward(self, temporal: Tensor, spectral: Tensor, master: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        nodes = torch.cat([self.proj_type1(temporal), self.proj_type2(spectral)], dim=1)
        n_temporal = temporal.shape[1]
        is_spectral = torch.arange(nodes.shape[1]) >= n_temporal
        kinds = is_spectral.long()[:, None] + is_spectral.long()[None, :]
        weights = torch.stack(
            [self.get_parameter(f"att_weight{kind}").squeeze(-1) for kind in ("11", "12", "22")]
        )[kinds]
        scores = (torch.tanh(self.att_proj(_products(nodes))) * weights).sum(dim=-1)
        shares = (scores / _PAIR_TEMPERATURE).softmax(dim=-1)
        mastered = torch.tanh(self.att_projM(nodes * master)) @ self.get_parameter("att_weightM")
        of_master = (mastered / _PAIR_TEMPERATURE).softmax(dim=1).transpose(1, 2)
        master = self.proj_with_attM(of_master @ nodes) + self.proj_without_attM(master)
        nodes = _activated(self.bn, self.proj_with_att(shares @ nodes) + self.proj_without_att(nodes))
        return nodes[:, :n_temporal], nodes[:, n_temporal:], master


class _Pool(nn.Module):
    """Keeps the nodes with the highest scores, weighed by them, highest first."""

    def __init__(self, n_in: int, kept: float) -> None:
        super().__init__()
        self.proj = nn.Linear(n_in, 1)
        self.kept = kept

    def forward(self, nodes: Tensor) -> Tensor:
        scores = self.proj(nodes).sigmoid()
        n_kept = max(int(nodes.shape[1] * self.kept), 1)
        best = scores.topk(n_kept, dim=1).indices.expand(-1, -1, nodes.shape[2])
        return (nodes * scores).gather(1, best)


def load_aasist(weights: Path) -> Aasist:
    """The net with published weights; which of the two it is stands in the file's name."""
    net = Aasist(SHAPES[weights.stem])
    net.load_state_dict(load_file(weights), strict=True)
    return net.eval()


def spoof_logits(net: Aasist, sounds: Sequence[np.ndarray]) -> np.ndarray:
    """float64[N] log odds of "spoofed", positive for manipulated.

    Args:
        sounds: float32 mono at 16 kHz; repeated or cut to the published length.
    """
    parts = []
    with torch.inference_mode():
        for sound in sounds:
            spoofed, bona_fide = net(torch.from_numpy(np.resize(sound, N_SAMPLES))[None])[0].tolist()
            parts.append(spoofed - bona_fide)
    return np.array(parts)


def _products(nodes: Tensor) -> Tensor:
    return nodes[:, :, None] * nodes[:, None]


def _activated(norm: nn.BatchNorm1d, nodes: Tensor) -> Tensor:
    return nn.functional.selu(norm(nodes.transpose(1, 2)).transpose(1, 2))


def _mel_band_passes() -> Tensor:
    """float32[70, 1, 129]: windowed sinc filters whose edges lie evenly on the mel scale."""
    highest_mel = 2595 * np.log10(1 + RATE_HZ / 2 / 700)
    edges_hz = 700 * (10 ** (np.linspace(0, highest_mel, _N_BANDS + 1) / 2595) - 1)
    taps = np.arange(_N_TAPS) - _N_TAPS // 2
    low_passes = [2 * edge / RATE_HZ * np.sinc(2 * edge / RATE_HZ * taps) for edge in edges_hz]
    return torch.from_numpy(np.diff(low_passes, axis=0) * np.hamming(_N_TAPS)).float().unsqueeze(1)
