"""Every net of faces becomes an IR, and an ONNX file, that say what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from forensics.training.conversion import parity, to_onnx, to_openvino
from forensics.training.nets import NETS, build_net
from forensics.training.nets.torch_net import TorchNet
from forensics.training.recipes.face_pictures import face_contract

SIZE_PX = 64
FACE_NETS = [
    name
    for name in NETS
    if not name.startswith(("audio", "whisper", "wav2vec2", "wavlm"))
    and not name.endswith(("-transformer", "-lstm", "-lstm-gru", "flow-cnn"))
]


def _settled(name: str) -> TorchNet:
    """A net whose batch statistics fit its fresh weights: otherwise all its logits are alike."""
    torch.manual_seed(5)
    net = build_net(name)
    assert net.recipe == "face-pictures"
    net.train()
    with torch.no_grad():
        for _ in range(3):
            net(net.prepare(torch.from_numpy(pictures(8))))
    return net.eval()


def pictures(n: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(n).integers(0, 256, (n, SIZE_PX, SIZE_PX, 3), np.uint8)


@pytest.mark.parametrize("name", FACE_NETS)
def test_the_ir_says_what_the_net_says(name: str):
    net = _settled(name)
    with torch.inference_mode():
        logits = net(net.prepare(torch.from_numpy(pictures(3))))[0]
    assert logits.std() > 0
    # Another number of pictures than it was converted with.
    assert parity(net, to_openvino(net, face_contract(SIZE_PX)), [pictures(3), pictures(5)]) < 1e-3


@pytest.mark.parametrize("name", ["cnn", "vit-small", "efficientnetv2-b0-autoatt"])
def test_onnx_says_what_the_net_says(name: str, tmp_path: Path):
    net = _settled(name)
    to_onnx(net, face_contract(SIZE_PX), tmp_path / "model.onnx")
    assert parity(net, tmp_path / "model.onnx", [pictures(3), pictures(5)]) < 1e-3
