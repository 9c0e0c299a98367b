"""Optical flow between a person's crops: the same bytes in training and in scans.

OpenCV's Dense Inverse Search (Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016) on
the grey crops. The finder's box jumps from picture to picture, and with it the whole crop: the median of each
flow is taken off, so that what is left is how parts of the face move against each other. As in two-stream
nets (Simonyan and Zisserman, NIPS 2014), a flow is stored as bytes.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from forensics.records.media import RgbImage

REST = 128
"""The byte of no motion. 0 stands in flows that are missing alone."""
_FASTEST = 127
# Motion beyond this share of the crop's side is held there: between pictures that are fractions of a second
# apart a face's parts stay within it.
LARGEST_OF_SIDE = 1 / 8


def flows(images: Sequence[RgbImage]) -> npt.NDArray[np.uint8]:
    """Flow from each picture to the next.

    Args:
        images: uint8[S, S, 3] RGB, crops of one person in time order, of one size; at least one.

    Returns:
        uint8[n - 1, S, S, 2]: motion right and down, from 1 (an eighth of the side to the left or up) over
        128 (none) to 255.
    """
    side = images[0].shape[0]
    # Made anew for each clip: one instance keeps buffers, and with them the size, of what it saw before.
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    greys = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in images]
    found = np.zeros((len(images) - 1, side, side, 2), np.uint8)
    scale = _FASTEST / (LARGEST_OF_SIDE * side)
    for index in range(len(found)):
        flow = search.calc(greys[index], greys[index + 1], np.zeros((side, side, 2), np.float32))
        relative = flow - np.median(flow, axis=(0, 1))
        found[index] = np.clip(np.rint(relative * scale), -_FASTEST, _FASTEST) + REST
    return found
