"""What a file is, by its header and, for a video, its first picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from av import VideoFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from forensics.errors import MediaError
from forensics.media.discovery import display_path
from forensics.media.hashing import unreadable
from forensics.media.layout import is_animated_webp
from forensics.media.main_stream import Length, lengths_of, main_first
from forensics.media.open_container import (
    FfmpegWords,
    check_size,
    encrypted,
    is_cover_art,
    opened,
    prepare_decoder,
    undecodable_streams,
)
from forensics.media.orientation import orientation_of
from forensics.media.picture import check_still_size
from forensics.media.showing import as_stated
from forensics.records.media import MediaFile, MediaKind, StreamInfo, StreamKind

_MAX_FACTS = 64
_MAX_KEY = 64
_MAX_VALUE = 300
# Packets within which a stream that can be decoded gives its first picture.
_FIRST_PACKETS = 64
_STILL_BRANDS = frozenset({"heic", "heix", "heim", "heis", "mif1", "avif"})
_MAYBE_ANIMATED = frozenset({"gif", "apng"})
# A photo may have pictures behind it (a gain map, a preview); a film of bare JPEGs has more than these.
_MOST_BEHIND_A_PHOTO = 4
# FFmpeg guesses the length of these from their bit rate; a guess is not what a header says.
_WITHOUT_LENGTH = frozenset(
    {*("aac", "ac3", "amr", "dts", "eac3", "g722", "gsm", "loas", "mlp", "sbc", "truehd")}
    | {*("h261", "h263", "h264", "hevc", "m4v", "mjpeg", "mpegvideo", "obu", "vc1", "vvc")}
)


def probe(path: Path) -> MediaFile:
    """Finds out what a file is.

    Returns:
        The file's record; ``sha256`` is None and is the caller's to fill. The main stream of
        each kind (of video the longest and largest, of sound the default one, otherwise the first) stands
        before others of its kind.

    Raises:
        MediaError: the file is empty, text, cut short, encrypted, in an unknown format, in a codec that
            cannot be decoded, or too large to decode.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise unreadable(path, error) from error
    media = MediaFile(
        path=display_path(path),
        size_bytes=status.st_size,
        modified_utc=datetime.fromtimestamp(status.st_mtime, UTC).isoformat(timespec="seconds"),
    )
    with opened(path) as container:
        streams, lengths = _examined(path, container)
        if not streams:
            raise _no_stream(path, container)
        infos = [
            replace(
                _stream_info(container, stream),
                is_cover=stream.index in lengths and lengths[stream.index].is_picture,
            )
            for stream in streams
        ]
        kind = _kind(path, container, infos)
        if kind is MediaKind.IMAGE:
            # Further streams are the tiles that it is made of, its other items, or small copies of it.
            streams, infos = streams[:1], infos[:1]
        pictures = [stream for stream in streams if isinstance(stream, VideoStream)]
        if pictures:
            size_px = pictures[0].codec_context.width, pictures[0].codec_context.height
            if kind is MediaKind.IMAGE:
                check_still_size(path, container.format.name, *size_px)
            else:
                check_size(path, *size_px)
            at = streams.index(pictures[0])
            infos[at] = _with_first_picture(path, container, pictures[0], infos[at], kind)
        return replace(
            media, kind=kind, container=container.format.name, streams=tuple(infos), facts=_facts(container)
        )


def _examined(path: Path, container: InputContainer) -> tuple[list[Stream], dict[int, Length]]:
    """Pictures and sound that can be decoded, the main stream of each kind first.

    With the length of each video stream, where there are several to choose from.
    """
    undecodable = undecodable_streams(container)
    usable: list[Stream] = [
        stream
        for stream in (*container.streams.video, *container.streams.audio)
        if stream.index not in undecodable and not is_cover_art(stream)
    ]
    usable.sort(key=lambda stream: (not stream.disposition & Disposition.default, stream.index))
    videos = [stream for stream in usable if isinstance(stream, VideoStream)]
    if len(videos) < 2 or _is_still(container):
        return usable, {}
    lengths = lengths_of(path, videos)
    if all(length.is_picture for length in lengths.values()):
        return usable, {}
    others = [stream for stream in usable if not isinstance(stream, VideoStream)]
    return [*main_first(videos, lengths), *others], lengths


def _is_still(container: InputContainer) -> bool:
    return container.format.name.endswith("_pipe") or container.metadata.get("major_brand") in _STILL_BRANDS


def _kind(path: Path, container: InputContainer, infos: list[StreamInfo]) -> MediaKind:
    if all(info.kind is StreamKind.AUDIO for info in infos):
        # Pictures that cannot be decoded do not make a video a sound recording.
        has_pictures = any(not is_cover_art(stream) for stream in container.streams.video)
        return MediaKind.VIDEO if has_pictures else MediaKind.AUDIO
    name = container.format.name
    if name == "webp_pipe" and is_animated_webp(path):
        return MediaKind.VIDEO
    if _is_still(container):
        return MediaKind.IMAGE
    if name in _MAYBE_ANIMATED:
        return MediaKind.VIDEO if _n_pictures(path, 2) == 2 else MediaKind.IMAGE
    if name == "mjpeg" and _n_pictures(path, _MOST_BEHIND_A_PHOTO + 2) <= 1 + _MOST_BEHIND_A_PHOTO:
        return MediaKind.IMAGE
    return MediaKind.VIDEO


def _n_pictures(path: Path, most: int) -> int:
    # Opened anew: counting uses up packets that the caller still needs.
    with opened(path) as container:
        try:
            return sum(1 for packet in islice(container.demux(video=0), most) if packet.size)
        except FFmpegError:
            return 0


def _stream_info(container: InputContainer, stream: Stream) -> StreamInfo:
    info = StreamInfo(
        index=stream.index,
        kind=StreamKind.VIDEO if stream.type == "video" else StreamKind.AUDIO,
        codec=stream.codec_context.codec.canonical_name,
        duration_from_header_s=_duration_s(container, stream),
        bit_rate_bps=stream.codec_context.bit_rate or None,
    )
    if isinstance(stream, VideoStream):
        rate = stream.average_rate or stream.guessed_rate
        return replace(
            as_stated(info, stream),
            n_frames_from_header=stream.frames or None,
            width_px=stream.codec_context.width or None,
            height_px=stream.codec_context.height or None,
            frame_rate_hz=float(rate) if rate else None,
            pixel_format=stream.codec_context.pix_fmt,
        )
    assert isinstance(stream, AudioStream)
    return replace(
        info,
        rate_hz=stream.codec_context.sample_rate or None,
        n_channels=stream.codec_context.channels or None,
    )


def _duration_s(container: InputContainer, stream: Stream) -> float | None:
    name = container.format.name
    if name in _WITHOUT_LENGTH or name.endswith("_pipe"):
        return None
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return container.duration / 1_000_000 if container.duration is not None else None


def _with_first_picture(
    path: Path, container: InputContainer, stream: VideoStream, info: StreamInfo, kind: MediaKind
) -> StreamInfo:
    """Adds what the header leaves out, such as the rotation."""
    if kind is MediaKind.IMAGE:
        # The rest is told by decoding it, which comes at once and gives no other picture than this.
        return replace(info, frame_rate_hz=None, n_frames_from_header=None, duration_from_header_s=None)
    frame = _first_picture(path, container, stream)
    if frame is None:
        # A damaged start is no reason to give up: decoding goes on to what follows it.
        return info
    check_size(path, frame.width, frame.height)
    return replace(
        info,
        width_px=frame.width,
        height_px=frame.height,
        pixel_format=frame.format.name,
        rotation_deg=orientation_of(frame).rotation_deg,
    )


def _first_picture(path: Path, container: InputContainer, stream: VideoStream) -> VideoFrame | None:
    words = FfmpegWords()
    prepare_decoder(stream)
    packets = container.demux(stream)
    for _ in range(_FIRST_PACKETS):
        try:
            with words.heard():
                packet = next(packets)
                if packet.has_sidedata("encryption_info"):
                    raise encrypted(path)
                if not packet.is_keyframe:
                    continue
                # Told that nothing follows, the decoder gives the picture at once.
                frames = [*stream.codec_context.decode(packet), *stream.codec_context.decode(None)]
                stream.codec_context.flush_buffers()
        except StopIteration:
            break
        except (FFmpegError, ValueError):
            stream.codec_context.flush_buffers()
            continue
        if frames:
            return frames[0]
    return None


def _facts(container: InputContainer) -> dict[str, str]:
    """The tags of the file and of its streams, bounded in number and length."""
    facts: dict[str, str] = {}
    sources: list[tuple[str, Mapping[str, str]]] = [("", container.metadata)]
    sources += [(f"stream {stream.index}: ", stream.metadata) for stream in container.streams]
    for prefix, tags in sources:
        for key, value in tags.items():
            if len(facts) >= _MAX_FACTS:
                return facts
            facts[prefix + _bounded(str(key), _MAX_KEY)] = _bounded(str(value), _MAX_VALUE)
    return facts


def _bounded(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _no_stream(path: Path, container: InputContainer) -> MediaError:
    undecodable = undecodable_streams(container)
    if any(codec.endswith(("encv", "enca")) for codec in undecodable.values()):
        return encrypted(path)
    if undecodable:
        codecs = "; ".join(undecodable.values())
        return MediaError(
            f"{display_path(path)} is in a codec that cannot be decoded here ({codecs})",
            "Convert it where it plays (to H.264 at high quality), scan that, and keep the original.",
        )
    return MediaError(
        f"{display_path(path)} ({container.format.long_name}) holds neither pictures nor sound",
        "Check that this is the file you mean; its content may be subtitles or data alone.",
    )
