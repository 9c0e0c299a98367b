"""What a file is and what comes out of it when it is decoded."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

RgbImage = npt.NDArray[np.uint8]
Samples = npt.NDArray[np.float32]

MIX = "mix"
"""All channels of a sound stream, mixed to one."""


class MediaKind(enum.StrEnum):
    """What a file was found to be, by its content."""

    VIDEO = "video"
    AUDIO = "audio"
    IMAGE = "image"
    UNKNOWN = "unknown"


class StreamKind(enum.StrEnum):
    """The streams that are examined."""

    VIDEO = "video"
    AUDIO = "audio"


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """One stream, as its header says and as decoding found: the difference is evidence.

    Attributes:
        duration_from_header_s: seconds that the header claims, None if it claims none.
        duration_from_content_s: seconds that decoding covered, None before or without decoding.
        n_frames_from_header: frames (video) that the header claims.
        n_frames_from_content: frames (video) that decoding went past.
        chosen_frames: positions, counted in frames as they are shown, of those that were examined.
        n_frames_decoded: frames that had to be decoded for these; the others were passed over.
        rotation_deg: clockwise rotation to apply for display: 0, 90, 180 or 270.
        rate_hz: audio sample rate.
        sample_aspect_ratio: width of a stored pixel by its height, as the header says: ``64:45``; None
            where it says nothing, which means square.
        field_order: as the header says, in words: ``progressive``, ``interlaced, top field first``.
        n_frames_deinterlaced: examined frames that held two moments each and were deinterlaced.
        turned_deg: clockwise turn on top of ``rotation_deg``: faces call for it, the file says nothing.
        is_cover: a single picture beside a film; it is not examined.
        hdr: transfer curve of high dynamic range, ``PQ`` or ``HLG``; such frames are tone-mapped.
        heard: what of a sound stream was examined: its channels by FFmpeg's names (FL, FR, FC ...), each by
            itself, or ``mix`` for all of them mixed to one. Empty if none was.
    """

    index: int
    kind: StreamKind
    codec: str
    duration_from_header_s: float | None = None
    duration_from_content_s: float | None = None
    n_frames_from_header: int | None = None
    n_frames_from_content: int | None = None
    width_px: int | None = None
    height_px: int | None = None
    frame_rate_hz: float | None = None
    pixel_format: str | None = None
    bit_rate_bps: int | None = None
    rotation_deg: int = 0
    rate_hz: int | None = None
    n_channels: int | None = None
    chosen_frames: tuple[int, ...] = ()
    n_frames_decoded: int | None = None
    sample_aspect_ratio: str | None = None
    field_order: str | None = None
    n_frames_deinterlaced: int = 0
    hdr: str | None = None
    turned_deg: int = 0
    is_cover: bool = False
    heard: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ArchivePart:
    """A further file of a disk image that is split; it lies beside the first one."""

    name: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ArchiveOrigin:
    """Where a file lay that was taken out of an archive.

    Attributes:
        path, place, sha256, size_bytes: of the archive, as of ``MediaFile``.
        member: the file's path within it; empty where the result is about the archive as a whole.
        parts: the further files of a disk image that is split.
    """

    path: str
    place: str
    sha256: str
    size_bytes: int
    member: str
    parts: tuple[ArchivePart, ...] = ()


@dataclass(frozen=True, slots=True)
class MediaFile:
    r"""One file of evidence, hashed before it is decoded.

    Attributes:
        path: the path as shown to people: bytes that are not UTF-8 stand as ``\xNN``
            (see ``media.discovery.display_path``). Never used to open the file.
        sha256: lower-case hexadecimal digest of the whole file, None if it could not be read.
        modified_utc: ISO 8601 time of last modification, UTC.
        facts: container metadata tags, as found, all as text.
        place: absolute path at which it lay when it was examined, without links; written like ``path``.
            Empty in cases of earlier versions.
        archive: the archive that it lay in, whose path begins ``path`` and ``place``; size and hash are the
            member's own, the time of last modification is the archive's.
    """

    path: str
    size_bytes: int
    modified_utc: str
    sha256: str | None = None
    kind: MediaKind = MediaKind.UNKNOWN
    container: str | None = None
    streams: tuple[StreamInfo, ...] = ()
    facts: dict[str, str] = field(default_factory=dict)
    place: str = ""
    archive: ArchiveOrigin | None = None

    @property
    def key(self) -> str:
        """Tells files of a case apart, however their paths were typed: the place, where it is recorded."""
        return self.place or self.path

    def stream(self, kind: StreamKind) -> StreamInfo | None:
        """The first stream of this kind, None where there is none."""
        return next((stream for stream in self.streams if stream.kind is kind), None)

    @property
    def films(self) -> tuple[StreamInfo, ...]:
        """The video streams that are to be examined, the main one first."""
        return tuple(
            stream for stream in self.streams if stream.kind is StreamKind.VIDEO and not stream.is_cover
        )

    @property
    def duration_s(self) -> float | None:
        """The longest stream, as decoded where it was decoded, otherwise as the header says."""
        known = [
            stream.duration_from_content_s
            if stream.duration_from_content_s is not None
            else stream.duration_from_header_s
            for stream in self.streams
        ]
        return max((duration for duration in known if duration is not None), default=None)

    @property
    def bits_per_pixel(self) -> float | None:
        """Bits that one pixel of one picture costs: how hard video or a still was compressed."""
        video = self.stream(StreamKind.VIDEO)
        if video is None or not video.width_px or not video.height_px:
            return None
        n_pixels = video.width_px * video.height_px
        if self.kind is MediaKind.IMAGE:
            return 8 * self.size_bytes / n_pixels
        if not video.bit_rate_bps or not video.frame_rate_hz:
            return None
        return video.bit_rate_bps / (video.frame_rate_hz * n_pixels)


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded picture, upright.

    Attributes:
        image: uint8[H, W, 3] RGB.
        index: position in the stream, counted in decoded frames from 0.
        at_s: presentation time in seconds.
        stream_index: of the stream that it is from.
        burst: number of the burst of consecutive pictures that it belongs to; None for a picture by itself.
        short_burst: likewise of the short ones, which nets of clips look at.
        sampled: it is among the pictures that are spread over the stream; False for one that was decoded for
            its burst alone, which detectors of single pictures never see.
    """

    image: RgbImage
    index: int
    at_s: float
    stream_index: int | None = None
    burst: int | None = None
    short_burst: int | None = None
    sampled: bool = True


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """A stretch of sound.

    Attributes:
        samples: float32[N] mono, in [-1, 1].
        rate_hz: sample rate of ``samples``.
        at_s: time of the first sample.
        native_rate_hz: the stream's own sample rate, before resampling.
        track: which of a file's sounds it is, as in ``stream 2`` or ``channel FR of stream 1``; empty for
            the first, which in most files is the only one.
    """

    samples: Samples
    rate_hz: int
    at_s: float
    native_rate_hz: int
    track: str = ""


@dataclass(frozen=True, slots=True)
class MediaUpdate:
    """What decoding learned about a file: the same MediaFile with its ``..._from_content`` filled."""

    media: MediaFile


def named_by(path: str, name: str) -> bool:
    """Whether a user who gives this name means the file: it is its display path, or the end of it."""
    return path == name or path.endswith("/" + name.lstrip("/"))
