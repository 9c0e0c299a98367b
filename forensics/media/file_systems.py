"""File systems of disk images, in one shape: folders with children, files with content (dissect reads them).

Loaded in the process of ``disk_reader`` only: what stands here believes a disk that may be made to mislead.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import IO, Any, Final, NamedTuple, Protocol

from dissect.extfs import ExtFS
from dissect.fat.exfat import ExFAT
from dissect.fat.fat import FAT, FATFS
from dissect.ntfs import NTFS
from dissect.util.stream import RunlistStream

FIRST_FREE_MFT_RECORD: Final = 24
"""The records before it are the file system's own."""

_NTFS_DOS_NAME = 2
_LINK = "is a link or a device on its disk, which is not followed"
_LINK_HINT = "Nothing is missed if its target lies on the disk too: it is found there."
_SECRET = "is encrypted by its file system (EFS)"  # noqa: S105
_SECRET_HINT = "Take the file from the running system, or decrypt the image, and scan that."  # noqa: S105


class About(NamedTuple):
    """A file, as its file system describes it.

    Attributes:
        stored_bytes: what it takes on the disk; less than ``size_bytes`` where it is sparse or compressed.
        modified: ISO 8601; without a zone where the file system knows none; empty if it says nothing.
        refusal: why it is not read, and what to do; None where it is.
    """

    size_bytes: int
    stored_bytes: int
    modified: str
    refusal: tuple[str, str] | None = None


class Node(Protocol):
    """A folder or a file."""

    name: str
    is_folder: bool
    identity: object
    """Two folders of one identity are the same one; a disk that is damaged may hold itself."""

    def children(self) -> Iterator[Node]:
        """What a folder holds, always in the same order."""
        ...

    def about(self) -> About:
        """A file's description."""
        ...

    def open(self) -> IO[bytes]:
        """A file's content."""
        ...


def root_of(volume: IO[bytes]) -> Node | str | None:
    """The root folder of a volume.

    Returns:
        The folder; or, in words, what the volume holds that cannot be read; None if nothing is recognised.
    """
    volume.seek(0)
    head = volume.read(2048)
    if head[3:11] == b"NTFS    ":
        return _NtfsNode("", NTFS(volume).mft.root)
    if head[3:11] == b"EXFAT   ":
        return _exfat_root(ExFAT(volume))
    if head[1080:1082] == b"\x53\xef":
        return _ExtNode("", ExtFS(volume).root)
    if head[510:512] == b"\x55\xaa" and (head[54:57] == b"FAT" or head[82:87] == b"FAT32"):
        return _fat_root(FATFS(volume))
    return _not_read(head)


def _not_read(head: bytes) -> str | None:
    known = {
        (3, b"-FVE-FS-"): "a volume encrypted with BitLocker",
        (0, b"LUKS\xba\xbe"): "a volume encrypted with LUKS",
        (0, b"XFSB"): "an XFS file system",
        (32, b"NXSB"): "an APFS container",
        (1024, b"H+"): "an HFS+ file system",
        (1024, b"HX"): "an HFS+ file system",
        (1024, b"\x10\x20\xf5\xf2"): "an F2FS file system",
        (512, b"LABELONE"): "a volume of the Logical Volume Manager",
    }
    for (at, mark), what in known.items():
        if head[at : at + len(mark)] == mark:
            return what
    return None


def _time(read: Callable[[], datetime]) -> str:
    try:
        return read().isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return ""


class _ExtNode:
    def __init__(self, name: str, node: Any) -> None:
        self.name, self._node = name, node
        self.identity = node.inum
        self.is_folder = stat.S_IFMT(node.inode.i_mode) == stat.S_IFDIR

    def children(self) -> Iterator[Node]:
        for node in self._node.iterdir():
            if node.filename not in (".", ".."):
                yield _ExtNode(node.filename, node)

    def about(self) -> About:
        node = self._node
        if stat.S_IFMT(node.inode.i_mode) != stat.S_IFREG:
            return About(0, 0, "", (_LINK, _LINK_HINT))
        stored = node.size if node.size < node.extfs.block_size else node.inode.i_blocks_lo * 512
        return About(node.size, stored, _time(lambda: node.mtime))

    def open(self) -> IO[bytes]:
        opened: IO[bytes] = self._node.open()
        return opened


class _NtfsNode:
    def __init__(self, name: str, record: Any) -> None:
        self.name, self._record = name, record
        self.identity = record.segment
        self.is_folder = record.is_dir()

    def children(self) -> Iterator[Node]:
        for entry in self._record.iterdir():
            name = entry.attribute
            record = entry.dereference()
            if name.flags != _NTFS_DOS_NAME and record.segment >= FIRST_FREE_MFT_RECORD:
                yield _NtfsNode(name.file_name, record)

    def about(self) -> About:
        record = self._record
        if record.is_reparse_point():
            return About(0, 0, "", (_LINK, _LINK_HINT))
        from dissect.ntfs.c_ntfs import ATTRIBUTE_FLAG_ENCRYPTED, ATTRIBUTE_TYPE_CODE

        content = record.attributes.find("", ATTRIBUTE_TYPE_CODE.DATA)
        if not content:
            return About(0, 0, "")
        size_bytes = record.size()
        resident = content[0].header.resident
        stored = (
            size_bytes if resident else sum(n for at, n in record.dataruns() if at) * record.ntfs.cluster_size
        )
        [times] = record.attributes[ATTRIBUTE_TYPE_CODE.STANDARD_INFORMATION][:1] or [None]
        modified = "" if times is None else _time(lambda: times.last_modification_time.astimezone(UTC))
        secret = content[0].header.flags & ATTRIBUTE_FLAG_ENCRYPTED
        return About(size_bytes, stored, modified, (_SECRET, _SECRET_HINT) if secret else None)

    def open(self) -> IO[bytes]:
        opened: IO[bytes] = self._record.open()
        return opened


class _FatNode:
    def __init__(self, entry: Any) -> None:
        self.name, self._entry = _fat_name(entry), entry
        self.identity = entry.cluster
        self.is_folder = entry.is_directory()

    def children(self) -> Iterator[Node]:
        for entry in self._entry.iterdir():
            if entry.name.rstrip() not in (".", "..") and (entry.is_directory() or not entry.is_volume_id()):
                yield _FatNode(entry)

    def about(self) -> About:
        size_bytes = self._entry.size
        return About(size_bytes, size_bytes, _time(lambda: self._entry.mtime))

    def open(self) -> IO[bytes]:
        opened: IO[bytes] = self._entry.open()
        return opened


def _fat_name(entry: Any) -> str:
    """Windows keeps a short name in capitals and says in two bits how it was written."""
    name: str = entry.name
    if getattr(entry, "dirent", None) is None or entry.ldirents:  # the root has none
        return name
    stem, dot, suffix = name.partition(".")
    flags = entry.dirent.DIR_NTRes
    return (stem.lower() if flags & 8 else stem) + dot + (suffix.lower() if flags & 16 else suffix)


def _fat_root(disk: FATFS) -> Node:
    disk.fat.runlist = partial(_fat_runs, disk.fat)
    return _FatNode(disk.root)


def _fat_runs(fat: FAT, cluster: int) -> Iterator[tuple[int, int]]:
    """Cluster by cluster: the library's own list joins a cluster to the one after it, and follows loops."""
    for n, one in enumerate(fat.chain(cluster)):
        if n > fat.entry_count:
            raise ValueError("a chain of clusters runs in a circle")
        yield one - 2, 1


class _ExfatNode:
    """Exfat's tree is read whole by the library: names to a file, and to what it holds if it is a folder."""

    def __init__(self, name: str, disk: ExFAT, file: Any, inside: dict[str, Any] | None) -> None:
        self.name, self._disk, self._file, self._inside = name, disk, file, inside
        self.is_folder = inside is not None
        self.identity = file.stream.location

    def children(self) -> Iterator[Node]:
        stream, n_bytes = self._file.stream, self._file.stream.data_length
        if self.name and stream.flags.not_fragmented and n_bytes > self._disk.cluster_size:
            raise ValueError("a folder longer than one cluster is not read to its end")
        assert self._inside is not None
        for name, (file, inside) in self._inside.items():
            yield _ExfatNode(name, self._disk, file, inside)

    def about(self) -> About:
        n_bytes = self._file.stream.data_length
        return About(n_bytes, n_bytes, "")

    def open(self) -> IO[bytes]:
        stream, n_bytes = self._file.stream, self._file.stream.data_length
        whole = bool(stream.flags.not_fragmented)
        runs = self._disk.runlist(stream.location, whole, n_bytes if whole else None) if n_bytes else []
        opened: IO[bytes] = RunlistStream(self._disk.filesystem, runs, n_bytes, self._disk.sector_size)
        return opened


def _exfat_root(disk: ExFAT) -> Node:
    file, inside = disk.files["/"]
    return _ExfatNode("", disk, file, inside)
