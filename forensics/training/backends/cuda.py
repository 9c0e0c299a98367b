"""An NVIDIA GPU."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn

from forensics.errors import BackendUnavailable
from forensics.training.backends.backend import StepConfig, laid_out


class CudaBackend:
    """torch on the first CUDA device."""

    name = "cuda"

    def __init__(self) -> None:
        if not torch.cuda.is_available():
            raise BackendUnavailable(
                "torch sees no CUDA device here", "Use --backend onednn or --backend ipex."
            )
        self.device = torch.device("cuda", 0)

    def layouts(self, precision: str) -> list[StepConfig]:
        """bf16 unless fp32 is asked; both memory formats."""
        name = "fp32" if precision == "fp32" else "bf16"
        return [StepConfig(name, channels_last) for channels_last in (True, False)]

    def prepare(
        self, model: nn.Module, optimizer: torch.optim.Optimizer, step_config: StepConfig
    ) -> tuple[nn.Module, torch.optim.Optimizer]:
        """Moves the model; the optimizer follows its parameters."""
        return laid_out(model, step_config, self.device), optimizer

    def autocast(self, step_config: StepConfig) -> AbstractContextManager[object]:
        """bf16 autocast or nothing."""
        return torch.autocast("cuda", torch.bfloat16) if step_config.precision == "bf16" else nullcontext()

    def describe(self) -> dict[str, str]:
        """Versions and the device's name."""
        return {
            "backend": self.name,
            "torch": str(torch.__version__),
            "cuda": torch.version.cuda or "",
            "device": torch.cuda.get_device_name(self.device),
        }
