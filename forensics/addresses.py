"""What the tables of the seams hold: addresses, ``module:name``, of what is loaded when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def load(address: str) -> Any:
    """What stands at ``module:name``.

    Raises:
        ImportError: the module cannot be imported.
        AttributeError: it has nothing of this name.
        ValueError: the address names no module.
    """
    module, _, name = address.partition(":")
    return getattr(import_module(module), name)
