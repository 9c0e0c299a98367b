"""A stretch of sound as a FLAC file in memory: without loss, and played by every browser."""

from __future__ import annotations

import io
from typing import cast

import av
import numpy as np
from av.audio.stream import AudioStream

from forensics.media.sound import RATE_HZ
from forensics.records.media import Samples

_BLOCK = 4096


def flac_of(samples: Samples) -> bytes:
    """The samples as a FLAC file of 16 bits, the same bytes for the same samples.

    Args:
        samples: float32[N] mono at ``RATE_HZ``; beyond [-1, 1] it is cut off, what is no number is silence.
    """
    levels = np.rint(np.nan_to_num(samples, posinf=1.0, neginf=-1.0).clip(-1, 1) * 32_767).astype(np.int16)
    out = io.BytesIO()
    with av.open(out, "w", format="flac") as container:
        # Otherwise the version of FFmpeg would be part of what a case file hashes.
        container.flags |= cast("int", av.container.Flags.bitexact.value)
        stream = container.add_stream("flac", rate=RATE_HZ, layout="mono")
        assert isinstance(stream, AudioStream)
        stream.codec_context.format = av.AudioFormat("s16")
        for start in range(0, levels.size, _BLOCK):
            frame = av.AudioFrame.from_ndarray(levels[np.newaxis, start : start + _BLOCK], "s16", "mono")
            frame.sample_rate = RATE_HZ
            frame.pts = start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()
