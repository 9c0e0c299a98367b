"""Facial landmarks by a shape predictor that the user brings along.

The 68 points of the iBUG 300-W scheme: 0 to 16 jaw from ear to ear, 17 to 26 brows, 27 to 35 nose, 36 to
47 eyes, 48 to 67 mouth. No predictor is shipped: those that are published were trained on faces whose
terms are for research alone. Scans need none.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dlib
import numpy as np
import numpy.typing as npt

from forensics.errors import ModelError
from forensics.records.faces import FaceBox
from forensics.records.media import RgbImage

Points = npt.NDArray[np.float32]

N_POINTS = 68
JAW, BROWS, NOSE, EYES, MOUTH = slice(0, 17), slice(17, 27), slice(27, 36), slice(36, 48), slice(48, 68)
# A fit whose hull covers less or more of the box than this has lost the face.
_HULL_OF_BOX = (0.25, 1.4)


def face_height_px(points: Points) -> float:
    """From the brows to the chin."""
    return float(np.ptp(points[:, 1]))


class LandmarkPredictor:
    """dlib's regression trees (Kazemi and Sullivan, CVPR 2014) from a ``.dat`` file.

    Args:
        path: a shape predictor of 68 points.

    Raises:
        ModelError: the file is missing, damaged, or predicts other points.
    """

    def __init__(self, path: Path) -> None:
        hint = "Give dlib's shape predictor of 68 points (a .dat file), or leave landmarks out."
        if not path.is_file():
            raise ModelError(f"There is no landmark model {path}", hint)
        try:
            self._predictor: Any = dlib.shape_predictor(str(path))
            n_points = self._fit(np.zeros((8, 8, 3), np.uint8), FaceBox(0, 0, 8, 8)).shape[0]
        except RuntimeError as error:
            raise ModelError(f"{path} is not a landmark model: {error}", hint) from error
        if n_points != N_POINTS:
            raise ModelError(f"{path} predicts {n_points} points, not {N_POINTS}", hint)

    def points(self, image: RgbImage, box: FaceBox) -> Points | None:
        """The face's landmarks.

        Args:
            image: uint8[H, W, 3] RGB.
            box: dlib's box of the face, in pixels of ``image``.

        Returns:
            float32[68, 2] (x, y) in pixels of ``image``; None where the fit is no face.
        """
        points = self._fit(image, box)
        width, height = np.ptp(points, axis=0)
        share = float(width * height) / (box.width_px * box.height_px)
        return points if _HULL_OF_BOX[0] <= share <= _HULL_OF_BOX[1] else None

    def _fit(self, image: RgbImage, box: FaceBox) -> Points:
        right_px, bottom_px = box.left_px + box.width_px, box.top_px + box.height_px
        place = dlib.rectangle(round(box.left_px), round(box.top_px), round(right_px), round(bottom_px))
        fit = self._predictor(np.ascontiguousarray(image), place)
        return np.array([(point.x, point.y) for point in fit.parts()], np.float32)
