"""Still pictures: the first picture of the file, upright."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from av import VideoFrame
from av.error import FFmpegError

from forensics.errors import MediaError
from forensics.media.container import FfmpegWords, check_size, opened, prepare_decoder, too_large
from forensics.media.discovery import display_path
from forensics.media.hashing import unreadable
from forensics.media.orientation import Orientation, exif_orientation, orientation_of
from forensics.media.rgb import rgb_of
from forensics.records.media import RgbImage

# EXIF stands near the front of a JPEG or PNG and at the end of a WebP.
_EXIF_HEAD_BYTES = 1 << 20
_EXIF_TAIL_BYTES = 1 << 17
_WEBP_FLAGS_AT = 20
_WEBP_ANIMATED = 0x02


@dataclass(frozen=True, slots=True)
class Still:
    """One still picture.

    Attributes:
        stored: uint8[H, W, 3] RGB as stored, not yet turned.
        orientation: how to turn it.
        is_animated: more pictures follow it in the file.
    """

    stored: RgbImage
    orientation: Orientation
    pixel_format: str
    is_animated: bool = False

    @property
    def width_px(self) -> int:
        """Width as stored."""
        return int(self.stored.shape[1])

    @property
    def height_px(self) -> int:
        """Height as stored."""
        return int(self.stored.shape[0])

    @property
    def upright(self) -> RgbImage:
        """uint8[H, W, 3] RGB as a viewer shows it."""
        return self.orientation.upright(self.stored)


def read_still(path: Path) -> Still:
    """Decodes a still picture, the first one of an animation.

    Raises:
        MediaError: it is damaged or too large.
    """
    head, tail = _ends(path)
    if head[:4] == b"RIFF" and head[12:16] == b"VP8X" and head[_WEBP_FLAGS_AT] & _WEBP_ANIMATED:
        return _animated_webp(path)
    words = FfmpegWords()
    with opened(path) as container:
        stream = container.streams.video[0]
        prepare_decoder(stream)
        frame: VideoFrame | None = None
        try:
            with words.heard():
                frame = next(container.decode(stream), None)
        except (FFmpegError, ValueError):
            frame = None
        if frame is None:
            raise _damaged(path, words)
        check_size(path, frame.width, frame.height)
        orientation = exif_orientation(head) or exif_orientation(tail) or orientation_of(frame)
        return Still(rgb_of(frame), orientation, frame.format.name)


def _animated_webp(path: Path) -> Still:
    import cv2  # FFmpeg reads no animated WebP; nothing else here needs OpenCV

    # WebP allows 16,383 px a side; the canvas size follows the flags.
    try:
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
    width_px, height_px = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
    check_size(path, width_px, height_px)
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None:
        raise _damaged(path, FfmpegWords())
    return Still(np.asarray(image, np.uint8), Orientation(), "rgb24", is_animated=True)


def _ends(path: Path) -> tuple[bytes, bytes]:
    try:
        with path.open("rb") as file:
            head = file.read(_EXIF_HEAD_BYTES)
            file.seek(max(0, file.seek(0, 2) - _EXIF_TAIL_BYTES))
            return head, file.read()
    except OSError as error:
        raise unreadable(path, error) from error


def _damaged(path: Path, words: FfmpegWords) -> MediaError:
    if "icture size" in words:
        return too_large(path, "a size beyond what is decoded")
    return MediaError(
        f"{display_path(path)} is a picture that cannot be decoded: it is damaged",
        "Get the file again from its source, or open it elsewhere, save it as PNG and scan that.",
    )
