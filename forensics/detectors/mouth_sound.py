"""How a mouth moves, how loud it is, and how well the two go together: the arithmetic of ``lips``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forensics.media.sound import like_speech
from forensics.records.media import Samples

Series = npt.NDArray[np.float64]

RATE_HZ = 50
"""Of mouth openings and of the sound's level, once both stand on one clock."""
LARGEST_LAG_S = 0.5
# Pairs of points of the inner lips, of MediaPipe's mesh, and the outer corners of the eyes.
_INNER_LIPS = ((13, 14), (82, 87), (312, 317))
_EYE_CORNERS = (33, 263)
# Speech is what lies by this share of the way from a recording's quiet tenth to its loud one, unless the two
# are hardly apart; what is so quiet is silence in any recording. Pauses between syllables belong to it.
_SPEECH_OF_WAY = 0.4
_LEAST_SWELL_DB = 6.0
_SILENCE_DB = -70.0
_PAUSE_S = 0.3
# Syllables come at 2 to 8 Hz: what is faster is noise of the mesh, or of the sound.
_SMOOTH_S = 0.08
# An opening that varies by this share of the distance of the eyes within a quarter of a second is moving.
_MOVES = 0.02
_MOVING_OVER_S = 0.25


def mouth_opening(points: npt.NDArray[np.float32]) -> float:
    """Distance of the inner lips over that of the outer eye corners.

    Args:
        points: float32[468, 2] of a face mesh.
    """
    eyes = np.linalg.norm(points[_EYE_CORNERS[0]] - points[_EYE_CORNERS[1]])
    gaps = [np.linalg.norm(points[upper] - points[lower]) for upper, lower in _INNER_LIPS]
    return float(np.mean(gaps) / max(float(eyes), 1e-6))


class Loudness:
    """The level of sound over time, gathered chunk by chunk: one value for each fiftieth of a second.

    Args:
        rate_hz: sample rate of the chunks.
        start_s: time of the first sample.

    Attributes:
        speaks: some of it swells and is voiced as speech is.
    """

    def __init__(self, rate_hz: int, start_s: float) -> None:
        self.start_s = start_s
        self._n_each = rate_hz // RATE_HZ
        self.speaks = False
        self._rest: Samples = np.zeros(0, np.float32)
        self._levels: list[npt.NDArray[np.float32]] = []

    def take(self, samples: Samples) -> None:
        """Adds samples, float32[N]."""
        self.speaks = self.speaks or like_speech(samples)
        samples = np.concatenate([self._rest, samples])
        n = samples.size // self._n_each
        blocks = samples[: n * self._n_each].reshape(n, self._n_each)
        self._levels.append(np.sqrt((blocks * blocks).mean(axis=1) + 1e-12))
        self._rest = samples[n * self._n_each :]

    def db(self) -> Series:
        """float64[N], dB of full scale."""
        levels = np.concatenate(self._levels) if self._levels else np.zeros(0, np.float32)
        return np.asarray(20 * np.log10(levels), np.float64)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A person's mouth over one burst, on the clock of the sound.

    Attributes:
        first: index of its first value in the sound's level.
        opening: float64[N] at ``RATE_HZ``.
    """

    first: int
    opening: Series


def on_the_clock(at_s: Sequence[float], openings: Sequence[float], start_s: float) -> Stretch:
    """Openings at times of pictures, brought to the clock of a sound that begins at ``start_s``."""
    first = int(np.ceil((at_s[0] - start_s) * RATE_HZ))
    last = int(np.floor((at_s[-1] - start_s) * RATE_HZ))
    clock = start_s + np.arange(first, last + 1) / RATE_HZ
    return Stretch(first, smooth(np.interp(clock, at_s, openings)))


def smooth(values: Series) -> Series:
    """Without what is faster than syllables."""
    n = max(1, round(_SMOOTH_S * RATE_HZ))
    if values.size < n:
        return values
    padded = np.pad(values, (n // 2, n - 1 - n // 2), mode="edge")
    return np.convolve(padded, np.full(n, 1 / n), mode="valid")


def speech(db: Series) -> npt.NDArray[np.bool_]:
    """Which values of a level may be speech; none of silence or of a sound that never swells."""
    if not db.size:
        return np.zeros(0, np.bool_)
    quiet, loud = (float(bound) for bound in np.percentile(db, (10, 90)))
    quiet = max(quiet, _SILENCE_DB)
    if loud - quiet < _LEAST_SWELL_DB:
        return np.zeros(db.size, np.bool_)
    return np.asarray(db > quiet + _SPEECH_OF_WAY * (loud - quiet))


def near(spoken: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Where speech is, or was or will be within a pause between words."""
    n = round(_PAUSE_S * RATE_HZ)
    padded = np.pad(spoken, n)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, 2 * n + 1).any(axis=1))


def by_lag(stretches: Sequence[Stretch], level: Series, shift: int = 0) -> Series:
    """Correlation of mouth and sound over all stretches, at each lag from -0.5 s to +0.5 s.

    A positive lag: the sound comes after the mouth. Each stretch counts with its own mean taken off, so that
    a mouth that is always open, or a louder scene, tells nothing.

    Args:
        level: float64[N] dB, smoothed.
        shift: sets the mouth against the sound of another time, so many values later, around the end.

    Returns:
        float64[2 * LARGEST_LAG_S * RATE_HZ + 1]; 0 where nothing varies.
    """
    reach = round(LARGEST_LAG_S * RATE_HZ)
    found = np.zeros(2 * reach + 1)
    for at, lag in enumerate(range(-reach, reach + 1)):
        together = mouths = sounds = 0.0
        for stretch in stretches:
            heard = np.arange(stretch.first, stretch.first + stretch.opening.size) + lag
            if shift:
                heard = (heard + shift) % level.size
            inside = (heard >= 0) & (heard < level.size)
            if inside.sum() < RATE_HZ // 2:
                continue
            mouth = stretch.opening[inside] - stretch.opening[inside].mean()
            sound = level[heard[inside]] - level[heard[inside]].mean()
            together += float(mouth @ sound)
            mouths += float(mouth @ mouth)
            sounds += float(sound @ sound)
        if mouths > 1e-12 and sounds > 1e-9:
            found[at] = together / np.sqrt(mouths * sounds)
    return found


def by_chance(stretches: Sequence[Stretch], level: Series) -> float | None:
    """What the best correlation over all lags reaches in 95 of 100 cases with the sound of other times.

    None where the sound is too short to have other times.
    """
    away = round(4 * LARGEST_LAG_S * RATE_HZ)
    shifts = range(away, level.size - away, RATE_HZ // 5)
    if len(shifts) < 20:
        return None
    return float(np.percentile([by_lag(stretches, level, shift).max() for shift in shifts], 95))


def moving(opening: Series) -> npt.NDArray[np.bool_]:
    """Where a mouth moves: its opening varies within a quarter of a second around."""
    n = max(2, round(_MOVING_OVER_S * RATE_HZ))
    if opening.size < n:
        return np.zeros(opening.size, np.bool_)
    padded = np.pad(opening, (n // 2, n - 1 - n // 2), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, n)
    return np.asarray(windows.std(axis=1) > _MOVES)


def motion(stretches: Sequence[Stretch]) -> tuple[float, float, float]:
    """Root mean squares of velocity, acceleration and jerk of the opening, per s, s^2 and s^3."""
    sums = []
    for order in (1, 2, 3):
        parts = [
            np.diff(one.opening, order) * RATE_HZ**order for one in stretches if one.opening.size > order
        ]
        sums.append(float(np.sqrt(np.mean(np.concatenate(parts) ** 2))) if parts else 0.0)
    return sums[0], sums[1], sums[2]
