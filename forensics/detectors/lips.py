"""Lips and sound: does the mouth open when it is loud? It reports figures and curves, and decides nothing.

The opening of the mouth, from MediaPipe's face mesh over bursts of consecutive pictures, against the level of
the sound: correlation at every lag, what chance reaches, lips that move in silence. Singing, music, a voice
off screen and a second speaker break the relation in pristine films too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from forensics.detectors.bursts import MIN_MESHES, Burst, Bursts
from forensics.detectors.declarations import LIPS
from forensics.detectors.detector import WithoutModels
from forensics.detectors.mouth_sound import (
    LARGEST_LAG_S,
    RATE_HZ,
    Loudness,
    Series,
    Stretch,
    by_chance,
    by_lag,
    motion,
    mouth_opening,
    moving,
    near,
    on_the_clock,
    smooth,
    speech,
)
from forensics.records.exhibit_content import CurveChart, CurveLine, Table
from forensics.records.findings import Abstention, AbstentionReason, Exhibit, ExhibitKind, Notice
from forensics.records.media import AudioChunk, MediaFile, MediaKind, StreamKind
from forensics.records.stream import Item
from forensics.records.subject import Subject, person

# Less speech than this while the mouth is in view says nothing.
_MIN_SPEECH_S = 1.0


class Lips(WithoutModels):
    """The detector of lips and sound; it has no model of its own."""

    spec = LIPS

    def begin(self, media: MediaFile, path: Path) -> LipsExamination:  # noqa: ARG002 - the stream has all
        """Starts on a file."""
        return LipsExamination(media)


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found of one person."""

    stretches: list[Stretch]
    correlation: Series
    chance: float | None
    speech_s: float
    silent_motion_s: float

    @property
    def best(self) -> float:
        return float(self.correlation.max())

    @property
    def lag_s(self) -> float:
        return float(int(self.correlation.argmax()) / RATE_HZ - LARGEST_LAG_S)


class LipsExamination:
    """One file's mouths and its first sound: a number a picture, and one for each fiftieth of a second."""

    def __init__(self, media: MediaFile) -> None:
        self._media = media
        self._mouths: Bursts[float] = Bursts(lambda mesh: mouth_opening(mesh.points))
        self._loudness: Loudness | None = None

    def observe(self, item: Item) -> Iterator[Item]:
        """Takes meshes and the file's first sound."""
        self._mouths.take(item)
        if isinstance(item, AudioChunk) and not item.track:
            if self._loudness is None:
                self._loudness = Loudness(item.rate_hz, item.at_s)
            self._loudness.take(item.samples)
        yield from ()

    def conclude(self) -> Iterator[Item]:
        """Figures and curves of each person, or why there are none."""
        if self._media.kind is MediaKind.IMAGE:
            yield Abstention(
                LIPS.name, AbstentionReason.UNSUPPORTED, "A still picture has neither motion nor sound."
            )
            return
        if self._loudness is None:
            has_sound = self._media.stream(StreamKind.AUDIO) is not None
            detail = "The sound could not be decoded." if has_sound else "The file has no sound stream."
            yield Abstention(LIPS.name, AbstentionReason.NO_AUDIO, detail)
            return
        if not self._loudness.speaks:
            detail = "The sound neither swells nor is voiced as speech is."
            yield Abstention(LIPS.name, AbstentionReason.NO_AUDIO, detail)
            return
        level = self._loudness.db()
        for track_id, bursts in self._mouths.people():
            yield from self._person(person(track_id), bursts, level, self._loudness.start_s)

    def _person(
        self, subject: Subject, bursts: Sequence[Burst[float]], level: Series, start_s: float
    ) -> Iterator[Item]:
        if not bursts:
            yield Abstention(
                LIPS.name,
                AbstentionReason.TOO_SHORT,
                f"the mouth was in view in no {MIN_MESHES} consecutive pictures. Look for a longer shot of "
                "this person.",
                subject,
            )
            return
        found = _found(bursts, level, start_s)
        if found.speech_s < _MIN_SPEECH_S:
            yield Abstention(
                LIPS.name,
                AbstentionReason.NO_AUDIO,
                f"{found.speech_s:.1f} s of sound that may be speech while the mouth was in view; "
                f"{_MIN_SPEECH_S:g} s are needed.",
                subject,
            )
            return
        yield Notice("score", f"{subject}: {_words(found)}", bursts[0].at_s[0])
        yield from _exhibits(subject, found, level, start_s)


def _found(bursts: Sequence[Burst[float]], level: Series, start_s: float) -> _Found:
    stretches = [on_the_clock(burst.at_s, burst.values, start_s) for burst in bursts]
    smoothed, spoken = smooth(level), speech(level)
    silent = ~near(spoken)
    n_spoken = n_silent_motion = 0
    for stretch in stretches:
        inside = np.arange(stretch.first, stretch.first + stretch.opening.size)
        heard = (inside >= 0) & (inside < level.size)
        n_spoken += int(spoken[inside[heard]].sum())
        n_silent_motion += int((moving(stretch.opening)[heard] & silent[inside[heard]]).sum())
    return _Found(
        stretches,
        by_lag(stretches, smoothed),
        by_chance(stretches, smoothed),
        n_spoken / RATE_HZ,
        n_silent_motion / RATE_HZ,
    )


def _words(found: _Found) -> str:
    chance = "" if found.chance is None else f" (by chance up to {found.chance:.2f} in 95 of 100 cases)"
    after = "after" if found.lag_s >= 0 else "before"
    return (
        f"mouth and loudness of the sound correlate by at most {found.best:.2f}{chance}, with the sound "
        f"{abs(found.lag_s) * 1000:.0f} ms {after} the mouth; the lips move for "
        f"{found.silent_motion_s:.1f} s without speech. This decides nothing"
    )


def _exhibits(subject: Subject, found: _Found, level: Series, start_s: float) -> Iterator[Exhibit]:
    group = "lips and sound"
    yield Exhibit(
        ExhibitKind.CURVE,
        _over_time(found.stretches, level, start_s),
        "Opening of the mouth and level of the sound, each from its lowest (0) to its highest (1) value",
        subject,
        group,
    )
    lags = np.arange(found.correlation.size) / RATE_HZ - LARGEST_LAG_S
    lines = [CurveLine("mouth and sound", tuple(lags.tolist()), tuple(found.correlation.tolist()))]
    if found.chance is not None:
        ends = (-LARGEST_LAG_S, LARGEST_LAG_S)
        lines.append(CurveLine("chance, 95 of 100", ends, (found.chance, found.chance)))
    yield Exhibit(
        ExhibitKind.CURVE,
        CurveChart(tuple(lines), "Sound after mouth, s", "Correlation", y_range=(-1.0, 1.0)),
        "Correlation of mouth and sound by lag; a real recording peaks near 0, and so does a good fake",
        subject,
        group,
    )
    velocity, acceleration, jerk = motion(found.stretches)
    n_s = sum(stretch.opening.size for stretch in found.stretches) / RATE_HZ
    rows = (
        ("Mouth in view, s", f"{n_s:.1f}"),
        ("Sound that may be speech meanwhile, s", f"{found.speech_s:.1f}"),
        ("Best correlation", f"{found.best:.2f}"),
        (
            "By chance in 95 of 100 cases",
            "too short to tell" if found.chance is None else f"{found.chance:.2f}",
        ),
        ("Sound after mouth, ms", f"{found.lag_s * 1000:+.0f}"),
        ("Lips move without speech, s", f"{found.silent_motion_s:.1f}"),
        ("Velocity of the opening, RMS, eye distances/s", f"{velocity:.2f}"),
        ("Acceleration, RMS, eye distances/s²", f"{acceleration:.1f}"),
        ("Jerk, RMS, eye distances/s³", f"{jerk:.0f}"),
    )
    yield Exhibit(
        ExhibitKind.TABLE, Table(("Lips and sound", "Value"), rows), "Figures of the mouth", subject, group
    )


def _over_time(stretches: Sequence[Stretch], level: Series, start_s: float) -> CurveChart:
    mouth_x: list[float] = []
    mouth_y: list[float | None] = []
    sound_y: list[float | None] = []
    openings = np.concatenate([stretch.opening for stretch in stretches])
    heard_all = smooth(level)
    for stretch in stretches:
        inside = np.arange(stretch.first, stretch.first + stretch.opening.size)
        at_s = (start_s + inside / RATE_HZ).tolist()
        within = (inside >= 0) & (inside < level.size)
        sound = np.where(within, heard_all[inside.clip(0, level.size - 1)], np.nan)
        mouth_x += [*at_s, at_s[-1]]
        mouth_y += [*_scaled(stretch.opening, openings).tolist(), None]
        sound_y += [None if np.isnan(one) else one for one in _scaled(sound, heard_all).tolist()] + [None]
    x = tuple(mouth_x)
    return CurveChart(
        (CurveLine("mouth", x, tuple(mouth_y)), CurveLine("sound", x, tuple(sound_y))),
        "Time, s",
        "Share of the range",
        y_range=(0.0, 1.0),
    )


def _scaled(values: Series, of: Series) -> Series:
    lowest, highest = float(of.min()), float(of.max())
    return (values - lowest) / max(highest - lowest, 1e-9)
