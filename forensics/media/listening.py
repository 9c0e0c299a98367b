"""Sound of any format to mono at one rate, in chunks of bounded length."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from av import AudioFrame, AudioResampler, Packet
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Stream

from forensics.media.container import FfmpegWords, prepare_decoder, start_s
from forensics.media.seams import Seams
from forensics.media.sound import RATE_HZ
from forensics.records.findings import Notice
from forensics.records.media import AudioChunk, Samples

_CHUNK_SAMPLES = 10 * RATE_HZ
# Time stamps are rounded and codecs delay a little; a hole is longer than that.
_HOLE_S = 0.25
_MAX_HOLE_NOTICES = 4


class Listening:
    """Decodes the packets of one audio stream as they come."""

    def __init__(
        self,
        container: InputContainer,
        stream_index: int,
        words: FfmpegWords,
        n_threads: int = 1,
        *,
        may_jump: bool = True,
    ) -> None:
        stream = container.streams[stream_index]
        assert isinstance(stream, AudioStream)
        prepare_decoder(stream, n_threads)
        self.stream_index = stream_index
        self._native_rate_hz = stream.codec_context.sample_rate
        time_base = stream.time_base or Fraction(1, self._native_rate_hz or RATE_HZ)
        # Whole numbers: half a million times an hour, multiplying by a Fraction would be felt.
        self._per_unit, self._units = time_base.numerator, time_base.denominator
        self._decoder = stream.codec_context
        self._may_jump = may_jump
        self._seams = Seams(container.format.name, time_base)
        self._origin_s = start_s(container)
        self._words = words
        self._resampler: AudioResampler | None = None
        self._format: tuple[str, str, int] | None = None
        self._held: list[Samples] = []
        self._n_held = 0
        self._chunk_at_s: float | None = None
        self._next_s: float | None = None
        self._n_holes = 0
        self.n_samples = 0

    @property
    def n_seams(self) -> int:
        """How often time stamps jumped so far."""
        return self._seams.n_seams

    @property
    def duration_s(self) -> float:
        """Seconds of sound decoded so far."""
        return self.n_samples / RATE_HZ

    def take(self, packet: Packet[Stream] | None) -> Iterator[AudioChunk | Notice]:
        """Decodes one packet; None for what the decoder still holds back."""
        frames: list[AudioFrame] = []
        try:
            with self._words.heard(self._next_s):
                frames = self._decoder.decode(packet)
        except (FFmpegError, ValueError) as error:
            self._words.add(f"sound: {_short(error)}", self._next_s)
        for frame in frames:
            yield from self._frame(frame)

    def finish(self) -> Iterator[AudioChunk | Notice]:
        """The rest: what decoder and resampler hold back, and the last, shorter chunk."""
        yield from self.take(None)
        self._hold(self._resampled(None))
        yield from self._chunks(to_the_end=True)

    def _frame(self, frame: AudioFrame) -> Iterator[AudioChunk | Notice]:
        if self._may_jump:
            self._seams.pass_by(frame.pts, frame.duration)
        at_s = None
        if frame.pts is not None:
            at_s = (frame.pts + self._seams.shift) * self._per_unit / self._units - self._origin_s
        if self._next_s is None:
            self._next_s = self._chunk_at_s = at_s or 0.0
        elif at_s is not None and abs(at_s - self._next_s) > _HOLE_S:
            self._n_holes += 1
            if self._n_holes <= _MAX_HOLE_NOTICES:
                yield Notice(
                    "decode", f"The sound jumps from {self._next_s:.2f} s to {at_s:.2f} s", self._next_s
                )
            self._hold(self._resampled(None))
            yield from self._chunks(to_the_end=True)
            self._next_s = self._chunk_at_s = at_s
        self._next_s += frame.samples / (frame.sample_rate or self._native_rate_hz)
        self._hold(self._resampled(frame))
        yield from self._chunks(to_the_end=False)

    def _resampled(self, frame: AudioFrame | None) -> list[Samples]:
        """float32[N] pieces at the common rate; a change of format in mid-stream is followed."""
        pieces: list[AudioFrame] = []
        try:
            if frame is None:
                pieces = self._resampler.resample(None) if self._resampler is not None else []
                self._resampler = None
            else:
                format_now = (frame.format.name, frame.layout.name, frame.sample_rate)
                if self._resampler is None or format_now != self._format:
                    pieces = self._resampler.resample(None) if self._resampler is not None else []
                    self._resampler = AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
                    self._format = format_now
                pieces = [*pieces, *self._resampler.resample(frame)]
        except (FFmpegError, ValueError) as error:
            self._words.add(f"sound: {_short(error)}", self._next_s)
            self._resampler = None
        return [np.frombuffer(memoryview(piece.planes[0]), np.float32, piece.samples) for piece in pieces]

    def _hold(self, pieces: list[Samples]) -> None:
        for piece in pieces:
            self._held.append(piece)
            self._n_held += piece.size
            self.n_samples += piece.size

    def _chunks(self, *, to_the_end: bool) -> Iterator[AudioChunk]:
        while self._n_held >= _CHUNK_SAMPLES or (to_the_end and self._n_held):
            joined = np.concatenate(self._held)
            samples, rest = joined[:_CHUNK_SAMPLES], joined[_CHUNK_SAMPLES:]
            self._held, self._n_held = [rest.copy()], rest.size
            at_s = self._chunk_at_s or 0.0
            self._chunk_at_s = at_s + samples.size / RATE_HZ
            sound = np.clip(np.nan_to_num(samples), -1.0, 1.0).astype(np.float32)
            yield AudioChunk(sound, RATE_HZ, at_s, self._native_rate_hz)


def _short(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
