"""Which video stream of a file is its film, and which are covers, previews or further films."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from av.error import FFmpegError
from av.stream import Discard, Disposition
from av.video.stream import VideoStream

from forensics.media.open_container import opened

# A preview is often shorter than the film; a stream that is at least this share of the longest one can be it.
_AS_LONG = 0.5


@dataclass(slots=True)
class Length:
    """What the packets of a stream say of its length.

    Attributes:
        n_pictures: packets.
        duration_s: from the first to the end of the last.
    """

    n_pictures: int = 0
    duration_s: float = 0.0

    @property
    def is_picture(self) -> bool:
        """A single picture: a cover, marked as one or not."""
        return self.n_pictures <= 1


def lengths_of(path: Path, streams: Sequence[VideoStream]) -> dict[int, Length]:
    """Stream index to its length, by reading all packets and decoding none; headers are not believed."""
    lengths = {stream.index: Length() for stream in streams}
    first_s: dict[int, float] = {}
    # Opened anew: counting uses up packets that the caller still needs.
    with opened(path) as container:
        for stream in container.streams:
            if stream.index not in lengths:
                stream.discard = Discard.all
        try:
            for packet in container.demux([container.streams[index] for index in lengths]):
                if not packet.size:
                    continue
                length = lengths[packet.stream_index]
                length.n_pictures += 1
                if packet.pts is not None:
                    time_base = packet.time_base or Fraction(1, 90_000)
                    start_s = float(packet.pts * time_base)
                    end_s = start_s + float((packet.duration or 0) * time_base)
                    first_s.setdefault(packet.stream_index, start_s)
                    length.duration_s = max(length.duration_s, end_s - first_s[packet.stream_index])
        except FFmpegError:
            pass  # a damaged end: what came before it tells enough
    return lengths


def main_first(streams: Sequence[VideoStream], lengths: dict[int, Length]) -> list[VideoStream]:
    """The film first: moving, long, large, marked as default, early in the file, in this order of weight."""
    longest_s = max(length.duration_s for length in lengths.values())

    def weight(stream: VideoStream) -> tuple[bool, bool, int, bool, int]:
        length = lengths[stream.index]
        n_pixels = (stream.codec_context.width or 0) * (stream.codec_context.height or 0)
        is_short = length.duration_s < _AS_LONG * longest_s
        is_default = bool(stream.disposition & Disposition.default)
        return length.is_picture, is_short, -n_pixels, not is_default, stream.index

    return sorted(streams, key=weight)
