"""Every training backend of the table runs a step, or says with a remedy why it cannot here."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="training's packages are not installed")

import torch
from torch import nn

from forensics.errors import BackendUnavailable
from forensics.training.backends import BACKENDS, load_backend
from forensics.training.backends.backend import Backend, logits_by


class Mean(nn.Module):
    """The smallest net with a convolution: logit and map."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 1, 3)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        found = self.layer(x)
        return found.mean(dim=(1, 2, 3)), found


@pytest.fixture(params=list(BACKENDS))
def backend(request: pytest.FixtureRequest) -> Backend:
    try:
        return load_backend(request.param)
    except BackendUnavailable as error:
        if not error.hint:
            raise
        pytest.skip(error.message)


def test_it_is_named_as_in_the_table_and_says_what_ran(backend: Backend) -> None:
    assert BACKENDS[backend.name].endswith(type(backend).__name__)
    said = backend.describe()
    assert said["backend"] == backend.name
    assert said["torch"] == torch.__version__


def test_there_is_a_layout_in_fp32(backend: Backend) -> None:
    layouts = backend.layouts("fp32")
    assert layouts
    assert {one.precision for one in layouts} == {"fp32"}
    assert len(set(layouts)) == len(layouts)


def test_a_step_in_every_layout_moves_the_weights_and_keeps_their_names(backend: Backend) -> None:
    for layout in backend.layouts("fp32"):
        torch.manual_seed(3)
        net = Mean()
        names = list(net.state_dict())
        model, optimizer = backend.prepare(net, torch.optim.SGD(net.parameters(), lr=0.5), layout)
        before = {name: value.detach().float().cpu().clone() for name, value in model.state_dict().items()}
        x = torch.rand(2, 3, 8, 8, device=backend.device)
        logits = logits_by(backend, layout, model, x)
        assert (logits.shape, logits.dtype) == ((2,), torch.float32)
        logits.sum().backward()
        optimizer.step()
        after = model.state_dict()
        assert list(after) == names
        assert any(not torch.equal(before[name], after[name].float().cpu()) for name in names)
