"""The mean of several runs' weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from forensics.errors import TrainingError
from forensics.training.averaging import average, mean_of
from forensics.training.trainer import train
from forensics.training.training_run import BEST_NAME, CHECKPOINT_NAME, load, read_record
from tests.training.small import one_layout, small_settings


@pytest.fixture(scope="module")
def runs(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A run, a run that goes on from its weights, and one on larger pictures."""
    folder = tmp_path_factory.mktemp("runs")
    settings = small_settings(prepared, folder / "first", n_steps=1, batch_size=4, evaluate_every=1)
    second = replace(settings, out=folder / "second", init=str(folder / "first" / BEST_NAME), seed=3)
    larger = replace(settings, out=folder / "larger", size_px=96)
    with one_layout():
        for one in (settings, second, larger):
            train(one)
    return settings.out, second.out, larger.out


def test_the_mean_of_two_runs_is_a_run(runs: tuple[Path, Path, Path], tmp_path: Path):
    first, second, _ = runs
    record, figures = average([first, second / CHECKPOINT_NAME], tmp_path / "mean")
    made = load(tmp_path / "mean" / BEST_NAME)["ema"]
    states = [load(first / BEST_NAME)["ema"], load(second / CHECKPOINT_NAME)["ema"]]
    name = "head.weight"
    assert not torch.equal(states[0][name], states[1][name])
    torch.testing.assert_close(made[name], (states[0][name] + states[1][name]) / 2)
    assert record == read_record(tmp_path / "mean")
    assert record["averaged"] == ["first/best.pt (step 1)", "second/last.pt (step 1)"]
    assert record["best_score"] == figures.score


def test_counters_are_not_averaged():
    states = [
        {"n": torch.tensor(3), "w": torch.tensor([1.0])},
        {"n": torch.tensor(8), "w": torch.tensor([2.0])},
    ]
    assert mean_of(states) == {"n": torch.tensor(3), "w": torch.tensor([1.5])}


def test_runs_that_do_not_go_together_are_refused(runs: tuple[Path, Path, Path], tmp_path: Path):
    first, second, larger = runs
    with pytest.raises(TrainingError, match="no mean with itself"):
        average([first], tmp_path / "one")
    with pytest.raises(TrainingError, match="trained another net, or on other inputs"):
        average([first, larger], tmp_path / "odd")
    with pytest.raises(TrainingError, match="There is no run at"):
        average([first, tmp_path / "nothing"], tmp_path / "odd")
    with pytest.raises(TrainingError, match="holds a run already"):
        average([first, second], second)
