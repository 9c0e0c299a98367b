"""How a picture has to be turned so that it stands upright."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from av import VideoFrame
from av.error import FFmpegError
from av.sidedata.sidedata import Type as SideDataType

from forensics.media.filters import through
from forensics.records.media import RgbImage

# EXIF orientation 1 to 8: mirror left to right first, then turn clockwise.
_EXIF = {1: (0, False), 2: (0, True), 3: (180, False), 4: (180, True)}
_EXIF |= {5: (270, True), 6: (90, False), 7: (90, True), 8: (270, False)}
EXIF_ORIENTATION_TAG = 0x0112
EXIF_HEADER = b"Exif\0\0"
"""Stands before the EXIF block of a JPEG, and of some WebP."""


@dataclass(frozen=True, slots=True)
class Orientation:
    """Mirror left to right if told so, then turn clockwise."""

    rotation_deg: int = 0
    mirrored: bool = False

    @classmethod
    def of_exif(cls, value: int) -> Orientation:
        """What EXIF's number asks for, 1 to 8; nothing for any other."""
        return cls(*_EXIF.get(value, (0, False)))

    def upright(self, image: RgbImage) -> RgbImage:
        """The picture as a player shows it, contiguous in memory."""
        if self.mirrored:
            image = image[:, ::-1]
        return np.ascontiguousarray(np.rot90(image, -self.rotation_deg // 90))


def orientation_of(frame: VideoFrame) -> Orientation:
    """What the container's display matrix, as attached to a decoded frame, asks for."""
    try:
        side_data: Any = _without_colour_profile(frame).side_data
        matrix = side_data[SideDataType.DISPLAYMATRIX]
    except KeyError:
        return Orientation()
    except (FFmpegError, ValueError):
        # A kind of pixels that no filter takes, or side data that this PyAV has no name for (EXIF): the
        # rotation alone can be had.
        return Orientation(_quarter_turns_deg(-frame.rotation))
    a, b, _, c, d = struct.unpack("=5i", bytes(matrix)[:20])
    mirrored = a * d - b * c < 0
    if mirrored:
        a, b = -a, -b
    return Orientation(_quarter_turns_deg(math.degrees(math.atan2(b, a))), mirrored)


def _without_colour_profile(frame: VideoFrame) -> VideoFrame:
    """The same picture in a frame whose side data can be read.

    A PNG's colour profile has a name. PyAV 18.1 takes names of side data for its own: it frees them when what
    ``side_data`` gave is freed, FFmpeg frees them again with the frame, and the process dies of it (SIGSEGV
    in av_dict_free), sometime, in the middle of another file.
    """
    (kept,) = through([frame], ("sidedata", "mode=delete:type=ICC_PROFILE"))
    return kept


def orientation_of_tiff(block: bytes) -> Orientation | None:
    """What the first directory of an EXIF block asks for; None if it asks for nothing that makes sense."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None or len(block) < 8:
        return None
    (directory,) = struct.unpack_from(order + "I", block, 4)
    if directory + 2 > len(block):
        return None
    (n_entries,) = struct.unpack_from(order + "H", block, directory)
    first = directory + 2
    entries = (block[at : at + 12] for at in range(first, first + 12 * n_entries, 12))
    return next((found for entry in entries if (found := orientation_of_entry(entry, order))), None)


def orientation_of_entry(entry: bytes, order: str) -> Orientation | None:
    """What one entry of a directory asks for, if it is the one for the orientation.

    Args:
        order: ``<`` or ``>``, as ``struct`` names the order of bytes.
    """
    if len(entry) < 10:
        return None
    tag, _, _, value = struct.unpack_from(order + "HHIH", entry)
    return Orientation.of_exif(value) if tag == EXIF_ORIENTATION_TAG and value in _EXIF else None


def _quarter_turns_deg(degrees: float) -> int:
    return round(degrees / 90) * 90 % 360
