"""Whether a window of sound holds enough speech for a voice to be judged by it.

A net that learned synthetic from natural speech has an answer for hum, music and noise too, and none that
means anything. Of each window is known, every 32 ms, whether somebody speaks (``engines.speech_net``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from forensics.media.sound import MIN_SPEECH_S, RATE_HZ
from forensics.records.media import Samples

# Silero VAD's own default.
_SPEAKING = 0.5
# Half a second of pristine speech before 2.5 s of hum raised alarms in 6 of 31 clips, a second before two in
# as many as speech alone; but the mean score was still drawn to that of hum (benchmarks/accuracy).
MIN_SHARE = 0.5
# Below the loudest frame of a window: pauses, which level() cuts off at the edges by the same bound.
_SILENT_DB = -35.0
# A distant voice is brought to the level of a near one: of the frames' levels, the 95th percentile.
_LEVEL_RMS, _LEVEL_PERCENTILE = 0.1, 95


class SpeechFinder(Protocol):
    """A net that tells speech from all else."""

    frame: int

    def speaking(self, samples: Samples) -> npt.NDArray[np.float32]:
        """float32[ceil(N / frame)] how likely somebody speaks."""
        ...


@runtime_checkable
class HearsSpeech(Protocol):
    """A detector that can say whether somebody speaks."""

    def speaks(self, samples: Samples) -> bool:
        """Whether somebody speaks for half a second or more: float32[N] mono at ``RATE_HZ``."""
        ...


@dataclass(frozen=True, slots=True)
class Speech:
    """The speech of one window.

    Attributes:
        length_s: seconds in which somebody speaks.
        share: of the time that is not silent.
    """

    length_s: float
    share: float

    @property
    def is_enough(self) -> bool:
        """Whether a voice may be judged by it."""
        return self.length_s >= MIN_SPEECH_S and self.share >= MIN_SHARE


def anybody_speaks(samples: Samples, finder: SpeechFinder) -> bool:
    """Whether there is speech enough in some seconds of sound, whatever else sounds beside it.

    Args:
        samples: float32[N] mono at ``RATE_HZ``.
        finder: hears it.
    """
    if samples.size < MIN_SPEECH_S * RATE_HZ or not np.isfinite(samples).all():
        return False
    return speech_of(samples, finder).length_s >= MIN_SPEECH_S


def speech_of(samples: Samples, finder: SpeechFinder) -> Speech:
    """How much speech a window holds.

    Args:
        samples: float32[N] mono at ``RATE_HZ``, finite.
        finder: hears it.
    """
    whole = samples.astype(np.float64) - samples.mean(dtype=np.float64)
    n_frames = -(-samples.size // finder.frame)
    frames = np.zeros(n_frames * finder.frame)
    frames[: samples.size] = whole
    levels = np.sqrt((frames.reshape(n_frames, finder.frame) ** 2).mean(axis=1))
    usual = float(np.percentile(levels, _LEVEL_PERCENTILE)) if n_frames else 0.0
    if usual <= 0:
        return Speech(0.0, 0.0)
    speaking = finder.speaking(np.asarray(whole * (_LEVEL_RMS / usual), np.float32)) >= _SPEAKING
    sounding = levels > levels.max() * 10 ** (_SILENT_DB / 20)
    return Speech(
        length_s=float(speaking.sum()) * finder.frame / RATE_HZ,
        share=float((speaking & sounding).sum() / sounding.sum()),
    )
