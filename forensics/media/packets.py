"""The packets of a file, without decoding them: when each is shown, how large it is, who coded it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from av import Packet
from av.error import FFmpegError
from av.stream import Stream

from forensics.media.open_container import FfmpegWords, is_cover_art, opened

# What may be read of one file: enough for six minutes at 30 frames a second with sound, in about 0.1 s.
MOST_PACKETS = 24_000
MOST_BYTES = 1 << 28

_HEAD_PACKETS = 2
_MOST_TEXT = 600
# What encoders leave of themselves in the stream: x264 and x265 their settings as user data (SEI), MPEG-4
# encoders and AAC encoders a name, LAME its version.
_ENCODER = re.compile(
    rb"x264 - core [\x20-\x7e]+|x265 \(build [\x20-\x7e]+|Lavc\d+\.\d+\.\d+[\x20-\x7e]{0,16}|XviD\d+"
    rb"|DivX\d+[\x20-\x7e]{0,10}|LAME\d\.\d+(?:\.\d)?|SVT-AV1[\x20-\x7e]{0,40}|MainConcept[\x20-\x7e]{0,60}"
)


@dataclass(frozen=True, slots=True)
class StreamPackets:
    """One stream's packets in the order in which they are stored.

    Attributes:
        index: of the stream.
        of_pictures: of a video stream, otherwise of sound.
        codec: FFmpeg's name.
        shown_s: float64[N] presentation times; NaN where the container gives none.
        length_s: float64[N] how long each lasts; 0 where the container does not say.
        n_bytes: int64[N].
        is_key: bool[N] decoding can begin there.
        is_repeat: bool[N] byte for byte the packet before.
        encoder: what the encoder left of itself in the stream; empty if nothing known was found.
        handler: name of the handler that the container gives for the stream.
    """

    index: int
    of_pictures: bool
    codec: str
    shown_s: npt.NDArray[np.float64]
    length_s: npt.NDArray[np.float64]
    n_bytes: npt.NDArray[np.int64]
    is_key: npt.NDArray[np.bool_]
    is_repeat: npt.NDArray[np.bool_]
    encoder: str = ""
    handler: str = ""
    header_length_s: float | None = None
    header_frames: int | None = None


@dataclass(frozen=True, slots=True)
class FilePackets:
    """All streams of pictures and sound.

    Attributes:
        tags: of the container and, after ``stream N: ``, of its streams.
        is_whole: every packet was read; otherwise the file is longer than what is looked at.
        trouble: what the demuxer said first.
        others: index to kind and handler of tracks that are neither pictures nor sound.
        has_covers: there are covers beside the film, which are not among the streams.
    """

    streams: tuple[StreamPackets, ...]
    tags: dict[str, str] = field(default_factory=dict)
    container: str = ""
    is_whole: bool = True
    trouble: str | None = None
    others: dict[int, str] = field(default_factory=dict)
    has_covers: bool = False

    def first(self, *, of_pictures: bool) -> StreamPackets | None:
        """The first stream of pictures or of sound that has packets."""
        return next(
            (one for one in self.streams if one.of_pictures is of_pictures and one.n_bytes.size), None
        )


class _Rows:
    """One stream's packets while they are read."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.base = float(stream.time_base or 0)
        self.rows: list[tuple[float, float, int, bool, bool]] = []
        self.encoder = _encoder_in(getattr(stream.codec_context, "extradata", None) or b"")
        self._last: bytes | None = None

    def take(self, packet: Packet[Any]) -> None:
        size = packet.size
        shown = float("nan") if packet.pts is None else packet.pts * self.base
        # Bytes are copied only where the sizes agree, which is rare.
        is_repeat = False
        if self.rows and size > 0 and size == self.rows[-1][2]:
            content = bytes(packet)
            is_repeat = content == self._last
            self._last = content
        elif len(self.rows) < _HEAD_PACKETS:
            self._last = bytes(packet)
        else:
            self._last = None
        if len(self.rows) < _HEAD_PACKETS and not self.encoder:
            self.encoder = _encoder_in(bytes(packet))
        self.rows.append(
            (shown, (packet.duration or 0) * self.base, size, bool(packet.is_keyframe), is_repeat)
        )

    def done(self) -> StreamPackets:
        shown, length, size, key, repeat = zip(*self.rows, strict=True) if self.rows else ((),) * 5
        stream = self.stream
        known = stream.duration is not None and stream.time_base is not None
        return StreamPackets(
            index=stream.index,
            of_pictures=stream.type == "video",
            codec=stream.codec_context.codec.canonical_name,
            shown_s=np.asarray(shown, np.float64),
            length_s=np.asarray(length, np.float64),
            n_bytes=np.asarray(size, np.int64),
            is_key=np.asarray(key, np.bool_),
            is_repeat=np.asarray(repeat, np.bool_),
            encoder=self.encoder,
            handler=str(stream.metadata.get("handler_name", "")).strip("\x00\x1f\x0c# "),
            header_length_s=stream.duration * self.base if known and stream.duration is not None else None,
            header_frames=stream.frames or None,
        )


def read_packets(path: Path) -> FilePackets:
    """Reads at most ``MOST_PACKETS`` packets and ``MOST_BYTES`` bytes.

    Raises:
        MediaError: the file cannot be read or is no media file.
    """
    words = FfmpegWords()
    with opened(path) as container:
        rows = {
            stream.index: _Rows(stream)
            for stream in (*container.streams.video, *container.streams.audio)
            if getattr(stream, "codec_context", None) is not None and not is_cover_art(stream)
        }
        is_whole = not rows or _read(container.demux([one.stream for one in rows.values()]), rows, words)
        tags = {str(key): str(value) for key, value in container.metadata.items()}
        for stream in container.streams:
            tags |= {f"stream {stream.index}: {key}": str(value) for key, value in stream.metadata.items()}
        others = {
            stream.index: f"{stream.type}, {stream.metadata.get('handler_name', 'without a name')}"
            for stream in container.streams
            if stream.type not in ("video", "audio")
        }
        return FilePackets(
            tuple(one.done() for one in rows.values()),
            tags,
            container.format.name,
            is_whole,
            words.first,
            others,
            any(is_cover_art(stream) for stream in container.streams.video),
        )


def _read(packets: object, rows: dict[int, _Rows], words: FfmpegWords) -> bool:
    """Whether the end was reached."""
    n_packets = n_bytes = 0
    with words.heard():
        try:
            for packet in packets:  # type: ignore[attr-defined]
                if not packet.size:
                    continue
                rows[packet.stream_index].take(packet)
                n_packets += 1
                n_bytes += packet.size
                if n_packets >= MOST_PACKETS or n_bytes >= MOST_BYTES:
                    return False
        except (FFmpegError, ValueError, OSError):
            return True
    return True


def _encoder_in(data: bytes) -> str:
    found = _ENCODER.search(data)
    return "" if found is None else found.group()[:_MOST_TEXT].decode("ascii", "replace").strip()
