"""INT8 of a net small enough to be quantised in a test."""

from __future__ import annotations

import numpy as np
import openvino as ov
import pytest
import torch
from openvino import opset13 as op
from torch import Tensor, nn

from forensics.records.input_contract import PictureContract
from forensics.records.model_card import Calibration
from forensics.training import quantise as room
from forensics.training.conversion import run_openvino, to_openvino
from forensics.training.nets.torch_net import TorchNet, normalise_rgb
from forensics.training.quantise import Comparison, Gate, quantise

SIZE_PX = 16
CALIBRATION = Calibration(1.0, 0.0, -50.0, 50.0, "made", 64)


class Small(TorchNet):
    """Two convolutions; ``loud`` makes one channel so large that eight bits cannot hold others beside it."""

    recipe = "face-pictures"
    map_name = "activation"

    def __init__(self, loud: float = 1.0) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.second = nn.Conv2d(8, 8, 3, padding=1)
        self.head = nn.Linear(8, 1)
        with torch.no_grad():
            self.first.weight[0] *= loud
            self.second.weight[:, 0] /= loud

    def prepare(self, raw: Tensor) -> Tensor:
        return normalise_rgb(raw)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = nn.functional.silu(self.second(nn.functional.silu(self.first(x))))
        return self.head(features.mean(dim=(2, 3))).flatten(), features[:, :1].sigmoid()


def model_and_comparison(loud: float = 1.0) -> tuple[ov.Model, list[np.ndarray], Comparison]:
    torch.manual_seed(3)
    model = to_openvino(Small(loud), PictureContract(size_px=SIZE_PX, crop_margin=1.0))
    rng = np.random.default_rng(0)
    dark, bright = (
        rng.integers(*span, (32, SIZE_PX, SIZE_PX, 3), np.uint8) for span in ((0, 90), (166, 256))
    )
    batches = [dark[:16], bright[:16], dark[16:], bright[16:]]
    logits = run_openvino(model, batches)
    is_bright = np.repeat([False, True, False, True], 16)
    labels = is_bright == (logits[is_bright].mean() > logits[~is_bright].mean())
    return model, batches, Comparison(batches, labels, logits, CALIBRATION)


def types_of(model: ov.Model) -> list[str]:
    return [node.get_type_name() for node in model.get_ordered_ops()]


def n_weights_in_8_bits(model: ov.Model) -> int:
    return sum(
        node.get_type_name() == "Constant" and node.get_output_element_type(0) in {ov.Type.i8, ov.Type.u8}
        for node in model.get_ordered_ops()
    )


def test_a_net_that_eight_bits_serve_is_quantised_throughout():
    model, batches, comparison = model_and_comparison()
    notes: list[str] = []
    found = quantise(model, batches, comparison, notes.append)
    assert found.kept
    assert found.n_in_f32 == 0
    assert n_weights_in_8_bits(found.model) == 3
    assert "FakeQuantize" not in types_of(model), "the f32 model stays as it is"
    assert notes == [str(found)]
    assert "INT8 gate passed" in notes[0]


def test_what_eight_bits_cannot_hold_is_left_in_f32():
    model, batches, comparison = model_and_comparison(loud=300.0)
    notes: list[str] = []
    found = quantise(model, batches, comparison, notes.append)
    assert "INT8 gate failed" in notes[0]
    assert found.kept
    assert 0 < found.n_in_f32 < found.n_quantisers
    assert 0 < n_weights_in_8_bits(found.model) < 3, "weights of a layer in f32 are in f32 too"
    assert types_of(found.model).count("FakeQuantize") == found.n_quantisers - found.n_in_f32


def test_a_gate_that_nothing_passes_is_said_and_ends(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(room, "MOST_DRIFT", -1.0)
    model, batches, comparison = model_and_comparison()
    notes: list[str] = []
    found = quantise(model, batches, comparison, notes.append)
    assert not found.gate.passed
    assert len(notes) == len(room._SHARES_LEFT)
    assert 0 < found.n_in_f32 <= found.n_quantisers


def test_a_form_of_which_nothing_is_left_in_eight_bits_is_not_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(room, "MOST_DRIFT", 1e-6)
    monkeypatch.setattr(room, "_SHARES_LEFT", (1.0, 0.0))
    model, batches, comparison = model_and_comparison()
    notes: list[str] = []
    found = quantise(model, batches, comparison, notes.append)
    assert found.n_in_f32 == found.n_quantisers > 0
    assert found.gate.passed, "the f32 model, compared with itself"
    assert not found.kept
    assert "nothing is left" in notes[-1]
    assert "passed" not in str(found)


def test_what_does_most_damage_for_its_work_goes_first():
    damage = {"small and bad": 1.0, "large and worse": 3.0, "harmless": 0.0}
    work = {"small and bad": 10.0, "large and worse": 1000.0, "harmless": 1.0}
    assert room._costliest(damage, work, 1.0) == set()
    assert room._costliest(damage, work, 0.75) == {"small and bad"}
    assert room._costliest(damage, work, 0.5) == {"small and bad", "large and worse"}


def test_work_is_counted_on_whichever_side_the_weights_stand():
    data = op.parameter([-1, 4, 8], np.float32)
    layer = op.matmul(np.ones((3, 4), np.float32), data, False, False)
    assert room._n_weights(layer) == 12
    assert room._work_behind(data) == 8 * 12


def test_both_bounds_have_to_hold():
    assert Gate(0.005, 0.05, 9).passed
    assert not Gate(0.006, 0.0, 9).passed
    assert not Gate(0.0, 0.06, 9).passed
    assert str(Gate(0.006, 0.0, 9)).startswith("INT8 gate failed: AUC lost +0.0060 (at most 0.005)")
