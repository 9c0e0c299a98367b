"""Streams without a container, made on the spot."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

# suffix to muxer, encoder, sample rate, channels
SOUNDS = {
    ".aac": ("adts", "aac", 48_000, "mono"),
    ".ac3": ("ac3", "ac3", 44_100, "stereo"),
    ".al": ("alaw", "pcm_alaw", 8_000, "mono"),
    ".amr": ("amr", "libopencore_amrnb", 8_000, "mono"),
    ".eac3": ("eac3", "eac3", 48_000, "stereo"),
    ".g722": ("g722", "g722", 16_000, "mono"),
    ".latm": ("latm", "aac", 48_000, "mono"),
    ".mp2": ("mp2", "mp2", 48_000, "mono"),
    ".sbc": ("sbc", "sbc", 48_000, "stereo"),
    ".tta": ("tta", "tta", 48_000, "stereo"),
    ".ul": ("mulaw", "pcm_mulaw", 8_000, "mono"),
    ".voc": ("voc", "pcm_u8", 16_000, "mono"),
    ".w64": ("w64", "pcm_s16le", 48_000, "mono"),
}
VIDEOS = {
    ".264": ("h264", "libx264", {"x264-params": "aud=1"}),
    ".265": ("hevc", "libx265", {"preset": "ultrafast", "x265-params": "log-level=none"}),
    ".dv": ("dv", "dvvideo", {}),
    ".h263": ("h263", "h263", {}),
    ".h264": ("h264", "libx264", {"preset": "ultrafast"}),
    ".m2v": ("mpeg2video", "mpeg2video", {}),
    ".m4v": ("m4v", "mpeg4", {}),
}


def sound(folder: Path, suffix: str) -> Path:
    """Two seconds of a tone."""
    muxer, encoder, rate_hz, channels = SOUNDS[suffix]
    path = folder / f"sound{suffix}"
    with av.open(str(path), "w", format=muxer) as container:
        stream = container.add_stream(encoder, rate=rate_hz, layout=channels)
        tone = 9_000 * np.sin(2 * np.pi * 220 * np.arange(2 * rate_hz) / rate_hz)
        n_channels = 2 if channels == "stereo" else 1
        samples = np.repeat(tone.astype(np.int16), n_channels)[None]
        frame = av.AudioFrame.from_ndarray(samples, "s16", channels)
        frame.sample_rate, frame.pts = rate_hz, 0
        resampler = av.AudioResampler(stream.format, channels, rate_hz, stream.frame_size or 1024)
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(part))
        container.mux(stream.encode())
    return path


def video(folder: Path, suffix: str, n_frames: int = 12) -> Path:
    """Frames that grow brighter."""
    muxer, encoder, options = VIDEOS[suffix]
    path = folder / f"video{suffix}"
    width, height = (720, 576) if suffix == ".dv" else (352, 288)
    with av.open(str(path), "w", format=muxer) as container:
        stream = container.add_stream(encoder, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(n_frames):
            image = np.full((height, width, 3), 20 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        container.mux(stream.encode())
    return path
