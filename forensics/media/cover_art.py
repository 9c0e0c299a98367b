"""The still pictures that accompany a film (covers), and some of its own to hold them against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from av import Packet
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from forensics.media.open_container import MAX_PIXELS, FfmpegWords, is_cover_art, opened
from forensics.media.rgb import rgb_of
from forensics.records.media import RgbImage

MOST_COVERS: Final = 4
MOST_FRAMES: Final = 12
_MOST_PACKETS = 3_000
_SIDE_PX = 256


@dataclass(frozen=True, slots=True)
class CoverArt:
    """A film's covers beside pictures of the film.

    Attributes:
        covers: uint8[H, W, 3] RGB each, none larger than 256 px a side.
        frames: the film's key pictures from its beginning on, as small.
    """

    covers: tuple[RgbImage, ...]
    frames: tuple[RgbImage, ...]


def cover_art(path: Path) -> CoverArt | None:
    """Decodes a film's covers and, if there are any, some of its key pictures; None without covers.

    Raises:
        MediaError: the file cannot be read or is no media file.
    """
    with opened(path) as container, FfmpegWords().heard():
        covers = [one for one in container.streams.video if is_cover_art(one)]
        film = [one for one in container.streams.video if not is_cover_art(one)]
        if not covers or not film:
            return None
        film[0].codec_context.skip_frame = "NONKEY"
        return _read(container, covers[:MOST_COVERS], film[0])


def _read(container: InputContainer, covers: list[VideoStream], film: VideoStream) -> CoverArt:
    indices = {one.index for one in covers}
    pictures: list[RgbImage] = []
    frames: list[RgbImage] = []
    for n, packet in enumerate(container.demux([*covers, film])):
        is_cover = packet.stream_index in indices
        if n >= _MOST_PACKETS or len(frames) >= MOST_FRAMES:
            break
        if is_cover or packet.is_keyframe or not packet.size:
            (pictures if is_cover else frames).extend(_decoded(packet))
    return CoverArt(tuple(pictures[:MOST_COVERS]), tuple(frames[:MOST_FRAMES]))


def _decoded(packet: Packet[Any]) -> Iterator[RgbImage]:
    try:
        for frame in packet.decode():
            if 0 < frame.width * frame.height <= MAX_PIXELS:
                factor = min(1.0, _SIDE_PX / max(frame.width, frame.height))
                yield rgb_of(
                    frame, (max(8, round(frame.width * factor)), max(8, round(frame.height * factor)))
                )
    except (FFmpegError, ValueError, OSError):
        return
