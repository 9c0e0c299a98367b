"""Files that may hold media: archives and disk images that are looked through, and what is not opened."""

from __future__ import annotations

import contextlib
import importlib.util
import itertools
import re
import string
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path, PurePath

_EWF_START = b"EVF\x09\x0d\x0a\xff\x00"
_DISK_STARTS = (
    _EWF_START,
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
_EXT_MARK, _EXT_MARK_AT = b"\x53\xef", 1080
_RAW_SUFFIXES = (".dd", ".img", ".raw")
_READERS = ("dissect.evidence", "dissect.extfs", "dissect.fat", "dissect.ntfs", "dissect.volume")
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


def may_be_disk(path: PurePath, head: bytes) -> bool:
    """Whether a file begins as an E01 or a plain image of a disk or volume (dd) does; opening it tells.

    Args:
        path: its suffix counts where content tells nothing: an image of a volume begins with anything.
        head: the first ``signatures.HEAD_BYTES`` of the file.
    """
    if head.startswith(_EWF_START):
        return head[9:11] == b"\x01\x00"  # the first part
    suffix = path.suffix.lower()
    if head.startswith(_DISK_STARTS) or (_DISK_SUFFIXES.fullmatch(suffix) and suffix not in _RAW_SUFFIXES):
        return False
    return bool(head) and (suffix in _RAW_SUFFIXES[:2] or _is_disk(head))


def _is_disk(head: bytes) -> bool:
    if head[_BOOT_MARK_AT : _BOOT_MARK_AT + 2] == _BOOT_MARK:
        return True
    return head[_EXT_MARK_AT : _EXT_MARK_AT + 2] == _EXT_MARK and not any(head[:1024])


@lru_cache(maxsize=1)
def can_read_disks() -> bool:
    """Whether the packages that read disk images are installed (the extra ``disk``)."""
    with contextlib.suppress(ModuleNotFoundError):  # the package that holds them all is missing
        return all(importlib.util.find_spec(name) is not None for name in _READERS)
    return False


def first_part(path: Path) -> Path | None:
    """The E01 beside a further part of the same image; None for anything else."""
    suffix = path.suffix
    if len(suffix) != 4 or not suffix[1:].isalnum() or suffix[1:2].upper() < "E":
        return None
    first = path.with_suffix(".E01" if suffix[1].isupper() else ".e01")
    return first if first.is_file() and path.name in part_names(first) else None


def part_names(first: PurePath) -> Iterator[str]:
    """How the further parts of an E01 are called: E02 to E99, EAA to EZZ, FAA to ZZZ."""
    suffix = first.suffix
    if suffix not in (".E01", ".e01"):
        return
    for number in range(2, 100):
        yield f"{first.stem}{suffix[:2]}{number:02}"
    letters = string.ascii_uppercase if suffix == ".E01" else string.ascii_lowercase
    for triple in itertools.product(letters[4:], letters, letters):
        yield f"{first.stem}.{''.join(triple)}"


def unopened(path: PurePath, head: bytes) -> tuple[str, str] | None:
    """What a file is that may hold media and is not opened, and what to do about it; None for any other.

    Args:
        path: its suffix counts where content tells nothing: an image of a volume begins with anything.
        head: the first ``signatures.HEAD_BYTES`` of the file.
    """
    suffix = path.suffix.lower()
    if head.startswith(_DISK_STARTS) or _DISK_SUFFIXES.fullmatch(suffix) or _is_disk(head):
        hint = "Mount it read-only (ewfmount for E01, then mount -o ro,loop,noexec) and scan the mount point."
        if may_be_disk(path, head) and not can_read_disks():
            hint += " Or install forensics[disk], which opens E01 and dd images."
        return "is a disk image, which was not opened: what lies in it was not examined", hint
    if head.startswith(_ARCHIVE_STARTS) or suffix in _ARCHIVE_SUFFIXES:
        return (
            "is an archive of a kind that is not opened: what lies in it was not examined",
            "Unpack it into a folder of its own, scan that, and keep the original.",
        )
    return None
