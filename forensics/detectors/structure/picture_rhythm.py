"""The rhythm of a video stream's packets: key frames, rate, repeats, traces of an earlier compression."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forensics.detectors.structure.observation import Observation
from forensics.media.packets import StreamPackets
from forensics.numerals import moment_text

# Spacing of key frames counts as regular where this share of it is one and the same.
_REGULAR_SHARE = 0.8
_FEWEST_GOPS = 5
# A picture is held where its packet is this small, beside moving ones and in bytes, and as large as the one
# before: nothing changed. Packets of 25 camera clips: at least 190 bytes.
_HELD_SHARE = 0.25
_HELD_BYTES = 150
_HELD_ALIKE_BYTES = 2
_FEWEST_HELD = 5
# Times of a constant rate differ by what the container's clock rounds to.
_JITTER = 0.12
_GAP = 2.5
_STEADY_SHARE = 0.98
_SHORTEST_PERIOD, _LONGEST_PERIOD = 5, 130
_FEWEST_PERIODS = 5
# Of the mean excess in standard errors. Of 1,020 shuffled series none came above 4.98.
_FIRM_PERIOD = 5.5


@dataclass(frozen=True, slots=True)
class Period:
    """A rhythm in the sizes of predicted pictures.

    Attributes:
        n_frames: from one large one to the next.
        strength: mean excess of the large ones, in standard errors.
        excess: how much larger they are than their neighbours, as a ratio.
    """

    n_frames: int
    strength: float
    excess: float


def rhythm(stream: StreamPackets) -> Iterator[Observation]:
    """What the packets of pictures tell; nothing for a stream of fewer than ten."""
    if stream.n_bytes.size < 10:
        return
    if not stream.is_key.all():
        yield from _key_frames(stream)
    yield from _rate(stream)
    yield from _held(stream)
    if not stream.is_key.all():
        yield from _earlier_compression(stream)


def _key_frames(stream: StreamPackets) -> Iterator[Observation]:
    at = np.flatnonzero(stream.is_key)
    if at.size < 2:
        says = "Only the first picture is a key frame." if at.size else "No picture is marked as a key frame."
        yield Observation("Key frames", says, f"{stream.n_bytes.size} pictures", "Usual for short clips.")
        return
    gaps = np.diff(at)
    usual, n_usual = Counter(gaps.tolist()).most_common(1)[0]
    evidence = f"{at.size} key frames; distances in frames: {_listed(gaps.tolist())}"
    if gaps.min() < gaps.max() and (at.size <= _FEWEST_GOPS or n_usual < _REGULAR_SHARE * gaps.size):
        yield Observation(
            "Key frames",
            f"Key frames stand at irregular distances of {gaps.min()} to {gaps.max()} frames.",
            evidence,
            "Usual for software encoders, which place them at cuts.",
        )
        return
    breaks = [int(index) for index in np.flatnonzero(gaps != usual) if index + 1 < gaps.size]
    if not breaks:
        yield Observation(
            "Key frames",
            f"A key frame stands at every {usual} frames.",
            evidence,
            "Cameras, phones and live streams keep one or two seconds; 250 frames are x264's own choice.",
        )
        return
    when = _moments(stream.shown_s, at[[index + 1 for index in breaks]])
    yield Observation(
        "Key frames",
        f"The key frames stand {usual} frames apart, but not at {when}: the rhythm breaks there.",
        evidence,
        "An encoder that keeps a fixed distance breaks it where pieces were joined, or at a cut.",
        notable=True,
        at_s=_time(stream.shown_s, int(at[breaks[0] + 1])),
    )


def _rate(stream: StreamPackets) -> Iterator[Observation]:
    shown = np.sort(stream.shown_s[np.isfinite(stream.shown_s)])
    if shown.size < 10:
        return
    steps = np.diff(shown)
    usual = float(np.median(steps))
    if usual <= 0:
        yield Observation(
            "Frame times",
            "Many pictures are shown at the same time.",
            f"{_n(int((steps <= 0).sum()), 'step')} of 0 s",
            notable=True,
        )
        return
    off = np.abs(steps - usual) > max(_JITTER * usual, 0.0011)
    gaps = np.flatnonzero(steps > _GAP * usual)
    evidence = f"median step {1000 * usual:.2f} ms, {1000 * steps.min():.2f} to {1000 * steps.max():.2f} ms"
    steady = off.mean() <= 1 - _STEADY_SHARE
    if gaps.size and steady:
        places = ", ".join(f"{moment_text(float(shown[one]))} ({steps[one]:.2f} s)" for one in gaps[:3])
        yield Observation(
            "Frame times",
            f"At a steady {1 / usual:.2f} frames a second, pictures are missing at {places}"
            + (f" and {gaps.size - 3} other places." if gaps.size > 3 else "."),
            evidence,
            "Cameras drop frames under load; cutting without encoding leaves such gaps too.",
            notable=True,
            at_s=float(shown[gaps[0]]),
        )
    elif steady:
        yield Observation(
            "Frame times",
            f"The rate is constant, {1 / usual:.2f} frames a second.",
            evidence,
            "Usual for cameras, editors and converters.",
        )
    else:
        yield Observation(
            "Frame times",
            f"The rate varies around {1 / usual:.2f} frames a second ({100 * off.mean():.0f} % of the "
            f"steps differ).",
            evidence,
            "Usual for phones, screen recorders, video calls and messengers; editors write a constant rate.",
        )


def _held(stream: StreamPackets) -> Iterator[Observation]:
    sizes, predicted = stream.n_bytes, ~stream.is_key
    # Most of a recorded screen may stand still: what moves tells what a packet of movement takes.
    usual = float(np.quantile(sizes[predicted], 0.9)) if predicted.any() else 0.0
    alike = np.abs(np.diff(sizes, prepend=sizes[0])) <= _HELD_ALIKE_BYTES
    same = predicted & alike & (sizes < min(_HELD_SHARE * usual, _HELD_BYTES)) | stream.is_repeat
    runs = [run for run in _runs(same) if run[1] - run[0] >= _FEWEST_HELD]
    if not runs:
        return
    longest = max(runs, key=lambda run: run[1] - run[0])
    yield Observation(
        "Repeated pictures",
        f"The picture stands still {_n(len(runs), 'time')}, longest for {longest[1] - longest[0]} frames "
        f"from "
        f"{moment_text(_time(stream.shown_s, longest[0]) or 0.0)}: nothing but repeats are stored.",
        f"packets of {int(sizes[same].min())} to {int(sizes[same].max())} bytes beside a median of "
        f"{usual:.0f}",
        "Usual in screen recordings and slides; a camera's noise never repeats, so in camera footage it is a "
        "frozen or filled-in stretch.",
        notable=True,
        at_s=_time(stream.shown_s, longest[0]),
    )


def _earlier_compression(stream: StreamPackets) -> Iterator[Observation]:
    period = period_of(stream)
    if period is None:
        return
    yield Observation(
        "Earlier compression",
        f"Predicted pictures that are larger than their neighbours (by {100 * (period.excess - 1):.0f} %) "
        f"recur at every {period.n_frames} frames or a multiple of it, away from the key frames: traces of "
        "the key frames of an earlier compression.",
        f"strength {period.strength:.1f} standard errors (told from {_FIRM_PERIOD:g} on)",
        "Usual for anything that was edited, downloaded or sent by a messenger; not for a camera's own file.",
        notable=True,
    )


def period_of(stream: StreamPackets) -> Period | None:
    """The rhythm in the sizes of predicted pictures that key frames of an earlier compression leave.

    Wang and Farid (2006), "Exposing digital forgeries in video by detecting double MPEG compression": a
    picture that was a key frame before fits its neighbours worse, and costs more bits.
    """
    numbers, excess = _excess(stream)
    if excess.size < _FEWEST_PERIODS * 2 * _SHORTEST_PERIOD:
        return None
    spread = float(excess.std()) or 1.0
    best = Period(0, 0.0, 1.0)
    for n_frames in range(_SHORTEST_PERIOD, min(_LONGEST_PERIOD, int(numbers[-1]) // _FEWEST_PERIODS) + 1):
        phase = (numbers % n_frames).astype(np.int64)
        counts = np.bincount(phase, minlength=n_frames)
        means = np.bincount(phase, excess, minlength=n_frames) / np.maximum(counts, 1)
        strength = np.where(counts >= _FEWEST_PERIODS, means * np.sqrt(counts) / spread, 0.0)
        at = int(strength.argmax())
        # Multiples of a period are as high as itself but rest on fewer pictures.
        if strength[at] > best.strength + 0.5:
            best = Period(n_frames, float(strength[at]), float(np.exp2(means[at])))
    return best if best.strength >= _FIRM_PERIOD and best.excess > 1.15 else None


def _excess(stream: StreamPackets) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Of pictures predicted from the past alone: their number as shown, and log2 of size to neighbours'."""
    shown = stream.shown_s
    if not np.isfinite(shown).all():
        shown = np.arange(shown.size, dtype=np.float64)
    number = np.empty(shown.size, np.int64)
    number[np.argsort(shown, kind="stable")] = np.arange(shown.size)
    # In stored order, a picture shown before one already stored is predicted from both sides, and small.
    forward = number >= np.maximum.accumulate(number)
    chosen = np.flatnonzero(forward & ~stream.is_key)
    if chosen.size < 20:
        return np.zeros(0, np.int64), np.zeros(0)
    sizes = np.log2(np.maximum(stream.n_bytes[chosen], 1).astype(np.float64))
    padded = np.pad(sizes, 4, mode="reflect")
    neighbours = np.median(np.lib.stride_tricks.sliding_window_view(padded, 9), axis=1)
    # A cut costs many times as much once: it must not make a rhythm.
    return number[chosen], np.clip(sizes - neighbours, -1.0, 1.0)


def _runs(flags: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def _time(shown_s: npt.NDArray[np.float64], at: int) -> float | None:
    return float(shown_s[at]) if np.isfinite(shown_s[at]) else None


def _moments(shown_s: npt.NDArray[np.float64], at: npt.NDArray[np.int64]) -> str:
    named = ", ".join(moment_text(float(shown_s[one])) for one in at[:4] if np.isfinite(shown_s[one]))
    return named + (f" and {at.size - 4} other places" if at.size > 4 else "")


def _listed(values: list[int]) -> str:
    return ", ".join(map(str, values[:12])) + (" ..." if len(values) > 12 else "")


def _n(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
