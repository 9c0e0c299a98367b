"""What a video's or a sound file's container says: who wrote it, how it was cut, what does not fit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from forensics.detectors.declarations import CONTAINER
from forensics.detectors.detector import WithoutModels
from forensics.detectors.structure import companion_rules, header_rules, track_rules, writing_rules
from forensics.detectors.structure.observation import Observation, told
from forensics.detectors.structure.picture_rhythm import rhythm
from forensics.media.cover_art import cover_art
from forensics.media.movie_header import movie_header
from forensics.media.packets import FilePackets, read_packets
from forensics.media.writing_program import WritingProgram, writing_program
from forensics.records.findings import Abstention, AbstentionReason
from forensics.records.media import MediaFile, MediaKind, MediaUpdate, StreamKind
from forensics.records.stream import Item

_WALKED = ("mov,mp4", "matroska", "avi", "mpegts")


class Container(WithoutModels):
    """The container detector; it holds nothing."""

    spec = CONTAINER

    def begin(self, media: MediaFile, path: Path) -> ContainerExamination:
        """Starts on a file."""
        return ContainerExamination(media, path)


class ContainerExamination:
    """One file's container."""

    def __init__(self, media: MediaFile, path: Path) -> None:
        self._media = media
        self._path = path
        self._n_decoded: int | None = None

    def observe(self, item: Item) -> Iterator[Item]:
        """Notes how many pictures decoding found, where another detector has it decoded."""
        if isinstance(item, MediaUpdate) and (video := item.media.stream(StreamKind.VIDEO)) is not None:
            self._n_decoded = video.n_frames_from_content
        yield from ()

    def conclude(self) -> Iterator[Item]:
        """Everything at once."""
        name = self._media.container or ""
        if self._media.kind is MediaKind.IMAGE or not name.startswith(_WALKED):
            what = (
                "A still picture" if self._media.kind is MediaKind.IMAGE else f"A file of the format {name}"
            )
            yield Abstention(
                CONTAINER.name, AbstentionReason.UNSUPPORTED, f"{what} has no container that is looked into."
            )
            return
        yield from told(CONTAINER.name, "What the container says", self._observations())

    def _observations(self) -> Iterator[Observation]:
        packets = read_packets(self._path)
        name = self._media.container or ""
        # Of MP4 and AVI, FFmpeg tells the program itself.
        is_named = name.startswith(("matroska", "mpegts"))
        program = writing_program(self._path) if is_named else WritingProgram()
        header = movie_header(self._path) if name.startswith("mov,mp4") else None
        pictures = packets.first(of_pictures=True)
        yield from writing_rules.writers(packets, program)
        yield from writing_rules.device_and_place(
            packets, is_software=pictures is not None and bool(pictures.encoder)
        )
        yield from header_rules.times(header, packets, _moment(self._media.modified_utc))
        if header is not None:
            yield from header_rules.boxes(header)
            yield from header_rules.edit_lists(header.edits)
        yield from track_rules.lengths(packets, self._n_decoded)
        if pictures is not None:
            yield from rhythm(pictures)
        yield from track_rules.sound_beside_pictures(packets)
        yield from companion_rules.other_tracks(packets)
        yield from companion_rules.covers(cover_art(self._path) if packets.has_covers else None)
        yield from _bounds(packets)


def _bounds(packets: FilePackets) -> Iterator[Observation]:
    if not packets.is_whole:
        n = sum(stream.n_bytes.size for stream in packets.streams)
        yield Observation(
            "Extent", f"Only the first {n:,} packets were looked at; what follows them was not."
        )
    if packets.trouble is not None:
        yield Observation(
            "Reading", "The packets could not be read without complaint.", packets.trouble, notable=True
        )


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
