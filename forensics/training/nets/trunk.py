"""Nets around one of timm's trunks, and those that end in global average pooling and one linear layer."""

from __future__ import annotations

from typing import Any

import timm
import torch
from torch import Tensor, nn

from forensics.errors import TrainingError
from forensics.training.nets.torch_net import TorchNet, class_activation, normalise_rgb


class TimmNet(TorchNet):
    """A net around a trunk of timm, which can start from published weights.

    Args:
        trunk: timm's name of the architecture.
        drop_path_rate: stochastic depth, for architectures that have it.
    """

    def __init__(self, trunk: str, drop_path_rate: float | None = None) -> None:
        super().__init__()
        self.trunk_name = trunk
        more: dict[str, Any] = {} if drop_path_rate is None else {"drop_path_rate": drop_path_rate}
        # Typed as Any: what the attributes of timm's modules are is not known to a type checker.
        made: Any = timm.create_model(trunk, pretrained=False, num_classes=0, **more)
        self.trunk = made
        self.n_features: int = made.num_features

    def prepare(self, raw: Tensor) -> Tensor:
        """uint8[N, S, S, 3] RGB to normalised float32[N, 3, S, S]."""
        return normalise_rgb(raw)

    def adopt(self, weights: dict[str, Tensor], origin: str) -> None:
        """Fills the trunk with weights under timm's names, or the whole net with weights under its own.

        Args:
            weights: of the trunk, or of a whole net of this architecture; more may be among them.
            origin: what to call them in an error.

        Raises:
            TrainingError: some are missing, or of another shape.
        """
        # Names of a trunk alone do not begin with the trunk's own.
        whole = any(name.startswith("trunk.") for name in weights)
        part: nn.Module = self if whole else self.trunk
        wanted = part.state_dict()
        usable = {
            name: value.to(torch.float32) if value.is_floating_point() else value
            for name, value in weights.items()
            if name in wanted and value.shape == wanted[name].shape
        }
        missing = sorted(
            name for name in wanted if name not in usable and not name.endswith("num_batches_tracked")
        )
        if missing:
            lacking = "net" if whole else "trunk"
            raise TrainingError(
                f"{origin} lacks {len(missing)} tensors of the {lacking}, first {missing[0]}",
                "Give weights of the same architecture, with timm's names for a trunk, ours for a whole net.",
            )
        part.load_state_dict(usable, strict=False)


class TrunkNet(TimmNet):
    """A trunk of timm, one logit, and a class activation map.

    Args:
        trunk: timm's name of the architecture.
        drop_rate: dropout before the head.
        drop_path_rate: stochastic depth, for architectures that have it.
    """

    recipe = "face-pictures"
    pooled_into = "dropout"

    def __init__(self, trunk: str, *, drop_rate: float = 0.2, drop_path_rate: float | None = None) -> None:
        super().__init__(trunk, drop_path_rate)
        self.dropout = nn.Dropout(drop_rate)
        self.head = nn.Linear(self.n_features, 1)

    def judged(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Logit float[N] and class activation map float[N, 1, h, w] in [0, 1] of the last features.

        Args:
            features: float[N, C, h, w].
        """
        logit = self.head(self.dropout(features.mean(dim=(2, 3)))).flatten()
        return logit, class_activation(features, self.head)
