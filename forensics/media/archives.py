"""Archives: what is in zip and tar files, within limits, and one member of any archive as a file."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import lzma
import os
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Final

from forensics.errors import MediaError
from forensics.media.discovery import display_path
from forensics.media.disk_images import DiskPlace, DiskReaderFailed
from forensics.media.disk_images import content as content_on_disk
from forensics.media.hashing import Fingerprint, unreadable
from forensics.media.signatures import HEAD_BYTES
from forensics.numerals import size_text

MOST_MEMBERS: Final = 10_000
MOST_MEMBER_BYTES: Final = 16 << 30
MOST_BYTES: Final = 64 << 30
"""Of all members together, unpacked."""

MOST_RATIO: Final = 200
"""Media hardly shrink; what unpacks to more than this many times its size is made to fill the disk."""

# Silence and blank pictures shrink as much as a bomb does, but stay small.
_RATIO_FROM_BYTES: Final = 64 << 20
_CHUNK_BYTES: Final = 1 << 20
# What zipfile and tarfile raise over content that is not as it should be.
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    ValueError,
    NotImplementedError,
    OSError,
)
_UNPACK = "Unpack the archive with a tool that you trust, into a folder of its own, and scan that."


@dataclass(frozen=True, slots=True)
class ArchiveMember:
    """One file in an archive.

    Attributes:
        name: its path within the archive, as people are shown it.
        position: among the archive's entries, from 0; names may occur twice.
        container: the archive at the moment when it was looked through.
        refusal: why it is not taken out, and what to do; None where it is.
        on_disk: where it lies, if the archive is a disk image.
    """

    name: str
    position: int
    container: Fingerprint
    refusal: tuple[str, str] | None = None
    on_disk: DiskPlace | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What an archive says of one file in it, and how that begins.

    Attributes:
        head: the first ``signatures.HEAD_BYTES``; empty where it may not be read.
        modified: as the archive says, in its own time zone, which it does not name; empty if it says nothing.
        refusal: as of ``ArchiveMember``.
        route: as of ``disk_images.DiskPlace``; empty for what lies in no disk image.
    """

    name: str
    position: int
    size_bytes: int
    head: bytes
    modified: str
    refusal: tuple[str, str] | None = None
    route: str = ""


class DamagedArchive(Exception):
    """An archive that cannot be read, or not any further; the text says why."""


def entries(path: Path) -> Iterator[Entry]:
    """The files in an archive, without its folders; nothing is written to the disk.

    Raises:
        DamagedArchive: it cannot be read, perhaps only from some entry on.
    """
    try:
        yield from _limited(_in_zip(path) if _is_zip(path) else _in_tar(path))
    except _BROKEN as error:
        raise DamagedArchive(str(error) or type(error).__name__) from error


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")


def _limited(found: Iterator[Entry]) -> Iterator[Entry]:
    total = 0
    for n, entry in enumerate(found, 1):
        if n > MOST_MEMBERS:
            raise DamagedArchive(
                f"it holds more than {MOST_MEMBERS:,} files; those behind were not looked at"
            )
        total += entry.size_bytes
        if total > MOST_BYTES:
            raise DamagedArchive(
                f"it unpacks to more than {size_text(MOST_BYTES)}; what is behind that was not looked at"
            )
        yield entry


def _in_zip(path: Path) -> Iterator[Entry]:
    with zipfile.ZipFile(path) as archive:
        for position, info in enumerate(archive.infolist()):
            if info.is_dir():
                continue
            refusal = refusal_of(info.filename, info.file_size, info.compress_size)
            if stat.S_ISLNK(info.external_attr >> 16):
                refusal = _of_link()
            elif info.flag_bits & 1:
                refusal = (
                    "is encrypted in its archive",
                    "Unpack the archive with its password into a folder of its own, and scan that.",
                )
            head = b""
            if refusal is None:
                try:
                    with archive.open(info) as member:
                        head = member.read(HEAD_BYTES)
                except (*_BROKEN, RuntimeError) as error:
                    refusal = _of_damage(str(error))
            modified = "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}".format(*info.date_time)
            yield Entry(info.filename, position, info.file_size, head, modified, refusal)


def _in_tar(path: Path) -> Iterator[Entry]:
    packed_bytes = path.stat().st_size
    # A stream: nothing is unpacked twice on the way through.
    with tarfile.open(path, "r|*") as archive:
        unpacked_bytes = 0
        for position, info in enumerate(archive):
            if info.isdir():
                continue
            unpacked_bytes += info.size
            if unpacked_bytes > max(_RATIO_FROM_BYTES, MOST_RATIO * packed_bytes):
                raise DamagedArchive(f"it unpacks to more than {MOST_RATIO} times its size")
            name = display_path(Path(info.name))
            refusal = refusal_of(name, info.size, info.size)
            if not info.isreg():
                refusal = _of_link()
            member = archive.extractfile(info) if refusal is None else None
            head = b"" if member is None else member.read(HEAD_BYTES)
            modified = datetime.fromtimestamp(max(info.mtime, 0), UTC).isoformat(timespec="seconds")
            yield Entry(name, position, info.size, head, modified, refusal)


def refusal_of(name: str, n_bytes: int, packed_bytes: int) -> tuple[str, str] | None:
    """Why a member is not taken out, and what to do: a path that leads away, or a size beyond the limits."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or (path.parts[:1] and path.parts[0].endswith(":")):
        return "has a path that leads out of its archive", _UNPACK
    if n_bytes > MOST_MEMBER_BYTES:
        return f"would unpack to {size_text(n_bytes)}; the limit is {size_text(MOST_MEMBER_BYTES)}", _UNPACK
    if n_bytes > _RATIO_FROM_BYTES and n_bytes > MOST_RATIO * packed_bytes:
        return f"would unpack to {size_text(n_bytes)}, more than {MOST_RATIO} times its size", _UNPACK
    return None


def _of_link() -> tuple[str, str]:
    return "is a link or a device in its archive, which is not followed", _UNPACK


def _of_damage(why: str) -> tuple[str, str]:
    return f"cannot be unpacked: {why}", _UNPACK


@contextlib.contextmanager
def extracted(path: Path, member: ArchiveMember) -> Iterator[Path]:
    """One member as a file in a private temporary folder, which goes when the context ends.

    The file keeps the suffix of the member's name and nothing else of it.

    Raises:
        MediaError: the member cannot be unpacked, or there is no room for it.
    """
    suffix = PurePosixPath(member.name.replace("\\", "/")).suffix
    suffix = suffix if suffix[1:].isalnum() and suffix.isascii() and len(suffix) <= 16 else ""
    with contextlib.ExitStack() as stack:
        try:
            folder = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="forensics-", ignore_cleanup_errors=True)
            )
            taken = Path(folder) / f"member{suffix}"
            with taken.open("wb") as file:
                for chunk in _content(path, member):
                    file.write(chunk)
            os.utime(taken, ns=(member.container.modified_ns, member.container.modified_ns))
        except OSError as error:
            raise _no_room(member, error) from error
        yield taken


def sha256_of_member(path: Path, member: ArchiveMember) -> str:
    """SHA-256 of a member's content, which is not written to the disk.

    Raises:
        MediaError: it cannot be unpacked.
    """
    digest = hashlib.sha256()
    for chunk in _content(path, member):
        digest.update(chunk)
    return digest.hexdigest()


def _content(path: Path, member: ArchiveMember) -> Iterator[bytes]:
    """The bytes of a member, no more of them than its archive says."""
    if member.refusal is not None:
        raise MediaError(f"{member.name} {member.refusal[0]}", member.refusal[1])
    with contextlib.ExitStack() as stack:
        try:
            opened, left = stack.enter_context(_opened(path, member))
            while chunk := opened.read(_CHUNK_BYTES):
                left -= len(chunk)
                if left < 0:
                    raise ValueError("it is longer than its archive says")
                yield chunk
            if left:
                raise ValueError("it is shorter than its archive says")
        except FileNotFoundError as error:
            raise unreadable(path, error) from error
        except (*_BROKEN, RuntimeError, DiskReaderFailed) as error:
            what, hint = _of_damage(str(error))
            raise MediaError(f"{member.name} {what}", hint) from error


@contextlib.contextmanager
def _opened(path: Path, member: ArchiveMember) -> Iterator[tuple[IO[bytes], int]]:
    if member.on_disk is not None:
        with content_on_disk(path, member.on_disk) as content:
            yield content, member.on_disk.size_bytes
        return
    if _is_zip(path):
        with zipfile.ZipFile(path) as archive:
            info = archive.infolist()[member.position]
            with archive.open(info) as unpacked:
                yield unpacked, info.file_size
        return
    with tarfile.open(path, "r|*") as archive:
        for at, entry in enumerate(archive):
            if at == member.position:
                extracted = archive.extractfile(entry)
                if extracted is None:
                    break
                yield extracted, entry.size
                return
    raise ValueError("its archive no longer holds it")


def _no_room(member: ArchiveMember, error: OSError) -> MediaError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return MediaError(
            f"There is no room to unpack {member.name}",
            "Free some space, or set TMPDIR to a folder that has it, and scan again.",
        )
    return MediaError(f"{member.name} cannot be unpacked: {error.strerror or error}", _UNPACK)
