"""Published checkpoints of the reference nets, brought to ours.

The reference implementation (Image and Sound Processing Lab, Politecnico di Milano) names its parameters
as lukemelas' EfficientNet-PyTorch does; ours carry timm's names. Only the names differ: every tensor is
taken over unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from forensics.errors import TrainingError
from forensics.training.nets import build_net
from forensics.training.nets.efficientnet import EfficientNetFace
from forensics.training.training_run import UNREADABLE

_TRUNK = {
    "_conv_stem": "conv_stem",
    "_bn0": "bn1",
    "_conv_head": "conv_head",
    "_bn1": "bn2",
}
# A block without expansion has one convolution less, and timm counts its norms from there.
_PLAIN_BLOCK = {
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn1",
    "_se_reduce": "se.conv_reduce",
    "_se_expand": "se.conv_expand",
    "_project_conv": "conv_pw",
    "_bn2": "bn2",
}
_EXPANDING_BLOCK = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_se_reduce": "se.conv_reduce",
    "_se_expand": "se.conv_expand",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}


def import_checkpoint(path: Path, net_name: str) -> EfficientNetFace:
    """Reads a checkpoint of the reference implementation into our net.

    Args:
        path: ``.pth``, holding a state dict or ``{"net": state dict}``; no code in it is run.
        net_name: a net of the table whose reference it is, for example ``efficientnet-autoatt-b4``.

    Returns:
        The net with the checkpoint's weights, in evaluation mode.

    Raises:
        TrainingError: not a readable checkpoint, or not one of this net.
    """
    net = build_net(net_name)
    if not isinstance(net, EfficientNetFace):
        raise TrainingError(
            f"There are no published checkpoints for {net_name}",
            "Import into efficientnet-autoatt-b4 or efficientnet-b4.",
        )
    load_reference(net, _read(path), origin=path.name)
    return net.eval()


def load_reference(net: EfficientNetFace, state: Mapping[str, Tensor], *, origin: str) -> None:
    """Fills ``net`` from a state dict with the reference's names.

    Args:
        origin: what to call the state dict in messages.

    Raises:
        TrainingError: a tensor is missing, unknown or of another shape; the message names the first.
    """
    names = reference_names(net)
    wanted = net.state_dict()
    counters = {name for name in names if name.endswith("num_batches_tracked")}
    missing = [name for name in names if name not in state and name not in counters]
    extra = [name for name in state if name not in names]
    shapes = [
        name for name, ours in names.items() if name in state and state[name].shape != wanted[ours].shape
    ]
    for found, what in (
        (missing, "lacks"),
        (extra, "holds, unknown to this net,"),
        (shapes, "holds in another shape"),
    ):
        if found:
            raise TrainingError(
                f"{origin} {what} {found[0]} ({len(found)} such tensors)",
                "Give --net the architecture that the checkpoint was made with.",
            )
    net.load_state_dict({names[name]: value for name, value in state.items()}, strict=False)


def reference_names(net: EfficientNetFace) -> dict[str, str]:
    """The reference's name of every tensor of ``net`` -> ours."""
    names: dict[str, str] = {}
    places = [
        (stage, index, hasattr(block, "conv_pwl"))
        for stage, blocks in enumerate(net.trunk.blocks)
        for index, block in enumerate(blocks)
    ]
    theirs_of = {
        f"trunk.blocks.{stage}.{index}.{ours}": f"efficientnet._blocks.{number}.{theirs}"
        for number, (stage, index, expanding) in enumerate(places)
        for theirs, ours in (_EXPANDING_BLOCK if expanding else _PLAIN_BLOCK).items()
    }
    theirs_of |= {f"trunk.{ours}": f"efficientnet.{theirs}" for theirs, ours in _TRUNK.items()}
    theirs_of |= {"attention": "efficientnet.attconv", "head": "classifier"}
    for ours in net.state_dict():
        module, _, tensor = ours.rpartition(".")
        names[f"{theirs_of[module]}.{tensor}"] = ours
    return names


def _read(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise TrainingError(f"There is no checkpoint at {path}", "Check the path.")
    try:
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except UNREADABLE as error:
        raise TrainingError(
            f"{path} is no checkpoint that can be read without running code from it: {error}",
            "Save its state dict alone: torch.save(net.state_dict(), FILE).",
        ) from error
    if isinstance(content, dict) and isinstance(content.get("net"), dict):
        content = content["net"]
    if not isinstance(content, dict) or not all(isinstance(value, Tensor) for value in content.values()):
        raise TrainingError(
            f"{path} holds no state dict", "Expected are tensors by name, alone or under the key 'net'."
        )
    return content
