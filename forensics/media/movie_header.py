"""What the boxes of an MP4 or MOV say of its times: created, modified, cut by an edit list."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from forensics.media.boxes import Box, BoxTree, box_tree, entries, payload
from forensics.media.hashing import unreadable

# Boxes count seconds from this moment on (ISO/IEC 14496-12, section 8.2.2).
_EPOCH = datetime(1904, 1, 1, tzinfo=UTC)
_LATEST_S = 200 * 365 * 86_400
_TIMED = {"moov/mvhd": "film", "moov/trak/tkhd": "track", "moov/trak/mdia/mdhd": "media"}
_MOST_EDITS = 1_000


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a header says that its part was made.

    Attributes:
        of: ``film``, ``track 1``, ``media 1``; counted from 1.
        created_utc, modified_utc: None where the field is zero or beyond any date that can be meant.
    """

    of: str
    created_utc: datetime | None
    modified_utc: datetime | None


@dataclass(frozen=True, slots=True)
class Edit:
    """One row of an edit list.

    Attributes:
        track: counted from 1.
        length_s: how long it is shown; 0 where it is shown to its end.
        from_s: from which second of the media on; None for a pause.
        rate: 1 where it is shown at its own speed.
    """

    track: int
    length_s: float
    from_s: float | None
    rate: float


@dataclass(frozen=True, slots=True)
class MovieHeader:
    """An MP4's or MOV's own account of itself.

    Attributes:
        brands: major brand, then the compatible ones, of the box ``ftyp``; empty without one.
        minor_version: of the box ``ftyp``.
        length_s: of the film, by its header; None if none is stated.
    """

    tree: BoxTree
    brands: tuple[str, ...]
    minor_version: int | None
    stamps: tuple[Stamp, ...]
    edits: tuple[Edit, ...]
    length_s: float | None


def movie_header(path: Path) -> MovieHeader | None:
    """Reads the boxes of a file; None where it has no ``moov`` or ``moof`` and so is no such film.

    Raises:
        MediaError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            tree = box_tree(file, path.stat().st_size)
            if not any(box.kind in ("moov", "moof") for box in tree.top):
                return None
            return _read(file, tree)
    except OSError as error:
        raise unreadable(path, error) from error


def _read(file: BinaryIO, tree: BoxTree) -> MovieHeader:
    brands, minor = _brands(file, tree)
    stamps: list[Stamp] = []
    scales: dict[str, list[int]] = {"film": [], "media": []}
    length_s = None
    for box in tree.boxes:
        part = _TIMED.get(box.path)
        if part is None:
            continue
        created, modified, scale, length = _times(payload(file, box, 64))
        number = sum(one.of.startswith(part) for one in stamps) + 1
        stamps.append(
            Stamp(part if part == "film" else f"{part} {number}", _moment(created), _moment(modified))
        )
        if part in scales:
            scales[part].append(scale)
        if part == "film" and scale and length:
            length_s = length / scale
    film_scale = next(iter(scales["film"]), 0)
    return MovieHeader(
        tree, brands, minor, tuple(stamps), tuple(_edits(file, tree, film_scale, scales["media"])), length_s
    )


def _brands(file: BinaryIO, tree: BoxTree) -> tuple[tuple[str, ...], int | None]:
    first = next(iter(tree.of("ftyp")), None)
    data = b"" if first is None else payload(file, first, 256)
    if len(data) < 8:
        return (), None
    names = [data[:4], *(data[at : at + 4] for at in range(8, len(data) - 3, 4))]
    return tuple(name.decode("ascii", "backslashreplace") for name in names), int.from_bytes(data[4:8], "big")


def _times(data: bytes) -> tuple[int, int, int, int]:
    """Created, modified, time scale, length of mvhd, tkhd (where the last two mean nothing) and mdhd."""
    layout = ">QQIQ" if data[:1] == b"\1" else ">IIII"
    if len(data) < 4 + struct.calcsize(layout):
        return 0, 0, 0, 0
    created, modified, scale, length = struct.unpack_from(layout, data, 4)
    return created, modified, scale, length


def _moment(seconds: int) -> datetime | None:
    return _EPOCH + timedelta(seconds=seconds) if 0 < seconds < _LATEST_S else None


def _edits(file: BinaryIO, tree: BoxTree, film_scale: int, media_scales: list[int]) -> Iterator[Edit]:
    track = 0
    n_edits = 0
    for box in tree.boxes:
        track += box.path == "moov/trak"
        if box.path != "moov/trak/edts/elst":
            continue
        for length, start, rate, fraction in _rows(file, box):
            n_edits += 1
            if n_edits > _MOST_EDITS:
                return
            scale = media_scales[track - 1] if track <= len(media_scales) else 0
            yield Edit(
                track,
                length / film_scale if film_scale else 0.0,
                None if start < 0 or not scale else start / scale,
                rate + fraction / 65_536,
            )


def _rows(file: BinaryIO, box: Box) -> Iterator[tuple[int, ...]]:
    data = payload(file, box)
    yield from entries(">Qqhh" if data[:1] == b"\1" else ">Iihh", data, 8)
