"""Weights to start from."""

from __future__ import annotations

from pathlib import Path

import timm
import torch
from safetensors.torch import load_file
from torch import Tensor

from forensics.errors import TrainingError
from forensics.training.nets.efficientnet import EfficientNetFace
from forensics.training.nets.net import FakenessNet
from forensics.training.nets.speech_cnn import SpeechCnn
from forensics.training.run import load


def initialise(net: FakenessNet, init: str) -> str:
    """Fills a net's weights and says with what.

    Args:
        net: with fresh weights.
        init: ``none``; ``imagenet`` (through timm, needs its cache or a network); a ``.safetensors``
            file with timm's names for the trunk, or Silero VAD's for a speech net; or a checkpoint of an
            earlier run of the same net.

    Raises:
        TrainingError: the weights cannot be had or do not fit.
    """
    if init == "none":
        return "fresh weights"
    if init == "imagenet":
        if not isinstance(net, EfficientNetFace):
            return "fresh weights"
        _fill_trunk(net, _imagenet(net), "ImageNet weights of timm")
        return "ImageNet weights of timm"
    path = Path(init)
    if path.suffix == ".safetensors":
        if not path.is_file():
            raise TrainingError(f"There are no weights at {path}", "Check the path given with --init.")
        if isinstance(net, SpeechCnn):
            net.adopt(load_file(path), path.name)
        else:
            _fill_trunk(net, load_file(path), path.name)
        return path.name
    state = load(path)
    try:
        net.load_state_dict(state["ema"])
    except (KeyError, RuntimeError) as error:
        raise TrainingError(
            f"{path} holds no weights of this net", "Give a checkpoint of the same --net, or --init none."
        ) from error
    return f"checkpoint {path.name} of {path.parent.name}"


def _imagenet(net: EfficientNetFace) -> dict[str, Tensor]:
    name = net.trunk_name
    try:
        trunk = timm.create_model(name, pretrained=True, num_classes=0)
    except (OSError, RuntimeError, ValueError) as error:  # what the hub's client and timm raise
        raise TrainingError(
            f"ImageNet weights of {name} cannot be had: {error}",
            "Fetch the file elsewhere and give it: --init FILE.safetensors; or --init none.",
        ) from error
    state: dict[str, Tensor] = trunk.state_dict()
    return state


def _fill_trunk(net: FakenessNet, weights: dict[str, Tensor], origin: str) -> None:
    if not isinstance(net, EfficientNetFace):
        raise TrainingError(f"{origin} holds weights of an image net", "Use --init none for this net.")
    wanted = net.trunk.state_dict()
    usable = {
        name: value.to(torch.float32) if value.is_floating_point() else value
        for name, value in weights.items()
        if name in wanted and value.shape == wanted[name].shape
    }
    missing = sorted(
        name for name in wanted if name not in usable and not name.endswith("num_batches_tracked")
    )
    if missing:
        raise TrainingError(
            f"{origin} lacks {len(missing)} tensors of the trunk, first {missing[0]}",
            "Give weights of the same architecture, with timm's names.",
        )
    net.trunk.load_state_dict(usable, strict=False)
