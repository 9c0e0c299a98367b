"""Weights to start from: of an image net, of an earlier run, or none."""

from __future__ import annotations

from pathlib import Path

import huggingface_hub
import pytest
import torch
from safetensors.torch import save_file

from forensics.errors import TrainingError
from forensics.training.initial import initialise
from forensics.training.nets import build_net
from forensics.training.nets.efficientnet import EfficientNetFace

FACE_NET = "efficientnetv2-b0-autoatt"


def trunk_of(net: object) -> dict[str, torch.Tensor]:
    assert isinstance(net, EfficientNetFace)
    weights: dict[str, torch.Tensor] = net.trunk.state_dict()
    return weights


@pytest.fixture
def weights(tmp_path: Path) -> dict[str, torch.Tensor]:
    """Of the trunk in half precision, under timm's names, with a classifier that is not wanted."""
    trunk = trunk_of(build_net(FACE_NET))
    half = {name: value.half() if value.is_floating_point() else value for name, value in trunk.items()}
    return half | {"classifier.bias": torch.zeros(1000)}


def test_a_file_of_an_image_net_fills_the_trunk(weights: dict[str, torch.Tensor], tmp_path: Path):
    path = tmp_path / "imagenet.safetensors"
    save_file(weights, path)
    net = build_net(FACE_NET)
    assert initialise(net, str(path)) == "imagenet.safetensors"
    for name, value in trunk_of(net).items():
        assert torch.equal(value, weights[name].to(value.dtype)), name


def test_a_file_of_a_whole_net_fills_head_and_attention_too(tmp_path: Path):
    other = build_net(FACE_NET)
    weights = {
        name: value.half().contiguous() if value.is_floating_point() else value
        for name, value in other.state_dict().items()
    }
    save_file(weights, tmp_path / "net.safetensors")
    net = build_net(FACE_NET)
    assert initialise(net, str(tmp_path / "net.safetensors")) == "net.safetensors"
    for name, value in net.state_dict().items():
        assert torch.equal(value, weights[name].to(value.dtype)), name
    del weights["head.weight"]
    save_file(weights, tmp_path / "headless.safetensors")
    with pytest.raises(TrainingError, match=r"lacks 1 tensors of the net, first head.weight"):
        initialise(build_net(FACE_NET), str(tmp_path / "headless.safetensors"))


@pytest.mark.parametrize("damage", ["lost", "other shape"])
def test_weights_that_do_not_fill_the_trunk_are_named(
    weights: dict[str, torch.Tensor], tmp_path: Path, damage: str
):
    if damage == "lost":
        del weights["conv_stem.weight"]
    else:
        weights["conv_stem.weight"] = weights["conv_stem.weight"][:1].clone()
    path = tmp_path / "other.safetensors"
    save_file(weights, path)
    with pytest.raises(
        TrainingError, match=r"other.safetensors lacks 1 tensors of the trunk, first conv_stem"
    ):
        initialise(build_net(FACE_NET), str(path))


def test_weights_of_an_image_net_do_not_fit_a_voice_net(weights: dict[str, torch.Tensor], tmp_path: Path):
    path = tmp_path / "imagenet.safetensors"
    save_file(weights, path)
    with pytest.raises(TrainingError, match="holds weights of an image net"):
        initialise(build_net("audio-cnn"), str(path))


def test_a_file_that_is_not_there(tmp_path: Path):
    for name in ("none.safetensors", "none.pt"):
        with pytest.raises(TrainingError, match=name):
            initialise(build_net(FACE_NET), str(tmp_path / name))


def test_a_checkpoint_of_another_net(tmp_path: Path):
    path = tmp_path / "best.pt"
    torch.save({"ema": build_net("audio-cnn").state_dict()}, path)
    with pytest.raises(TrainingError, match=r"best.pt holds no weights of this net"):
        initialise(build_net(FACE_NET), str(path))


def test_without_a_network_the_hint_names_what_to_fetch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(TrainingError, match="ImageNet weights of tf_efficientnet_b4 cannot be had") as caught:
        initialise(build_net("efficientnet-autoatt-b4"), "imagenet")
    assert "https://huggingface.co/timm/tf_efficientnet_b4" in caught.value.hint
    assert "--init model.safetensors" in caught.value.hint
    assert capfd.readouterr().err == ""
