"""Which channels of a sound stream are heard: their mix, unless mixing would lose or hide what they carry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from forensics.media.sound import RATE_HZ
from forensics.records.media import MIX, Samples

MOST_VOICES = 4
"""Channels of one stream that are heard one by one."""

# A channel of low frequencies for the loudspeaker on the floor carries no speech.
_NO_VOICE = frozenset({"LFE", "LFE2"})
_BLOCK = RATE_HZ // 2
# A mix with less than a tenth of the power of the loudest channel has lost it: two channels that agree to
# -0.87 in opposite phase do so. One channel alone loses a half at most.
_LOST_DB = 10.0
_LOST_S = 0.5
# Further than this below the stream's loudest half second, a channel counts as silent.
_ACTIVE_WITHIN_DB = 40.0
# Hum and room in opposite phase, this far below the loudest half second, are no loss.
_LOST_WITHIN_DB = 30.0
_LOWEST_DBFS = -100.0
# Channels carry the same sound if they agree sample by sample, or if their levels rise and fall together:
# two microphones a metre apart do not agree in phase.
_SAME_WAVE = 0.3
_SAME_LEVELS = 0.6
_LEVEL_FRAME = RATE_HZ // 50
_SPEECH_STRETCH = 3 * RATE_HZ


@dataclass(frozen=True, slots=True)
class Choice:
    """What of a stream is heard.

    Attributes:
        names: channels, each to be heard by itself, the one that matters most first; ``(MIX,)`` for all of
            them mixed to one.
        reason: in words, why it is not the mix; empty for the mix.
    """

    names: tuple[str, ...] = (MIX,)
    reason: str = ""


class _Found(NamedTuple):
    """What the levels of a stream's channels and their likeness say.

    Attributes:
        lost_s: seconds that are lost in the mix.
        active: bool[C], the channels that are not silent.
        groups: channels that carry the same sound, the strongest group first.
        is_plain: the mix is what is heard, whoever speaks.
    """

    lost_s: float
    active: npt.NDArray[np.bool_]
    groups: list[list[int]]
    is_plain: bool


class Stretches:
    """Cuts a stream into stretches of three seconds, which is how much is held of it."""

    def __init__(self) -> None:
        self._held: npt.NDArray[np.float32] | None = None

    def take(self, piece: npt.NDArray[np.float32]) -> Iterator[npt.NDArray[np.float32]]:
        """Stretches that are whole now.

        Args:
            piece: float32[C, N], the next.
        """
        held = piece if self._held is None else np.concatenate([self._held, piece], axis=1)
        while held.shape[1] >= _SPEECH_STRETCH:
            yield held[:, :_SPEECH_STRETCH]
            held = held[:, _SPEECH_STRETCH:]
        self._held = held.copy()

    def rest(self) -> Iterator[npt.NDArray[np.float32]]:
        """What is left when everything was taken, unless it is too short to tell anything."""
        held, self._held = self._held, None
        if held is not None and held.shape[1] >= _LEVEL_FRAME:
            yield held


class SpeechSurvey:
    """How long somebody speaks in each of some channels of a stream.

    Args:
        asked: numbers of the channels.
        speaks: whether somebody speaks in a stretch of sound, float32[N] mono at ``RATE_HZ``.
    """

    def __init__(self, asked: Sequence[int], speaks: Callable[[Samples], bool]) -> None:
        self._asked = asked
        self._speaks = speaks
        self._stretches = Stretches()
        self._speech_s = dict.fromkeys(asked, 0.0)

    def take(self, channels: npt.NDArray[np.float32]) -> None:
        """Takes the next piece, float32[C, N] at ``RATE_HZ``."""
        for stretch in self._stretches.take(channels):
            self._listen(stretch)

    def speech_s(self) -> dict[int, float]:
        """Seconds by channel, when everything was taken."""
        for stretch in self._stretches.rest():
            self._listen(stretch)
        return self._speech_s

    def _listen(self, stretch: npt.NDArray[np.float32]) -> None:
        for at in self._asked:
            if self._speaks(stretch[at]):
                self._speech_s[at] += stretch.shape[1] / RATE_HZ


class ChannelSurvey:
    """Takes all channels of a stream and says in the end which are to be heard.

    Where levels and likeness do not settle that, it asks in which of some channels somebody speaks: hearing
    speech costs more than all the rest, and most streams are settled without. Holds sums and at most one
    stretch of samples, whatever the length of the stream.

    Args:
        names: one of each channel, for example FL and FR.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        n_channels = len(names)
        self._names = names
        self._can_speak = np.array([name not in _NO_VOICE for name in names])
        self._stretches = Stretches()
        self._products = np.zeros((n_channels, n_channels))
        self._loudest = np.zeros(n_channels)
        self._levels = np.zeros(n_channels)
        self._level_products = np.zeros((n_channels, n_channels))
        self._n_levels = 0
        # Seconds that the mix lost, by their level in whole dB: how loud the loudest half second is, and so
        # which of them count, is known in the end only.
        self._lost_s = np.zeros(-round(_LOWEST_DBFS) + 1)

    def take(self, channels: npt.NDArray[np.float32], mix: Samples) -> None:
        """Takes the next piece.

        Args:
            channels: float32[C, N] at ``RATE_HZ``.
            mix: float32[N], the same mixed to one.
        """
        n_samples = min(channels.shape[1], mix.size)
        for stretch in self._stretches.take(np.vstack([channels[:, :n_samples], mix[None, :n_samples]])):
            self._stretch(stretch)

    def asked(self) -> tuple[int, ...]:
        """Channels in which it matters whether somebody speaks, when everything was taken; perhaps none."""
        for stretch in self._stretches.rest():
            self._stretch(stretch)
        found = self._found()
        if found is None or found.is_plain or found.active.sum() < 2:
            return ()
        return tuple(int(at) for at in np.flatnonzero(found.active))

    def choice(self, speech_s: Mapping[int, float] | None = None) -> Choice:
        """What is to be heard.

        Args:
            speech_s: seconds, of a ``SpeechSurvey`` of the channels that were ``asked`` for; None where there
                were none.
        """
        found = self._found()
        if found is None or found.is_plain:
            return Choice()
        spoken_s = dict.fromkeys(range(len(self._names)), 0.0) | dict(speech_s or {})
        speaking = [group for group in found.groups if any(spoken_s[at] > 0 for at in group)]
        if not speaking and found.lost_s < _LOST_S and found.active.sum() > 1:
            # Nothing here is known as speech: there is no ground to prefer one channel.
            return Choice()
        strongest = [
            max(group, key=lambda at: (spoken_s[at] > 0, self._products[at, at]))
            for group in speaking or found.groups[:1]
        ]
        heard = sorted(strongest, key=lambda at: -spoken_s[at])
        names = tuple(self._names[at] for at in heard[:MOST_VOICES])
        return Choice(names, _reason(len(heard), found.lost_s, int(found.active.sum())))

    def _found(self) -> _Found | None:
        """What levels and likeness say; None for silence."""
        peaks_db = _db(np.where(self._can_speak, self._loudest, 0))
        if peaks_db.max() <= _LOWEST_DBFS:
            return None
        lost_s = float(self._lost_s[self._loud_enough(float(peaks_db.max()))].sum())
        active = peaks_db > max(peaks_db.max() - _ACTIVE_WITHIN_DB, _LOWEST_DBFS)
        groups = self._groups(np.flatnonzero(active))
        is_plain = lost_s < _LOST_S and len(groups) == 1 and bool(active[self._can_speak].all())
        return _Found(lost_s, active, groups, is_plain)

    def _stretch(self, piece: npt.NDArray[np.float32]) -> None:
        """Sums up at most three seconds, float32[C + 1, N]: the channels, then their mix."""
        channels = np.nan_to_num(piece[:-1].astype(np.float64))
        mix = np.nan_to_num(piece[-1].astype(np.float64))
        channels -= channels.mean(axis=1, keepdims=True)
        mix -= mix.mean()
        self._products += channels @ channels.T
        levels = np.sqrt((_framed(channels, _LEVEL_FRAME) ** 2).mean(axis=2))
        self._levels += levels.sum(axis=1)
        self._level_products += levels @ levels.T
        self._n_levels += levels.shape[1]
        block = min(_BLOCK, channels.shape[1])
        powers = (_framed(channels, block) ** 2).mean(axis=2)
        mixed = (_framed(mix[None], block) ** 2).mean(axis=2)[0]
        self._loudest = np.maximum(self._loudest, powers.max(axis=1))
        loudest = np.where(self._can_speak[:, None], powers, 0).max(axis=0)
        for power in loudest[mixed < loudest * 10 ** (-_LOST_DB / 10)]:
            self._lost_s[self._bin(float(_db(power)))] += block / RATE_HZ

    def _bin(self, level_db: float) -> int:
        return int(np.clip(round(level_db - _LOWEST_DBFS), 0, self._lost_s.size - 1))

    def _loud_enough(self, loudest_db: float) -> slice:
        return slice(max(self._bin(loudest_db - _LOST_WITHIN_DB), 1), None)

    def _groups(self, channels: npt.NDArray[np.intp]) -> list[list[int]]:
        """Channels that carry the same sound, the strongest group first."""
        power = np.diag(self._products)
        waves = np.abs(self._products) / np.sqrt(np.maximum(np.outer(power, power), 1e-30))
        means = self._levels / max(self._n_levels, 1)
        spread = self._level_products / max(self._n_levels, 1) - np.outer(means, means)
        deviation = np.sqrt(np.maximum(np.diag(spread), 0))
        together = spread / np.maximum(np.outer(deviation, deviation), 1e-30)
        same = (waves >= _SAME_WAVE) | (together >= _SAME_LEVELS)
        groups: list[list[int]] = []
        for at in sorted(channels.tolist(), key=lambda at: -power[at]):
            home = next((group for group in groups if any(same[at, other] for other in group)), None)
            if home is None:
                groups.append([at])
            else:
                home.append(at)
        return groups


def _reason(n_different: int, lost_s: float, n_active: int) -> str:
    if n_different > MOST_VOICES:
        return (
            f"the channels carry different sound, but no more than {MOST_VOICES} of {n_different} are heard"
        )
    if n_different > 1:
        return "the channels carry different sound"
    if lost_s >= _LOST_S:
        return f"mixed, the channels cancel each other out for {lost_s:.1f} s"
    return "the others are silent" if n_active == 1 else "the others carry the same sound or no speech"


def _framed(rows: npt.NDArray[np.float64], n_frame: int) -> npt.NDArray[np.float64]:
    """float64[C, N // n_frame, n_frame]."""
    n_frames = rows.shape[1] // n_frame
    return rows[:, : n_frames * n_frame].reshape(rows.shape[0], n_frames, n_frame)


def _db(power: npt.NDArray[np.float64] | np.float64) -> npt.NDArray[np.float64]:
    return np.asarray(10 * np.log10(np.maximum(power, 10 ** (_LOWEST_DBFS / 10))), np.float64)
