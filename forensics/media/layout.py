"""Where the bytes of a still picture lie: its own EXIF block, whether it is all there, what follows it."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from forensics.media.hashing import unreadable
from forensics.media.orientation import EXIF_HEADER, Orientation, orientation_of_entry, orientation_of_tiff
from forensics.numerals import count_text

# A picture file that is larger is read by its decoder alone.
_MOST_BYTES = 1 << 29
# In a scan, FF is followed by 0 (a byte FF), a restart marker or more FF; anything else ends it.
_END_OF_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_ISO_FILM = re.compile(rb"\x00\x00\x00[\x08-\x80]ftyp")
# A TIFF whose directories are linked in a ring would have no last page.
_MOST_PAGES = 10_000


@dataclass(frozen=True, slots=True)
class ImageLayout:
    """One still's bytes, as far as its format is one that is walked through (JPEG, PNG, WebP).

    Attributes:
        orientation: what the picture's own EXIF block asks for; None where it asks for nothing.
        is_walked: whether its format is one of those.
        is_complete: the end that the format prescribes is there.
        is_progressive: a JPEG stored in passes, from coarse to fine.
        n_components: of a JPEG's colours; 0 elsewhere.
        width_px, height_px: as a JPEG's frame header says; 0 elsewhere.
        end_bytes: where the picture ends; None where it is not complete or not known.
        film_at_bytes: where a film begins that is stored behind the picture (motion photo).
        has_second_picture: another JPEG follows the picture.
        wrong_checksum: the first chunk of a PNG whose checksum is not that of its content.
        n_bytes: length of the file.
    """

    orientation: Orientation | None = None
    is_walked: bool = False
    is_complete: bool = True
    is_progressive: bool = False
    n_components: int = 0
    width_px: int = 0
    height_px: int = 0
    end_bytes: int | None = None
    film_at_bytes: int | None = None
    has_second_picture: bool = False
    wrong_checksum: str | None = None
    n_bytes: int = 0


@dataclass(frozen=True, slots=True)
class TiffPage:
    """One directory of a TIFF: ``start`` is the head of a file in which it is the first one."""

    start: bytes
    orientation: Orientation | None


def layout_of(path: Path) -> ImageLayout:
    """Walks through a still's bytes.

    Raises:
        MediaError: it cannot be read.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            return ImageLayout()
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    if data[4:8] == b"ftyp":
        return _iso(data)
    return ImageLayout(n_bytes=len(data))


def is_animated_webp(path: Path) -> bool:
    """Whether a WebP says of itself that it moves; FFmpeg reads none that does.

    Raises:
        MediaError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(21)
    except OSError as error:
        raise unreadable(path, error) from error
    return len(head) == 21 and head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and bool(head[20] & 0x02)


def tiff_pages(path: Path) -> list[TiffPage]:
    """The pages of a TIFF, in the order in which they are linked; empty for anything else.

    Raises:
        MediaError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return list(_pages(file))
    except OSError as error:
        raise unreadable(path, error) from error
    except struct.error:
        return []


def _pages(file: BinaryIO) -> Iterator[TiffPage]:
    head = file.read(8)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(head[:4])
    if order is None:
        return
    seen: set[int] = set()
    (at,) = struct.unpack_from(order + "I", head, 4)
    while at and at not in seen and len(seen) < _MOST_PAGES:
        seen.add(at)
        file.seek(at)
        count = file.read(2)
        if len(count) < 2:
            return
        (n_entries,) = struct.unpack(order + "H", count)
        entries, following = file.read(12 * n_entries), file.read(4)
        turns = (
            orientation_of_entry(entries[start : start + 12], order)
            for start in range(0, len(entries) - 11, 12)
        )
        yield TiffPage(head[:4] + struct.pack(order + "I", at), next((one for one in turns if one), None))
        if len(following) < 4:
            return
        (at,) = struct.unpack(order + "I", following)


def _jpeg(data: bytes) -> ImageLayout:
    orientation: Orientation | None = None
    is_progressive, n_components, width, height = False, 0, 0, 0
    at, end = 2, None
    while at + 4 <= len(data) or data[at : at + 2] == b"\xff\xd9":
        if data[at] != 0xFF:
            break
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xD9:
            end = at + 2
            break
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:
            at += 2
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        body = data[at + 4 : at + 2 + length]
        if marker == 0xE1 and body.startswith(EXIF_HEADER):
            orientation = orientation or orientation_of_tiff(body[len(EXIF_HEADER) :])
        elif marker in _START_OF_FRAME and len(body) >= 6:
            is_progressive = marker in _PROGRESSIVE
            height, width, n_components = struct.unpack_from(">HHB", body, 1)
        at += 2 + max(length, 2)
        if marker == 0xDA:
            found = _END_OF_SCAN.search(data, at)
            if found is None:
                break
            at = found.start()
    return replace(
        _walked(data, end, orientation),
        is_progressive=is_progressive,
        n_components=n_components,
        width_px=width,
        height_px=height,
    )


def _png(data: bytes) -> ImageLayout:
    orientation: Orientation | None = None
    wrong: str | None = None
    at, end = 8, None
    while at + 12 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if kind == b"eXIf":
            orientation = orientation or orientation_of_tiff(data[at + 8 : at + 8 + length])
        if wrong is None and at + 12 + length <= len(data):
            checksum = int.from_bytes(data[at + 8 + length : at + 12 + length], "big")
            wrong = None if checksum == zlib.crc32(data[at + 4 : at + 8 + length]) else repr(kind)[2:-1]
        at += 12 + length
        if kind == b"IEND":
            end = at
            break
    return replace(_walked(data, end, orientation), wrong_checksum=wrong)


def _webp(data: bytes) -> ImageLayout:
    orientation: Orientation | None = None
    end = 8 + int.from_bytes(data[4:8], "little")
    at = 12
    while at + 8 <= min(end, len(data)):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        if data[at : at + 4] == b"EXIF":
            block = data[at + 8 : at + 8 + length].removeprefix(EXIF_HEADER)
            orientation = orientation or orientation_of_tiff(block)
        at += 8 + length + length % 2
    return _walked(data, end if end <= len(data) else None, orientation)


def _iso(data: bytes) -> ImageLayout:
    """HEIC and AVIF turn their pictures themselves; a film is in a box ``mpvd``."""
    at = 0
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] == b"mpvd":
            return ImageLayout(film_at_bytes=at + 8, n_bytes=len(data))
        if length < 8:  # to the end of the file, or longer than four bytes can say
            break
        at += length
    return ImageLayout(n_bytes=len(data))


def _walked(data: bytes, end: int | None, orientation: Orientation | None) -> ImageLayout:
    """The layout of a picture that ends at byte ``end``; None where its end was not found."""
    found = None if end is None else _ISO_FILM.search(data, end)
    return ImageLayout(
        orientation,
        is_walked=True,
        is_complete=end is not None,
        end_bytes=end,
        film_at_bytes=None if found is None else found.start(),
        has_second_picture=end is not None and data.find(b"\xff\xd8\xff", end) >= 0,
        n_bytes=len(data),
    )


def what_follows(layout: ImageLayout) -> str | None:
    """In a sentence, what is stored in the file behind the picture; None if nothing of note."""
    at = layout.film_at_bytes
    if at is not None:
        return (
            f"A film is stored behind the picture (motion photo), from byte {at} of the file: it was not "
            f"examined. Cut it out (tail -c +{at + 1} PICTURE > film.mp4) and scan it too"
        )
    if layout.end_bytes is None or layout.n_bytes == layout.end_bytes:
        return None
    n_bytes = count_text(layout.n_bytes - layout.end_bytes, "byte", "bytes")
    what = "another picture follows" if layout.has_second_picture else "other data follow"
    return (
        f"Behind the picture {what} ({n_bytes}, from byte {layout.end_bytes} of the file), which "
        "viewers do not show and which were not examined"
    )
