"""Intel Extension for PyTorch. Its last release, 2.8, wants torch 2.8."""

from __future__ import annotations

from contextlib import AbstractContextManager
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch
from torch import nn

from forensics.errors import BackendUnavailable
from forensics.training.backends.backend import StepConfig, laid_out
from forensics.training.backends.onednn import OneDnnBackend

_REMEDY = "pip install torch==2.8.0 'torchvision==0.23.*' intel-extension-for-pytorch==2.8.0"


class IpexBackend:
    """IPEX's fused optimizers and kernels on top of torch's CPU path."""

    name = "ipex"
    device = torch.device("cpu")

    def __init__(self) -> None:
        self._ipex = _import_ipex()
        self._upstream = OneDnnBackend()

    def layouts(self, precision: str) -> list[StepConfig]:
        """The same as upstream's."""
        return self._upstream.layouts(precision)

    def prepare(
        self, model: nn.Module, optimizer: torch.optim.Optimizer, step_config: StepConfig
    ) -> tuple[nn.Module, torch.optim.Optimizer]:
        """``ipex.optimize`` with weights kept in fp32 and unpacked; autocast does the bf16 work.

        Packed or split weights would change the form of the state dicts, and with it exact resume.
        """
        model = laid_out(model, step_config, self.device).train()
        optimized: tuple[nn.Module, torch.optim.Optimizer] = self._ipex.optimize(
            model,
            optimizer=optimizer,
            dtype=torch.float32,
            inplace=True,
            weights_prepack=False,
            split_master_weight_for_bf16=False,
            auto_kernel_selection=False,
        )
        return optimized

    def autocast(self, step_config: StepConfig) -> AbstractContextManager[object]:
        """The autocast of torch, which IPEX extends."""
        return self._upstream.autocast(step_config)

    def describe(self) -> dict[str, str]:
        """Upstream's facts and IPEX's version."""
        return self._upstream.describe() | {
            "backend": self.name,
            "ipex": version("intel-extension-for-pytorch"),
        }


def _import_ipex() -> Any:
    # Beside another torch the import dies with an AttributeError, so the versions are compared first.
    try:
        installed = version("intel-extension-for-pytorch")
    except PackageNotFoundError as error:
        raise BackendUnavailable("Intel Extension for PyTorch is not installed", _REMEDY) from error
    if installed.split(".")[:2] != torch.__version__.split(".")[:2]:
        raise BackendUnavailable(
            f"Intel Extension for PyTorch {installed} does not fit torch {torch.__version__}", _REMEDY
        )
    return import_module("intel_extension_for_pytorch")
