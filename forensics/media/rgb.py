"""Decoded pictures of any pixel format to RGB."""

from __future__ import annotations

import numpy as np
from av import VideoFrame

from forensics.records.media import RgbImage


def rgb_of(frame: VideoFrame) -> RgbImage:
    """uint8[H, W, 3] RGB, as stored (not turned), by the frame's own colour matrix and range."""
    return np.asarray(frame.to_ndarray(format="rgb24", threads=1), np.uint8)
