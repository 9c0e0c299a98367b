"""Views: the parts of a picture that a finder searches, and the way back to the picture's pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from forensics.records.faces import FaceBox

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class SearchWindow:
    """A part of a picture, scaled for a finder.

    Attributes:
        pixels: uint8[h, w] or uint8[h, w, 3].
        left_px, top_px: of the part, in the picture.
        scale_x, scale_y: view pixels per picture pixel.
    """

    pixels: Pixels
    left_px: int
    top_px: int
    scale_x: float
    scale_y: float

    def in_picture(self, left: float, top: float, width: float, height: float, confidence: float) -> FaceBox:
        """The box of the picture for one of the view."""
        return FaceBox(
            left_px=self.left_px + left / self.scale_x,
            top_px=self.top_px + top / self.scale_y,
            width_px=width / self.scale_x,
            height_px=height / self.scale_y,
            confidence=confidence,
        )


def whole(pixels: Pixels, scale: float) -> SearchWindow:
    """All of ``pixels``, scaled."""
    return _scaled(pixels, 0, 0, scale)


def around(pixels: Pixels, box: FaceBox, sides: float, scale: float) -> SearchWindow | None:
    """A square window around ``box``, clipped to the picture and scaled.

    Args:
        pixels: the picture.
        box: in pixels of the picture.
        sides: the window's side, in sides of the box.
        scale: view pixels per picture pixel.

    Returns:
        None where the window lies outside the picture.
    """
    height, width = pixels.shape[:2]
    (x, y), half = box.centre_px, sides * box.size_px / 2
    left, top = max(0, math.floor(x - half)), max(0, math.floor(y - half))
    right, bottom = min(width, math.ceil(x + half)), min(height, math.ceil(y + half))
    if right <= left or bottom <= top:
        return None
    return _scaled(pixels[top:bottom, left:right], left, top, scale)


def _scaled(pixels: Pixels, left_px: int, top_px: int, scale: float) -> SearchWindow:
    height, width = pixels.shape[:2]
    size = max(1, round(width * scale)), max(1, round(height * scale))
    if size == (width, height):
        return SearchWindow(np.ascontiguousarray(pixels), left_px, top_px, 1.0, 1.0)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = np.asarray(cv2.resize(pixels, size, interpolation=method), np.uint8)
    # Sizes are whole pixels, so the scale that was reached is not quite the one asked for.
    return SearchWindow(scaled, left_px, top_px, size[0] / width, size[1] / height)
