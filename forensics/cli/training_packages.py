"""Training needs packages that a scan does not: says so before anything else fails."""

from __future__ import annotations

from importlib.util import find_spec

from forensics.errors import TrainingError


def require(*modules: str) -> None:
    """Makes sure that these modules are installed.

    Raises:
        TrainingError: one is not; the hint is the command that brings it.
    """
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        raise TrainingError(
            f"This command needs {' and '.join(missing)}, which a scan does not bring along",
            "In the checkout: pip install '.[train]', with Intel's extension: pip install '.[train,ipex]'",
        )
