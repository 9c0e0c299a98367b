"""The sound of a clip as a scan hears it: the same channels, chosen by the same ear."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from forensics.detectors.declarations import VOICE
from forensics.detectors.speech import SpeechFinder, anybody_speaks
from forensics.engines.speech_net import load_speech_net
from forensics.media.decode import decode
from forensics.records.media import AudioChunk, MediaFile, Samples


def sound_of(path: Path, media: MediaFile) -> Samples:
    """float32[N] mono at 16 kHz of a whole clip, empty where it has none. A further track is another voice.

    Args:
        media: what its container says.

    Raises:
        MediaError: it cannot be decoded.
    """
    chunks = [
        item.samples
        for item in decode(path, media, 1, video=False, speaks=_speaks)
        if isinstance(item, AudioChunk) and not item.track
    ]
    return np.concatenate(chunks) if chunks else np.zeros(0, np.float32)


@lru_cache(maxsize=1)
def speech_finder() -> SpeechFinder:
    """What hears speech in scans for voices; loaded when it is first asked."""
    return load_speech_net(VOICE.aids[0])


def _speaks(samples: Samples) -> bool:
    return anybody_speaks(samples, speech_finder())
