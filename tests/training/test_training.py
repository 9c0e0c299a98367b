"""Real trainings, small: what they leave, and that a kill changes nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from forensics.errors import BackendUnavailable, TrainingError
from forensics.training.backends import load_backend
from forensics.training.trainer import learning_rate, train
from forensics.training.training_run import BEST_NAME, CHECKPOINT_NAME, LOG_NAME, RECORD_NAME
from tests.training.small import small_settings

CPU_BACKENDS = ["onednn", "ipex"]
# Trains in a process of its own, as the command does: importing IPEX once changes the last bits of every
# later training in the same process, on oneDNN too. "kill" ends it in the middle of step 4: weights are
# changed, nothing is written yet.
IN_OWN_PROCESS = """
import os, signal, sys
from pathlib import Path
from forensics.training import trainer
from forensics.training.backends.backend import StepConfig
from forensics.training.training_run import TrainSettings

trainer.fastest_step_config = lambda *_: StepConfig("fp32", channels_last=True)
follow = trainer.Trainer._follow

def follow_or_die(course):
    if course.step == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    follow(course)

how, data, out, backend = sys.argv[1:]
if how == "kill":
    trainer.Trainer._follow = follow_or_die
settings = TrainSettings(
    net="efficientnetv2-b0-autoatt", data=(Path(data),), out=Path(out), backend=backend, precision="fp32",
    init="none", seed=7, n_steps=6, batch_size=8, size_px=64, evaluate_every=6, checkpoint_every_s=0.0,
    n_loaders=0,
)
trainer.train(settings, resume=how == "resume")
"""


def train_in_own_process(how: str, data: Path, out: Path, backend: str) -> int:
    root = Path(__file__).resolve().parents[2]
    ended = subprocess.run(
        [sys.executable, "-c", IN_OWN_PROCESS, how, str(data), str(out), backend],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert ended.returncode in {0, -signal.SIGKILL}, ended.stderr.decode()
    return ended.returncode


def usable(backend: str) -> str:
    try:
        load_backend(backend)
    except BackendUnavailable as error:
        pytest.skip(f"{backend}: {error.message}")
    return backend


@pytest.mark.parametrize("backend", CPU_BACKENDS)
@pytest.mark.parametrize("net", ["efficientnetv2-b0-autoatt", "efficientnet-autoatt-b4"])
def test_a_training_leaves_weights_log_record_and_page(
    prepared: Path, tmp_path: Path, backend: str, net: str
):
    out = tmp_path / "run"
    seen = []
    small = net.endswith("b0-autoatt")
    asked = small_settings(
        prepared,
        out,
        net=net,
        backend=usable(backend),
        precision="auto",
        n_steps=10 if small else 2,
        evaluate_every=5 if small else 2,
        batch_size=8 if small else 4,
    )
    record = train(asked, on_progress=seen.append)
    assert {path.name for path in out.iterdir()} == {
        BEST_NAME,
        CHECKPOINT_NAME,
        LOG_NAME,
        RECORD_NAME,
        "training.html",
    }
    log = [json.loads(line) for line in (out / LOG_NAME).read_text().splitlines()]
    assert [entry["step"] for entry in log] == ([5, 10] if small else [2])
    for entry in log:
        assert 0 <= entry["auc"]["dfdc"] <= 1
        assert 0 < entry["training_loss"] < 5
        assert 0 < entry["loss"] < 50
    assert record["backend"]["backend"] == backend
    assert record["backend"]["layout"].split()[0] in {"bf16", "fp32"}
    assert record["best_step"] in {entry["step"] for entry in log}
    assert json.loads((out / RECORD_NAME).read_text())["settings"]["net"] == net
    assert seen[-1].step == asked.n_steps
    assert seen[-1].validation is not None
    best = torch.load(out / BEST_NAME, weights_only=True)
    assert all(torch.isfinite(value).all() for value in best["ema"].values())


@pytest.mark.parametrize("backend", CPU_BACKENDS)
def test_a_killed_and_resumed_run_ends_in_the_same_weights(prepared: Path, tmp_path: Path, backend: str):
    usable(backend)
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    assert train_in_own_process("kill", prepared, killed, backend) == -signal.SIGKILL
    assert torch.load(killed / CHECKPOINT_NAME, weights_only=True)["step"] == 3
    assert not (killed / RECORD_NAME).exists()
    assert train_in_own_process("resume", prepared, killed, backend) == 0
    assert train_in_own_process("whole", prepared, whole, backend) == 0
    states = [torch.load(out / CHECKPOINT_NAME, weights_only=True) for out in (killed, whole)]
    assert states[0]["step"] == states[1]["step"] == 6
    for part in ("net", "ema"):
        assert set(states[0][part]) == set(states[1][part])
        for name, value in states[0][part].items():
            assert torch.equal(value, states[1][part][name]), f"{part}: {name}"
    assert states[0]["loss"] == states[1]["loss"]


@pytest.mark.usefixtures("_one_layout")
def test_the_same_seed_gives_the_same_weights_and_another_seed_others(prepared: Path, tmp_path: Path):
    weights = {}
    for name, seed in {"a": 1, "b": 1, "c": 2}.items():
        train(small_settings(prepared, tmp_path / name, seed=seed, n_steps=2, evaluate_every=2))
        weights[name] = torch.load(tmp_path / name / CHECKPOINT_NAME, weights_only=True)["net"]["head.weight"]
    assert torch.equal(weights["a"], weights["b"])
    assert not torch.equal(weights["a"], weights["c"])


@pytest.mark.usefixtures("_one_layout")
def test_a_run_cannot_be_resumed_with_other_settings(prepared: Path, tmp_path: Path):
    asked = small_settings(prepared, tmp_path / "run", n_steps=2, evaluate_every=2)
    with pytest.raises(TrainingError, match="holds no run to resume"):
        train(asked, resume=True)
    train(asked)
    with pytest.raises(TrainingError, match="holds a run already") as caught:
        train(asked)
    assert "--resume" in caught.value.hint
    with pytest.raises(TrainingError, match="another seed, learning_rate"):
        train(replace(asked, seed=8, learning_rate=1e-3), resume=True)
    record = train(replace(asked, checkpoint_every_s=9.0), resume=True)
    assert record["steps_done"] == 2


@pytest.mark.usefixtures("_one_layout")
def test_a_run_of_before_a_setting_existed_can_be_resumed(prepared: Path, tmp_path: Path):
    asked = small_settings(prepared, tmp_path / "run", net="cnn", n_steps=2, evaluate_every=2)
    train(asked)
    path = asked.out / CHECKPOINT_NAME
    state = torch.load(path, weights_only=True)
    del state["settings"]["smoothed"]
    torch.save(state, path)
    assert train(asked, resume=True)["steps_done"] == 2
    with pytest.raises(TrainingError, match="another smoothed"):
        train(replace(asked, smoothed=0.5), resume=True)


@pytest.mark.usefixtures("_one_layout")
def test_a_damaged_checkpoint_is_named(prepared: Path, tmp_path: Path):
    out = tmp_path / "run"
    out.mkdir()
    (out / CHECKPOINT_NAME).write_bytes(b"half a file")
    with pytest.raises(TrainingError, match=r"last\.pt is damaged"):
        train(small_settings(prepared, out), resume=True)


def test_validation_needs_both_labels(tmp_path: Path):
    from tests.training.made import made_faces

    data = made_faces(tmp_path / "data", {("train", False): 2, ("train", True): 2, ("val", False): 2})
    with pytest.raises(TrainingError, match="validation split needs pristine and manipulated"):
        train(small_settings(data, tmp_path / "run"))


def test_settings_that_cannot_work(tmp_path: Path):
    for bad in (
        {"batch_size": 7},
        {"batch_size": 0},
        {"n_steps": 0},
        {"evaluate_every": 0},
        {"alignment": -0.1},
        {"uniformity": 0.5, "n_kept": 8},
        {"smoothed": 1.5},
        {"cut_outs": -0.1},
    ):
        with pytest.raises(TrainingError):
            small_settings(tmp_path, tmp_path, **bad)
    with pytest.raises(TrainingError) as caught:
        train(small_settings(tmp_path, tmp_path / "run"))
    assert "forensics prepare" in caught.value.hint


def test_the_rate_warms_up_and_comes_down():
    asked = small_settings(Path(), Path(), n_steps=100, learning_rate=1e-3)
    rates = [learning_rate(asked, step) for step in range(100)]
    assert rates[0] == pytest.approx(1e-4)
    assert max(rates) == pytest.approx(1e-3)
    assert rates.index(max(rates)) == 9
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 2e-5
