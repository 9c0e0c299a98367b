"""The identity of a file's content, and whether it stood still."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from forensics.errors import MediaError
from forensics.media.discovery import display_path, modified_utc


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A file at one moment.

    Attributes:
        sha256: lower-case hexadecimal digest of the whole file.
        modified_utc: ISO 8601 time of last modification, UTC, in seconds.
        modified_ns: the same in nanoseconds since 1970.
        changed_ns: when its content, name, owner or rights changed last (when it was made, on Windows).
        inode: device and number; another file that took its name has another one.
    """

    sha256: str
    size_bytes: int
    modified_utc: str
    modified_ns: int
    changed_ns: int
    inode: tuple[int, int]

    def stands(self, path: Path) -> bool:
        """Whether nobody seems to have written to the file at this path since, or put another one there."""
        try:
            status = path.stat()
        except OSError:
            return False
        now = status.st_size, status.st_mtime_ns, (status.st_dev, status.st_ino)
        return now == (self.size_bytes, self.modified_ns, self.inode)

    def written_until(self, later: Fingerprint) -> str | None:
        """What shows that somebody wrote to or replaced the file in between; None if nothing does."""
        if self.sha256 != later.sha256:
            return (
                f"its content is another one: SHA-256 {self.sha256} before, {later.sha256} after "
                f"({self.size_bytes} bytes before, {later.size_bytes} after)"
            )
        if self.inode != later.inode:
            return "another file took its place, with the same content at the end"
        if self.modified_ns != later.modified_ns:
            return "it was written to, with the same content at the end"
        return None


def fingerprint_of(path: Path) -> Fingerprint:
    """Hashes a whole file, read as a stream.

    Raises:
        MediaError: the file is gone or cannot be read to its end.
    """
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            status = os.fstat(file.fileno())
    except OSError as error:
        raise unreadable(path, error) from error
    return Fingerprint(
        sha256=digest,
        size_bytes=status.st_size,
        modified_utc=modified_utc(status),
        modified_ns=status.st_mtime_ns,
        changed_ns=status.st_ctime_ns,
        inode=(status.st_dev, status.st_ino),
    )


def sha256_of(path: Path) -> str:
    """SHA-256 of a whole file, read as a stream.

    Returns:
        Lower-case hexadecimal digest.

    Raises:
        MediaError: the file is gone or cannot be read to its end.
    """
    return fingerprint_of(path).sha256


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
