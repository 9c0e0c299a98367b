"""Of every recipe of faces: a run that ends in the middle of a step and is resumed ends in the same weights.

A real SIGKILL of a run is in ``test_training``; here it is that nothing which a recipe or a net holds beside
the checkpoint has a say in the steps that follow.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from forensics.training import trainer
from forensics.training.training_run import CHECKPOINT_NAME
from tests.training.small import one_layout, small_settings
from tests.training.test_clips import prepared

# Net and size; two of the recipes have large nets alone, and Inception takes nothing smaller than 75 px.
NETS = {
    "cnn": 32,
    "efficientnet-b4-st": 32,
    "resnext50-lstm": 32,
    "inceptionv3-lstm-gru": 75,
    "v2b0-transformer": 32,
    "flow-cnn": 32,
}
N_STEPS = 4
# Of the siamese net the embedding is learned until step 3, and the classifier after it.
STOPS_IN = 3


class EndedError(Exception):
    """Stands for the end of the process."""


@pytest.mark.parametrize("net", NETS)
def test_an_interrupted_run_ends_in_the_same_weights(
    net: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    prepared(data)
    weights = []
    for name, stops in (("whole", False), ("parted", True)):
        settings = small_settings(
            data,
            tmp_path / name,
            net=net,
            size_px=NETS[net],
            n_steps=N_STEPS,
            evaluate_every=N_STEPS,
            batch_size=2,
        )
        with one_layout():
            if stops:
                with monkeypatch.context() as patch:
                    patch.setattr(trainer, "loss_of", _ending(trainer.loss_of))
                    with pytest.raises(EndedError):
                        trainer.train(settings)
                assert torch.load(settings.out / CHECKPOINT_NAME, weights_only=True)["step"] == STOPS_IN
            trainer.train(settings, resume=stops)
        weights.append(torch.load(settings.out / CHECKPOINT_NAME, weights_only=True))
    whole, parted = weights
    assert whole["step"] == parted["step"] == N_STEPS
    for part in ("net", "ema"):
        different = [name for name in whole[part] if not torch.equal(whole[part][name], parted[part][name])]
        assert not different


def _ending(loss_of: Any) -> Any:
    n_calls = 0

    def interrupted(*given: Any, **named: Any) -> Any:
        nonlocal n_calls
        n_calls += 1
        if n_calls > STOPS_IN:
            raise EndedError
        return loss_of(*given, **named)

    return interrupted
