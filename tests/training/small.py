"""Settings of real trainings that take a second or two; needs torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from forensics.training import trainer
from forensics.training.backends.backend import StepConfig
from forensics.training.training_run import TrainSettings

LAYOUT = StepConfig("fp32", channels_last=True)


def small_settings(data: Path, out: Path, **more: Any) -> TrainSettings:
    """Of a few steps on small pictures, in fp32 on oneDNN."""
    small = {
        "net": "efficientnetv2-b0-autoatt",
        "backend": "onednn",
        "precision": "fp32",
        "init": "none",
        "seed": 7,
        "n_steps": 6,
        "batch_size": 8,
        "size_px": 64,
        "evaluate_every": 6,
        "checkpoint_every_s": 0.0,
        "n_loaders": 0,
    }
    return TrainSettings(data=(data,), out=out, **(small | more))


@contextmanager
def one_layout() -> Iterator[None]:
    """Which layout is the fastest may differ from one timing to the next, and with it the last bits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "fastest_step_config", lambda *_: LAYOUT)
        yield
