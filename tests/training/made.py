"""Small data sets for training tests."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np

from forensics.training.data.readers.reader import ReadOptions
from forensics.training.data.readers.ready_made import DfdcCrops
from forensics.training.data.samples import Sample, write_samples

_ROWS = {("train", False): 16, ("train", True): 16, ("val", False): 8, ("val", True): 8}


def shared_faces(folder: Path) -> Path | None:
    """Writes a manifest of a few dozen real crops; None where there are none."""
    named = os.environ.get("FORENSICS_SHARED_DATA")
    shared = Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "data"
    if not (shared / "faces" / "split.csv").is_file():
        return None
    left = dict(_ROWS)
    samples = []
    for source in DfdcCrops().read(shared / "faces", ReadOptions()).sources:
        place = (source.split or "", source.manipulated)
        if left.get(place):
            left[place] -= 1
            samples.append(_sample(source.path, source.manipulated, source.groups[0], place[0]))
    write_samples(folder, samples)
    return folder


def made_faces(folder: Path, rows: dict[tuple[str, bool], int] | None = None) -> Path:
    """Writes pictures and their manifest; the manipulated ones carry a visible pattern."""
    samples = []
    for (split, manipulated), n in (rows or _ROWS).items():
        for index in range(n):
            name = f"{split}-{int(manipulated)}-{index}.png"
            write_picture(folder / name, manipulated, seed=index)
            samples.append(_sample(folder / name, manipulated, name, split))
    write_samples(folder, samples)
    return folder


def write_picture(path: Path, manipulated: bool = False, seed: int = 0, size_px: int = 96) -> Path:
    """A blurred random picture, with fine stripes where it is manipulated."""
    rng = np.random.default_rng((seed, int(manipulated)))
    image = cv2.GaussianBlur(rng.integers(0, 256, (size_px, size_px, 3), np.uint8), (0, 0), 6)
    if manipulated:
        image[:, ::2] = image[:, ::2] // 2
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, image)[1].tobytes())
    return path


def _sample(path: Path, manipulated: bool, group: str, split: str) -> Sample:
    method = "dfdc" if manipulated else "pristine"
    return Sample(str(path), manipulated, method, "dfdc", group, split, 0.02, 0.02, 0.96, 0.96)
