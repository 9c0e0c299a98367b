"""Files that may hold media: archives that are looked through, and what is not opened, as disk images."""

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
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_DOCUMENT_MARKS = (b"[Content_Types].xml", b"META-INF/", b"mimetype")
_DOCUMENT_SUFFIXES = (
    *(".apk", ".docm", ".docx", ".dotx", ".epub", ".ipa", ".jar", ".odg", ".odp", ".ods", ".odt"),
    *(".potx", ".ppsx", ".pptm", ".pptx", ".war", ".whl", ".xlsb", ".xlsm", ".xlsx", ".xpi"),
)
_TAR_MARK, _TAR_MARK_AT = b"ustar", 257
_TAR_SUFFIXES = (".tar", ".tar.bz2", ".tar.gz", ".tar.xz", ".tbz", ".tbz2", ".tgz", ".txz")
_PACKED_STARTS = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00")
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


def may_be_archive(path: PurePath, head: bytes) -> bool:
    """Whether a file begins as a zip, a tar or a compressed tar does; opening it tells.

    Office documents, e-books and programs are zip files too: they are taken for what they are.

    Args:
        path: its suffix counts where content tells nothing: a compressed file may hold a tar or anything.
        head: the first ``signatures.HEAD_BYTES`` of the file.
    """
    name = path.name.lower()
    if head.startswith(_ZIP_STARTS):
        return not (name.endswith(_DOCUMENT_SUFFIXES) or any(mark in head[:128] for mark in _DOCUMENT_MARKS))
    if head[_TAR_MARK_AT : _TAR_MARK_AT + len(_TAR_MARK)] == _TAR_MARK:
        return True
    return name.endswith(_TAR_SUFFIXES) or (head.startswith(_PACKED_STARTS) and ".tar" in name)


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
