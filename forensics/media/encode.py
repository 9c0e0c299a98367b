"""Write clips: for the demonstration and for tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain, count
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from forensics.errors import MediaError
from forensics.media.discovery import display_path
from forensics.media.sound import RATE_HZ
from forensics.records.media import RgbImage, Samples

_TIME_BASE = Fraction(1, 90_000)
_SOUND_BLOCK = 1024
# The codec that a container takes where the caller names none.
_SOUND_CODECS = {
    ".webm": "libopus",
    ".ogg": "libopus",
    ".wav": "pcm_s16le",
    ".avi": "pcm_s16le",
    ".flac": "flac",
    ".mp3": "libmp3lame",
}
# x264's macroblock tree, as PyAV brings it, decides differently from one encoding to the next with nothing
# changed: 5 different files of 40. Without it all 40 are the same.
_REPEATABLE = {"libx264": {"mbtree": "0"}}
# The file is written through a descriptor, so FFmpeg sees no suffix; these are not named like theirs.
_CONTAINERS = {
    ".mkv": "matroska",
    ".mka": "matroska",
    ".m4a": "ipod",
    ".ts": "mpegts",
    ".aac": "adts",
    ".mpg": "mpeg",
}


def write_clip(
    path: Path,
    frames: Iterable[RgbImage] = (),
    rate_hz: float = 25.0,
    *,
    samples: Samples | None = None,
    sample_rate_hz: int = RATE_HZ,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    rotation_deg: int = 0,
    times_s: Iterable[float] | None = None,
    tags: dict[str, str] | None = None,
    options: dict[str, str] | None = None,
    container: str | None = None,
) -> Path:
    """Writes pictures, sound or both as one file.

    Args:
        path: where to; its suffix chooses the container unless ``container`` names one.
        frames: uint8[H, W, 3] RGB, all of one size; may be a generator, and may be none.
        rate_hz: frame rate; with ``times_s`` only nominal.
        samples: float32[N] mono in [-1, 1].
        sample_rate_hz: of ``samples``.
        codec: FFmpeg's name of the video encoder.
        pixel_format: as coded, for example ``yuv420p10le``.
        rotation_deg: clockwise rotation that a player is told to apply: 0, 90, 180 or 270.
        times_s: presentation time of each frame, for a variable frame rate.
        tags: container metadata.
        options: of the video encoder, for example ``{"crf": "18"}``.

    Returns:
        ``path``.

    Raises:
        MediaError: the file cannot be written, or the encoder refuses what it is given.
    """
    try:
        with path.open("wb") as file, av.open(file, "w", format=container or _container(path)) as output:
            output.metadata.update(tags or {})
            pictures = _Pictures(
                output, rate_hz, times_s is None, codec, pixel_format, rotation_deg, options or {}
            )
            first, rest = _first_of(frames)
            if first is not None:
                pictures.begin(first)
            sound = None if samples is None else _Sound(output, path, samples, sample_rate_hz)
            times = iter(times_s) if times_s is not None else (index / rate_hz for index in count())
            for image, at_s in zip(rest, times, strict=False):
                if sound is not None:
                    sound.write_until(at_s)
                pictures.write(image, at_s)
            pictures.end()
            if sound is not None:
                sound.end()
    except (OSError, ValueError, TypeError, FFmpegError) as error:
        raise MediaError(
            f"{display_path(path)} cannot be written: {getattr(error, 'strerror', None) or error}",
            "Check that the folder exists and can be written, and that all frames have one even size.",
        ) from error
    return path


class _Pictures:
    """The video stream of a file that is being written."""

    def __init__(
        self,
        output: OutputContainer,
        rate_hz: float,
        is_steady: bool,
        codec: str,
        pixel_format: str,
        rotation_deg: int,
        options: dict[str, str],
    ) -> None:
        self._output = output
        self._rate = Fraction(rate_hz).limit_denominator(1001)
        # A steady rate counts frames: AVI would fill a finer grid with empty ones.
        self._time_base = 1 / self._rate if is_steady else _TIME_BASE
        self._codec = codec
        self._pixel_format = pixel_format
        self._rotation_deg = rotation_deg
        self._options = options
        self._stream: VideoStream | None = None

    def begin(self, image: RgbImage) -> None:
        """Adds the stream, as large as this picture; all streams must stand before the first packet."""
        stream = self._output.add_stream(self._codec, rate=self._rate)
        if not isinstance(stream, VideoStream):
            raise TypeError(f"{self._codec} is not a video encoder")
        stream.height, stream.width = image.shape[:2]
        stream.pix_fmt = self._pixel_format
        stream.codec_context.time_base = self._time_base
        stream.codec_context.thread_count = 1
        stream.codec_context.options = _REPEATABLE.get(self._codec, {}) | self._options
        if self._rotation_deg:
            # FFmpeg counts counter-clockwise.
            stream.set_display_rotation(-self._rotation_deg)
        self._stream = stream

    def write(self, image: RgbImage, at_s: float) -> None:
        assert self._stream is not None
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
        frame.pts, frame.time_base = round(at_s / self._time_base), self._time_base
        self._output.mux(self._stream.encode(frame))

    def end(self) -> None:
        if self._stream is not None:
            self._output.mux(self._stream.encode(None))


class _Sound:
    """The audio stream of a file that is being written, in step with the pictures."""

    def __init__(self, output: OutputContainer, path: Path, samples: Samples, rate_hz: int) -> None:
        stream = output.add_stream(_SOUND_CODECS.get(path.suffix.lower(), "aac"), rate=rate_hz, layout="mono")
        assert isinstance(stream, AudioStream)
        self._output = output
        self._stream = stream
        self._samples = samples
        self._rate_hz = rate_hz
        self._at = 0

    def write_until(self, at_s: float) -> None:
        """Writes what is heard before a time."""
        while self._at < self._samples.size and self._at < at_s * self._rate_hz:
            block = self._samples[self._at : self._at + _SOUND_BLOCK]
            frame = av.AudioFrame.from_ndarray(
                block[None, :].astype(np.float32), format="fltp", layout="mono"
            )
            frame.sample_rate = self._rate_hz
            frame.pts, frame.time_base = self._at, Fraction(1, self._rate_hz)
            self._output.mux(self._stream.encode(frame))
            self._at += block.size

    def end(self) -> None:
        self.write_until(self._samples.size / self._rate_hz)
        self._output.mux(self._stream.encode(None))


def _first_of(frames: Iterable[RgbImage]) -> tuple[RgbImage | None, Iterator[RgbImage]]:
    """The first picture, for its size, and all of them."""
    images = iter(frames)
    first = next(images, None)
    return first, iter(()) if first is None else chain([first], images)


def _container(path: Path) -> str | None:
    """FFmpeg's name of the container that a suffix stands for."""
    suffix = path.suffix.lower()
    return _CONTAINERS.get(suffix, suffix.removeprefix(".") or None)
