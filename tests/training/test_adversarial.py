"""Attacks on crops: they raise the loss, keep their bounds, and change nothing about resuming."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from forensics.errors import TrainingError
from forensics.training.adversarial import Attack, AttackKind, attacked, robustness
from forensics.training.nets import build_net
from forensics.training.nets.torch_net import TorchNet
from forensics.training.page import PAGE_NAME
from forensics.training.trainer import train
from forensics.training.training_run import (
    BEST_NAME,
    CHECKPOINT_NAME,
    RECORD_NAME,
    finished_net,
    load,
    read_record,
)
from tests.training.small import small_settings

ATTACKS = [Attack(AttackKind.FGSM, 3.0), Attack(AttackKind.PGD, 3.0, 5)]
# Trains a small net with PGD in a process of its own; "kill" ends it in the middle of step 4.
IN_OWN_PROCESS = """
import os, signal, sys
from pathlib import Path
from forensics.training import adversarial, trainer, loss
from forensics.training.backends.backend import StepConfig
from forensics.training.training_run import TrainSettings

trainer.fastest_step_config = lambda *_: StepConfig("fp32", channels_last=True)
how, data, out = sys.argv[1:]
n_attacks = 0

def attacked_or_die(*arguments):
    global n_attacks
    n_attacks += 1
    if how == "kill" and n_attacks == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return adversarial.attacked(*arguments)

loss.attacked = attacked_or_die
settings = TrainSettings(
    net="cnn", data=(Path(data),), out=Path(out), backend="onednn", precision="fp32", init="none", seed=7,
    n_steps=6, batch_size=8, size_px=48, evaluate_every=6, checkpoint_every_s=0.0, n_loaders=0,
    adversarial="pgd", epsilon=2.0, attack_steps=2,
)
trainer.train(settings, resume=how == "resume")
"""


def logits_of(net: TorchNet, raw: Tensor) -> Tensor:
    return net(net.prepare(raw))[0]


@pytest.fixture(scope="module")
def net() -> TorchNet:
    """Knows noise that is lighter on the left as manipulated."""
    torch.manual_seed(1)
    net = build_net("cnn").train()
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    for step in range(40):
        raw, label = batch(16, step)
        loss = nn.functional.binary_cross_entropy_with_logits(logits_of(net, raw), label)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net.eval()


def batch(n: int, seed: int) -> tuple[Tensor, Tensor]:
    made = torch.Generator().manual_seed(seed)
    raw = torch.randint(0, 230, (n, 32, 32, 3), dtype=torch.uint8, generator=made)
    label = torch.arange(n).remainder(2).float()
    raw[1::2, :, :16] += 25
    return raw, label


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.kind)
def test_an_attack_raises_the_loss_within_its_bounds(net: TorchNet, attack: Attack) -> None:
    raw, label = batch(32, 99)
    raw[:, :4] = 255
    raw[:, 4:8] = 1
    changed = attacked(attack, lambda x: logits_of(net, x), raw, label)
    assert (changed - raw.float()).abs().max() <= attack.epsilon + 1e-4
    assert changed.min() >= 0
    assert changed.max() <= 255
    with torch.inference_mode():
        before, after = (
            nn.functional.binary_cross_entropy_with_logits(logits_of(net, x), label) for x in (raw, changed)
        )
        shift = torch.randint_like(raw, 0, 2).float() * 2 * attack.epsilon - attack.epsilon
        random = nn.functional.binary_cross_entropy_with_logits(
            logits_of(net, (raw + shift).clamp(0, 255)), label
        )
    assert after > before + 0.1
    assert after - before > 3 * (random - before).abs(), "noise of the same size does far less"
    assert all(value.grad is None or not value.grad.isnan().any() for value in net.parameters())


def test_pgd_is_stronger_than_fgsm_and_repeats_with_its_seed(net: TorchNet) -> None:
    raw, label = batch(32, 99)
    losses, made = [], []
    for attack in (*ATTACKS, ATTACKS[1]):
        torch.manual_seed(5)
        changed = attacked(attack, lambda x: logits_of(net, x), raw, label)
        made.append(changed)
        losses.append(nn.functional.binary_cross_entropy_with_logits(logits_of(net, changed), label).item())
    assert losses[1] >= losses[0] - 1e-3
    assert torch.equal(made[1], made[2])


def test_pictures_that_are_missing_in_a_clip_stay_missing() -> None:
    torch.manual_seed(0)
    net = build_net("v2b0-transformer").eval()
    clip = torch.randint(1, 256, (1, 3, 32, 32, 3), dtype=torch.uint8)
    clip[:, 2] = 0
    changed = attacked(ATTACKS[1], lambda x: logits_of(net, x), clip, torch.ones(1))
    assert changed[:, 2].abs().max() == 0
    assert (changed[:, :2] - clip[:, :2]).abs().max() > 0


def test_what_cannot_be_attacked_is_refused(prepared: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="--adversarial is cw"):
        small_settings(prepared, tmp_path, adversarial="cw")
    with pytest.raises(TrainingError, match="--epsilon is 0"):
        small_settings(prepared, tmp_path, adversarial="pgd", epsilon=0)
    with pytest.raises(TrainingError, match="do not go together"):
        small_settings(prepared, tmp_path, adversarial="pgd", n_kept=10)
    with pytest.raises(TrainingError, match="flow-cnn does not take crops"):
        train(small_settings(prepared, tmp_path / "run", net="flow-cnn", adversarial="fgsm"))


def test_robustness_is_measured_on_both_labels(net: TorchNet) -> None:
    raw, label = batch(64, 7)
    data = list(zip(raw, label, strict=True))
    found = robustness(net, data, label.bool().tolist(), 16.0, batch_size=16, seed=0)  # type: ignore[arg-type]
    assert found.n == 64
    assert found.auc > 0.9
    assert found.robust_auc < found.auc
    assert found.robust_accuracy <= found.accuracy


def run(how: str, data: Path, out: Path) -> int:
    root = Path(__file__).resolve().parents[2]
    ended = subprocess.run(
        [sys.executable, "-c", IN_OWN_PROCESS, how, str(data), str(out)],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert ended.returncode in {0, -signal.SIGKILL}, ended.stderr.decode()
    return ended.returncode


def test_kill_and_resume_end_in_the_same_weights(prepared: Path, tmp_path: Path) -> None:
    assert run("whole", prepared, tmp_path / "whole") == 0
    assert run("kill", prepared, tmp_path / "parted") == -signal.SIGKILL
    assert not (tmp_path / "parted" / RECORD_NAME).exists()
    assert load(tmp_path / "parted" / CHECKPOINT_NAME)["step"] == 3
    assert run("resume", prepared, tmp_path / "parted") == 0
    whole, parted = (load(tmp_path / name / BEST_NAME)["ema"] for name in ("whole", "parted"))
    assert all(torch.equal(whole[name], parted[name]) for name in whole)
    record = read_record(tmp_path / "whole")
    assert record == read_record(tmp_path / "parted") | {
        "settings": record["settings"],
        "trained_s": record["trained_s"],
    }
    assert record["robustness"]["epsilon"] == 2.0
    assert "Adversarial robustness" in (tmp_path / "whole" / PAGE_NAME).read_text("utf-8")
    assert finished_net(tmp_path / "whole")[1]["settings"]["adversarial"] == "pgd"
