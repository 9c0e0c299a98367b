"""Facial landmarks by MediaPipe's face mesh net, in the order of the iBUG 300-W scheme.

The 68 points: 0 to 16 jaw from ear to ear, 17 to 26 brows, 27 to 35 nose, 36 to 47 eyes, 48 to 67 mouth. The
net gives 468 points of a mesh; the table below names those that lie where the scheme's points lie. On 300
pristine training crops (``faces_wild`` and DFDC) the two differ from dlib's 68-point predictor by a median of
1.5 to 2.2 % of the face box for nose, eyes and mouth, 3 % for brows, and 4 to 5 % for the jaw, where the
scheme's points slide along the outline. Training uses them, and scans whose detectors observe landmarks: they
get the whole mesh, of the faces in bursts of consecutive pictures.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from forensics.engines.landmark_net import INPUT_PX, LandmarkNet
from forensics.faces.crop import cut_square
from forensics.records.faces import FaceBox
from forensics.records.media import RgbImage

Points = npt.NDArray[np.float32]

JAW, BROWS, NOSE, EYES, MOUTH = slice(0, 17), slice(17, 27), slice(27, 36), slice(36, 48), slice(48, 68)
# A fit whose hull covers less or more of the box than this has lost the face.
_HULL_OF_BOX = (0.25, 1.8)
_LEAST_PRESENCE = 0.5
# The net wants room around the face. Of 1.5 to 1.9 boxes, 1.7, a tenth of a box above dlib's middle, came
# nearest to dlib's own landmarks.
MARGIN = 1.7
_ABOVE_MIDDLE = 0.1
# Mesh points that lie on each of the 68, two where it lies between them (the correspondence that is published
# as Mediapipe_2_Dlib_Landmarks, Yan 2023).
_ON_RIGHT_JAW = (127, 234, 93, (132, 58), (58, 172), 136, 150, 176)
_ON_CHIN_AND_LEFT_JAW = (152, 400, 379, 365, (397, 288), 361, 323, 454, 356)
_ON_BROWS = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)
_ON_NOSE = ((168, 6), (197, 195), 5, 4, 75, 97, 2, 326, 305)
_ON_EYES = (33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380)
_ON_LIPS = (61, 39, 37, 0, 267, 269, 291, 321, 314, 17, 84, 91, 78, 82, 13, 312, 308, 317, 14, 87)
_PAIRS = np.array(
    [
        at if isinstance(at, tuple) else (at, at)
        for at in (*_ON_RIGHT_JAW, *_ON_CHIN_AND_LEFT_JAW, *_ON_BROWS, *_ON_NOSE, *_ON_EYES, *_ON_LIPS)
    ]
)


def face_height_px(points: Points) -> float:
    """From the brows to the chin."""
    return float(np.ptp(points[:, 1]))


class LandmarkPredictor:
    """The 68 points of the scheme from the face mesh.

    Args:
        path: ``model.xml`` of ``face-landmarks``, or ``face_landmark.tflite``.

    Raises:
        EngineError: the file is missing, damaged, or another net.
    """

    def __init__(self, path: Path) -> None:
        self._net = LandmarkNet(path)

    def points(self, image: RgbImage, box: FaceBox) -> Points | None:
        """The 68 landmarks of the scheme.

        Args:
            image: uint8[H, W, 3] RGB.
            box: dlib's box of the face, in pixels of ``image``.

        Returns:
            float32[68, 2] (x, y) in pixels of ``image``; None where the fit is no face.
        """
        mesh = self.mesh(image, box)
        return None if mesh is None else np.asarray(mesh[_PAIRS].mean(axis=1), np.float32)

    def mesh(self, image: RgbImage, box: FaceBox) -> Points | None:
        """All points of the mesh.

        Args:
            image: uint8[H, W, 3] RGB.
            box: dlib's box of the face, in pixels of ``image``.

        Returns:
            float32[468, 2] (x, y) in pixels of ``image``; None where the fit is no face.
        """
        x, y = box.centre_px
        centre = x, y - _ABOVE_MIDDLE * box.size_px
        side_px = MARGIN * box.size_px
        mesh, presence = self._net.infer(cut_square(image, centre, side_px, INPUT_PX))
        corner = np.array([centre[0] - side_px / 2, centre[1] - side_px / 2], np.float32)
        points = mesh * np.float32(side_px / INPUT_PX) + corner
        width, height = np.ptp(points[_PAIRS].mean(axis=1), axis=0)
        share = float(width * height) / (box.width_px * box.height_px)
        believable = presence >= _LEAST_PRESENCE and _HULL_OF_BOX[0] <= share <= _HULL_OF_BOX[1]
        return np.asarray(points, np.float32) if believable else None
