"""Xception, the frame net of FaceForensics++.

Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions", CVPR 2017; as a detector of
manipulated faces: Rössler et al., "FaceForensics++: Learning to Detect Manipulated Facial Images", ICCV 2019.
"""

from __future__ import annotations

from torch import Tensor

from forensics.training.nets.trunk import TrunkNet

# timm's port of the Keras weights, which FaceForensics++ started from.
_TRUNK = "legacy_xception"
# As in the published detector, which puts dropout before its one linear layer.
_DROP_RATE = 0.5


class XceptionFace(TrunkNet):
    """Xception with one logit; its map is the class activation map of the last features."""

    map_name = "activation"

    def __init__(self) -> None:
        super().__init__(_TRUNK, drop_rate=_DROP_RATE)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logit float[N] and map float[N, 1, h, w] in [0, 1]."""
        return self.judged(self.trunk.forward_features(x))
