"""YuNet through OpenCV: finds turned and small faces that dlib does not. Its model does not ship.

YuNet's boxes are tall and reach to the hair, dlib's are square and lean to where the nose points. A model
card's crop margin refers to dlib's, so YuNet's boxes are turned into the square that dlib would most
likely have given. The relation was measured on 200 frames of 25 clips, 244 faces that both found: the
middle is then off by 4 % of the face's size (median; 7 % at the 90th percentile) and the size by 8 %
(standard deviation), of which the steps of dlib's own pyramid alone explain 5 %.
``benchmarks/finder_relation.py`` measures what remains.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from forensics.errors import SettingsError
from forensics.faces.finder import THOROUGH
from forensics.faces.finders.search_window import SearchWindow, around, whole
from forensics.faces.overlap import without_duplicates
from forensics.records.faces import FaceBox
from forensics.records.media import RgbImage
from forensics.resources import resource_folder

MODEL_VARIABLE = "FORENSICS_YUNET"
_MODEL_NAME = "yunet.onnx"

_LONGER_SIDE_PX = 1280
_LARGEST_SCALE = 2.0
_WINDOW_FACE_PX = 100.0
_WINDOW_SIDES = 3.0
# In 200 frames the only false box above this was a hand.
_THRESHOLD = 0.8
_WINDOW_THRESHOLD = 0.6
# Overlap above which YuNet itself drops the weaker of two boxes, and how many it weighs at most.
_OVERLAP = 0.3
_N_CANDIDATES = 500
# An answer is left, top, width, height, five landmarks (x, y), score; the third landmark is the nose.
_NOSE_X, _SCORE = 8, 14

# dlib's box by YuNet's: its side and the shift of its middle downwards, in geometric means of YuNet's
# sides; sideways, dlib's middle lies half-way between YuNet's and the tip of the nose.
_SIDE = 0.974
_SHIFT_DOWN = 0.056


class YuNetFinder:
    """Finds faces with a YuNet model that the user gives."""

    name = "yunet"

    def __init__(self, model: Path | None = None) -> None:
        """Loads the model.

        Args:
            model: an ONNX file; by default what FORENSICS_YUNET names, otherwise ``models/yunet.onnx``.

        Raises:
            SettingsError: there is no such file, or it is not a YuNet model.
        """
        path = model or Path(os.environ.get(MODEL_VARIABLE) or resource_folder("models") / _MODEL_NAME)
        hint = (
            f"Get face_detection_yunet_2023mar.onnx from OpenCV's model zoo and set {MODEL_VARIABLE} to "
            "its path, or use --finder dlib-hog, which needs no file."
        )
        if not path.is_file():
            raise SettingsError(f"The face finder yunet has no model: {path} does not exist", hint)
        try:
            self._net = cv2.FaceDetectorYN.create(
                str(path), "", (320, 320), _WINDOW_THRESHOLD, _OVERLAP, _N_CANDIDATES
            )
            self._net.detect(np.zeros((320, 320, 3), np.uint8))
        except cv2.error as error:
            raise SettingsError(f"{path} is not a YuNet model", hint) from error

    def find(
        self, image: RgbImage, near: Sequence[FaceBox] = (), *, detail: float = THOROUGH
    ) -> list[FaceBox]:
        """Faces in ``image``; see ``FaceFinder``. Confidence is YuNet's score, up to 1."""
        if not near:
            scale = min(detail, 1.0) * min(_LONGER_SIDE_PX / max(image.shape[:2]), _LARGEST_SCALE)
            return without_duplicates(self._search(whole(image, scale), _THRESHOLD))
        found: list[FaceBox] = []
        for box in near:
            scale = min(_WINDOW_FACE_PX / box.size_px, 2 * _LARGEST_SCALE)
            view = around(image, box, _WINDOW_SIDES, scale)
            if view is not None:
                found += self._search(view, _WINDOW_THRESHOLD)
        return without_duplicates(found)

    def _search(self, view: SearchWindow, threshold: float) -> list[FaceBox]:
        pixels = cv2.cvtColor(view.pixels, cv2.COLOR_RGB2BGR)
        self._net.setInputSize((pixels.shape[1], pixels.shape[0]))
        # OpenCV's types leave out that no face is None.
        rows = cast("npt.NDArray[np.float32] | None", self._net.detect(pixels)[1])
        if rows is None:
            return []
        return [
            view.in_picture(*_like_dlib(row), float(row[_SCORE])) for row in rows if row[_SCORE] >= threshold
        ]


def _like_dlib(row: npt.NDArray[np.float32]) -> tuple[float, float, float, float]:
    """(left, top, width, height) of the box that dlib would most likely give for YuNet's answer."""
    left, top, width, height = (float(value) for value in row[:4])
    unit = math.sqrt(width * height)
    x = (left + width / 2 + float(row[_NOSE_X])) / 2
    y = top + height / 2 + _SHIFT_DOWN * unit
    side = _SIDE * unit
    return x - side / 2, y - side / 2, side, side
