"""Perceptual hashes of pictures: near each other for pictures that look alike, however they were coded.

The hash is imagehash's DCT hash of 256 bits: which of the lowest 16 x 16 cosines of a picture of 64 x 64 px
lie above their median.
"""

from __future__ import annotations

from typing import Final

import cv2
import imagehash
import numpy as np
import numpy.typing as npt
from PIL import Image

from forensics.records.media import RgbImage
from forensics.records.perceptual_hashes import COSINES

Grey = npt.NDArray[np.uint8]

SEEN_PX: Final = 64
# Averaging all pixels of a large picture takes longer than the hash, and tells it nothing more.
_ENOUGH_PX: Final = 4 * SEEN_PX
# Of a picture whose levels spread by less, noise decides the bits: black, a wall, a title's background.
_LEAST_SPREAD: Final = 4.0


def grey_of(image: RgbImage) -> Grey:
    """A picture, squeezed into a square, as the hash sees it.

    Args:
        image: uint8[H, W, 3] RGB.

    Returns:
        uint8[64, 64] luma.
    """
    height, width = image.shape[:2]
    rows, columns = max(1, height // _ENOUGH_PX), max(1, width // _ENOUGH_PX)
    some = np.ascontiguousarray(image[::rows, ::columns])
    small = cv2.resize(some, (SEEN_PX, SEEN_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)


def picture_hash(grey: Grey) -> bytes | None:
    """The hash of a picture; None for one that is too plain to be told from others.

    Args:
        grey: uint8[64, 64] luma, as ``grey_of`` gives it.

    Returns:
        32 bytes: a bit for each cosine, row by row, set where it lies above the median.
    """
    if float(grey.std()) < _LEAST_SPREAD:
        return None
    found = imagehash.phash(Image.fromarray(grey), COSINES, SEEN_PX // COSINES)
    return np.packbits(found.hash).tobytes()
