"""All pairs of hashes that differ in few bits, without comparing everything with everything.

Of 16 bands of 16 bits, two hashes that differ in at most 31 bits have one in which at most one bit differs
(Norouzi, Punjani and Fleet, "Fast search in Hamming space with multi-index hashing", 2012). So each band is
sorted, and met with itself as it is and with each of its bits turned.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from forensics.records.perceptual_hashes import COSINES, PICTURE_HASH_BYTES

Hashes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]

REACH: Final = 31
"""Bits of 256 in which two hashes may differ: 16 bands of at most one each, and 15 more."""
_BAND_BITS: Final = 16
_N_BANDS: Final = 8 * PICTURE_HASH_BYTES // _BAND_BITS
# Of what thousands have in common, each meets so many: enough to hang together as one group.
_MOST_IN_BUCKET: Final = 256
_AT_ONCE: Final = 1 << 20


def hashes_of(bits: bytes) -> Hashes:
    """uint8[N, 32] of hashes that lie one after the other."""
    return np.frombuffer(bits, np.uint8).reshape(-1, PICTURE_HASH_BYTES)


def mirrored(hashes: Hashes) -> Hashes:
    """Hashes of the same pictures seen in a mirror, but for about 6 bits of 256.

    A mirror turns the sign of every second cosine across the picture.
    """
    odd = np.packbits(np.arange(COSINES) % 2 == 1)
    return np.asarray(hashes ^ np.tile(odd, PICTURE_HASH_BYTES // odd.size), np.uint8)


def distances(some: Hashes, others: Hashes) -> npt.NDArray[np.int64]:
    """int64[N, M]: bits in which each of N differs from each of M."""
    different = some.view(np.uint64)[:, None] ^ others.view(np.uint64)[None]
    return np.asarray(np.bitwise_count(different).sum(axis=2, dtype=np.int64))


def near_pairs(hashes: Hashes, reach: int = REACH) -> tuple[Places, Places, npt.NDArray[np.int64]]:
    """Pairs of hashes that differ in at most ``reach`` bits; all of them where no band has a crowd in it.

    Args:
        hashes: uint8[N, 32], no two alike.
        reach: at most ``REACH``.

    Returns:
        int64[P] places of the first, int64[P] of the second, int64[P] bits in which they differ.
    """
    n = len(hashes)
    words = np.ascontiguousarray(hashes).view(np.uint64)
    bands = np.ascontiguousarray(hashes).view(np.uint16)
    found = [np.empty(0, np.int64)]
    for band in range(_N_BANDS):
        for first, second in _meeting(np.ascontiguousarray(bands[:, band])):
            bits = np.bitwise_count(words[first] ^ words[second]).sum(axis=1, dtype=np.int64)
            near = bits <= reach
            low, high = np.minimum(first, second)[near], np.maximum(first, second)[near]
            found.append(np.unique(low * n + high))
    keys = np.unique(np.concatenate(found))
    first, second = keys // max(n, 1), keys % max(n, 1)
    return first, second, np.bitwise_count(words[first] ^ words[second]).sum(axis=1, dtype=np.int64)


def _meeting(band: npt.NDArray[np.uint16]) -> Iterator[tuple[Places, Places]]:
    """Places whose band is the same or differs in one bit, a million pairs at a time."""
    order = np.argsort(band, kind="stable").astype(np.int64)
    values = band[order].astype(np.int64)
    starts = np.searchsorted(values, np.arange((1 << _BAND_BITS) + 1))
    places = np.arange(len(band))
    for bit in range(-1, _BAND_BITS):
        if bit < 0:
            begin, end = places + 1, starts[values + 1]
        else:
            partner = values ^ (1 << bit)
            begin = starts[partner]
            end = np.where(partner > values, starts[partner + 1], begin)
        counts = np.minimum(end - begin, _MOST_IN_BUCKET)
        for low, high in _batches(counts):
            n_each = counts[low:high]
            first = np.repeat(np.arange(low, high), n_each)
            within = np.arange(first.size) - np.repeat(np.cumsum(n_each) - n_each, n_each)
            yield order[first], order[begin[first] + within]


def _batches(counts: Places) -> Iterator[tuple[int, int]]:
    """Stretches of ``counts`` that add up to about a million."""
    total = np.cumsum(counts)
    low = 0
    while low < counts.size:
        done = int(total[low - 1]) if low else 0
        high = max(low + 1, int(np.searchsorted(total, done + _AT_ONCE)))
        if total[min(high, counts.size) - 1] > done:
            yield low, min(high, counts.size)
        low = high
