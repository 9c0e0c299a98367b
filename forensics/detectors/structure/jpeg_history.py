"""What a JPEG's tables and coefficients tell of how it was saved, and saved before."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from forensics.media.recompress import through_jpeg
from forensics.records.media import RgbImage

# ITU-T T.81, annex K: the tables that libjpeg scales by its quality.
_LUMA = """16 11 10 16 24 40 51 61 12 12 14 19 26 58 60 55 14 13 16 24 40 57 69 56 14 17 22 29 51 87 80 62
18 22 37 56 68 109 103 77 24 35 55 64 81 104 113 92 49 64 78 87 103 121 120 101 72 92 95 98 112 100 103 99"""
_STANDARD = np.asarray([int(one) for one in _LUMA.split()], np.int64)
# Coefficients of low frequency, where there is enough to count: (row, column).
_MODES = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (1, 2), (2, 1), (2, 2), (0, 3), (3, 0))
_LARGEST_STEP = 48
_MOST_SIDE_PX = 1_536
_FEWEST_MODES = 3
# What bins that an earlier, coarser step leaves empty hold, by what the next ones hold.
_EMPTY = 0.35
_FEWEST_EXPECTED = 120.0
# Rounding to pixels between the saves spreads a coefficient by this much.
_ROUNDING = 0.8
_ELA_QUALITY = 90
_SHOWN_PX = 640


@dataclass(frozen=True, slots=True)
class EarlierSave:
    """Signs that a JPEG was saved before, more coarsely.

    Attributes:
        steps: (row, column) of the coefficient to the step of the earlier save and the present one.
    """

    steps: dict[tuple[int, int], tuple[int, int]]

    @property
    def quality(self) -> int:
        """Libjpeg's quality whose table has steps closest to the earlier ones."""
        found = [(self.steps[mode][0], mode[0] * 8 + mode[1]) for mode in self.steps]

        def error(quality: int) -> float:
            table = standard_table(quality)
            return float(sum(abs(np.log(step / table[at])) for step, at in found))

        return min(range(1, 101), key=error)


def standard_table(quality: int) -> npt.NDArray[np.int64]:
    """int[64] the luma table of libjpeg at this quality, 1 to 100, row by row."""
    scale = 5_000 // quality if quality < 50 else 200 - 2 * quality
    return np.clip((_STANDARD * scale + 50) // 100, 1, 255)


def quality_of(table: npt.NDArray[np.int64]) -> tuple[int, bool]:
    """The quality whose standard luma table is closest, and whether it is the very table."""
    errors = [float(np.abs(standard_table(quality) - table).sum()) for quality in range(1, 101)]
    best = int(np.argmin(errors))
    return best + 1, errors[best] == 0


def earlier_save(grey: npt.NDArray[np.uint8], table: npt.NDArray[np.int64]) -> EarlierSave | None:
    """Looks for the combs that an earlier save with larger steps leaves in the histograms of coefficients.

    Lukáš and Fridrich (2003), "Estimation of primary quantization matrix in double compressed JPEG
    images". A save
    that was finer than the present one, or whose blocks lay elsewhere, is not seen.

    Args:
        grey: uint8[H, W], the luma as decoded.
        table: int[64], by which it is quantised now.
    """
    blocks = _coefficients(grey)
    if blocks is None:
        return None
    steps = {}
    for row, column in _MODES:
        present = int(table[8 * row + column])
        if present <= 0:  # a damaged table
            continue
        step = _earlier_step(np.rint(blocks[:, row, column] / present).astype(np.int64), present)
        if step is not None:
            steps[row, column] = step, present
    return EarlierSave(steps) if len(steps) >= _FEWEST_MODES else None


def error_levels(rgb: RgbImage) -> RgbImage:
    """uint8[H, W, 3]: by how much saving at quality 90 changes each place, as bright as it gets."""
    small = _shown(rgb)
    change = np.abs(through_jpeg(small, _ELA_QUALITY).astype(np.float32) - small).max(axis=2)
    most = max(float(np.quantile(change, 0.995)), 1.0)
    levels = np.clip(change / most * 255, 0, 255).astype(np.uint8)
    return np.asarray(
        cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB), np.uint8
    )


def noise_residual(rgb: RgbImage) -> RgbImage:
    """uint8[H, W, 3]: what a median filter of 3 x 3 takes away, its strength over 9 x 9 pixels."""
    grey = cv2.cvtColor(_shown(rgb), cv2.COLOR_RGB2GRAY)
    residual = grey.astype(np.float32) - cv2.medianBlur(grey, 3)
    strength = np.sqrt(cv2.blur(residual**2, (9, 9)))
    most = max(float(np.quantile(strength, 0.99)), 0.5)
    levels = np.clip(strength / most * 255, 0, 255).astype(np.uint8)
    return np.asarray(
        cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS), cv2.COLOR_BGR2RGB), np.uint8
    )


def likeness(picture: RgbImage, thumbnail: RgbImage) -> float:
    """Correlation of a picture with its thumbnail, in [-1, 1]; black bars of the thumbnail are cut off."""
    inner = _without_bars(thumbnail)
    grids = [
        cv2.resize(cv2.cvtColor(one, cv2.COLOR_RGB2GRAY), (24, 24), interpolation=cv2.INTER_AREA).astype(
            np.float64
        )
        for one in (picture, inner)
    ]
    first, second = (grid - grid.mean() for grid in grids)
    size = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / size if size > 0 else 1.0


def _without_bars(image: RgbImage) -> RgbImage:
    lit = image.max(axis=2) > 24
    rows, columns = np.flatnonzero(lit.mean(axis=1) > 0.05), np.flatnonzero(lit.mean(axis=0) > 0.05)
    if rows.size < 8 or columns.size < 8:
        return image
    return np.ascontiguousarray(image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def _coefficients(grey: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64] | None:
    """float64[N, 8, 8]: DCT of the blocks as JPEG lays them, of the middle of a large picture."""
    height, width = (min(side, _MOST_SIDE_PX) // 8 * 8 for side in grey.shape)
    if height < 64 or width < 64:
        return None
    top, left = ((side - inner) // 16 * 8 for side, inner in zip(grey.shape, (height, width), strict=True))
    part = grey[top : top + height, left : left + width].astype(np.float64) - 128
    blocks = part.reshape(height // 8, 8, width // 8, 8).swapaxes(1, 2).reshape(-1, 8, 8)
    turn = np.cos((2 * np.arange(8) + 1) * np.arange(8)[:, None] * np.pi / 16) / 2
    turn[0] /= np.sqrt(2)
    return np.asarray(turn @ blocks @ turn.T, np.float64)


def _earlier_step(values: npt.NDArray[np.int64], present: int) -> int | None:
    """The step of an earlier save of one coefficient; None where its histogram is smooth.

    Args:
        values: int[N], in units of the present step.
        present: that step.
    """
    most = 60
    counts = np.bincount(np.abs(values[np.abs(values) <= most]), minlength=most + 1).astype(np.float64)
    best: tuple[float, int] | None = None
    for step in range(present + 1, _LARGEST_STEP + 1):
        # Where multiples of the earlier step fall, the width that rounding to pixels adds included.
        multiples = np.arange(0, most * present // step + 2) * step / present
        filled = np.zeros(most + 2, np.bool_)
        for shift in (-_ROUNDING / present, 0.0, _ROUNDING / present):
            filled[np.clip(np.rint(multiples + shift).astype(np.int64), 0, most + 1)] = True
        share = _share_in_empty(counts, filled[: most + 1])
        if share is not None and share < _EMPTY and (best is None or share < best[0] - 0.02):
            best = share, step
    return None if best is None else best[1]


def _share_in_empty(counts: npt.NDArray[np.float64], filled: npt.NDArray[np.bool_]) -> float | None:
    """What bins that ought to be empty hold, by what the next ones that ought not hold.

    Histograms of pictures that were saved once fall from zero on, however steeply: there it is 1 or more.
    None where there is too little to tell.
    """
    inner = np.arange(1, counts.size)
    empty, full = inner[~filled[1:]], inner[filled[1:]]
    after = np.searchsorted(full, empty)
    empty, after = empty[after < full.size], after[after < full.size]
    if empty.size < 2:
        return None
    expected = float(counts[full[after]].sum())
    return float(counts[empty].sum()) / expected if expected >= _FEWEST_EXPECTED else None


def _shown(rgb: RgbImage) -> RgbImage:
    """At most 640 px a side, cut out of the middle: scaling would hide what is looked for."""
    height, width = rgb.shape[:2]
    top, left = max(0, (height - _SHOWN_PX) // 16 * 8), max(0, (width - _SHOWN_PX) // 16 * 8)
    return np.ascontiguousarray(rgb[top : top + _SHOWN_PX, left : left + _SHOWN_PX])
