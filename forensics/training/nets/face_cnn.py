"""A plain convolutional net for faces: the baseline that everything else has to beat."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from forensics.training.nets.torch_net import TorchNet, class_activation, normalise_rgb

_CHANNELS = (3, 32, 64, 128, 256)
_DROP_RATE = 0.5


class FaceCnn(TorchNet):
    """Convolution, batch norm, ReLU and max pooling, four times; then the mean and one linear layer.

    It has no published weights to start from.
    """

    recipe = "face-pictures"
    map_name = "activation"
    pooled_into = "dropout"

    def __init__(self) -> None:
        super().__init__()
        self.blocks = plain_blocks(_CHANNELS)
        self.dropout = nn.Dropout(_DROP_RATE)
        self.head = nn.Linear(_CHANNELS[-1], 1)

    def prepare(self, raw: Tensor) -> Tensor:
        """uint8[N, S, S, 3] RGB to normalised float32[N, 3, S, S]."""
        return normalise_rgb(raw)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logit float[N] and map float[N, 1, h, w] in [0, 1]."""
        features = self.blocks(x)
        logit = self.head(self.dropout(features.mean(dim=(2, 3)))).flatten()
        return logit, class_activation(features, self.head)


def plain_blocks(channels: Sequence[int]) -> nn.Sequential:
    """Convolution, batch norm, ReLU and max pooling, from each number of channels to the next."""
    blocks = [
        nn.Sequential(
            nn.Conv2d(n_in, n_out, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(n_out),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
        )
        for n_in, n_out in pairwise(channels)
    ]
    return nn.Sequential(*blocks)
