"""Maps of a trained net point at a planted patch: its class activation map, and occlusion of its IR."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import nn

from forensics.detectors.occlusion import N_PLACES, occlusion_map
from forensics.engines.net import InferenceConfig, NetOutput
from forensics.engines.openvino_engine import LOGIT_OUTPUT, MAP_OUTPUT, the_core
from forensics.records.input_contract import PictureContract
from forensics.records.model_card import ModelCard
from forensics.training.conversion import to_openvino
from forensics.training.nets import build_net
from forensics.training.nets.torch_net import TorchNet

SIDE, PATCH = 64, 16
CONTRACT = PictureContract(size_px=SIDE, crop_margin=1.0)


def planted(n: int, seed: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Smooth pictures, each with a patch of stripes somewhere; uint8[N, S, S, 3] and corners int[N, 2]."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(60, 190, (n, 4, 4, 3), np.uint8)
    pictures = coarse.repeat(SIDE // 4, axis=1).repeat(SIDE // 4, axis=2)
    corners = rng.integers(0, SIDE - PATCH, (n, 2))
    for picture, (top, left) in zip(pictures, corners, strict=True):
        picture[top : top + PATCH : 2, left : left + PATCH] = 250
    return pictures, corners


@pytest.fixture(scope="module")
def net() -> TorchNet:
    torch.manual_seed(0)
    net = build_net("cnn").train()
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    for step in range(60):
        with_patch, _ = planted(8, step)
        plain = np.random.default_rng(step).integers(60, 190, (8, 4, 4, 3), np.uint8)
        plain = plain.repeat(SIDE // 4, axis=1).repeat(SIDE // 4, axis=2)
        logit, _ = net(net.prepare(torch.from_numpy(np.concatenate([with_patch, plain]))))
        label = torch.cat([torch.ones(8), torch.zeros(8)])
        loss = nn.functional.binary_cross_entropy_with_logits(logit, label)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.2
    return net.eval()


class RunIr:
    """The IR of a net, as a scan would run it."""

    def __init__(self, net: TorchNet) -> None:
        self.card = ModelCard("made", "1", "face", "cnn", "", "", "", CONTRACT, ())
        self.precision, self.pace = "f32", InferenceConfig()
        model = to_openvino(net, CONTRACT)
        self._compiled = the_core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    def infer(self, batch: npt.NDArray[np.uint8]) -> NetOutput:
        answers = self._compiled([batch])
        return NetOutput(np.asarray(answers[LOGIT_OUTPUT]), np.asarray(answers[MAP_OUTPUT])[:, 0])


def distance_px(where: npt.NDArray[np.float32], corner: npt.NDArray[np.int64], at_px: list[float]) -> float:
    """From the map's brightest place to the patch's middle."""
    brightest = np.unravel_index(int(where.argmax()), where.shape)
    found = np.array([at_px[int(index)] for index in brightest])
    return float(np.abs(found - (corner + PATCH / 2)).max())


def test_class_activation_maps_and_occlusion_point_at_a_planted_patch(net: TorchNet) -> None:
    pictures, corners = planted(12, 999)
    ir = RunIr(net)
    maps = ir.infer(pictures).maps
    cell = SIDE / maps.shape[1]
    of_map = [(index + 0.5) * cell for index in range(maps.shape[1])]
    window = SIDE // 4
    of_occlusion = [window / 2 + index * (SIDE - window) / (N_PLACES - 1) for index in range(N_PLACES)]
    activation = [distance_px(where, corner, of_map) for where, corner in zip(maps, corners, strict=True)]
    occlusion = [
        distance_px(occlusion_map(ir, picture), corner, of_occlusion)
        for picture, corner in zip(pictures, corners, strict=True)
    ]
    assert np.median(activation) <= 2 * cell, "by chance it would be about 20 px"
    assert np.median(occlusion) <= PATCH / 2
    assert max(occlusion) <= PATCH
