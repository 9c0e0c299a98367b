"""A small Vision Transformer over the patches of a face.

Dosovitskiy et al., "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale", ICLR 2021.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from forensics.training.nets.trunk import TrunkNet

_TRUNK = "vit_small_patch16_224"


class VitSmallFace(TrunkNet):
    """ViT-S/16; the mean of the patches' last features is judged by one linear layer.

    Pictures of any size whose side is a multiple of 16: the learned positions are interpolated.
    """

    map_name = "activation"

    def __init__(self) -> None:
        super().__init__(_TRUNK, drop_path_rate=0.1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logit float[N] and map float[N, 1, h, w] in [0, 1], one value a patch."""
        trunk = self.trunk
        patches = trunk.patch_embed.proj(x)
        height, width = patches.shape[2:]
        tokens = patches.flatten(2).transpose(1, 2) + self._positions(height, width)
        first = (trunk.cls_token + trunk.pos_embed[:, :1]).expand(patches.shape[0], -1, -1)
        tokens = trunk.norm(trunk.blocks(torch.cat([first, tokens], dim=1)))
        return self.judged(tokens[:, 1:].transpose(1, 2).unflatten(2, (height, width)))

    def _positions(self, height: int, width: int) -> Tensor:
        """float[1, height * width, C]."""
        learned = self.trunk.pos_embed[:, 1:]
        side = int(learned.shape[1] ** 0.5)
        if (side, side) == (height, width):
            return learned
        grid = learned.unflatten(1, (side, side)).permute(0, 3, 1, 2)
        resized = nn.functional.interpolate(grid, size=(height, width), mode="bicubic", align_corners=False)
        return resized.flatten(2).transpose(1, 2)
