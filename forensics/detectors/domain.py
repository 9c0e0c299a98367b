"""Whether a subject looks like what a model was calibrated on: cheap properties against the card's ranges."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from forensics.records.media import RgbImage, Samples
from forensics.records.model_card import Domain

_WORDS = {
    "face_size_px": "face size {value:.0f} px",
    "sharpness": "sharpness {value:.2f}",
    "brightness": "brightness {value:.2f}",
    "bandwidth_hz": "sound bandwidth {value:.0f} Hz",
}


def face_properties(crop: RgbImage, face_size_px: float) -> dict[str, float]:
    """Properties of one face crop.

    Args:
        crop: uint8[S, S, 3] RGB, as the net takes it.
        face_size_px: size of the face in the source.

    Returns:
        ``face_size_px``; ``sharpness``: log10 of the variance of the Laplacian of the grey crop;
        ``brightness``: mean grey in [0, 1].
    """
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    sharpness = float(np.log10(cv2.Laplacian(grey, cv2.CV_32F).var() + 1e-3))
    return {"face_size_px": face_size_px, "sharpness": sharpness, "brightness": float(grey.mean()) / 255}


def voice_properties(samples: Samples, rate_hz: int) -> dict[str, float]:
    """Properties of one window of sound.

    Args:
        samples: float32[N] mono, before levelling.
        rate_hz: sample rate.

    Returns:
        ``bandwidth_hz``: below which 99 % of the energy above 60 Hz lies.
    """
    power = np.abs(np.fft.rfft(samples)) ** 2
    hz = np.fft.rfftfreq(samples.size, 1 / rate_hz)
    power[hz < 60] = 0
    summed = np.cumsum(power)
    if summed[-1] <= 0:
        return {}
    return {"bandwidth_hz": float(hz[int(np.searchsorted(summed, 0.99 * summed[-1]))])}


def outside(domain: Domain, properties: Mapping[str, float]) -> list[str]:
    """In words, every property that lies outside the range that the card was calibrated on."""
    words = []
    for name, value in properties.items():
        lowest, highest = domain.ranges.get(name, (float("-inf"), float("inf")))
        if not lowest <= value <= highest:
            shown = _WORDS.get(name, name + " {value:.3g}").format(value=value)
            words.append(f"{shown} (calibrated on {lowest:.4g} to {highest:.4g})")
    return words
