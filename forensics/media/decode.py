"""Decode a file once, forward: pictures spread over the whole of it, and all of its sound."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Discard

from forensics.errors import MediaError
from forensics.media.animations import Animation
from forensics.media.audio_decoder import AudioDecoder, begin_listening, choose_sound, sound_notices
from forensics.media.discovery import display_path
from forensics.media.fields import is_interlaced
from forensics.media.open_container import FfmpegWords, is_cover_art, opened, undecodable_streams
from forensics.media.packet_index import Bursts, PacketIndex, frames_of, plan, plan_by_order, read_timetable
from forensics.media.sound import like_speech
from forensics.media.stills import Stills
from forensics.media.video_decoder import VideoDecoder
from forensics.records.findings import Abstention, Notice
from forensics.records.media import (
    AudioChunk,
    Frame,
    MediaFile,
    MediaKind,
    MediaUpdate,
    Samples,
    StreamInfo,
    StreamKind,
)

# Headers round, and sound rarely ends with the last picture.
_SHORT_BY_S = 1.0
_SHORT_BY_SHARE = 0.02

Decoded = Frame | AudioChunk | Notice | Abstention | MediaUpdate

WEBP = "webp_pipe"


def decode(
    path: Path,
    media: MediaFile,
    n_frames: int,
    *,
    video: bool = True,
    picture: StreamInfo | None = None,
    audio: bool = True,
    frames_per_s: float = 0.0,
    cheapest_frames: bool = False,
    n_threads: int = 1,
    bursts: Bursts | None = None,
    speaks: Callable[[Samples], bool] = like_speech,
) -> Iterator[Decoded]:
    """Decodes a file in one forward pass.

    The packets of the video stream are read first, without decoding: they tell exactly which pictures there
    are, whatever the header says. ``n_frames`` of them are chosen (see ``timetable.plan``) and only what
    they need is decoded. Stills give their frames at 0 s. Sound comes at 16 kHz in chunks of 10 s: of every
    sound stream the mix of its channels, or those channels that a mix would lose (``channels``). The choice
    of pictures depends on the file, ``n_frames``, ``frames_per_s`` and ``cheapest_frames`` alone;
    memory does not grow with the duration, but for 10 bytes a picture in the table.

    Args:
        path: the file.
        media: what ``probe`` found.
        n_frames: pictures to choose; a shorter clip gives each of its pictures once.
        frames_per_s: pictures to choose per second, where that is more; of a clip of any length.
        video: decode pictures.
        picture: the video stream to decode; the main one by default.
        audio: decode sound.
        cheapest_frames: choose the pictures that are decoded least for, not those nearest to even spacing.
        n_threads: threads of the decoder.
        bursts: stretches of a video of which all pictures are wanted, beside those that are chosen.
        speaks: whether somebody speaks in some seconds of sound, float32[N] mono at 16 kHz: of channels that
            carry different sound, those are heard in which somebody does.

    Yields:
        Frames and chunks as the file interleaves them, notices of what was skipped or odd, and at the end
        one MediaUpdate with what decoding found.

    Raises:
        MediaError: nothing could be decoded.
    """
    is_main = picture is None
    if is_main and video:
        picture = media.stream(StreamKind.VIDEO)
    sounds = [stream for stream in media.streams if audio and stream.kind is StreamKind.AUDIO]
    if picture is not None and (media.kind is MediaKind.IMAGE or media.container == WEBP):
        yield from _pictures(path, media, picture, n_frames)
        return
    if is_main:
        yield from _left_out(path, media)
    choices = choose_sound(path, sounds, speaks)
    yield from sound_notices(sounds, choices)
    words = FfmpegWords()
    watching: VideoDecoder | None = None
    listenings: list[AudioDecoder] = []
    packet_index = read_timetable(path, picture.index, words) if picture is not None else None
    if packet_index is not None and picture is not None:
        n_frames = frames_of(packet_index, n_frames, frames_per_s, picture.duration_from_header_s)
    with opened(path) as container:
        if packet_index is not None and picture is not None:
            # Fields are put apart better where the pictures on both sides are at hand.
            in_fields = is_interlaced(picture.field_order)
            chosen = plan(
                packet_index,
                n_frames,
                cheapest_frames=cheapest_frames,
                with_neighbours=in_fields,
                bursts=bursts,
            )
            watching = VideoDecoder(path, container, picture.index, chosen, words, n_threads)
        # Sound that pauses for long beside pictures that do not has a hole, no seam.
        may_jump = packet_index is None or bool(packet_index.seams)
        listenings = begin_listening(container, choices, words, n_threads, may_jump=may_jump)
        yield from _one_pass(container, watching, listenings, words)
    if (
        packet_index is not None
        and picture is not None
        and watching is not None
        and _times_disagree(watching)
    ):
        with opened(path) as container:
            chosen = plan_by_order(packet_index, n_frames)
            watching = VideoDecoder(path, container, picture.index, chosen, words, n_threads)
            yield from _one_pass(container, watching, [], words)
    yield from words.notices()
    if (watching or listenings) and not _anything(watching, listenings):
        raise _nothing(path, words)
    updated = _updated(media, packet_index, watching, listenings)
    examined = {side.stream_index for side in (watching, *listenings) if side is not None}
    n_seams = max((listening.n_seams for listening in listenings), default=0)
    if packet_index is not None:
        n_seams = max(n_seams, len(packet_index.seams))
    if n_seams:
        yield _joined(updated, examined, n_seams)
    yield from _shortfalls(updated, examined, packet_index, times_jump=n_seams > 0)
    yield MediaUpdate(updated)


def _one_pass(
    container: InputContainer,
    watching: VideoDecoder | None,
    listenings: Sequence[AudioDecoder],
    words: FfmpegWords,
) -> Iterator[Frame | AudioChunk | Notice]:
    sides: dict[int, VideoDecoder | AudioDecoder] = {one.stream_index: one for one in listenings}
    if watching is not None:
        sides = {watching.stream_index: watching, **sides}
    for stream in container.streams:
        if stream.index not in sides:
            stream.discard = Discard.all
    packets = container.demux([container.streams[index] for index in sides]) if sides else iter(())
    while True:
        try:
            with words.heard():
                packet = next(packets)
        except StopIteration:
            break
        except (FFmpegError, OSError) as error:
            words.add(f"container: {getattr(error, 'strerror', None) or error}")
            break
        if packet.size:
            yield from sides[packet.stream_index].take(packet)
        if not listenings and watching is not None and watching.is_done and not watching.by_order:
            # Without sound nothing more is to be learned; the timetable knows what follows.
            break
    for side in sides.values():
        yield from side.finish()


def _pictures(path: Path, media: MediaFile, picture: StreamInfo, n_frames: int) -> Iterator[Decoded]:
    """The pictures of a file of stills, or of an animation that FFmpeg does not read."""
    source: Stills | Animation
    if media.kind is MediaKind.IMAGE:
        source = Stills(path, picture.index)
        yield from source.read()
    else:
        source = Animation(path, picture.index)
        yield from source.read(n_frames)
    yield MediaUpdate(replace(media, streams=(source.facts(picture),)))


def _left_out(path: Path, media: MediaFile) -> Iterator[Notice]:
    """Says which streams are not examined."""
    with opened(path) as container:
        undecodable = undecodable_streams(container)
        covers = {stream.index for stream in container.streams.video if is_cover_art(stream)}
    for index, codec in undecodable.items():
        yield Notice("decode", f"Stream {index} ({codec}) cannot be decoded here and was not examined")
    covers |= {stream.index for stream in media.streams if stream.is_cover}
    if covers and media.films:
        yield Notice(
            "decode",
            f"Stream {_listed(covers)} is a single picture beside the film, such as a cover: not examined",
        )


def _listed(indices: Iterable[int]) -> str:
    return ", ".join(str(index) for index in sorted(indices))


def _times_disagree(watching: VideoDecoder) -> bool:
    """Pictures came, but none at a time that the packets announced: count them instead."""
    return watching.n_decoded > 0 and watching.n_delivered == 0 and not watching.by_order


def _anything(watching: VideoDecoder | None, listenings: Sequence[AudioDecoder]) -> bool:
    seen = watching is not None and watching.n_delivered > 0
    return seen or any(listening.n_samples > 0 for listening in listenings)


def _nothing(path: Path, words: FfmpegWords) -> MediaError:
    said = words.first
    return MediaError(
        f"{display_path(path)} has a readable header, but nothing in it could be decoded"
        + (f" ({said})" if said else ""),
        "Copy it again from its source; if it plays elsewhere, convert it there and scan the copy as well.",
    )


def _updated(
    media: MediaFile,
    packet_index: PacketIndex | None,
    watching: VideoDecoder | None,
    listenings: Sequence[AudioDecoder],
) -> MediaFile:
    streams = list(media.streams)
    heard = {listening.stream_index: listening for listening in listenings}
    for at, stream in enumerate(streams):
        if watching is not None and packet_index is not None and stream.index == watching.stream_index:
            streams[at] = _watched(stream, packet_index, watching)
        elif (listening := heard.get(stream.index)) is not None:
            streams[at] = replace(
                stream,
                duration_from_content_s=round(listening.duration_s, 6),
                heard=listening.choice.names if listening.n_samples else (),
            )
    return replace(media, streams=tuple(streams))


def _watched(stream: StreamInfo, packet_index: PacketIndex, watching: VideoDecoder) -> StreamInfo:
    n_frames = watching.n_decoded if watching.by_order else packet_index.n_pictures
    duration_s = packet_index.duration_s
    if duration_s is None:
        duration_s = n_frames / watching.rate_hz
    return replace(
        watching.showing.facts(stream),
        n_frames_from_content=n_frames,
        chosen_frames=tuple(sorted(watching.delivered)),
        n_frames_decoded=watching.n_decoded,
        duration_from_content_s=round(duration_s, 6),
    )


def _joined(media: MediaFile, examined: set[int], n_seams: int) -> Notice:
    """Time stamps that jump: what was decoded counts, what the header says is a finding."""
    streams = [stream for stream in media.streams if stream.index in examined]
    found_s = max(stream.duration_from_content_s or 0.0 for stream in streams)
    said_s = max((stream.duration_from_header_s or 0.0 for stream in streams), default=0.0)
    return Notice(
        "decode",
        f"The time stamps jump {'once' if n_seams == 1 else f'{n_seams} times'}, as in recordings joined end "
        f"to end. Times are counted over what was decoded, {found_s:,.1f} s; the header says {said_s:,.1f} s",
    )


def _shortfalls(
    media: MediaFile, examined: set[int], packet_index: PacketIndex | None, *, times_jump: bool
) -> Iterator[Notice]:
    """Where the content is not what the header says."""
    for stream in (one for one in media.streams if one.index in examined):
        said_s, found_s = stream.duration_from_header_s, stream.duration_from_content_s
        is_video = stream.kind is StreamKind.VIDEO
        if found_s == 0:
            word = "pictures" if is_video else "sound"
            yield Notice("decode", f"The {word} could not be decoded; the rest of the file was examined")
        elif said_s is not None and found_s is not None and not times_jump:
            allowed_s = max(_SHORT_BY_S, _SHORT_BY_SHARE * said_s)
            if found_s < said_s - allowed_s:
                what = "pictures end" if is_video else "sound ends"
                yield Notice(
                    "decode",
                    f"The {what} at {found_s:.1f} s although the header says {said_s:.1f} s: "
                    "the file is cut short or damaged",
                    found_s,
                )
    if packet_index is not None and not packet_index.is_complete:
        yield Notice(
            "decode",
            f"The file has more than {packet_index.n_pictures} pictures; the later ones are not examined",
            packet_index.duration_s,
        )
