"""The seam of training backends. Adding one: a file beside this one and a line in ``backends``' table."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class StepConfig:
    """One way to run a step.

    Attributes:
        precision: ``fp32`` or ``bf16`` (autocast; weights stay in fp32).
        channels_last: NHWC memory format.
    """

    precision: str
    channels_last: bool

    @property
    def memory_format(self) -> torch.memory_format:
        """The name that torch has for the memory format of pictures."""
        return torch.channels_last if self.channels_last else torch.contiguous_format

    def __str__(self) -> str:
        return f"{self.precision} {'channels_last' if self.channels_last else 'contiguous'}"


def laid_out(model: nn.Module, step_config: StepConfig, device: torch.device) -> nn.Module:
    """The model on its device, in the memory format of the layout."""
    # torch's own types do not know the keyword.
    moved: nn.Module = model.to(device, memory_format=step_config.memory_format)  # type: ignore[call-overload]
    return moved


def logits_by(backend: Backend, step_config: StepConfig, model: nn.Module, x: Tensor) -> Tensor:
    """float32[N] of one forward pass.

    Args:
        backend: runs it.
        step_config: brings pictures into its memory format and sets the precision.
        model: what ``backend.prepare`` gave, or a model that was laid out.
        x: what the net's ``prepare`` gave.
    """
    if x.ndim == 4:
        x = x.contiguous(memory_format=step_config.memory_format)
    with backend.autocast(step_config):
        logit, _ = model(x)
    return torch.as_tensor(logit).float()


class Backend(Protocol):
    """How a step is run. The constructor raises BackendUnavailable where it cannot be."""

    name: str
    device: torch.device

    def layouts(self, precision: str) -> list[StepConfig]:
        """The layouts worth timing for ``auto``, ``bf16`` or ``fp32``."""
        ...

    def prepare(
        self, model: nn.Module, optimizer: torch.optim.Optimizer, step_config: StepConfig
    ) -> tuple[nn.Module, torch.optim.Optimizer]:
        """Moves and optimises both for ``step_config``; the state dicts keep their form."""
        ...

    def autocast(self, step_config: StepConfig) -> AbstractContextManager[object]:
        """The context that the forward pass runs in."""
        ...

    def describe(self) -> dict[str, str]:
        """What ran, for the training record."""
        ...
