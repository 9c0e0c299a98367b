"""Sound that two files have in common: the shift under which their hashes agree, and for how long."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from forensics.records.findings import Span
from forensics.records.perceptual_hashes import SOUND_HASH_BYTES, SoundHash
from forensics.report.duplicates.matches import SoundMatch

Words = npt.NDArray[np.uint32]
Places = npt.NDArray[np.int64]

MOST_BIT_ERROR: Final = 0.25
"""Over three seconds; unrelated sounds have about 0.5 (Haitsma and Kalker decide at 0.35)."""
_HEARD: Final = 0.6
LEAST_S: Final = 3.0
"""Of sound in common."""
_SHIFTS_TRIED: Final = 5
# A word that is the same in so many files is of hum or of a tone, and tells nothing.
_MOST_FILES: Final = 64
_SHARED_WORDS: Final = 3
_MOST_WORDS: Final = 1 << 24
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)


def words_of(sound: SoundHash) -> Words:
    """uint32[steps]."""
    return np.frombuffer(sound.bits, f"<u{SOUND_HASH_BYTES}").astype(np.uint32)


def candidates(sounds: Sequence[Words]) -> tuple[Places, Places]:
    """Pairs of sounds that have some words in common; in a large case of a part of all possible words.

    Returns:
        int64[P] places of the first, int64[P] of the second in ``sounds``.
    """
    n = len(sounds)
    distinct = [np.unique(words) for words in sounds]
    n_words = sum(one.size for one in distinct)
    n_thinned = max(0, math.ceil(math.log2(max(n_words, 1) / _MOST_WORDS)))
    chosen = [_chosen(words, n_thinned) for words in distinct]
    owners = np.repeat(np.arange(n), [one.size for one in chosen])
    words = np.concatenate([*chosen, np.empty(0, np.uint32)])
    order = np.lexsort((owners, words))
    words, owners = words[order], owners[order]
    begins = np.flatnonzero(np.r_[True, words[1:] != words[:-1]]) if words.size else np.empty(0, np.int64)
    lengths = np.diff(np.r_[begins, words.size])
    keys = [np.empty(0, np.int64)]
    for gap in range(1, _MOST_FILES):
        at = np.flatnonzero((lengths > gap) & (lengths <= _MOST_FILES))
        if not at.size:
            break
        n_each = lengths[at] - gap
        first = np.repeat(begins[at], n_each) + np.concatenate([np.arange(size) for size in n_each])
        keys.append(owners[first] * n + owners[first + gap])
    pairs, shared = np.unique(np.concatenate(keys), return_counts=True)
    pairs = pairs[shared >= _SHARED_WORDS]
    return pairs // max(n, 1), pairs % max(n, 1)


def compared(source: SoundHash, copy: SoundHash, hint_s: float | None = None) -> SoundMatch | None:
    """The longest stretch that both have in common; None where there is none of three seconds.

    Args:
        hint_s: what is at t in the source may be at t + hint_s in the copy.
    """
    one, other = words_of(source), words_of(copy)
    shifts = _shifts(one, other, source, copy, hint_s)
    stretches = (_stretch(one, other, shift, source.step_s) for shift in shifts)
    found = [stretch for stretch in stretches if stretch is not None]
    if not found:
        return None
    length, shift, first, error = max(found)
    start_s, end_s = (source.start_s + at * source.step_s for at in (first, first + length))
    copied_s = copy.start_s + (first + shift) * copy.step_s
    return SoundMatch(
        Span(round(start_s, 2), round(end_s, 2)),
        Span(round(copied_s, 2), round(copied_s + length * copy.step_s, 2)),
        round(error, 3),
    )


def _chosen(words: Words, n_thinned: int) -> Words:
    """One of 2 ** n_thinned of the words, by their own value: the same ones in every file."""
    mixed = (words.astype(np.uint64) * _GOLDEN) >> np.uint64(64 - max(n_thinned, 1))
    return np.asarray(words[((mixed == 0) | (n_thinned == 0)) & (words != 0)])


def _shifts(one: Words, other: Words, source: SoundHash, copy: SoundHash, hint_s: float | None) -> list[int]:
    """Steps by which the copy may lie behind the source: where most of the same words do, and the hint."""
    values, first, n_first = np.unique(one, return_index=True, return_counts=True)
    once = (n_first == 1) & (values != 0)
    values, first = values[once], first[once]
    at = np.searchsorted(values, other)
    at[at == values.size] = 0
    same = np.flatnonzero(values[at] == other) if values.size else np.empty(0, np.int64)
    shifts, votes = np.unique(same - first[at[same]], return_counts=True)
    tried = [int(shift) for shift in shifts[np.argsort(-votes, kind="stable")][:_SHIFTS_TRIED]]
    if hint_s is not None:
        middle = round((hint_s + source.start_s - copy.start_s) / source.step_s)
        tried += range(middle - 4, middle + 5)
    return list(dict.fromkeys(tried))


def _tells(words: Words) -> npt.NDArray[np.bool_]:
    """What is neither silent nor the same as before: a steady hum is like another."""
    changes = np.r_[True, words[1:] != words[:-1]]
    return np.asarray(changes & (words != 0))


def _stretch(one: Words, other: Words, shift: int, step_s: float) -> tuple[int, int, int, float] | None:
    """(steps, shift, first step in ``one``, bit error) of the longest stretch that agrees under a shift."""
    low, high = max(0, -shift), min(one.size, other.size - shift)
    block = round(LEAST_S / step_s)
    if high - low < block:
        return None
    some, others = one[low:high], other[low + shift : high + shift]
    errors = np.bitwise_count(some ^ others) / 32
    heard = _tells(some) & _tells(others)
    sums = np.r_[0, np.cumsum(np.where(heard, errors, 0.0))]
    counts = np.r_[0, np.cumsum(heard)]
    n_heard = counts[block:] - counts[:-block]
    means = (sums[block:] - sums[:-block]) / np.maximum(n_heard, 1)
    agrees = np.r_[False, (means <= MOST_BIT_ERROR) & (n_heard >= _HEARD * block), False]
    edges = np.flatnonzero(agrees[1:] != agrees[:-1])
    if not edges.size:
        return None
    begins, ends = edges[::2], edges[1::2] - 1 + block
    longest = int((ends - begins).argmax())
    begin, end = int(begins[longest]), int(ends[longest])
    error = (sums[end] - sums[begin]) / max(counts[end] - counts[begin], 1)
    return end - begin, shift, low + begin, float(error)
