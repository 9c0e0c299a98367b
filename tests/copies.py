"""Recordings, and copies of them as people make them: coded anew, scaled, cut, mirrored, dubbed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from forensics.detectors.duplicates import Duplicates
from forensics.faces.crop import cut
from forensics.faces.finders import load_finder
from forensics.media.discovery import Found, discover
from forensics.media.encode import write_clip
from forensics.records.detector_spec import CropSpec
from forensics.records.exhibit_content import Filmstrip, StripFrame
from forensics.records.faces import FaceBox, FaceCrop
from forensics.records.findings import Exhibit, ExhibitKind
from forensics.records.media import Frame, MediaFile, MediaKind, RgbImage, Samples, StreamInfo, StreamKind
from forensics.records.perceptual_hashes import PerceptualHashes
from forensics.records.scan_result import ScanResult
from forensics.records.subject import person
from forensics.records.verdict import Verdict, VerdictLabel
from forensics.scan.pipeline import examine
from forensics.scan.worker_context import WorkerContext
from forensics.settings import ScanSettings
from tests import synthetic

RATE_HZ = 25
SECONDS = 8
WIDTH_PX, HEIGHT_PX = 480, 360


@lru_cache(maxsize=8)
def _wall(seed: int) -> RgbImage:
    """A background with something on it, wider than the picture."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (7, 12, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (2 * WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_CUBIC), np.uint8)


def recording(seed: int, n_frames: int = SECONDS * RATE_HZ) -> Iterator[RgbImage]:
    """A camera that pans along a wall, and something round that moves before it."""
    for index in range(n_frames):
        left = round(WIDTH_PX * index / (SECONDS * RATE_HZ))
        image = _wall(seed)[:, left : left + WIDTH_PX].copy()
        centre = 240 + round(150 * np.sin(index / 17 + seed)), 180 + round(90 * np.cos(index / 29))
        cv2.circle(image, centre, 60, (240, 220, 40), -1)
        yield image


def sound(seed: int) -> Samples:
    """Somebody talks."""
    return synthetic.talk(SECONDS, seed=seed, pitch_hz=90 + 17 * (seed % 5))


def coded(
    path: Path,
    frames: Iterable[RgbImage],
    samples: Samples | None = None,
    *,
    rate_hz: float = RATE_HZ,
    crf: int = 20,
) -> Path:
    """A clip."""
    options = {"crf": str(crf), "preset": "veryfast"}
    return write_clip(path, frames, rate_hz, samples=samples, options=options)


def scaled(frames: Iterable[RgbImage], width_px: int) -> Iterator[RgbImage]:
    for image in frames:
        height_px = round(image.shape[0] * width_px / image.shape[1] / 2) * 2
        yield np.asarray(cv2.resize(image, (width_px, height_px), interpolation=cv2.INTER_AREA), np.uint8)


def mirrored(frames: Iterable[RgbImage]) -> Iterator[RgbImage]:
    for image in frames:
        yield np.ascontiguousarray(image[:, ::-1])


COPIES: dict[str, Callable[[Path], Path]] = {
    "coded anew": lambda path: coded(path, recording(1), sound(1), crf=34),
    "half the size": lambda path: coded(path, scaled(recording(1), 240), sound(1), crf=26),
    "cut": lambda path: coded(path, list(recording(1))[57:160], sound(1)[57 * 640 : 160 * 640].copy()),
    "mirrored": lambda path: coded(path, mirrored(recording(1)), sound(1)),
    "half the rate": lambda path: coded(path, list(recording(1))[::2], sound(1), rate_hz=RATE_HZ / 2),
    "dubbed": lambda path: coded(path, recording(1), sound(4)),
    "other pictures": lambda path: coded(path, recording(3), sound(1)),
}


def hashed(path: Path) -> ScanResult:
    """The result of a scan that does nothing but hash."""
    [found] = [one for one in discover([path]) if isinstance(one, Found)]
    context = WorkerContext(ScanSettings(paths=(path,)), load_finder("dlib-hog"), (Duplicates(()),))
    return examine(found, context)


FACE = FaceBox(180, 110, 90, 90)


def swapped_case() -> tuple[list[tuple[int, ScanResult]], dict[int, tuple[Exhibit, ...]]]:
    """A film with a face in it, a copy that is coded worse, one whose face is another; strips of the faces.

    Returns:
        Rows 1, 2 and 3 of a case, and their exhibits by row.
    """
    films = {name: list(_with_face(seed, noise)) for name, seed, noise in _FACES}
    rows = [(row_id, _seen(name, film)) for row_id, (name, film) in enumerate(films.items(), start=1)]
    return rows, {row_id: (_strip(film),) for row_id, film in enumerate(films.values(), start=1)}


_FACES = (("source.mp4", 1, 0.0), ("coded.mp4", 1, 2.0), ("swapped.mp4", 2, 2.0))


def _with_face(seed: int, noise: float) -> Iterator[RgbImage]:
    left, top = int(FACE.left_px), int(FACE.top_px)
    side = int(FACE.width_px)
    rng = np.random.default_rng(9)
    coarse = np.random.default_rng(seed).integers(0, 256, (10, 10, 3), dtype=np.uint8)
    face = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
    for index, image in enumerate(recording(4, 200)):
        if index % 10:
            continue
        image[top : top + side, left : left + side] = face
        yield np.clip(image + noise * rng.standard_normal(image.shape), 0, 255).astype(np.uint8)


def _seen(name: str, film: Sequence[RgbImage]) -> ScanResult:
    video = StreamInfo(0, StreamKind.VIDEO, "h264", 8.0, width_px=WIDTH_PX, height_px=HEIGHT_PX)
    media = MediaFile(name, 1, "2026-11-20T10:00:00+00:00", kind=MediaKind.VIDEO, streams=(video,))
    examination = Duplicates(()).begin(media, Path(name))
    way = CropSpec(72, 1.0)
    for index, image in enumerate(film):
        frame = Frame(image, index, 0.4 * index)
        list(examination.observe(frame))
        crop = cut(image, FACE, way)
        list(examination.observe(FaceCrop(crop, FACE, 1, index, frame.at_s, image, 1.0, way)))
    [hashes] = examination.conclude()
    label = VerdictLabel.SIGNS_OF_MANIPULATION if "swapped" in name else VerdictLabel.NO_SIGNS_FOUND
    assert isinstance(hashes, PerceptualHashes)
    return ScanResult(media, Verdict(label, "Because.", "made/1"), hashes=hashes)


def _strip(film: Sequence[RgbImage]) -> Exhibit:
    frames = []
    for index, image in enumerate(film):
        bgr = cv2.cvtColor(cut(image, FACE, CropSpec(72, 1.0)), cv2.COLOR_RGB2BGR)
        frames.append(StripFrame(cv2.imencode(".jpg", bgr)[1].tobytes(), 0.4 * index, 0.5))
    content = Filmstrip(tuple(frames), len(frames))
    return Exhibit(ExhibitKind.FILMSTRIP, content, "all of them", person(1), "all sampled frames")
