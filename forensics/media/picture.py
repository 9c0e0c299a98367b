"""One still picture as decoded, what is unusual about it, and how large one may be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from av import VideoFrame

from forensics.errors import MediaError
from forensics.media.discovery import display_path
from forensics.media.open_container import check_size
from forensics.media.orientation import Orientation
from forensics.records.media import RgbImage

MAX_STILL_SIDE_PX = 65_535
MAX_STILL_PIXELS = 128_000_000
MAX_JPEG_PIXELS = 256_000_000
"""A JPEG is reduced while it is decoded and needs less memory than others."""

REDUCED_FROM_PIXELS = 100_000_000
"""What is larger is examined at half its size: at most 64 megapixels, 192 MB."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture as decoded.

    Attributes:
        stored: uint8[H, W, 3] RGB, not yet turned.
        width_px, height_px: as stored, before any reduction.
        remarks: what is unusual about it, each a sentence without its subject.
        missing: what of it is not there or in doubt, a sentence without its subject; None for nothing.
    """

    stored: RgbImage
    width_px: int
    height_px: int
    pixel_format: str
    orientation: Orientation
    remarks: tuple[str, ...] = ()
    missing: str | None = None


def check_still_size(path: Path, container: str, width_px: int, height_px: int) -> None:
    """Refuses stills so large that decoding them would cost the machine its memory.

    Args:
        container: FFmpeg's name of the format.

    Raises:
        MediaError: a side or the area is over the limit.
    """
    most = MAX_JPEG_PIXELS if container in {"jpeg_pipe", "mjpeg"} else MAX_STILL_PIXELS
    check_size(path, width_px, height_px, max_side_px=MAX_STILL_SIDE_PX, max_pixels=most)


def remarks(frame: VideoFrame) -> Iterator[str]:
    """What is unusual about a picture, each a sentence without its subject."""
    colours = [one for one in frame.format.components if not one.is_alpha]
    n_bits = max((one.bits for one in colours), default=8)
    if n_bits > 8 and not frame.format.has_palette:
        yield f"is stored with {n_bits} bits a channel; the upper 8 of them were examined"
    if len(colours) == 1 and not frame.format.has_palette:
        yield "is grey; the models learned from pictures in colour"
    if any(one.is_alpha for one in frame.format.components) or frame.format.has_palette:
        yield from transparency(_alpha(frame))


def _alpha(frame: VideoFrame) -> npt.NDArray[np.uint8]:
    return np.asarray(frame.to_ndarray(format="rgba", threads=1)[..., 3], np.uint8)


def transparency(alpha: npt.NDArray[np.uint8]) -> Iterator[str]:
    """What is to be said of how opaque a picture is; nothing where it is all opaque."""
    if not alpha.any():
        yield "is fully transparent: viewers show nothing; the colours beneath were examined"
    elif (share := float((alpha < 255).mean())) > 0:
        yield f"is transparent in places ({100 * share:.0f} % of it); the colours beneath were examined"


def undecodable(path: Path, said: str | None) -> MediaError:
    """The error for a picture of which nothing can be shown."""
    return MediaError(
        f"{display_path(path)} is a picture that cannot be decoded: it is damaged"
        + (f" ({said})" if said else ""),
        "Get the file again from its source, or open it elsewhere, save it as PNG and scan that.",
    )
