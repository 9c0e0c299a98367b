from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from forensics.errors import BackendUnavailable, TrainingError
from forensics.training import backends
from forensics.training.backends import BACKENDS, ipex, load_backend, onednn
from forensics.training.backends.backend import StepConfig


def usable(name: str):
    try:
        return load_backend(name)
    except BackendUnavailable as error:
        pytest.skip(f"{name}: {error.message}")


@pytest.mark.parametrize("name", BACKENDS)
def test_every_backend_runs_a_step_in_every_layout(name: str):
    backend = usable(name)
    for step_config in backend.layouts("auto"):
        net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Flatten(), torch.nn.Linear(4 * 36, 1))
        before = net[0].weight.detach().clone()
        model, optimizer = backend.prepare(net, torch.optim.AdamW(net.parameters(), lr=0.1), step_config)
        x = torch.rand(2, 3, 8, 8, device=backend.device).contiguous(memory_format=step_config.memory_format)
        with backend.autocast(step_config):
            loss = model(x).float().square().mean()
        loss.backward()
        optimizer.step()
        assert set(model.state_dict()) == {"0.weight", "0.bias", "2.weight", "2.bias"}
        assert not torch.equal(net[0].weight.detach().cpu(), before)
    assert backend.describe()["backend"] == name


@pytest.mark.parametrize("name", BACKENDS)
def test_precision_is_what_was_asked(name: str):
    backend = usable(name)
    assert {step_config.precision for step_config in backend.layouts("fp32")} == {"fp32"}
    assert {step_config.channels_last for step_config in backend.layouts("fp32")} == {True, False}


def test_ipex_beside_another_torch_names_both_and_the_command(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ipex, "version", lambda _: "2.8.0")
    monkeypatch.setattr(torch, "__version__", "2.13.0+cpu")
    with pytest.raises(BackendUnavailable) as caught:
        load_backend("ipex")
    assert caught.value.message == "Intel Extension for PyTorch 2.8.0 does not fit torch 2.13.0+cpu"
    assert caught.value.hint.startswith("pip install torch==2.8.0")
    assert "intel-extension-for-pytorch==2.8.0" in caught.value.hint
    assert caught.value.exit_code == 5


def test_an_absent_ipex_is_not_imported(monkeypatch: pytest.MonkeyPatch):
    def absent(name: str) -> str:
        raise ipex.PackageNotFoundError(name)

    monkeypatch.setattr(ipex, "version", absent)
    monkeypatch.setattr(ipex, "import_module", lambda _: pytest.fail("it was imported"))
    with pytest.raises(BackendUnavailable, match="not installed"):
        load_backend("ipex")


def test_onednn_without_bf16_refuses_it_and_offers_fp32(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(onednn, "bf16_is_native", lambda: False)
    backend = load_backend("onednn")
    with pytest.raises(BackendUnavailable, match="does not compute in bf16") as caught:
        backend.layouts("bf16")
    assert "--precision fp32" in caught.value.hint
    assert {step_config.precision for step_config in backend.layouts("auto")} == {"fp32"}


def test_a_torch_without_onednn_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    with pytest.raises(BackendUnavailable, match="no oneDNN"):
        load_backend("onednn")


def test_auto_takes_the_first_that_works(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert load_backend("auto").name == "onednn"
    with pytest.raises(BackendUnavailable, match="no CUDA device"):
        load_backend("cuda")


def test_an_unknown_backend_is_answered_with_the_table():
    with pytest.raises(TrainingError) as caught:
        load_backend("tpu")
    assert all(name in caught.value.hint for name in backends.BACKENDS)


def test_a_layout_reads_as_words():
    assert str(StepConfig("bf16", True)) == "bf16 channels_last"
    assert str(StepConfig("fp32", False)) == "fp32 contiguous"


@pytest.mark.parametrize(
    ("n_cores", "device", "expected"),
    [(1, "cpu", 1), (2, "cpu", 2), (8, "cpu", 2), (32, "cpu", 8), (16, "cuda", 16)],
)
def test_loaders_leave_a_cpu_to_the_step_and_take_all_of_it_beside_a_gpu(
    monkeypatch: pytest.MonkeyPatch, n_cores: int, device: str, expected: int
):
    monkeypatch.setattr(backends, "usable_cores", lambda: n_cores)
    monkeypatch.setattr(backends, "load_backend", lambda _: SimpleNamespace(device=torch.device(device)))
    assert backends.usual_loaders("auto") == expected
