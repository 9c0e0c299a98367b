"""Whether a file carries a C2PA manifest (content credentials), without reading it."""

from __future__ import annotations

import re
from pathlib import Path

from forensics.media.boxes import box_tree
from forensics.media.hashing import unreadable

C2PA_UUID = "d8fec3d61b0e483c92975828877ec481"
_MOST_BYTES = 1 << 25
_REMOTE = re.compile(rb"dcterms:provenance\s*(?:=\s*[\"']|>)\s*([^\"'<\s]{4,300})")


def has_manifest(path: Path) -> bool:
    """Whether a manifest is embedded where C2PA puts it: in MP4, MOV and HEIC a box, in JPEG a marker
    APP11, in PNG a chunk caBX, in WebP, WAV and AVI a chunk C2PA.

    Raises:
        MediaError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(12)
            if head[4:8] in (b"ftyp", b"moov", b"wide", b"mdat", b"free"):
                tree = box_tree(file, path.stat().st_size)
                return any(box.uuid == C2PA_UUID for box in tree.top)
            data = head + file.read(_MOST_BYTES)
    except OSError as error:
        raise unreadable(path, error) from error
    if data.startswith(b"\xff\xd8"):
        return _in_jpeg(data)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return b"caBX" in _chunks(data, 8, "big", overhead=12)
    if data[:4] == b"RIFF":
        return b"C2PA" in _chunks(data, 12, "little", overhead=8)
    return False


def remote_manifest(path: Path) -> str:
    """The address of a manifest that lies elsewhere, as the XMP packet names it; empty without one.

    Raises:
        MediaError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            found = _REMOTE.search(file.read(_MOST_BYTES))
    except OSError as error:
        raise unreadable(path, error) from error
    return "" if found is None else found.group(1).decode("utf-8", "replace")


def _in_jpeg(data: bytes) -> bool:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] not in (0xD9, 0xDA):
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] == 0xEB and b"c2pa" in data[at + 4 : at + 2 + length]:
            return True
        at += 2 + max(length, 2)
    return False


def _chunks(data: bytes, at: int, order: str, *, overhead: int) -> set[bytes]:
    """Kinds of the chunks of a PNG (length before kind) or a RIFF (kind before length)."""
    kinds = set()
    while at + 8 <= len(data):
        first, second = data[at : at + 4], data[at + 4 : at + 8]
        kind, length = (second, first) if order == "big" else (first, second)
        size = int.from_bytes(length, "big" if order == "big" else "little")
        kinds.add(kind)
        at += overhead + size + (size % 2 if order == "little" else 0)
    return kinds
