"""Time a few steps of the layouts that a backend may use, and take the fastest.

A wrong choice can cost a factor of 30: EfficientNetV2-B0 at 160 px in bf16 on torch 2.8 runs 53 pictures
a second in one memory format and 2.3 in the other.
"""

from __future__ import annotations

import copy
import time

import torch

from forensics.training.backends.backend import Backend, StepConfig
from forensics.training.loss import loss_of
from forensics.training.nets.torch_net import TorchNet
from forensics.training.recipes import load_recipe
from forensics.training.training_run import TrainSettings

_N_TIMED_STEPS = 3


def fastest_step_config(backend: Backend, settings: TrainSettings, net: TorchNet) -> StepConfig:
    """The layout with the shortest step for this net at this size on this machine."""
    layouts = backend.layouts(settings.precision)
    if len(layouts) == 1:
        return layouts[0]
    return min(layouts, key=lambda step_config: seconds_per_step(backend, step_config, net, settings))


def seconds_per_step(
    backend: Backend,
    step_config: StepConfig,
    net: TorchNet,
    settings: TrainSettings,
    n_steps: int = _N_TIMED_STEPS,
) -> float:
    """Shortest wall time of a training step, of ``n_steps`` after one that is not counted.

    Works on a copy: the net keeps its weights.
    """
    copied = copy.deepcopy(net)
    model, optimizer = backend.prepare(copied, torch.optim.AdamW(copied.parameters()), step_config)
    recipe = load_recipe(net.recipe)
    raw = recipe.example(recipe.contract(settings), settings.batch_size)
    label = torch.arange(settings.batch_size).remainder(2).float()
    shortest = float("inf")
    for index in range(n_steps + 1):
        started = time.perf_counter()
        loss = loss_of(model, copied, backend, step_config, raw, label, settings.label_smoothing)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if backend.device.type == "cuda":
            torch.cuda.synchronize()
        if index:
            shortest = min(shortest, time.perf_counter() - started)
        elif time.perf_counter() - started > 30 and n_steps:
            return time.perf_counter() - started
    return shortest
