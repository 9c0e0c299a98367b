"""Disk images (E01, dd): which files they hold, and the content of one. A process of its own reads them."""

from __future__ import annotations

import base64
import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import msgspec

from forensics.media.hashing import Fingerprint, fingerprint_of
from forensics.media.holders import part_names

MOST_FILES: Final = 1_000_000
"""Of an image; a disk holds more files than an archive does, and they take no more room than the disk."""


@dataclass(frozen=True, slots=True)
class ImagePart:
    """A further file of an image that is split."""

    path: Path
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True)
class DiskPlace:
    """Where a file lies in an image.

    Attributes:
        route: as of ``disk_reader.Row``.
        parts: the further files of the image, as ``fingerprint_of`` found them.
    """

    route: str
    size_bytes: int
    parts: tuple[ImagePart, ...] = ()


class Row(msgspec.Struct):
    """One line of a list.

    Attributes:
        route: which child to take in the volume, from its root on; empty for a volume as a whole.
        head: the first ``HEAD_BYTES`` of a file, base64.
        refusal: why a file is not read, or a volume not searched, and what to do.
        last: nothing follows.
    """

    name: str = ""
    route: str = ""
    size_bytes: int = 0
    stored_bytes: int = 0
    modified: str = ""
    head: str = ""
    refusal: tuple[str, str] | None = None
    last: bool = False


class DiskReaderFailed(Exception):
    """The reader ended before it was through; the text says why."""


def further_parts(path: Path) -> Iterator[ImagePart]:
    """The files x.E02, x.E03 and so on beside x.E01, until one is missing.

    Raises:
        MediaError: one cannot be read.
    """
    for name in part_names(path):
        part = path.with_name(name)
        if not part.is_file():
            return
        yield ImagePart(part, fingerprint_of(part))


def rows(path: Path, parts: tuple[ImagePart, ...]) -> Iterator[Row]:
    """The files of an image, and what of it could not be read.

    Raises:
        DiskReaderFailed: it cannot be read, perhaps only from some row on.
    """
    with _reader(["list", str(path), *(str(part.path) for part in parts)]) as out:
        for line in out:
            row = msgspec.json.decode(line, type=Row)
            if row.last:
                return
            yield row
    raise DiskReaderFailed("its reader ended early")


def head_of(row: Row) -> bytes:
    """The first bytes of the file of a row."""
    return base64.b64decode(row.head)


@contextlib.contextmanager
def content(path: Path, place: DiskPlace) -> Iterator[IO[bytes]]:
    """A stream of the bytes of one file.

    Raises:
        DiskReaderFailed: when the context ends, if they could not all be read.
    """
    arguments = ["content", place.route, str(path), *(str(part.path) for part in place.parts)]
    with _reader(arguments) as out:
        yield out


@contextlib.contextmanager
def _reader(arguments: list[str]) -> Iterator[IO[bytes]]:
    """What the reader writes.

    It is ended with the context. If it had ended by itself, and not well, that is raised.
    """
    command = [sys.executable, "-m", "forensics.media.disk_reader", *arguments]
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=words
        )
        assert process.stdout is not None
        try:
            yield process.stdout
            if process.stdout.read(1):  # nobody wanted the rest
                return
            code = process.wait()
        finally:
            process.kill()
            process.stdout.close()
            process.wait()
        if code:
            words.seek(0)
            said = words.read()[-2000:].decode(errors="replace").strip().splitlines()
            ended = f"its reader was ended by signal {-code}" if code < 0 else "its reader failed"
            raise DiskReaderFailed(said[-1] if said else ended)
