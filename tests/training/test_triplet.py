"""Siamese training: triplets pull labels apart, then the head learns on an embedding that does not move."""

from __future__ import annotations

import pytest
import torch

from forensics.training.backends import load_backend
from forensics.training.backends.backend import StepConfig
from forensics.training.loss import loss_of
from forensics.training.nets.efficientnet import EfficientNetFace
from forensics.training.nets.triplet import LearnsEmbeddingFirst, triplet_loss

LAYOUT = StepConfig("fp32", channels_last=False)
SIZE_PX = 32


class Small(LearnsEmbeddingFirst):
    """The same training of a net that is small enough for a test."""

    def __init__(self) -> None:
        super().__init__("tf_efficientnetv2_b0", 2, drop_rate=0.0, drop_path_rate=0.0)


def test_triplets_cost_what_the_definition_says():
    embedded = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    label = torch.tensor([0.0, 0.0, 1.0])
    # Anchors 0 and 1 are 1.414 from each other; the other label is 0 and 1.414 away. Nobody shares 2's label.
    far = 2**0.5
    expected = ((far - 0 + 0.5) + (far - far + 0.5)) / 2
    assert triplet_loss(embedded, label).item() == pytest.approx(expected, abs=1e-3)
    apart = torch.tensor([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])
    assert triplet_loss(apart, label).item() == 0


def _loss(net: Small, raw: torch.Tensor, label: torch.Tensor, done: float) -> torch.Tensor:
    return loss_of(net, net, load_backend("onednn"), LAYOUT, raw, label, 0.0, done=done)


def test_the_embedding_learns_first_and_is_held_afterwards():
    torch.manual_seed(1)
    net = Small()
    raw = torch.randint(0, 256, (8, SIZE_PX, SIZE_PX, 3), dtype=torch.uint8)
    label = torch.arange(8).remainder(2).float()
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.0)
    net.train()
    head = net.head.weight.detach().clone()
    losses = []
    for _ in range(12):
        loss = _loss(net, raw, label, done=0.0)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert min(losses[-3:]) < losses[0]
    assert torch.equal(net.head.weight, head), "triplets teach the embedding alone"

    before = {name: value.clone() for name, value in net.trunk.state_dict().items()}
    bare = []
    for _ in range(12):
        loss = _loss(net, raw, label, done=0.9)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        bare.append(loss.item())
    assert bare[-1] < bare[0]
    after = net.trunk.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before), "weights and batch statistics"
    assert net.trunk.training


def test_other_nets_have_one_loss_throughout():
    torch.manual_seed(1)
    net = EfficientNetFace("tf_efficientnetv2_b0", None, drop_rate=0.0, drop_path_rate=0.0).eval()
    raw = torch.randint(0, 256, (4, SIZE_PX, SIZE_PX, 3), dtype=torch.uint8)
    label = torch.arange(4).remainder(2).float()
    first, last = (
        loss_of(net, net, load_backend("onednn"), LAYOUT, raw, label, 0.0, done=done) for done in (0.0, 1.0)
    )
    assert torch.equal(first, last)
