"""Uploads: a stream of bytes to a private file, hashed on the way; its size is never held in memory."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, TypeVar, TypeVarTuple, Unpack

import anyio
import anyio.to_thread

from forensics.errors import ForensicsError
from forensics.numerals import size_text

RESERVE_BYTES: Final = 256 * 2**20
"""Left free on the disk: the case file and the report need room too."""

_PIECE_BYTES: Final = 2**20
_WRITERS: Final = 4
A = TypeVarTuple("A")
R = TypeVar("R")
_BINARY = getattr(os, "O_BINARY", 0)
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


class UploadRefused(ForensicsError):
    """An upload cannot be taken.

    Args:
        status: of the HTTP answer.
    """

    def __init__(self, message: str, hint: str, status: int) -> None:
        super().__init__(message, hint)
        self.status = status


@dataclass(frozen=True, slots=True)
class Received:
    """A whole upload on disk."""

    size_bytes: int
    sha256: str


class Uploads:
    """Writes uploads in a few threads, however many come in: the event loop has to keep its turn.

    Args:
        limit_bytes: of one upload.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._writers = anyio.CapacityLimiter(_WRITERS)

    async def receive(
        self, stream: AsyncIterator[bytes], path: Path, announced_bytes: int | None = None
    ) -> Received:
        """Writes a stream to a new file that its owner alone can read.

        Nothing is left of an upload that breaks off, is too large or does not fit on the disk.

        Args:
            stream: pieces of any size.
            announced_bytes: as the client says; None if it does not. What cannot be taken is then refused
                before the first byte.

        Raises:
            UploadRefused: it is above the limit, or the disk is full.
        """
        digest = hashlib.sha256()
        size_bytes = 0
        complete = False
        try:
            out = await self._aside(_begun, path, announced_bytes, self._limit_bytes)
            try:
                pending = bytearray()
                async for piece in stream:
                    size_bytes += len(piece)
                    if size_bytes > self._limit_bytes:
                        raise too_large(self._limit_bytes)
                    pending += piece
                    if len(pending) >= _PIECE_BYTES:
                        await self._aside(_write, out, bytes(pending), digest)
                        pending.clear()
                await self._aside(_finish, out, bytes(pending), digest)
            finally:
                out.close()  # unbuffered: nothing is written by it
            complete = True
        except OSError as error:
            if error.errno not in _FULL:
                raise
            raise disk_full() from error
        finally:
            if not complete:
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)
        return Received(size_bytes, digest.hexdigest())

    async def _aside(self, how: Callable[[Unpack[A]], R], *arguments: *A) -> R:
        return await anyio.to_thread.run_sync(how, *arguments, limiter=self._writers)


def _begun(path: Path, announced_bytes: int | None, limit_bytes: int) -> BinaryIO:
    if announced_bytes is not None and announced_bytes > limit_bytes:
        raise too_large(limit_bytes)
    if shutil.disk_usage(path.parent).free < (announced_bytes or 0) + RESERVE_BYTES:
        raise disk_full()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
    return os.fdopen(descriptor, "wb", buffering=0)


def _write(out: BinaryIO, piece: bytes, digest: hashlib._Hash) -> None:
    digest.update(piece)
    view = memoryview(piece)
    while view:
        view = view[out.write(view) :]


def _finish(out: BinaryIO, piece: bytes, digest: hashlib._Hash) -> None:
    _write(out, piece, digest)
    os.fsync(out.fileno())


def too_large(limit_bytes: int) -> UploadRefused:
    """What is said of an upload above the limit."""
    return UploadRefused(
        f"The file is larger than {size_text(limit_bytes)}, which is the limit here",
        "Scan it with forensics scan, or start forensics serve with a higher --limit.",
        413,
    )


def disk_full() -> UploadRefused:
    """What is said where the disk has no room."""
    return UploadRefused(
        "The disk has no room for this file",
        "Delete cases that are no longer needed, or free some space.",
        507,
    )
