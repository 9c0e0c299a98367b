"""Traces of interpolation: a picture that was scaled has second derivatives whose strength comes and goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

LEAST_STRENGTH: Final = 8.0
"""Of the peak by its surroundings, along rows and columns; measured as docs/limits.md says."""

_MOST_PX = 1_024
_FEWEST_PX = 256
_BINS = 1_024
_LOWEST, _HIGHEST = 0.09, 0.485
_GRID_REACH = 0.006


@dataclass(frozen=True, slots=True)
class Interpolation:
    """The strongest period that rows and columns share.

    Attributes:
        frequency: in periods a pixel, within (0, 0.5).
        strength: the peak by the median around it, geometric mean of rows and columns.
        spectrum: float64[N], the same at every frequency from 0 to 0.5; 0 where none is looked for.
    """

    frequency: float
    strength: float
    spectrum: npt.NDArray[np.float64]

    @property
    def scales(self) -> tuple[float, ...]:
        """Factors by which enlarging leaves this period."""
        return (1 / (1 - self.frequency), 1 / self.frequency)


def interpolation(grey: npt.NDArray[np.uint8]) -> Interpolation | None:
    """Looks for the period; None where the picture is too small.

    Gallagher (2005), "Detection of linear and cubic interpolation in JPEG compressed images"; rows and
    columns have to agree. Multiples of 1/8 are JPEG's blocks and are left out, as is 1/2, which colour
    sensors leave: scaling by 2 is not seen. Nor is making smaller by much.

    Args:
        grey: uint8[H, W], not scaled since it was decoded.
    """
    height, width = grey.shape
    if min(height, width) < _FEWEST_PX:
        return None
    top, left = max(0, (height - _MOST_PX) // 2), max(0, (width - _MOST_PX) // 2)
    part = grey[top : top + _MOST_PX, left : left + _MOST_PX].astype(np.float32)
    shared = np.sqrt(_spectrum(part) * _spectrum(part.T))
    frequencies = np.arange(shared.size) / (2 * (shared.size - 1))
    eighths = np.abs(frequencies * 8 - np.rint(frequencies * 8)) / 8
    shared[(frequencies < _LOWEST) | (frequencies > _HIGHEST) | (eighths < _GRID_REACH)] = 0
    best = int(np.argmax(shared))
    return Interpolation(float(frequencies[best]), float(shared[best]), shared)


def _spectrum(part: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """float64[513]: magnitude at each frequency along the columns, by the median around it."""
    second = np.abs(2 * part[:, 1:-1] - part[:, :-2] - part[:, 2:])
    # A few strong edges would drown what the whole picture has in common.
    profile = np.minimum(second, 12).mean(axis=0).astype(np.float64)
    profile -= np.convolve(np.pad(profile, 8, mode="edge"), np.ones(17) / 17, mode="valid")
    size = np.abs(np.fft.rfft(profile * np.hanning(profile.size), _BINS))
    reach = 40
    around = np.lib.stride_tricks.sliding_window_view(np.pad(size, reach, mode="reflect"), 2 * reach + 1)
    return np.asarray(size / (np.median(around, axis=1) + 1e-9), np.float64)
