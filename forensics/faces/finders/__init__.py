"""The face finders. Adding one: a file in this folder and a line in the table."""

from __future__ import annotations

from typing import cast

from forensics.addresses import load
from forensics.errors import SettingsError
from forensics.faces.finder import FaceFinder

FINDERS = {
    "dlib-hog": "forensics.faces.finders.dlib_hog:DlibHogFinder",
    "yunet": "forensics.faces.finders.yunet:YuNetFinder",
}


def load_finder(name: str) -> FaceFinder:
    """The finder of this name, ready to use.

    Args:
        name: a key of ``FINDERS``.

    Raises:
        SettingsError: there is no such finder, or what it needs is missing.
    """
    address = FINDERS.get(name)
    if address is None:
        known = ", ".join(FINDERS)
        raise SettingsError(f"There is no face finder named {name!r}", f"Choose one of: {known}.")
    return cast(FaceFinder, load(address)())
