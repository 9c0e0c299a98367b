"""The boxes of an ISO base media file (MP4, MOV, HEIC): where each stands, without decoding anything.

ISO/IEC 14496-12, section 4.2: a box is a size, a type and a payload, and some payloads are boxes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from forensics.numerals import count_text

# A fragmented film of an hour has some thousands; a hostile one has as many as fit.
MOST_BOXES = 5_000
MOST_DEPTH = 10
MOST_PAYLOAD_BYTES = 1 << 16

_HEADER_BYTES = 8
_UUID_BYTES = 16
_TO_THE_END, _LARGE = 0, 1
_HOLD_BOXES = frozenset(
    {"moov", "trak", "mdia", "minf", "stbl", "edts", "udta", "dinf", "mvex", "moof", "traf", "mfra", "ilst"}
)
# Payloads that are boxes after some bytes of their own.
_HOLD_BOXES_AFTER = {"meta": 4, "stsd": 8}


@dataclass(frozen=True, slots=True)
class Box:
    r"""One box.

    Attributes:
        kind: its four characters; bytes that are not ASCII stand as ``\xNN``.
        path: those of the boxes around it and its own: ``moov/trak/tkhd``.
        start: byte of the file at which it begins.
        payload_start: byte at which what it holds begins.
        end: first byte behind it, as its size says, at most the end of what is around it.
        uuid: hexadecimal, of a box of kind ``uuid``; empty elsewhere.
    """

    kind: str
    path: str
    start: int
    payload_start: int
    end: int
    uuid: str = ""

    @property
    def n_bytes(self) -> int:
        """Of the whole box."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class BoxTree:
    """The boxes in the order of the file.

    Attributes:
        trouble: what does not fit the format, in words; None where everything does.
    """

    boxes: tuple[Box, ...]
    trouble: str | None = None

    @property
    def top(self) -> tuple[Box, ...]:
        """Those that no other box holds."""
        return tuple(box for box in self.boxes if "/" not in box.path)

    def of(self, path: str) -> tuple[Box, ...]:
        """Every box with this path."""
        return tuple(box for box in self.boxes if box.path == path)


class _Walk:
    """One pass over a file's boxes; stops at what it cannot understand and says so."""

    def __init__(self, file: BinaryIO, n_bytes: int) -> None:
        self._file = file
        self._n_bytes = n_bytes
        self.found: list[Box] = []
        self.trouble: str | None = None

    def over(self, start: int, end: int, path: str = "", depth: int = 0) -> None:
        at = start
        while at + _HEADER_BYTES <= end and len(self.found) < MOST_BOXES:
            box = self._box(at, end, path)
            if box is None:
                return
            self.found.append(box)
            inner = self._inner_start(box)
            if inner is not None and depth < MOST_DEPTH:
                self.over(inner, box.end, box.path, depth + 1)
            at = box.end

    def _box(self, at: int, end: int, path: str) -> Box | None:
        head = self._read(at, _HEADER_BYTES)
        size, name = struct.unpack(">I4s", head)
        kind = name.decode("ascii", "backslashreplace").replace("\0", "\\0")
        payload = at + _HEADER_BYTES
        if size == _LARGE:
            large = self._read(payload, 8)
            if len(large) < 8:
                self._odd(f"the box {kind!r} at byte {at} has no size")
                return None
            size, payload = struct.unpack(">Q", large)[0], payload + 8
        elif size == _TO_THE_END:
            # QuickTime ends a list of user data with four zero bytes; at the top it means "to the end".
            if path:
                return None
            size = end - at
        if size < payload - at:
            self._odd(f"the box {kind!r} at byte {at} is smaller than its own header")
            return None
        if at + size > end:
            n_bytes = count_text(at + size - end, "byte", "bytes")
            self._odd(f"the box {kind!r} at byte {at} is {n_bytes} longer than what is around it")
        uuid = self._read(payload, _UUID_BYTES).hex() if kind == "uuid" else ""
        whole = f"{path}/{kind}" if path else kind
        return Box(kind, whole, at, min(payload, end), min(at + size, end), uuid)

    def _inner_start(self, box: Box) -> int | None:
        if box.kind in _HOLD_BOXES:
            return box.payload_start
        own = _HOLD_BOXES_AFTER.get(box.kind)
        if own is None:
            return None
        # QuickTime's meta has none of the four bytes that ISO's begins with.
        if box.kind == "meta" and self._read(box.payload_start + 4, 4) == b"hdlr":
            own = 0
        return box.payload_start + own

    def _odd(self, words: str) -> None:
        self.trouble = self.trouble or words

    def _read(self, at: int, n_bytes: int) -> bytes:
        self._file.seek(at)
        return self._file.read(n_bytes)


def box_tree(file: BinaryIO, n_bytes: int) -> BoxTree:
    """Walks over a file's boxes.

    Args:
        file: open for reading; at most ``MOST_BOXES`` headers of it are read.
        n_bytes: its length.

    Returns:
        Whatever was understood; a file of another format gives few boxes and some trouble.
    """
    walk = _Walk(file, n_bytes)
    walk.over(0, n_bytes)
    if len(walk.found) >= MOST_BOXES:
        walk.trouble = walk.trouble or f"there are {MOST_BOXES} boxes or more; the rest was not looked at"
    return BoxTree(tuple(walk.found), walk.trouble)


def payload(file: BinaryIO, box: Box, most_bytes: int = MOST_PAYLOAD_BYTES) -> bytes:
    """What a box holds, from its beginning, at most so many bytes."""
    file.seek(box.payload_start)
    return file.read(max(0, min(box.end - box.payload_start, most_bytes)))


def entries(layout: str, data: bytes, start: int) -> Iterator[tuple[int, ...]]:
    """Rows of a box that holds a table, as far as they are there."""
    size = struct.calcsize(layout)
    for at in range(start, len(data) - size + 1, size):
        yield struct.unpack_from(layout, data, at)
