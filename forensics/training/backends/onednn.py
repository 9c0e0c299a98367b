"""Upstream torch on the CPU, whose convolutions and matrix products run on oneDNN."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn

from forensics.errors import BackendUnavailable
from forensics.training.backends.backend import StepConfig, laid_out


class OneDnnBackend:
    """torch's own CPU path."""

    name = "onednn"
    device = torch.device("cpu")

    def __init__(self) -> None:
        if not torch.backends.mkldnn.is_available():
            raise BackendUnavailable("This build of torch has no oneDNN", "pip install torch==2.8.0")

    def layouts(self, precision: str) -> list[StepConfig]:
        """bf16 where the CPU computes in it, fp32 otherwise or if asked; both memory formats."""
        if precision == "bf16" and not bf16_is_native():
            raise BackendUnavailable("This CPU does not compute in bf16", "Use --precision fp32.")
        bf16 = bf16_is_native() and precision != "fp32"
        names = ["bf16"] if bf16 else ["fp32"]
        return [StepConfig(name, channels_last) for name in names for channels_last in (True, False)]

    def prepare(
        self, model: nn.Module, optimizer: torch.optim.Optimizer, step_config: StepConfig
    ) -> tuple[nn.Module, torch.optim.Optimizer]:
        """Only the memory format changes."""
        return laid_out(model, step_config, self.device), optimizer

    def autocast(self, step_config: StepConfig) -> AbstractContextManager[object]:
        """bf16 autocast or nothing."""
        return torch.autocast("cpu", torch.bfloat16) if step_config.precision == "bf16" else nullcontext()

    def describe(self) -> dict[str, str]:
        """Versions, threads and what the CPU offers."""
        return {
            "backend": self.name,
            "torch": str(torch.__version__),
            "threads": str(torch.get_num_threads()),
            "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        }


def bf16_is_native() -> bool:
    """Whether the CPU has bf16 instructions: emulated bf16 is slower than fp32."""
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
