"""From one file of a data set to the files that its rows point at; runs in worker processes."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import cv2
import msgspec
import numpy as np

import forensics
from forensics.detectors.declarations import FACE
from forensics.detectors.speech import speech_of
from forensics.errors import MediaError, TrainingError
from forensics.faces.crop import cut_square
from forensics.faces.finder import FaceFinder
from forensics.faces.finders import load_finder
from forensics.faces.overlap import steadied
from forensics.faces.tracks import track
from forensics.media.decode import decode
from forensics.media.hashing import sha256_of
from forensics.media.packet_index import Bursts
from forensics.media.probe import probe
from forensics.media.sound import MIN_SPEECH_S, RATE_HZ, level
from forensics.records.faces import FaceBox, TrackedFace
from forensics.records.findings import Abstention
from forensics.records.input_contract import BURST_S, USUAL_FINDER
from forensics.records.media import RgbImage, Samples, StreamKind
from forensics.scan.machine import package_versions
from forensics.training.data.clip_sound import sound_of, speech_finder
from forensics.training.data.readers.reader import PICTURE_SUFFIXES, SOUND_SUFFIXES

# Room around the face for jitter, rotation and self-blending.
STORED_MARGIN = 1.8
# 512 px leave a face of up to 284 px: enough for nets of 224 px.
STORED_PX = 512
# As long as the windows of voice nets.
_STRETCH = 3 * RATE_HZ
# A face that is smaller is not scored in a scan either.
_MIN_FACE_PX = 48
# The crops are to look like the video that they come from, not like another compression.
_JPEG_QUALITY = 97


class PreparedFile(msgspec.Struct, frozen=True):
    """One file that a row of the manifest will point at.

    Attributes:
        path: relative to the prepared folder for what was cut, absolute for what was there.
        box: left, top, width and height of the face as fractions of the picture; None for sound.
        at_s, track, burst, spread: as in ``Sample``.
    """

    path: str
    sha256: str
    box: tuple[float, float, float, float] | None = None
    at_s: float | None = None
    track: int | None = None
    burst: int | None = None
    spread: bool = True


@dataclass(frozen=True, slots=True)
class Job:
    """What to do with one source.

    Attributes:
        crop_margin: as in ``Source``.
        n_frames: of a video, spread evenly.
        n_bursts: of a video, stretches of ``BURST_S`` of which every picture is cut.
    """

    path: Path
    crop_margin: float | None
    n_frames: int
    n_bursts: int = 0

    @property
    def ready(self) -> bool:
        """The file itself goes into the manifest."""
        return self.crop_margin is not None or self.path.suffix.lower() in SOUND_SUFFIXES


Chunk = list[tuple[int, Job]]
"""Jobs that one worker does in one go, each with its number."""


def make_all(
    out: Path, chunk: Chunk, _context: None, _tell: Callable[[float], object]
) -> list[list[PreparedFile] | str]:
    """For every job the files made, or the reason why there are none; an executor's ``perform``."""
    # Every worker has one core.
    cv2.setNumThreads(1)
    return [_make(job, out) for _, job in chunk]


def no_context() -> None:
    """What a worker keeps: the finder is loaded by the first file that needs it."""


def nothing_more(_chunk: Chunk) -> None:
    """What is still to be known of a job that failed."""


def versions() -> dict[str, str]:
    """What has to be the same on every machine that prepares files."""
    return {"forensics": forensics.__version__, **package_versions()}


def found_by_all(out: Path, chunk: Chunk) -> Chunk:
    """The jobs, which the machine that is to do them must be able to do.

    Raises:
        TrainingError: it does not see the files, or the folder that takes what is made of them.
    """
    for path in (out, *(job.path for _, job in chunk)):
        if not path.exists():
            raise TrainingError(
                f"{path} cannot be reached from the machine that was to prepare it",
                "Mount the storage at the same place on every machine.",
            )
    return chunk


def _make(job: Job, out: Path) -> list[PreparedFile] | str:
    try:
        if not job.ready:
            return _cut_faces(job, out)
        if job.path.suffix.lower() in PICTURE_SUFFIXES:
            return _ready_picture(job)
        return _ready_sound(job)
    except MediaError as error:
        return error.message
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _ready_picture(job: Job) -> list[PreparedFile] | str:
    encoded = np.fromfile(job.path, np.uint8)
    if not encoded.size or cv2.imdecode(encoded, cv2.IMREAD_COLOR) is None:
        return "not a picture"
    share = 1 / (job.crop_margin or 1.0)
    box = ((1 - share) / 2, (1 - share) / 2, share, share)
    return [PreparedFile(str(job.path.absolute()), sha256_of(job.path), box)]


def _ready_sound(job: Job) -> list[PreparedFile] | str:
    media = probe(job.path)
    if media.stream(StreamKind.AUDIO) is None:
        return "holds no sound"
    # What a scan abstains from would stop a training in the middle of its validation, or teach it noise.
    if not _holds_speech(sound_of(job.path, media)):
        return f"holds less than {MIN_SPEECH_S:g} s of speech, or mostly other sound"
    return [PreparedFile(str(job.path.absolute()), sha256_of(job.path))]


def _holds_speech(sound: Samples) -> bool:
    """Whether a scan would judge a voice by it: in one stretch of some seconds at least."""
    stretches = (sound[at : at + _STRETCH] for at in range(0, sound.size, _STRETCH))
    return any(
        level(stretch, stretch.size) is not None and speech_of(stretch, speech_finder()).is_enough
        for stretch in stretches
    )


def _cut_faces(job: Job, out: Path) -> list[PreparedFile] | str:
    """Crops of the person who is seen most, wide, found by the scan's own code.

    Only one person: where several are seen, a label per file does not say who was manipulated.
    """
    crops: dict[int, list[_Cut]] = defaultdict(list)
    reason = "holds no picture"
    steady: dict[tuple[int, int | None], FaceBox] = {}
    stream = decode(
        job.path,
        probe(job.path),
        job.n_frames,
        video=True,
        audio=False,
        bursts=Bursts(job.n_bursts, 0.0, short_s=BURST_S) if job.n_bursts else None,
    )
    for item in track(stream, _finder(), [FACE.name]):
        if isinstance(item, Abstention):
            reason = item.detail
        if isinstance(item, TrackedFace):
            reason = f"every face is smaller than {_MIN_FACE_PX} px"
            box, within = item.box, (item.track_id, item.frame.short_burst)
            if item.frame.short_burst is not None:
                box = steady[within] = steadied(steady.get(within), box)
            if box.size_px >= _MIN_FACE_PX:
                crops[item.track_id].append(_cut(item, box))
    if not crops:
        return reason
    seen_most = max(crops.values(), key=lambda cuts: sum(cut.size_px for cut in cuts if cut.spread))
    folder = Path("crops") / _folder_name(job.path)
    (out / folder).mkdir(parents=True, exist_ok=True)
    share = 1 / STORED_MARGIN
    where = ((1 - share) / 2, (1 - share) / 2, share, share)
    return [_store(cut, out, folder / f"{cut.frame_index:06d}.jpg", where) for cut in seen_most]


class _Cut(NamedTuple):
    """A face with room around it, the side of its box in the video, and where it is there."""

    crop: RgbImage
    size_px: float
    frame_index: int
    at_s: float
    track_id: int
    burst: int | None
    spread: bool


def _cut(face: TrackedFace, box: FaceBox) -> _Cut:
    frame = face.frame
    crop = _wide_crop(frame.image, box)
    return _Cut(crop, box.size_px, frame.index, frame.at_s, face.track_id, frame.short_burst, frame.sampled)


def _wide_crop(image: RgbImage, box: FaceBox) -> RgbImage:
    side_px = STORED_MARGIN * box.size_px
    # Small faces keep their pixels: enlarging would only add blur.
    return cut_square(image, box.centre_px, side_px, min(STORED_PX, round(side_px)))


def encoded_crop(crop: RgbImage) -> bytes:
    """A JPEG as every prepared picture is: nearly without loss, colour in full.

    Args:
        crop: uint8[S, S, 3] RGB.
    """
    options = [
        cv2.IMWRITE_JPEG_QUALITY,
        _JPEG_QUALITY,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    ]
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(crop, cv2.COLOR_RGB2BGR), options)
    return encoded.tobytes()


def _store(cut: _Cut, out: Path, place: Path, box: tuple[float, float, float, float]) -> PreparedFile:
    content = encoded_crop(cut.crop)
    (out / place).write_bytes(content)
    return PreparedFile(
        place.as_posix(),
        hashlib.sha256(content).hexdigest(),
        box,
        at_s=cut.at_s,
        track=cut.track_id,
        burst=cut.burst,
        spread=cut.spread,
    )


def _folder_name(path: Path) -> str:
    # Files of the same name lie in many folders of a data set.
    digest = hashlib.sha256(str(path.absolute()).encode(errors="surrogateescape")).hexdigest()
    return f"{digest[:2]}/{path.stem}-{digest[:10]}"


@lru_cache(maxsize=1)
def _finder() -> FaceFinder:
    return load_finder(USUAL_FINDER)
