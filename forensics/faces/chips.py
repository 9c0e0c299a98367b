"""Aligned faces: turned, scaled and shifted so that eyes and nose stand where dlib's mean face has them.

As dlib's ``get_face_chip`` does it with five points (``dlib/image_transforms/interpolation.h``): by the
similarity transform that brings the corners of both eyes and the base of the nose nearest to those of a mean
face, which is padded by a quarter on every side.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from forensics.records.media import RgbImage

CHIP_PX = 150
_PADDING = 0.25
# Of MediaPipe's mesh: outer and inner corner of the person's left eye, of the right eye, base of the nose.
FIVE_OF_MESH = (263, 362, 33, 133, 2)
# Where dlib's mean face has these, in shares of its square.
_MEAN_FACE = np.array(
    [
        (0.8595674595992, 0.2134981538014),
        (0.6460604764104, 0.2289674387677),
        (0.1205750620789, 0.2137274526848),
        (0.3340850613712, 0.2290642403242),
        (0.4901123135679, 0.6277975316475),
    ]
)


def chip(image: RgbImage, points: npt.NDArray[np.floating]) -> RgbImage:
    """The aligned face.

    Args:
        image: uint8[H, W, 3] RGB. What lies beyond its edge is taken to be like the edge.
        points: float[5, 2] (x, y) in pixels of ``image``, in the order of ``FIVE_OF_MESH``.

    Returns:
        uint8[150, 150, 3] RGB.
    """
    # dlib lays the middle of the square between the two pixels in the middle of the picture.
    wanted = (_MEAN_FACE + _PADDING) / (1 + 2 * _PADDING) * CHIP_PX - 0.5
    matrix = _similarity(np.asarray(points, np.float64), wanted)
    warped = cv2.warpAffine(
        image, matrix, (CHIP_PX, CHIP_PX), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped, np.uint8)


def _similarity(points: npt.NDArray[np.float64], wanted: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """float64[2, 3]: turn, scale and shift with the least squared distance between the points."""
    ones, noughts = np.ones(len(points)), np.zeros(len(points))
    x, y = points.T
    equations = np.concatenate(
        [np.stack([x, -y, ones, noughts], axis=1), np.stack([y, x, noughts, ones], axis=1)]
    )
    a, b, right, down = np.linalg.lstsq(equations, wanted.T.ravel(), rcond=None)[0]
    return np.array([[a, -b, right], [b, a, down]])
