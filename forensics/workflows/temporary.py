"""A folder that vanishes, or a clear word why there is none."""

from __future__ import annotations

import tempfile

from forensics.errors import SettingsError


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """A context manager that gives the folder's name.

    Raises:
        SettingsError: none can be made, for example because the disk is full.
    """
    try:
        return tempfile.TemporaryDirectory(prefix="forensics-")
    except OSError as error:
        raise SettingsError(
            f"No temporary folder can be made ({error.strerror})",
            "Free some space, set TMPDIR to a folder that has it, or give --case FILE.",
        ) from error
