"""EfficientNets with and without the attention of Bonettini et al.

Bonettini, Cannas, Mandelli, Bondi, Bestagini, Tubaro: "Video Face Manipulation Detection Through
Ensemble of CNNs", ICPR 2020. Their attention is one 1x1 convolution to one channel and a sigmoid, put
behind a middle stage and multiplied into its features. It is learned with the rest and shows where the
net looked, not where a manipulation is.
"""

from __future__ import annotations

import math
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from forensics.training.nets.trunk import TrunkNet

# An untrained attention should pass pretrained features nearly unchanged: sigmoid(2) = 0.88.
_ATTENTION_BIAS = 2.0
Face = TypeVar("Face", bound="EfficientNetFace")

# The size in pixels that EfficientNet-B4 was designed for.
_B4_NATIVE_PX = 380


class EfficientNetFace(TrunkNet):
    """An EfficientNet trunk of timm, one logit, and a map.

    Args:
        trunk: timm's name of the architecture.
        attention_stage: index of the stage behind which the attention stands; None for no attention,
            in which case the map is the class activation map of the last features.
        drop_rate: dropout before the head.
        drop_path_rate: stochastic depth.
        padded_as_at_px: pad strided convolutions as for pictures of this size, whatever comes in; None
            pads as TensorFlow does, which depends on the size of what comes in.
    """

    def __init__(
        self,
        trunk: str,
        attention_stage: int | None,
        *,
        drop_rate: float = 0.2,
        drop_path_rate: float = 0.1,
        padded_as_at_px: int | None = None,
    ) -> None:
        super().__init__(trunk, drop_rate=drop_rate, drop_path_rate=drop_path_rate)
        if padded_as_at_px is not None:
            _fix_padding(self.trunk, padded_as_at_px)
        self.attention_stage = attention_stage
        self.map_name = "activation" if attention_stage is None else "attention"
        if attention_stage is not None:
            n_channels = self.trunk.blocks[attention_stage][-1].conv_pwl.out_channels
            self.attention = nn.Conv2d(n_channels, 1, kernel_size=1)
            nn.init.normal_(self.attention.weight, std=0.01)
            nn.init.constant_(self.attention.get_parameter("bias"), _ATTENTION_BIAS)

    def features(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """Last feature map float[N, C, h, w] and the attention map float[N, 1, h', w'] or None."""
        x = self.trunk.bn1(self.trunk.conv_stem(x))
        attention = None
        for index, stage in enumerate(self.trunk.blocks):
            x = stage(x)
            if index == self.attention_stage:
                attention = torch.sigmoid(self.attention(x))
                x = x * attention
        return self.trunk.bn2(self.trunk.conv_head(x)), attention

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logit float[N] and map float[N, 1, h, w] in [0, 1]."""
        features, attention = self.features(x)
        logit, activation = self.judged(features)
        return logit, activation if attention is None else attention


class _FixedPaddingConv2d(nn.Conv2d):
    """A convolution that pads (before, after) on both axes; torch's own pads both sides alike."""

    def __init__(self, convolution: nn.Conv2d, before: int, after: int) -> None:
        super().__init__(
            convolution.in_channels,
            convolution.out_channels,
            (convolution.kernel_size[0], convolution.kernel_size[1]),
            (convolution.stride[0], convolution.stride[1]),
            groups=convolution.groups,
            bias=convolution.bias is not None,
        )
        self.load_state_dict(convolution.state_dict())
        self.border = (before, after, before, after)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(nn.functional.pad(x, self.border))


def _fix_padding(trunk: Any, size_px: int) -> None:
    """Gives every strided convolution the padding that TensorFlow's rule gives it at ``size_px``.

    The reference net does so. At 224 px it makes a difference in one layer (5x5, stride 2, 56 px in): 2
    before and 2 after instead of 1 and 2. Names and shapes of the weights stay as they are.
    """
    owners = [(trunk, "conv_stem"), *((block, "conv_dw") for stage in trunk.blocks for block in stage)]
    for owner, name in owners:
        convolution = getattr(owner, name)
        kernel, stride = convolution.kernel_size[0], convolution.stride[0]
        if stride > 1:
            n_out = math.ceil(size_px / stride)
            total = max(0, (n_out - 1) * stride + kernel - size_px)
            setattr(owner, name, _FixedPaddingConv2d(convolution, total // 2, total - total // 2))
            size_px = n_out


def efficientnet_autoatt_b4() -> EfficientNetFace:
    """EfficientNetAutoAttB4: attention behind MBConv block 9, the last one of stage 2 (56 channels)."""
    return b4(EfficientNetFace, attention_stage=2)


def efficientnet_b4() -> EfficientNetFace:
    """EfficientNet-B4 without attention; its map is the class activation map."""
    return b4(EfficientNetFace, attention_stage=None)


def b4(kind: type[Face], attention_stage: int | None) -> Face:
    """An EfficientNet-B4, padded and regularised as the reference net."""
    return kind(
        "tf_efficientnet_b4",
        attention_stage,
        drop_rate=0.4,
        drop_path_rate=0.2,
        padded_as_at_px=_B4_NATIVE_PX,
    )


def efficientnetv2_b0_autoatt() -> EfficientNetFace:
    """EfficientNetV2-B0 with the attention at the same stride, 8: behind stage 2 (48 channels)."""
    return EfficientNetFace("tf_efficientnetv2_b0", attention_stage=2)
