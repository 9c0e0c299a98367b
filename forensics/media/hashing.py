"""The identity of a file's content."""

from __future__ import annotations

import hashlib
from pathlib import Path

from forensics.errors import MediaError
from forensics.media.discovery import display_path


def sha256_of(path: Path) -> str:
    """SHA-256 of a whole file, read as a stream.

    Returns:
        Lower-case hexadecimal digest.

    Raises:
        MediaError: the file is gone or cannot be read to its end.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> MediaError:
    """The error for a file that the system does not let us read."""
    if isinstance(error, FileNotFoundError):
        return MediaError(
            f"{display_path(path)} is gone: it was found, then moved or deleted",
            "Put it back, then run the same command again.",
        )
    if isinstance(error, PermissionError):
        return MediaError(
            f"{display_path(path)} cannot be read: permission denied",
            "Give yourself the right to read it (chmod u+r), then scan again.",
        )
    return MediaError(
        f"{display_path(path)} cannot be read: {error.strerror or error}",
        "Check the drive (a damaged one gives this), copy the file elsewhere and scan the copy.",
    )
