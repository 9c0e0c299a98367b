"""Features on the unit sphere: what is added to the loss, and what a net makes of it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from forensics.errors import TrainingError
from forensics.training.backends import load_backend
from forensics.training.backends.backend import StepConfig
from forensics.training.hypersphere import Hypersphere, pooled_features, refuse_without_features
from forensics.training.loss import loss_of
from forensics.training.nets import build_net
from forensics.training.nets.torch_net import TorchNet
from forensics.training.trainer import train
from tests.training.small import LAYOUT, one_layout, small_settings

# Two of one label at a right angle, two of the other opposite each other.
FEATURES = torch.tensor([[1.0, 0.0], [0.0, 1.0], [3.0, 0.0], [-0.5, 0.0]])
LABEL = torch.tensor([0.0, 0.0, 1.0, 1.0])


def test_alignment_is_the_mean_squared_distance_within_a_label():
    assert Hypersphere(0.5, 0.0).cost(FEATURES, LABEL).item() == pytest.approx(0.5 * (2 + 4) / 2)


def test_uniformity_is_the_log_of_the_mean_kernel_of_all_pairs():
    places = torch.nn.functional.normalize(FEATURES)
    expected = torch.pdist(places).pow(2).mul(-2).exp().mean().log().item()
    assert Hypersphere(0.0, 0.3).cost(FEATURES, LABEL).item() == pytest.approx(0.3 * expected, rel=1e-5)


def test_lengths_of_features_do_not_matter():
    scaled = FEATURES * torch.tensor([[7.0], [0.1], [2.0], [1.0]])
    both = Hypersphere(0.4, 0.3)
    torch.testing.assert_close(both.cost(scaled, LABEL), both.cost(FEATURES, LABEL))


def test_a_batch_of_one_costs_nothing_and_collapsed_features_have_a_gradient():
    assert Hypersphere(1.0, 1.0).cost(FEATURES[:1], LABEL[:1]).item() == 0
    spread = torch.randn(8, 4, generator=torch.Generator().manual_seed(1)) * 0.01 + 1
    spread.requires_grad_()
    Hypersphere(0.0, 1.0).cost(spread, torch.zeros(8)).backward()
    assert torch.isfinite(spread.grad).all()
    assert spread.grad.abs().max() > 1e-3


def features_of(net: TorchNet, raw: Tensor) -> Tensor:
    with pooled_features(net, net.pooled_into) as seen, torch.no_grad():
        net(net.prepare(raw))
    return torch.nn.functional.normalize(seen[0])


@pytest.mark.parametrize("name", ["cnn", "efficientnetv2-b0-autoatt"])
def test_features_are_those_that_the_head_judges(name: str):
    net = build_net(name).eval()
    raw = torch.randint(0, 256, (2, 64, 64, 3), dtype=torch.uint8)
    with pooled_features(net, net.pooled_into) as seen, torch.no_grad():
        logit, _ = net(net.prepare(raw))
    torch.testing.assert_close(net.head(seen[0]).flatten(), logit)
    with torch.no_grad():
        net(net.prepare(raw))
    assert len(seen) == 1, "no longer collected"


@pytest.mark.parametrize(("alignment", "uniformity"), [(1.0, 0.0), (0.0, 1.0)])
def test_a_net_that_learns_with_it_places_features_so(alignment: float, uniformity: float):
    backend = load_backend("onednn")
    rng = torch.Generator().manual_seed(4)
    raw = torch.randint(0, 256, (16, 32, 32, 3), dtype=torch.uint8, generator=rng)
    label = torch.arange(16) % 2.0
    asked = Hypersphere(alignment, uniformity)
    costs = []
    for hypersphere in (None, asked):
        torch.manual_seed(2)
        net = build_net("cnn").train()
        optimizer = torch.optim.AdamW(net.parameters(), 1e-3)
        for _ in range(25):
            loss = loss_of(net, net, backend, LAYOUT, raw, label, 0.0, hypersphere=hypersphere)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        costs.append(asked.cost(features_of(net, raw), label).item())
    assert costs[1] < costs[0] - 0.05


def test_without_weights_the_loss_is_as_it_was():
    backend = load_backend("onednn")
    net = build_net("cnn").eval()
    raw = torch.randint(0, 256, (4, 32, 32, 3), dtype=torch.uint8)
    layout = StepConfig("fp32", channels_last=False)
    plain = loss_of(net, net, backend, layout, raw, LABEL, 0.1)
    weighed = loss_of(net, net, backend, layout, raw, LABEL, 0.1, hypersphere=Hypersphere(0.5, 0.0))
    places = features_of(net, raw)
    expected = 0.5 * ((places[0] - places[1]).square().sum() + (places[2] - places[3]).square().sum()) / 2
    assert weighed.item() - plain.item() == pytest.approx(expected.item(), abs=1e-5)
    assert math.isfinite(plain.item())


def test_a_run_records_it_and_ends_in_other_weights(prepared: Path, tmp_path: Path):
    heads = []
    for name, more in (("plain", {}), ("placed", {"alignment": 0.1, "uniformity": 0.5, "smoothed": 0.3})):
        asked = small_settings(prepared, tmp_path / name, net="cnn", size_px=32, n_steps=2, **more)
        with one_layout():
            record = train(asked)
        heads.append(torch.load(asked.out / "last.pt", weights_only=True)["net"]["head.weight"])
    assert (record["settings"]["alignment"], record["settings"]["uniformity"]) == (0.1, 0.5)
    assert record["settings"]["smoothed"] == 0.3
    assert not torch.equal(*heads)


def test_a_net_without_pooled_features_is_refused(prepared: Path, tmp_path: Path):
    with pytest.raises(TrainingError, match="flow-cnn gives none"):
        refuse_without_features(build_net("flow-cnn"), "flow-cnn")
    with pytest.raises(TrainingError, match="flow-cnn gives none"):
        train(small_settings(prepared, tmp_path / "run", net="flow-cnn", alignment=0.1))
