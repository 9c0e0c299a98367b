"""A convolutional net over optical flow between a person's pictures.

Amerini, Galteri, Caldelli, Del Bimbo, "Deepfake Video Detection through Optical Flow based CNN", ICCV
Workshops 2019, judge fields of flow one by one; here a clip's logit is the mean over its flows.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from forensics.detectors.optical_flow import REST
from forensics.training.nets.face_cnn import plain_blocks
from forensics.training.nets.torch_net import TorchNet

_CHANNELS = (3, 32, 64, 128, 256)
_DROP_RATE = 0.3


class FlowCnn(TorchNet):
    """Four plain blocks on each flow and its speed, one linear layer, and the mean over the flows.

    It has no published weights to start from.
    """

    recipe = "face-flow"
    map_name = "activation"

    def __init__(self) -> None:
        super().__init__()
        self.blocks = plain_blocks(_CHANNELS)
        self.dropout = nn.Dropout(_DROP_RATE)
        self.head = nn.Linear(_CHANNELS[-1], 1)

    def prepare(self, raw: Tensor) -> Tensor:
        """uint8[N, T, S, S, 2] to float32[N, T, 4, S, S]: right, down, speed, and 1 where there is a flow."""
        x = raw.permute(0, 1, 4, 2, 3).float()
        present = (x[:, :, :1] > 0).float()
        motion = present * (x - REST) / (REST - 1)
        speed = (motion * motion).sum(dim=2, keepdim=True).clamp(min=1e-12).sqrt()
        return torch.cat([motion, speed, present], dim=2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logit float[N], and float[N, 1, 1, T] in [0, 1]: what each flow says by itself."""
        features = self.blocks(x[:, :, :3].flatten(0, 1)).mean(dim=(2, 3))
        each = self.head(self.dropout(features)).unflatten(0, (-1, x.shape[1])).squeeze(-1)
        present = x[:, :, 3, 0, 0]
        logit = (present * each).sum(dim=1) / present.sum(dim=1).clamp(min=1)
        return logit, (present * torch.sigmoid(each))[:, None, None, :]
