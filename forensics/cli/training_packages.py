"""Training needs packages that a scan does not: says so before anything else fails."""

from __future__ import annotations

import logging
import os
from importlib.util import find_spec

from forensics.errors import TrainingError


def require(*modules: str) -> None:
    """Makes sure that these modules are installed, and keeps torch from warning of what is as it should be.

    Raises:
        TrainingError: one is not; the hint is the command that brings it.
    """
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        raise TrainingError(
            f"This command needs {' and '.join(missing)}, which a scan does not bring along",
            "In the checkout: pip install '.[train]', with Intel's extension: pip install '.[train,ipex]'",
        )
    # IPEX takes the place of some of torch's kernels: read when torch is imported.
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    # Packages that look for a CUDA compiler find none on a machine without a GPU.
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)
