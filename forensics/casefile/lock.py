"""One writer for each case file: an advisory lock that dies with its process."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from forensics.errors import CaseFileError

if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _try_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class WriterLock:
    """Holds ``CASE.lock`` beside a case file. Readers do not need it.

    The case file itself is not locked this way: closing a second descriptor of it would drop the locks
    that SQLite holds on it.

    Raises:
        CaseFileError: another scan writes this case, or the folder cannot be written.
    """

    def __init__(self, case: Path) -> None:
        self._path = case.with_name(case.name + ".lock")
        self._descriptor = -1
        while self._descriptor < 0:
            self._descriptor = self._take(case)

    def _take(self, case: Path) -> int:
        """The locked descriptor; -1 if the file was removed by its last holder in between."""
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise CaseFileError(
                f"{case} cannot be written: {error.strerror or error}",
                "Check that its folder exists and that you may write there, or give another --case.",
            ) from error
        try:
            _try_lock(descriptor)
            if os.fstat(descriptor).st_ino == self._path.stat().st_ino:
                return descriptor
        except FileNotFoundError:
            pass
        except OSError as error:
            os.close(descriptor)
            raise CaseFileError(
                f"Another scan is writing {case}",
                "Wait until it has finished, or give another --case.",
            ) from error
        os.close(descriptor)
        return -1

    def release(self) -> None:
        """Gives the case free and removes the lock's file."""
        if self._descriptor < 0:
            return
        if sys.platform != "win32":  # an open file cannot be removed there
            self._path.unlink(missing_ok=True)
        os.close(self._descriptor)
        self._descriptor = -1
