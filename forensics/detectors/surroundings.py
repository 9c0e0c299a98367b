"""What surrounds a face in its crop: the ground beside it, and the outline in between.

A face that was cut out and put on another ground was put together, but need not be a manipulation of who is
shown. Nets that look for the seam of a face swap take one for the other.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

# Crops are compared at one size, so that a net's input does not change what a step of two pixels is.
_SIDE_PX = 128
_WINDOW_PX = 5
# In sides of the crop: semi-axes across and down, and how far above the middle the centre lies.
_FACE = (0.27, 0.346, 0.0)
_HEAD = (0.48, 0.577, 0.048)
# Where an outline may lie: from within the face's edge to the crop's.
_RADII = np.linspace(0.288, 0.615, 50)
_DIRECTIONS = np.linspace(0, 2 * np.pi, 72, endpoint=False)
_ACROSS, _DOWN, _ABOVE = 0.9, 1.1, 0.027
# Hair, hands and the crop's edge hide an outline in some directions.
_LOWEST_PERCENTILE = 35

_Greys = npt.NDArray[np.uint8]


def outline_softness(grey: _Greys) -> float:
    """How soft the hardest outline around the face is, for the face's own contrast.

    Along rays from the middle the steepest place is sought; the 35th percentile over the directions is what
    an outline reaches that runs around most of the face. A picture of strong contrast has steep edges
    everywhere, which make no cut-out.

    Args:
        grey: uint8[S, S], a crop of about one box of the finder.

    Returns:
        log10 of the face's standard deviation over that step within two pixels of 128, both in grey levels:
        around -0.3 and below for cut-outs with a hard outline.
    """
    small = _resized(grey)
    across, down = (cv2.Sobel(small, cv2.CV_32F, *order, ksize=3) / 4 for order in ((1, 0), (0, 1)))
    steepness = np.asarray(np.hypot(across, down), np.float32)
    x = _SIDE_PX * (0.5 + _ACROSS * np.outer(np.cos(_DIRECTIONS), _RADII)) - 0.5
    y = _SIDE_PX * (0.5 - _ABOVE + _DOWN * np.outer(np.sin(_DIRECTIONS), _RADII)) - 0.5
    along = cv2.remap(steepness, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR)
    step = float(np.percentile(along.max(axis=1), _LOWEST_PERCENTILE))
    # Without contrast, no step would be soft.
    contrast = float(small[_ellipse(_FACE)].std()) + 5
    return float(np.log10(contrast / max(step, 1.0)))


def ground_detail(grey: _Greys) -> float:
    """How much detail the corners of the crop show, relative to the face.

    Args:
        grey: uint8[S, S], a crop of about one box of the finder.

    Returns:
        log10 of the median variance within windows of 5 by 5 pixels of 128, in the corners over that in the
        face: about -2 and below where the ground is of one colour.
    """
    small = _resized(grey).astype(np.float32)
    mean = cv2.blur(small, (_WINDOW_PX, _WINDOW_PX))
    variance = np.maximum(cv2.blur(small * small, (_WINDOW_PX, _WINDOW_PX)) - mean * mean, 0)
    of_ground, of_face = (float(np.median(variance[place])) for place in (~_ellipse(_HEAD), _ellipse(_FACE)))
    # What rounding to whole grey levels leaves of noise is no detail.
    return float(np.log10((of_ground + 0.01) / (of_face + 0.01)))


def _resized(grey: _Greys) -> _Greys:
    if grey.shape == (_SIDE_PX, _SIDE_PX):
        return grey
    way = cv2.INTER_AREA if grey.shape[0] > _SIDE_PX else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(grey, (_SIDE_PX, _SIDE_PX), interpolation=way), np.uint8)


def _ellipse(axes: tuple[float, float, float]) -> npt.NDArray[np.bool_]:
    across, down, above = axes
    at = (np.arange(_SIDE_PX) + 0.5) / _SIDE_PX - 0.5
    return (at[None, :] / across) ** 2 + ((at[:, None] + above) / down) ** 2 <= 1
