"""What is about to be written must not lie where something lies that is read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from forensics.errors import SettingsError
from forensics.media.discovery import display_path


def check_apart(written: Iterable[Path | None], read: Iterable[Path | None]) -> None:
    """Makes sure, before anything is written, that no file that is read would be lost by it.

    Args:
        written: reports, and the case file where it is no input itself; None stands for nothing.
        read: evidence, labels, case data, and the case file that reports are drawn from.

    Raises:
        SettingsError: two of them are one file, also by way of links.
    """
    check_apart_from_places(written, {_place(path) for path in read if path is not None})


def check_apart_from_places(written: Iterable[Path | None], places: set[str]) -> None:
    """As ``check_apart``, for files that were examined earlier.

    Args:
        written: as there.
        places: of what is read, as ``Found.place``.

    Raises:
        SettingsError: one of them would be written over.
    """
    for path in written:
        if path is not None and _place(path) in places:
            raise SettingsError(
                f"Writing {display_path(path)} would overwrite evidence, or another file that is read here",
                "Give what is written another name.",
            )


def _place(path: Path) -> str:
    return display_path(path.resolve())
