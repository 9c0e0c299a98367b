"""The seam of nets. Adding one: a module beside this file and a line in the table of ``nets``."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor, nn

from forensics.errors import TrainingError

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
# As tensors made once: made in a forward pass, they would be warned of at each conversion.
_MEAN = torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1)
_STD = torch.tensor(IMAGENET_STD).view(1, 3, 1, 1)


class TorchNet(nn.Module):
    """A net that gives one logit per sample, positive for manipulated, and a map of where it looked.

    Attributes:
        recipe: name of the recipe that it is trained and fed by.
        map_name: name of the second output: ``attention``, ``activation`` or ``mel``.
        needed_weights: published weights without which it is of no use, for errors; empty for most nets.
        pooled_into: name of the layer that is given the pooled features float[N, C] of single pictures; empty
            where there is none, or where no gradient would reach them.
    """

    recipe: str
    map_name: str
    needed_weights: str = ""
    pooled_into: str = ""

    @abstractmethod
    def prepare(self, raw: Tensor) -> Tensor:
        """From what the IR takes to what ``forward`` takes; becomes part of the IR.

        Args:
            raw: face: uint8[N, S, S, 3] RGB; voice: float32[N, samples].
        """

    def adopt(self, weights: dict[str, Tensor], origin: str) -> None:  # noqa: ARG002 - a net that can use them says how
        """Starts from published weights of another net; none can be used unless a net says how.

        Args:
            weights: by their names in the file.
            origin: what to call them in an error.

        Raises:
            TrainingError: they do not fit.
        """
        raise TrainingError(f"{origin} holds weights of an image net", "Use --init none for this net.")

    def condense(self, raw: Tensor) -> Tensor:  # noqa: ARG002 - a net with a frozen front says how
        """What the part that never learns makes of the raw input: float32[N, n], what ``judge`` takes.

        Raises:
            TrainingError: all of the net learns.
        """
        raise TrainingError("All of this net learns", "Train it without --keep.")

    def judge(self, condensed: Tensor) -> Tensor:  # noqa: ARG002 - as above
        """Logit float[N] of what ``condense`` gave: the part that learns.

        Raises:
            TrainingError: all of the net learns.
        """
        raise TrainingError("All of this net learns", "Train it without --keep.")

    @abstractmethod
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Gives (logit float[N], map float[N, 1, h, w]).

        Args:
            x: what ``prepare`` returned.
        """


def normalise_rgb(raw: Tensor) -> Tensor:
    """uint8[N, S, S, 3] RGB to float32[N, 3, S, S] with ImageNet mean and deviation."""
    x = raw.permute(0, 3, 1, 2).float() / 255.0
    return (x - _MEAN.to(raw.device)) / _STD.to(raw.device)


def class_activation(features: Tensor, head: nn.Linear) -> Tensor:
    """Class activation map (Zhou et al., CVPR 2016) float[N, 1, h, w] in [0, 1] of a linear head.

    For global average pooling and one linear layer, Grad-CAM equals this weighted sum of the last features.

    Args:
        features: float[N, C, h, w], whose mean over h and w is what ``head`` takes.
        head: from C to one logit.
    """
    activation = torch.einsum("nchw,c->nhw", features, head.weight[0]) + head.bias
    return torch.sigmoid(activation).unsqueeze(1)
