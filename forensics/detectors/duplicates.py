"""Hashes of a file's pictures, faces and sound: by them a report finds what files have in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from forensics.detectors.declarations import DUPLICATES
from forensics.detectors.detector import WithoutModels
from forensics.media.perceptual_hash import Grey, grey_of, picture_hash
from forensics.media.sound_hash import STEP_S, SoundHasher
from forensics.records.faces import FaceBox, FaceCrop
from forensics.records.findings import Abstention, AbstentionReason
from forensics.records.media import AudioChunk, Frame, MediaFile, MediaKind
from forensics.records.perceptual_hashes import (
    GRID_SIDE,
    FaceHash,
    FilmHash,
    Grid,
    PerceptualHashes,
    SoundHash,
)
from forensics.records.stream import Item

METHOD: Final = "phash-256/1"
# Of a film of any length; every second one goes whenever there are more.
MOST_PICTURES: Final = 512
# Of each, a coarse picture is kept: 576 bytes.
_MOST_GRIDS: Final = 32
_MOST_SOUND_S: Final = 600.0
# Sound that begins again after less than this goes on; after more, silence stands between.
_HOLE_S: Final = STEP_S
# A still's page has no time; only one of them is compared cell by cell.
_DECIMALS: Final = 3


class Duplicates(WithoutModels):
    """The detector; it holds nothing."""

    spec = DUPLICATES

    def begin(self, media: MediaFile, path: Path) -> DuplicatesExamination:  # noqa: ARG002 - the stream has all
        """Starts on a file."""
        return DuplicatesExamination(media)


@dataclass(slots=True)
class _Picture:
    at_s: float
    grey: Grey
    bits: bytes | None
    faces: dict[int, tuple[tuple[float, float, float, float], bytes]] = field(default_factory=dict)


class DuplicatesExamination:
    """One file's hashes."""

    def __init__(self, media: MediaFile) -> None:
        self._media = media
        self._pictures: list[_Picture] = []
        self._frame: Frame | None = None
        self._n_frames = 0
        self._every = 1
        self._margin = 0.0
        self._sound = SoundHasher(_MOST_SOUND_S)
        self._sound_at_s: tuple[float, float] | None = None
        self._track: str | None = None

    def observe(self, item: Item) -> Iterator[Item]:
        """Hashes what is seen and heard."""
        if isinstance(item, Frame) and item.sampled:
            self._see(item)
        elif isinstance(item, FaceCrop):
            self._see_face(item)
        elif isinstance(item, AudioChunk):
            self._hear(item)
        yield from ()

    def conclude(self) -> Iterator[Item]:
        """The hashes, or why there are none."""
        film, sound = self._film(), self._sound_hash()
        if film is None and sound is None:
            yield Abstention(
                DUPLICATES.name,
                AbstentionReason.UNSUPPORTED,
                "It has no picture and no sound that could be found again in another file: what there is is "
                "too plain, silent or too short.",
            )
            return
        yield PerceptualHashes(METHOD, film, self._faces(), self._grids(), sound)

    def _see(self, frame: Frame) -> None:
        self._frame = None
        self._n_frames += 1
        if (self._n_frames - 1) % self._every:
            return
        grey = grey_of(frame.image)
        self._frame = frame
        self._pictures.append(_Picture(round(frame.at_s, _DECIMALS), grey, picture_hash(grey)))
        if len(self._pictures) > MOST_PICTURES:
            self._every *= 2
            self._pictures = self._pictures[::2]

    def _see_face(self, crop: FaceCrop) -> None:
        """A face of the newest picture; ready-made crops come without one and are pictures themselves."""
        frame = self._frame
        if frame is None or frame.index != crop.frame_index or frame.at_s != crop.at_s:
            if self._media.kind is MediaKind.IMAGE and not self._n_frames:
                grey = grey_of(crop.thumbnail)
                self._pictures.append(_Picture(round(crop.at_s, _DECIMALS), grey, picture_hash(grey)))
            return
        faces = self._pictures[-1].faces
        # Several detectors may want it, each cut in its way: the first one's is kept.
        if crop.track_id in faces or self._margin not in (0.0, crop.spec.margin):
            return
        bits = picture_hash(grey_of(crop.image))
        if bits is not None:
            self._margin = crop.spec.margin
            faces[crop.track_id] = _shares(crop.box, frame), bits

    def _hear(self, chunk: AudioChunk) -> None:
        if self._track is None:
            self._track = chunk.track
        if chunk.track != self._track:
            return
        if self._sound_at_s is None:
            self._sound_at_s = chunk.at_s, chunk.at_s
        start_s, end_s = self._sound_at_s
        hole_s = chunk.at_s - end_s
        if hole_s > _HOLE_S:
            self._sound.take(np.zeros(round(min(hole_s, _MOST_SOUND_S) * chunk.rate_hz), np.float32))
        self._sound.take(chunk.samples)
        self._sound_at_s = start_s, chunk.at_s + chunk.samples.size / chunk.rate_hz

    def _film(self) -> FilmHash | None:
        told = [(one.at_s, one.bits) for one in self._pictures if one.bits is not None]
        if not told:
            return None
        n_plain = len(self._pictures) - len(told)
        return FilmHash(tuple(at_s for at_s, _ in told), b"".join(bits for _, bits in told), n_plain)

    def _faces(self) -> tuple[FaceHash, ...]:
        tracks = sorted({track for one in self._pictures for track in one.faces})
        return tuple(self._face(track) for track in tracks)

    def _face(self, track: int) -> FaceHash:
        seen = [(one.at_s, *one.faces[track]) for one in self._pictures if track in one.faces]
        return FaceHash(
            track,
            tuple(at_s for at_s, _, _ in seen),
            tuple(box for _, box, _ in seen),
            b"".join(bits for _, _, bits in seen),
            self._margin,
        )

    def _grids(self) -> tuple[Grid, ...]:
        told = [one for one in self._pictures if one.bits is not None]
        chosen = np.unique(np.linspace(0, len(told) - 1, min(len(told), _MOST_GRIDS)).round().astype(int))
        return tuple(Grid(told[index].at_s, _levels(told[index].grey)) for index in chosen)

    def _sound_hash(self) -> SoundHash | None:
        words = self._sound.words
        if self._sound_at_s is None or not words.any():
            return None
        start_s = round(self._sound_at_s[0], _DECIMALS)
        return SoundHash(start_s, STEP_S, words.astype("<u4").tobytes(), self._sound.whole)


def _levels(grey: Grey) -> bytes:
    small = cv2.resize(grey, (GRID_SIDE, GRID_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8).tobytes()


def _shares(box: FaceBox, frame: Frame) -> tuple[float, float, float, float]:
    height, width = frame.image.shape[:2]
    return (
        round(box.left_px / width, 4),
        round(box.top_px / height, 4),
        round(box.width_px / width, 4),
        round(box.height_px / height, 4),
    )
