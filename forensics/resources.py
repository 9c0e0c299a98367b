"""Where the package's data lie: ``models/``, ``reports/templates/`` and ``reports/web/``.

In a checkout (also an editable install) they stand beside the package; in a wheel they are inside it.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resource_folder(relative: str) -> Path:
    """The folder of this name, inside the installed package or beside it in a checkout.

    Args:
        relative: ``models``, ``reports/templates`` or ``reports/web``.

    Returns:
        The first of the two addresses that exists; the checkout's address if neither does.
    """
    inside = _PACKAGE / "_data" / relative
    return inside if inside.is_dir() else _PACKAGE.parent / relative
