"""The pictures and the sound of one file: its film, and the video streams beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from forensics.errors import MediaError
from forensics.faces.aligned import aligned
from forensics.faces.crop import crop
from forensics.faces.meshes import meshes
from forensics.faces.tracks import track, whole_images
from forensics.faces.uprightness import UprightFinder, stand_upright
from forensics.media.decode import decode
from forensics.media.packet_index import Bursts
from forensics.records.detector_spec import Input
from forensics.records.faces import FaceTrack
from forensics.records.findings import Abstention, AbstentionReason, Notice
from forensics.records.input_contract import BURST_S
from forensics.records.media import AudioChunk, Frame, MediaFile, MediaKind, MediaUpdate, StreamInfo
from forensics.records.stream import Item
from forensics.records.subject import Subject, stream
from forensics.scan.stage_timer import StageTimer
from forensics.scan.worker_context import WorkerContext

# A disc may hold a dozen angles, and each costs as much as a film.
_MOST_FILMS = 4
# Of the main stream, where a detector observes landmarks, since lips and blinks are seen at the stream's own
# rate, and where a net looks at short bursts.
_N_BURSTS = 4
_LENGTH_S = 2.5
# So often, in seconds of the file, it says that it is getting on.
_TELL_EVERY_S = 2.0


Told = Callable[[float], object]


def seen_and_heard(
    path: Path, media: MediaFile, context: WorkerContext, timer: StageTimer, tell: Told
) -> Iterator[Item]:
    """The sound with the main stream of pictures, then every further one, with people of its own.

    Args:
        tell: hears, now and then, how many seconds of a stream are done.
    """
    n_people = 0
    for item in _faces(_decoded(path, media, context, timer, tell), media, context, timer, None):
        if isinstance(item, MediaUpdate):
            media = item.media
        n_people += isinstance(item, FaceTrack)
        yield item
    if context.seeks_faces:
        yield from _further(path, media, context, timer, tell, n_people)


def _decoded(
    path: Path,
    media: MediaFile,
    context: WorkerContext,
    timer: StageTimer,
    tell: Told,
    film: StreamInfo | None = None,
) -> Iterator[Item]:
    """A further stream of pictures alone, or the main one with the sound."""
    settings = context.settings
    items: Iterator[Item] = iter(
        decode(
            path,
            media,
            settings.n_frames,
            video=context.seeks_faces or context.observes(Input.FRAMES),
            picture=film,
            audio=film is None and context.observes(Input.SOUND),
            frames_per_s=settings.frames_per_s,
            cheapest_frames=settings.cheapest_frames,
            speaks=context.speaks,
            bursts=_bursts(context) if film is None else None,
        )
    )
    return _telling(timer.timed("decode", items), tell)


def _bursts(context: WorkerContext) -> Bursts | None:
    """Of the main stream of a file: those that the detectors of this run look at."""
    length_s = _LENGTH_S if context.landmarks is not None else 0.0
    short_s = BURST_S if any(way.in_bursts for way in context.crop_users) else 0.0
    return Bursts(_N_BURSTS, length_s, short_s=short_s) if length_s or short_s else None


def _faces(
    items: Iterator[Item], media: MediaFile, context: WorkerContext, timer: StageTimer, n_known: int | None
) -> Iterator[Item]:
    """Faces of one stream of pictures, kept apart by person and cut as the detectors want them.

    Args:
        n_known: people seen so far, for a further stream; None for the main one.
    """
    ways = context.crop_users
    if not context.seeks_faces:
        return items
    whole = bool(ways) and context.settings.crops and media.kind is MediaKind.IMAGE
    if whole:
        items = timer.timed("faces", whole_images(items, next(iter(ways))))
    else:
        names = _face_detectors(context)
        # Detectors of whole frames look at the film alone.
        keep_frames = context.observes(Input.FRAMES) and n_known is None
        finder = UprightFinder(context.finder)
        apart = media.kind is MediaKind.IMAGE
        items = timer.timed("faces", stand_upright(items, finder, apart=apart))
        items = track(
            items,
            finder,
            names,
            keep_frames=keep_frames,
            n_known=n_known or 0,
            apart=apart,
            between=context.finder,
        )
        items = timer.timed("faces", items)
        if context.landmarks is not None:
            items = timer.timed("faces", meshes(items, context.landmarks))
    items = timer.timed("faces", crop(items, ways, whole=whole))
    return items if context.aligner is None else timer.timed("faces", aligned(items, context.aligner))


def _further(
    path: Path, media: MediaFile, context: WorkerContext, timer: StageTimer, tell: Told, n_people: int
) -> Iterator[Item]:
    """The video streams beside the main one: a fake may be in any of them."""
    for number, film in enumerate(media.films[1:], 2):
        if number > _MOST_FILMS:
            yield from _unseen(context, film, f"at most {_MOST_FILMS} video streams of a file are")
            continue
        people: list[Subject] = []
        try:
            items = _decoded(path, media, context, timer, tell, film)
            for item in _faces(items, media, context, timer, n_people):
                if isinstance(item, MediaUpdate):
                    media = item.media
                elif isinstance(item, FaceTrack):
                    people.append(item.subject)
                yield _of(film, item)
        except MediaError as error:
            yield from _unseen(context, film, error.message)
        n_people += len(people)
        if people:
            who = ", ".join(map(str, people)) + (" is" if len(people) == 1 else " are")
            yield Notice("faces", f"{_named(film)} was examined too: {who} seen there")


def _of(film: StreamInfo, item: Item) -> Item:
    """The item, with the further stream that it tells of."""
    if isinstance(item, FaceTrack):
        return replace(item, stream_index=film.index)
    if isinstance(item, Notice):
        return replace(item, message=f"{_named(film)}: {item.message}")
    if isinstance(item, Abstention):
        return replace(item, detail=f"{_named(film)}: {item.detail}", subject=stream(film.index))
    return item


def _unseen(context: WorkerContext, film: StreamInfo, why: str) -> Iterator[Abstention]:
    for name in _face_detectors(context):
        detail = f"{_named(film)} was not examined: {why}."
        yield Abstention(name, AbstentionReason.UNSUPPORTED, detail, stream(film.index))


def _face_detectors(context: WorkerContext) -> list[str]:
    of_landmarks = [one.spec.name for one in context.detectors if Input.LANDMARKS in one.spec.inputs]
    named = [name for users in context.crop_users.values() for name in users]
    return list(dict.fromkeys([*named, *of_landmarks]))


def _named(film: StreamInfo) -> str:
    length_s = film.duration_from_content_s or film.duration_from_header_s
    length = f", {length_s:.1f} s" if length_s else ""
    return f"Stream {film.index} (video, {film.width_px} x {film.height_px} px{length})"


def _telling(items: Iterator[Item], tell: Told) -> Iterator[Item]:
    told_s = 0.0
    for item in items:
        if isinstance(item, (Frame, AudioChunk)) and item.at_s >= told_s + _TELL_EVERY_S:
            told_s = item.at_s
            tell(told_s)
        yield item
