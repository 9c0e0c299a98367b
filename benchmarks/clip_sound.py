"""What several measurements of voices share: a clip's sound, as loud as any other."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from forensics.media.decode import decode
from forensics.media.probe import probe
from forensics.media.sound import LEVEL_RMS
from forensics.records.media import AudioChunk, Samples


def sound_of(path: Path) -> Samples:
    """A file's sound, float32[N] mono at 16 kHz."""
    chunks = [
        item.samples for item in decode(path, probe(path), 1, video=False) if isinstance(item, AudioChunk)
    ]
    return np.concatenate(chunks)


def as_loud(sound: Samples) -> Samples:
    """At the level that windows have in a scan."""
    return np.asarray(LEVEL_RMS * sound / max(float(np.sqrt(np.mean(sound**2))), 1e-6), np.float32)
