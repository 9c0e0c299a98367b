"""What a still carries beside its pixels: EXIF, XMP, texts, thumbnail, quantisation tables."""

from __future__ import annotations

import contextlib
import io
import re
import struct
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from forensics.errors import MediaError
from forensics.media.heic_items import HeicItems
from forensics.media.picture import MAX_STILL_PIXELS
from forensics.records.media import RgbImage

_READ = ("JPEG", "PNG", "WEBP", "TIFF")
_MOST_TEXT = 20_000
_MOST_TEXTS = 40
_MOST_THUMBNAIL_BYTES = 1 << 18
_MOST_XMP_BYTES = 1 << 20
# Pillow raises whatever its parsers stumble on in damaged files.
_UNREADABLE = (OSError, ValueError, SyntaxError, KeyError, IndexError, TypeError, struct.error, EOFError)
_THUMBNAIL_START, _THUMBNAIL_LENGTH = 0x0201, 0x0202
_XMP_VALUE = (
    r"(?:{name}\s*=\s*[\"']([^\"'<]{{1,300}})[\"']"
    r"|<{name}[^>]{{0,200}}>\s*(?:<[^>]{{1,60}}>\s*){{0,3}}([^<]{{1,300}})<)"
)


@dataclass(frozen=True, slots=True)
class StillMetadata:
    """A still's own account of itself; every text is as it stands in the file.

    Attributes:
        format: ``JPEG``, ``PNG``, ``WEBP``, ``TIFF`` or ``HEIC``.
        exif: tag name to value, of the main directory, its EXIF part and ``GPS...``.
        texts: keyword to text of PNG's chunks; ``comment`` of a JPEG.
        xmp: the XMP packet, empty without one.
        tables: int[64] each, row by row: a JPEG's quantisation tables.
        applications: markers of a JPEG that carry a program's data: ``APP13 Photoshop 3.0``.
        thumbnail: the EXIF thumbnail, uint8[H, W, 3] RGB.
        iptc_facebook: an IPTC instruction that Facebook writes.
    """

    format: str
    width_px: int
    height_px: int
    exif: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    xmp: str = ""
    tables: tuple[npt.NDArray[np.int64], ...] = ()
    applications: tuple[str, ...] = ()
    thumbnail: RgbImage | None = None
    iptc_facebook: bool = False

    def of_xmp(self, name: str) -> str:
        """The first value of a property such as ``xmp:CreatorTool``, empty without one."""
        found = re.search(_XMP_VALUE.format(name=re.escape(name)), self.xmp)
        return "" if found is None else next(part for part in found.groups() if part is not None).strip()


def still_metadata(path: Path) -> StillMetadata | None:
    """Reads a still's metadata without decoding it; None for formats that are not read.

    Raises:
        MediaError: it is larger than what is decoded.
    """
    from PIL import Image

    try:
        with _quietly(), Image.open(path, formats=_READ) as picture:
            _check(picture.size)
            return _read(picture)
    except Image.DecompressionBombError as error:
        raise MediaError("The picture is too large to look into", "Scale it down, and scan that.") from error
    except _UNREADABLE:
        return None


def grey_and_rgb(path: Path) -> tuple[npt.NDArray[np.uint8], RgbImage]:
    """A JPEG's luma as stored, uint8[H, W], and its colours, uint8[H, W, 3] RGB; neither is turned.

    Raises:
        MediaError: it cannot be decoded.
    """
    from PIL import Image

    try:
        with _quietly(), Image.open(path, formats=_READ) as picture:
            _check(picture.size)
            # libjpeg then gives the luma channel itself, not a mix of colours that were rounded before.
            picture.draft("YCbCr", picture.size)
            picture.load()
            luma = picture.getchannel(0) if picture.mode == "YCbCr" else picture.convert("L")
            return np.asarray(luma, np.uint8), np.asarray(picture.convert("RGB"), np.uint8)
    except (*_UNREADABLE, Image.DecompressionBombError) as error:
        raise MediaError(f"The picture cannot be decoded: {error}", "Look at it in a viewer.") from error


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Pillow warns of damage; what is missing for it is missing in the report."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _check(size: tuple[int, int]) -> None:
    if size[0] * size[1] > MAX_STILL_PIXELS:
        raise ValueError("too large")


def _read(picture: Any) -> StillMetadata:
    info = picture.info
    exif, thumbnail = _exif(picture.getexif, info.get("exif", b""))
    xmp = info.get("xmp") or info.get("XML:com.adobe.xmp") or b""
    texts = {
        str(key)[:80]: _text(value)
        for key, value in list(info.items())[:_MOST_TEXTS]
        if isinstance(value, (str, bytes))
        and key not in ("exif", "xmp", "XML:com.adobe.xmp", "icc_profile", "jfif", "adobe", "photoshop")
    }
    tables = getattr(picture, "quantization", None) or {}
    return StillMetadata(
        format=str(picture.format),
        width_px=picture.size[0],
        height_px=picture.size[1],
        exif=exif,
        texts=texts,
        xmp=_text(xmp, _MOST_XMP_BYTES),
        tables=tuple(np.asarray(table, np.int64) for table in tables.values() if len(table) == 64),
        applications=tuple(
            f"{name} {_text(content[:24]).split(chr(0))[0]}"
            for name, content in getattr(picture, "applist", ())[:32]
        ),
        thumbnail=_decoded(thumbnail),
        iptc_facebook=any(b"FBMD" in content[:4096] for _, content in getattr(picture, "applist", ())),
    )


def of_heic(items: HeicItems) -> StillMetadata:
    """A HEIC's account of itself."""
    from PIL import Image

    def exif() -> Any:
        block = Image.Exif()
        block.load(items.exif)
        return block

    with _quietly():
        tags, thumbnail = _exif(exif, items.exif) if items.exif else ({}, b"")
        width, height = items.sizes_px[0]
        return StillMetadata(
            "HEIC", width, height, tags, xmp=_text(items.xmp, _MOST_XMP_BYTES), thumbnail=_decoded(thumbnail)
        )


def _exif(read: Callable[[], Any], block: bytes) -> tuple[dict[str, str], bytes]:
    from PIL import ExifTags

    found: dict[str, str] = {}
    thumbnail = b""
    with contextlib.suppress(*_UNREADABLE):
        exif = read()
        parts = ((exif, ExifTags.TAGS, ""), (exif.get_ifd(ExifTags.IFD.Exif), ExifTags.TAGS, ""))
        for rows, names, prefix in (*parts, (exif.get_ifd(ExifTags.IFD.GPSInfo), ExifTags.GPSTAGS, "GPS ")):
            for tag, value in list(rows.items())[:200]:
                found.setdefault(f"{prefix}{names.get(tag, hex(tag))}", _text(value))
        second = exif.get_ifd(ExifTags.IFD.IFD1)
        start, length = int(second.get(_THUMBNAIL_START, 0)), int(second.get(_THUMBNAIL_LENGTH, 0))
        if 0 < length <= _MOST_THUMBNAIL_BYTES:
            base = 6 if block.startswith(b"Exif\0\0") else 0
            thumbnail = block[base + start : base + start + length]
    return found, thumbnail


def _decoded(thumbnail: bytes) -> RgbImage | None:
    from PIL import Image

    if not thumbnail:
        return None
    with contextlib.suppress(*_UNREADABLE), Image.open(io.BytesIO(thumbnail), formats=("JPEG",)) as picture:
        if picture.size[0] * picture.size[1] <= 1 << 20:
            return np.asarray(picture.convert("RGB"), np.uint8)
    return None


def _text(value: object, most: int = _MOST_TEXT) -> str:
    if isinstance(value, bytes):
        # EXIF's user comment names its encoding in eight bytes.
        if value.startswith(b"UNICODE\0"):
            return value[8 : 8 + most].decode("utf-16-be" if value[8:9] == b"\0" else "utf-16-le", "replace")
        value = value.removeprefix(b"ASCII\0\0\0")[:most].decode("utf-8", "replace")
    return str(value)[:most].rstrip("\0 ")
