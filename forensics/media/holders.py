"""Files that may hold media and are not opened here: disk images and archives without a reader."""

from __future__ import annotations

import re
from pathlib import PurePath

_DISK_STARTS = (
    b"EVF\x09\x0d\x0a\xff\x00",
    b"LVF\x09\x0d\x0a\xff\x00",
    b"EVF2\x0d\x0a\x81",
    b"AFF10",
    b"KDMV",
    b"QFI\xfb",
    b"vhdxfile",
    b"conectix",
    b"# Disk DescriptorFile",
)
_DISK_SUFFIXES = re.compile(
    r"\.(aff4?|dd|dmg|ex\d\d|e\d\d|img|iso|l\d\d|lx\d\d|qcow2?|s\d\d|udf|vdi|vhdx?|vmdk|wim)"
)
# A master boot record, which most images of whole disks begin with.
_BOOT_MARK, _BOOT_MARK_AT = b"\x55\xaa", 510
_ARCHIVE_STARTS = (
    b"7z\xbc\xaf'\x1c",
    b"Rar!\x1a\x07",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ\x00",
    b"\x28\xb5\x2f\xfd",
    b"\x04\x22\x4d\x18",
    b"MSCF",
    b"LZIP",
    b"!<arch>\n",
)
_ARCHIVE_SUFFIXES = frozenset({".7z", ".ace", ".arj", ".cab", ".lha", ".lzh", ".rar", ".sit", ".sitx"})


def unopened(path: PurePath, head: bytes) -> tuple[str, str] | None:
    """What a file is that may hold media and is not opened, and what to do about it; None for any other.

    Args:
        path: its suffix counts where content tells nothing: an image of a volume begins with anything.
        head: the first ``signatures.HEAD_BYTES`` of the file.
    """
    suffix = path.suffix.lower()
    boots = head[_BOOT_MARK_AT : _BOOT_MARK_AT + 2] == _BOOT_MARK
    if head.startswith(_DISK_STARTS) or _DISK_SUFFIXES.fullmatch(suffix) or boots:
        return (
            "is a disk image, which was not opened: what lies in it was not examined",
            "Mount it read-only (ewfmount for E01, then mount -o ro,loop,noexec) and scan the mount point.",
        )
    if head.startswith(_ARCHIVE_STARTS) or suffix in _ARCHIVE_SUFFIXES:
        return (
            "is an archive of a kind that is not opened: what lies in it was not examined",
            "Unpack it into a folder of its own, scan that, and keep the original.",
        )
    return None
