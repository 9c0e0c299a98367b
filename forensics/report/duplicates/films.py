"""Two films, picture by picture: what of one is seen in the other, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from forensics.records.findings import Span
from forensics.records.perceptual_hashes import FilmHash
from forensics.report.duplicates.matches import PictureMatch
from forensics.report.duplicates.near_hashes import REACH, distances, hashes_of, mirrored

Distances = npt.NDArray[np.int64]
Seconds = npt.NDArray[np.float64]

ALIKE: Final = 48
"""Bits of 256 in which pictures of one scene differ at most, where both films caught other moments of it.
Over all pairs of 25 clips, pictures of different recordings differ in 88 and more: benchmarks/README.md."""
# A mirror turns about 6 bits more than it should.
_MIRROR_GAIN: Final = 8
_FEW_PICTURES: Final = 3
_NEARLY: Final = 0.9
_MOST: Final = 0.5
# Beyond that, an offset that is off by a step fits as well as the best one: nothing moves.
_TELLING_BITS: Final = 2.0
_MOST_OFFSETS: Final = 400


@dataclass(frozen=True, slots=True)
class _Seen:
    at_s: Seconds
    bits: npt.NDArray[np.uint8]


def compared(source: FilmHash, copy: FilmHash) -> PictureMatch | None:
    """What the films have in common; None where that is nothing, or too few pictures to say so."""
    one, other = _seen(source), _seen(copy)
    plain, turned = distances(one.bits, other.bits), distances(one.bits, mirrored(other.bits))
    is_mirrored = bool(turned.min() + _MIRROR_GAIN < plain.min() and turned.min() <= REACH)
    bits = turned if is_mirrored else plain
    if bits.min() > REACH:
        return None
    alike = bits <= ALIKE
    of_one, of_other = np.asarray(alike.any(axis=1)), np.asarray(alike.any(axis=0))
    if min(of_one.sum(), of_other.sum()) < min(_FEW_PICTURES, len(one.at_s), len(other.at_s)):
        return None
    nearest = np.concatenate((bits.min(axis=1)[of_one], bits.min(axis=0)[of_other]))
    return PictureMatch(
        n_source=len(one.at_s),
        n_copy=len(other.at_s),
        n_source_alike=int(of_one.sum()),
        n_copy_alike=int(of_other.sum()),
        source_span=_span(one.at_s[of_one]),
        copy_span=_span(other.at_s[of_other]),
        bits=round(float(np.median(nearest))),
        offset_s=_offset(one.at_s, other.at_s, bits),
        is_mirrored=is_mirrored,
        all_of_source=_is_all(one.at_s, of_one),
        all_of_copy=_is_all(other.at_s, of_other),
    )


def representatives(film: FilmHash, apart: int = 16) -> npt.NDArray[np.uint8]:
    """uint8[N, 32] of a film's hashes: every one of them lies within ``apart`` bits of one of these."""
    hashes = hashes_of(film.bits)
    if len(hashes) == 1:
        return hashes
    kept: list[int] = []
    left = np.ones(len(hashes), bool)
    while left.any():
        kept.append(int(left.argmax()))
        left &= distances(hashes[kept[-1:]], hashes)[0] > apart
    return np.asarray(hashes[kept], np.uint8)


def _offset(source_s: Seconds, copy_s: Seconds, bits: Distances) -> float | None:
    """The shift in time under which the films agree best; None where others do as well."""
    if min(bits.shape) < _FEW_PICTURES:
        return None
    rows, columns = np.nonzero(bits <= ALIKE)
    shifts = copy_s[columns] - source_s[rows]
    step_s = float(np.median(np.diff(source_s)))
    candidates, votes = np.unique(np.round(shifts / step_s * 4).astype(int), return_counts=True)
    candidates = candidates[np.argsort(-votes, kind="stable")][:_MOST_OFFSETS]
    fits = sorted(_fit(one * step_s / 4, source_s, copy_s, bits) for one in candidates)
    best_bits, _, best_s = fits[0]
    others = [fit for fit, _, shift_s in fits if abs(shift_s - best_s) > 1.5 * step_s]
    if others and min(others) - best_bits < _TELLING_BITS:
        return None
    every_shift = (copy_s[None] - source_s[:, None]).ravel()
    return _refined(every_shift, bits.ravel().astype(np.float64), best_s, step_s)


def _refined(shifts: Seconds, bits: Seconds, about_s: float, step_s: float) -> float:
    """The shift away from which pictures differ ever more, to a hundredth of a second."""
    near = np.abs(shifts - about_s) <= 1.5 * step_s
    tried = about_s + np.arange(-step_s, step_s + 0.005, 0.01)
    away = np.abs(shifts[near][None] - tried[:, None])
    away = away - away.mean(axis=1, keepdims=True)
    spread = np.sqrt((away**2).sum(axis=1))
    rises = away @ (bits[near] - bits[near].mean()) / np.maximum(spread, 1e-9)
    if rises.max() <= 0:
        return round(about_s, 2)
    return round(float(tried[rises.argmax()]), 2)


def _fit(shift_s: float, source_s: Seconds, copy_s: Seconds, bits: Distances) -> tuple[float, float, float]:
    """(mean bits, size of the shift, shift) of the pictures that the shift lays upon each other."""
    nearest = np.abs(source_s[:, None] + shift_s - copy_s[None]).argmin(axis=1)
    gap_s = np.abs(source_s + shift_s - copy_s[nearest])
    step_s = float(np.median(np.diff(copy_s)))
    laid = gap_s <= 0.75 * step_s
    if laid.sum() < _FEW_PICTURES:
        return float(bits.max()), abs(shift_s), shift_s
    return float(bits[np.arange(len(source_s)), nearest][laid].mean()), abs(shift_s), shift_s


def _is_all(at_s: Seconds, found: npt.NDArray[np.bool_]) -> bool:
    """Nearly all pictures are found; or, where much moves, most of them, from first to last."""
    if found.mean() >= _NEARLY:
        return True
    return bool(found.mean() >= _MOST and np.ptp(at_s[found]) >= _NEARLY * np.ptp(at_s))


def _seen(film: FilmHash) -> _Seen:
    return _Seen(np.asarray(film.at_s), hashes_of(film.bits))


def _span(at_s: Seconds) -> Span:
    return Span(float(at_s.min()), float(at_s.max()))
