"""Nets of clips: a trunk sees every picture, a head reads their features in time order.

``efficientnet-b3-transformer``: features of each picture, positions, a Transformer encoder (Vaswani et al.,
"Attention Is All You Need", 2017), GELU. ``resnext50-lstm`` and ``inceptionv3-lstm-gru``: recurrent heads
(Hochreiter and Schmidhuber, 1997; Cho et al., 2014), as used on sampled frames by Güera and Delp, "Deepfake
Video Detection Using Recurrent Neural Networks", AVSS 2018. ``v2b0-transformer`` puts the Transformer on the
trunk of the shipped face net.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from forensics.training.nets.torch_net import normalise_rgb
from forensics.training.nets.trunk import TimmNet

# Longest clip that the learned positions reach.
_MOST_FRAMES = 32
_WIDTH = 256
_N_HEADS = 4
_N_LAYERS = 2
_DROP_RATE = 0.3


class SequenceNet(TimmNet):
    """A trunk of timm and a head over time.

    Pictures that are black all over are no pictures: they fill up a shorter clip and change nothing.

    Args:
        trunk: timm's name of the architecture.
        head: gives (float[N, W], weights float[N, T]) of features float[N, T, C] and present bool[N, T].
        recipe: of clips.
    """

    map_name = "attention"

    def __init__(self, trunk: str, head: type[Head], *, recipe: str = "face-clips") -> None:
        super().__init__(trunk)
        self.recipe = recipe
        self.over_time = head(self.n_features)
        self.head = nn.Sequential(
            nn.Linear(_WIDTH, _WIDTH), nn.GELU(), nn.Dropout(_DROP_RATE), nn.Linear(_WIDTH, 1)
        )

    def prepare(self, raw: Tensor) -> Tensor:
        """uint8[N, T, S, S, 3] RGB to normalised float32[N, T, 3, S, S]; what is black stays recognisable."""
        return normalise_rgb(raw.flatten(0, 1)).unflatten(0, (-1, raw.shape[1]))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logit float[N] and each picture's weight float[N, 1, 1, T]."""
        black = normalise_rgb(torch.zeros(1, 1, 1, 3, dtype=torch.uint8)).to(x.device)
        present = (x - black.unsqueeze(1)).amax(dim=(2, 3, 4)) > _DARKEST
        features = self.trunk(x.flatten(0, 1)).unflatten(0, (-1, x.shape[1]))
        read, weights = self.over_time(features, present)
        return self.head(read).flatten(), weights[:, None, None, :]


# Above rounding, below one grey level of 255 in any channel.
_DARKEST = 1e-3


class Head(nn.Module):
    """Reads features in time order."""

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.n_features = n_features


class TransformerHead(Head):
    """Positions, encoder layers, and a mean over the pictures that are there, weighted by attention."""

    def __init__(self, n_features: int) -> None:
        super().__init__(n_features)
        self.inward = nn.Linear(n_features, _WIDTH)
        self.positions = nn.Parameter(0.02 * torch.randn(_MOST_FRAMES, _WIDTH))
        self.layers = nn.ModuleList([_EncoderLayer() for _ in range(_N_LAYERS)])
        self.norm = nn.LayerNorm(_WIDTH)
        self.query = nn.Linear(_WIDTH, 1)

    def forward(self, features: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """(float[N, W], float[N, T])."""
        x = self.inward(features) + self.positions[: features.shape[1]]
        for layer in self.layers:
            x = layer(x, present)
        x = self.norm(x)
        weights = _over(self.query(x).squeeze(-1), present)
        return (weights.unsqueeze(-1) * x).sum(dim=1), weights


class _EncoderLayer(nn.Module):
    """One pre-norm encoder layer, written out: torch's own takes paths that other runtimes cannot follow."""

    def __init__(self) -> None:
        super().__init__()
        self.before = nn.LayerNorm(_WIDTH)
        self.qkv = nn.Linear(_WIDTH, 3 * _WIDTH)
        self.out = nn.Linear(_WIDTH, _WIDTH)
        self.between = nn.LayerNorm(_WIDTH)
        self.inner = nn.Sequential(nn.Linear(_WIDTH, 2 * _WIDTH), nn.GELU(), nn.Linear(2 * _WIDTH, _WIDTH))
        self.dropout = nn.Dropout(0.1)

    def forward(self, x: Tensor, present: Tensor) -> Tensor:
        """float[N, T, W]."""
        q, k, v = (
            part.unflatten(-1, (_N_HEADS, -1)).transpose(1, 2)
            for part in self.qkv(self.before(x)).chunk(3, dim=-1)
        )
        scores = q @ k.transpose(-2, -1) / math.sqrt(_WIDTH // _N_HEADS)
        attended = _over(scores, present[:, None, None, :]) @ v
        x = x + self.dropout(self.out(attended.transpose(1, 2).flatten(2)))
        return x + self.dropout(self.inner(self.between(x)))


class RecurrentHead(Head):
    """An LSTM, and a GRU behind it if so wanted; what it knows at the last picture that is there."""

    with_gru = False

    def __init__(self, n_features: int) -> None:
        super().__init__(n_features)
        self.lstm = nn.LSTM(n_features, _WIDTH, batch_first=True)
        self.gru = nn.GRU(_WIDTH, _WIDTH, batch_first=True) if self.with_gru else None

    def forward(self, features: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """(float[N, W], float[N, T]); the weight is 1 at the picture where it was read."""
        x, _ = self.lstm(features)
        if self.gru is not None:
            x, _ = self.gru(x)
        # Missing pictures stand at the end alone, so that what was read before does not depend on them.
        n_present = present.sum(dim=1, keepdim=True).clamp(min=1)
        steps = torch.arange(features.shape[1], device=x.device)
        last = (steps[None, :] == n_present - 1).to(x.dtype)
        return (last.unsqueeze(-1) * x).sum(dim=1), last


class LstmGruHead(RecurrentHead):
    """An LSTM, then a GRU."""

    with_gru = True


def _over(scores: Tensor, present: Tensor) -> Tensor:
    """Softmax over the last axis, 0 where nothing is present."""
    return torch.softmax(scores.masked_fill(~present, -1e4), dim=-1) * present


def efficientnet_b3_transformer() -> SequenceNet:
    """EfficientNet-B3 and a Transformer encoder."""
    return SequenceNet("tf_efficientnet_b3", TransformerHead)


def v2b0_transformer() -> SequenceNet:
    """EfficientNetV2-B0, as in the shipped face net, and a Transformer encoder, on consecutive pictures."""
    return SequenceNet("tf_efficientnetv2_b0", TransformerHead, recipe="face-bursts")


def resnext50_lstm() -> SequenceNet:
    """ResNeXt-50 (32x4d) and an LSTM."""
    return SequenceNet("resnext50_32x4d", RecurrentHead)


def inceptionv3_lstm_gru() -> SequenceNet:
    """Inception v3, an LSTM and a GRU, on the pictures that moved most."""
    return SequenceNet("inception_v3", LstmGruHead, recipe="face-clips-by-motion")
