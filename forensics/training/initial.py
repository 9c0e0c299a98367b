"""Weights to start from."""

from __future__ import annotations

import logging
from pathlib import Path

import timm
from safetensors.torch import load_file
from torch import Tensor

from forensics.errors import TrainingError
from forensics.media.hashing import sha256_of
from forensics.training.ctranslate2_file import read_ctranslate2
from forensics.training.nets.torch_net import TorchNet
from forensics.training.nets.trunk import TimmNet
from forensics.training.training_run import load


def initialise(net: TorchNet, init: str) -> str:
    """Fills a net's weights and says with what.

    Args:
        net: with fresh weights.
        init: ``none``; ``imagenet`` (through timm, needs its cache or a network); a ``.safetensors``
            file with timm's names for the trunk, with ours for a whole net, with Silero VAD's for a
            speech net, or with those of transformers or fairseq for wav2vec 2.0 and WavLM; a
            ``model.bin`` of CTranslate2's Whisper; or a checkpoint of an earlier run of the same net.

    Raises:
        TrainingError: the weights cannot be had or do not fit.
    """
    if init == "none":
        return "fresh weights"
    if init == "imagenet" and net.needed_weights:
        raise TrainingError(
            "This net has a frozen part that learned from much speech, and its weights are not fetched",
            f"Fetch {net.needed_weights} on a machine with a network, and give the file: --init "
            "model.safetensors.",
        )
    if init == "imagenet":
        if not isinstance(net, TimmNet):
            return "fresh weights"
        net.adopt(_imagenet(net), "ImageNet weights of timm")
        return "ImageNet weights of timm"
    path = Path(init)
    if path.suffix == ".safetensors":
        if not path.is_file():
            raise TrainingError(f"There are no weights at {path}", "Check the path given with --init.")
        net.adopt(load_file(path), path.name)
        return path.name
    if path.suffix == ".bin":
        net.adopt(read_ctranslate2(path), path.name)
        return f"{path.name} (SHA-256 {sha256_of(path)})"
    state = load(path)
    try:
        net.load_state_dict(state["ema"])
    except (KeyError, RuntimeError) as error:
        raise TrainingError(
            f"{path} holds no weights of this net", "Give a checkpoint of the same --net, or --init none."
        ) from error
    return f"checkpoint {path.name} of {path.parent.name}"


def _imagenet(net: TimmNet) -> dict[str, Tensor]:
    name = net.trunk_name
    # The client of the hub warns of every attempt, twice; what matters is said below.
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    try:
        trunk = timm.create_model(name, pretrained=True, num_classes=0)
    except (OSError, RuntimeError, ValueError) as error:  # what the hub's client and timm raise
        address = f"https://huggingface.co/{net.trunk.pretrained_cfg['hf_hub_id']}"
        raise TrainingError(
            f"ImageNet weights of {name} cannot be had: {error}",
            f"Fetch model.safetensors of {address} on a machine with a network, and give it: "
            "--init model.safetensors. To begin without: --init none.",
        ) from error
    state: dict[str, Tensor] = trunk.state_dict()
    return state
