"""What a HEIC holds beside its picture: further pictures, thumbnails, depth maps, EXIF and XMP."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from forensics.errors import MediaError
from forensics.media.other_decoders import heic
from forensics.records.media import RgbImage

_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_UNREADABLE = (OSError, ValueError, RuntimeError, SyntaxError, EOFError, LookupError, TypeError)
_MOST_ITEMS: Final = 64
_SHOWN_PX = 640
_MOST_DEPTH_PIXELS = 16_000_000


@dataclass(frozen=True, slots=True)
class HeicItems:
    """A HEIC's items, as its boxes list them.

    Attributes:
        sizes_px: width and height of each picture, the main one first.
        thumbnails_px: the longer side of each thumbnail of the main picture.
        auxiliary: what accompanies the main picture, by the names of the standards and of makers.
        depth: uint8[H, W, 3], the main picture's first depth map, stretched; None without one.
        n_depth_maps: of the main picture.
        exif, xmp: of the main picture; empty without one.
    """

    sizes_px: tuple[tuple[int, int], ...]
    thumbnails_px: tuple[int, ...]
    auxiliary: tuple[str, ...]
    depth: RgbImage | None
    n_depth_maps: int
    exif: bytes
    xmp: bytes


def heic_items(path: Path) -> HeicItems | None:
    """Lists the items without decoding any but a depth map; None for what is no HEIC, or cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
        if head[4:8] != b"ftyp" or head[8:12] not in _BRANDS:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            items = heic(path)
            info = items[0].info
            maps = list(info.get("depth_images") or ())
            return HeicItems(
                sizes_px=tuple((int(one.size[0]), int(one.size[1])) for one in items[: 1 + _MOST_ITEMS]),
                thumbnails_px=tuple(int(one) for one in (info.get("thumbnails") or ())[:_MOST_ITEMS]),
                auxiliary=tuple(str(name)[:200] for name in list(info.get("aux") or ())[:_MOST_ITEMS]),
                depth=_drawn(maps[0]) if maps else None,
                n_depth_maps=len(maps),
                exif=bytes(info.get("exif") or b""),
                xmp=bytes(info.get("xmp") or b""),
            )
    except (MediaError, *_UNREADABLE):
        return None


def _drawn(depth: Any) -> RgbImage | None:
    """A depth map as a picture of at most 640 px a side, stretched over all brightnesses."""
    width, height = depth.size
    if not 0 < width * height <= _MOST_DEPTH_PIXELS:
        return None
    try:
        values = np.asarray(depth.to_pillow().convert("L"), np.float32)
    except _UNREADABLE:
        return None
    low, high = float(values.min()), float(values.max())
    levels = np.clip((values - low) / max(high - low, 1) * 255, 0, 255).astype(np.uint8)
    if max(levels.shape) > _SHOWN_PX:
        factor = _SHOWN_PX / max(levels.shape)
        levels = np.asarray(
            cv2.resize(levels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8
        )
    return np.ascontiguousarray(np.repeat(levels[..., None], 3, axis=2))
