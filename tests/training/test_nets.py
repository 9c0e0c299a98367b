"""Every net of the table keeps the promises of the seam."""

from __future__ import annotations

import pytest
import torch

from forensics.errors import TrainingError
from forensics.training.nets import NETS, build_net
from forensics.training.nets.torch_net import TorchNet
from forensics.training.nets.triplet import LearnsEmbeddingFirst

SIZE_PX = 32
# Nets of clips have tests of their own, test_clips.py and test_flow.py, and so have the two whose encoders of
# 95 million weights are tested in a smaller size: test_wav2vec.py.
APART = ("-transformer", "-lstm", "-lstm-gru", "flow-cnn", "wav2vec2", "wavlm")
SINGLE = [name for name in NETS if not name.endswith(APART)]


def raw_input(net: TorchNet, n: int, seed: int = 0) -> torch.Tensor:
    made = torch.Generator().manual_seed(seed)
    if net.recipe == "face-pictures":
        return torch.randint(0, 256, (n, SIZE_PX, SIZE_PX, 3), dtype=torch.uint8, generator=made)
    return 0.06 * torch.randn(n, 16_000, generator=made)


@pytest.fixture(scope="module", params=SINGLE)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def net(name: str) -> TorchNet:
    torch.manual_seed(3)
    return build_net(name)


def test_it_gives_a_logit_and_a_map_per_sample(net: TorchNet):
    net.eval()
    with torch.inference_mode():
        x = net.prepare(raw_input(net, 3))
        logit, where = net(x)
    assert x.dtype == torch.float32
    assert logit.shape == (3,)
    assert torch.isfinite(logit).all()
    assert where.ndim == 4
    assert where.shape[:2] == (3, 1)
    if net.map_name in {"attention", "activation"}:
        assert where.min() >= 0
        assert where.max() <= 1
    else:
        assert net.map_name == "mel"


def test_a_sample_does_not_depend_on_its_neighbours(net: TorchNet):
    net.eval()
    raw = raw_input(net, 3)
    with torch.inference_mode():
        together, _ = net(net.prepare(raw))
        alone, _ = net(net.prepare(raw[:1]))
    torch.testing.assert_close(together[:1], alone, rtol=1e-4, atol=1e-4)


def test_its_weights_can_be_taken_over(name: str, net: TorchNet):
    other = build_net(name)
    other.load_state_dict(net.state_dict())
    net.eval()
    other.eval()
    raw = raw_input(net, 2)
    with torch.inference_mode():
        torch.testing.assert_close(net(net.prepare(raw))[0], other(other.prepare(raw))[0])


def test_it_learns_eight_samples_by_heart(net: TorchNet):
    if isinstance(net, LearnsEmbeddingFirst):
        pytest.skip("its head learns on a trunk that is held: test_triplet.py")
    torch.manual_seed(0)
    raw = raw_input(net, 8, seed=1)
    label = torch.arange(8).remainder(2).float()
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
    net.train()
    losses = []
    for _ in range(10):
        logit, _ = net(net.prepare(raw))
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logit, label)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert min(losses[-3:]) < 0.75 * losses[0]


def test_an_unknown_net_is_answered_with_the_table():
    with pytest.raises(TrainingError) as caught:
        build_net("resnet")
    assert all(name in caught.value.hint for name in NETS)
