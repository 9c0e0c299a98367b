"""A finished net that a new one learns from: knowledge distillation.

Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", 2015. Beside the label, the new net
is told how sure a trained one is of the very same augmented sample, which says more than a bare label: how
hard the sample is, and, where the label of the whole video does not hold for this face, that it is doubtful.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from forensics.errors import TrainingError
from forensics.training.backends.backend import Backend, StepConfig, laid_out, logits_by
from forensics.training.training_run import finished_net

# How much of the target is the teacher's opinion; the rest is the label.
_SHARE = 0.5


class Teacher:
    """The best weights of a finished run, asked for its opinion of training samples.

    Args:
        run: folder of the finished run.
        recipe: of the net that is to learn.
        backend: where it runs.
        step_config: the precision and memory format of the net that is to learn.

    Raises:
        TrainingError: the run is unfinished, or its net learns from other samples.
    """

    def __init__(self, run: Path, recipe: str, backend: Backend, step_config: StepConfig) -> None:
        net, record = finished_net(run)
        if net.recipe != recipe:
            raise TrainingError(
                f"{run} is a net that learns from {net.recipe}, not from {recipe}",
                "Give a teacher of the same recipe.",
            )
        self._net = net
        self._model = laid_out(net.eval(), step_config, backend.device)
        self._size_px: int | None = record["contract"].get("size_px")
        self._backend = backend
        self._layout = step_config

    @torch.no_grad()
    def targets(self, raw: Tensor, label: Tensor) -> Tensor:
        """Labels pulled towards what the teacher makes of the samples: float[N] from 0 to 1.

        Args:
            raw: a batch as the data gives it, on the backend's device; pictures of another size than the
                teacher's own are scaled to that.
            label: float[N], 0 or 1 or smoothed.
        """
        x = self._net.prepare(raw)
        if x.ndim == 4 and x.shape[-1] != self._size_px:
            x = nn.functional.interpolate(
                x, size=(self._size_px, self._size_px), mode="bilinear", antialias=True
            )
        logit = logits_by(self._backend, self._layout, self._model, x)
        return _SHARE * torch.sigmoid(logit) + (1 - _SHARE) * label
