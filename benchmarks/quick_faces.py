"""The largest face of a picture, found on a small copy and stored as ``forensics prepare`` stores faces.

Needs the training environment. A search of the whole picture takes about twenty times as long.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from forensics.faces.crop import cut_square
from forensics.faces.finder import FaceFinder
from forensics.faces.finders import load_finder
from forensics.records.input_contract import USUAL_FINDER
from forensics.records.media import RgbImage
from forensics.training.data.prepared_file import STORED_MARGIN, STORED_PX, PreparedFile, encoded_crop

_SEARCHED_PX = 400
_MIN_FACE_PX = 48


def cut_largest_face(picture: RgbImage, folder: Path, name: str) -> PreparedFile | str:
    """Cuts the largest face with room around it, and writes it to ``crops`` of a folder.

    Args:
        picture: uint8[H, W, 3] RGB.
        folder: of prepared faces.
        name: of the crop.

    Returns:
        What was written; or why there is no face.
    """
    # OpenCV's threads would not be worth it for one face.
    cv2.setNumThreads(1)
    scale = min(1.0, _SEARCHED_PX / max(picture.shape[:2]))
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    copy = np.asarray(small, np.uint8)
    faces = _finder().find(copy, detail=0.5) or _finder().find(copy, detail=1.0)
    if not faces:
        return "no face was found"
    face = max(faces, key=lambda one: one.size_px)
    size_px = face.size_px / scale
    if size_px < _MIN_FACE_PX:
        return f"the face is smaller than {_MIN_FACE_PX} px"
    x, y = face.centre_px
    side_px = STORED_MARGIN * size_px
    crop = cut_square(picture, (x / scale, y / scale), side_px, min(STORED_PX, round(side_px)))
    encoded = encoded_crop(crop)
    place = Path("crops") / name
    (folder / place).parent.mkdir(parents=True, exist_ok=True)
    (folder / place).write_bytes(encoded)
    share = 1 / STORED_MARGIN
    edge = (1 - share) / 2
    return PreparedFile(place.as_posix(), hashlib.sha256(encoded).hexdigest(), (edge, edge, share, share))


@lru_cache(maxsize=1)
def _finder() -> FaceFinder:
    return load_finder(USUAL_FINDER)
