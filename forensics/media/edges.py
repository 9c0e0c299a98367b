"""How sharp a picture is, by its edges."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt


def sharpness_of(grey: npt.NDArray[np.integer | np.floating]) -> tuple[float, float]:
    """Sharpness, by itself and relative to contrast.

    Args:
        grey: uint8[H, W].

    Returns:
        log10 of the variance of the Laplacian; the same over the variance of the picture itself (and 1 for
        one without any), so that darkness and weak contrast do not pass for blur.
    """
    edges = float(cv2.Laplacian(grey, cv2.CV_32F).var()) + 1e-3
    return float(np.log10(edges)), float(np.log10(edges / (float(grey.var()) + 1.0)))
