"""Stills that FFmpeg reads wrongly, or in much memory: HEIC, AVIF in tiles, JPEGs in inks or very large.

Pillow and libheif (pi-heif) are loaded where they are needed. Both are asked for one format at a time.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from forensics.media.layout import ImageLayout
from forensics.media.orientation import EXIF_ORIENTATION_TAG, Orientation
from forensics.media.picture import (
    MAX_JPEG_PIXELS,
    REDUCED_FROM_PIXELS,
    Picture,
    check_still_size,
    transparency,
    undecodable,
)
from forensics.records.media import RgbImage

CMYK_COMPONENTS = 4


def jpeg_by_pillow(path: Path, layout: ImageLayout) -> Picture:
    """A JPEG in inks or of too many pixels: libjpeg reduces it while it decodes."""
    width, height = layout.width_px, layout.height_px
    check_still_size(path, "jpeg_pipe", width, height)
    is_large = width * height > REDUCED_FROM_PIXELS
    remarks = []
    with _pillow(path, "JPEG") as picture:
        if is_large:
            picture.draft("RGB", (width // 2, height // 2))
            remarks.append(f"was examined at half its size of {width} x {height} px")
        if layout.n_components == CMYK_COMPONENTS:
            remarks.append("is stored in inks (CMYK), which were turned into colours without their profile")
        stored = _rgb(path, picture)
    return Picture(
        stored,
        width,
        height,
        "cmyk" if layout.n_components == CMYK_COMPONENTS else "yuvj420p",
        layout.orientation or Orientation(),
        tuple(remarks),
        None if layout.is_complete else "is cut short: a part of it is missing",
    )


def avif_by_pillow(path: Path) -> Picture:
    """The main picture of an AVIF."""
    with _pillow(path, "AVIF") as picture:
        width, height = picture.size
        check_still_size(path, "avif", width, height)
        turn = picture.getexif().get(EXIF_ORIENTATION_TAG, 1)
        return Picture(_rgb(path, picture), width, height, picture.mode.lower(), Orientation.of_exif(turn))


def _pillow(path: Path, plug_in: str) -> Any:
    from PIL import Image

    # Sizes are checked here, by limits of our own; Pillow's is a warning.
    Image.MAX_IMAGE_PIXELS = MAX_JPEG_PIXELS
    try:
        return Image.open(path, formats=[plug_in])
    except (OSError, ValueError, SyntaxError) as error:
        raise undecodable(path, str(error)) from error


def _rgb(path: Path, picture: Any) -> RgbImage:
    from PIL import ImageFile

    try:
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        return np.asarray(picture.convert("RGB"), np.uint8)
    except (OSError, ValueError, SyntaxError) as error:
        raise undecodable(path, str(error)) from error
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def heic(path: Path) -> Sequence[Any]:
    """The items of a HEIC, none of them decoded yet; the main one first, wherever it stands."""
    import pi_heif

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            items = pi_heif.open_heif(path, convert_hdr_to_8bit=True)
            return sorted(items, key=lambda item: not item.info.get("primary", False))
    except (OSError, ValueError, RuntimeError, SyntaxError, EOFError) as error:
        raise undecodable(path, str(error)) from error


def heic_item(path: Path, item: Any) -> Picture:
    """One of them, decoded."""
    width, height = item.size
    check_still_size(path, "heic", width, height)
    try:
        pixels = np.array(item)  # a copy: the memory goes with the item
    except (OSError, ValueError, RuntimeError, SyntaxError, EOFError) as error:
        raise undecodable(path, str(error)) from error
    remarks = []
    if (n_bits := item.info.get("bit_depth", 8)) > 8:
        remarks.append(f"is stored with {n_bits} bits a channel; the upper 8 of them were examined")
    if pixels.ndim == 2:
        remarks.append("is grey; the models learned from pictures in colour")
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    if pixels.shape[2] == 4:
        remarks.extend(transparency(pixels[..., 3]))
    stored = np.ascontiguousarray(pixels[..., :3])
    if width * height > REDUCED_FROM_PIXELS:
        stored = np.ascontiguousarray(stored[::2, ::2])
        remarks.append("was examined at half its size")
    # libheif has turned it already.
    return Picture(stored, width, height, item.mode.lower(), Orientation(), tuple(remarks))
