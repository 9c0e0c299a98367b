"""Sound of any format to one channel at one rate, in chunks of bounded length."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
from av import AudioFrame, AudioResampler, Packet
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Discard, Stream

from forensics.media.channels import ChannelSurvey, Choice, SpeechSurvey
from forensics.media.open_container import FfmpegWords, opened, prepare_decoder, start_s
from forensics.media.seams import Seams
from forensics.media.sound import QUIET_DBFS, RATE_HZ, like_speech
from forensics.records.findings import Notice
from forensics.records.media import MIX, AudioChunk, Samples, StreamInfo

_CHUNK_SAMPLES = 10 * RATE_HZ
# Time stamps are rounded and codecs delay a little; a hole is longer than that.
_HOLE_S = 0.25
_MAX_HOLE_NOTICES = 4
_LEVEL_BLOCK = RATE_HZ // 2
# A broadcast has a handful of languages; a file with hundreds of streams must not take hundreds of times as
# long.
MOST_STREAMS = 8
# Four minutes of two channels.
_MOST_HELD_BYTES = 32 << 20


def choose_sound(
    path: Path, streams: Sequence[StreamInfo], speaks: Callable[[Samples], bool] = like_speech
) -> dict[int, Choice]:
    """What is heard of each sound stream, the first ``MOST_STREAMS`` of them: by the stream's index."""
    return {stream.index: survey_sound(path, stream.index, speaks) for stream in streams[:MOST_STREAMS]}


def begin_listening(
    container: InputContainer,
    choices: Mapping[int, Choice],
    words: FfmpegWords,
    n_threads: int,
    *,
    may_jump: bool,
) -> list[AudioDecoder]:
    """One AudioDecoder for each stream; the first channel of the first is the file's main track."""
    listenings = []
    for place, (index, choice) in enumerate(choices.items()):
        of_stream = f"stream {index}" if place else ""
        further = f" of {of_stream}" if of_stream else ""
        tracks = [of_stream, *(f"channel {name}{further}" for name in choice.names[1:])]
        listenings.append(
            AudioDecoder(container, index, words, n_threads, choice=choice, tracks=tracks, may_jump=may_jump)
        )
    return listenings


def sound_notices(streams: Sequence[StreamInfo], choices: Mapping[int, Choice]) -> Iterator[Notice]:
    """Says which sound was examined, wherever it is not the only one and all of it."""
    if len(streams) > 1:
        examined = ", ".join(str(index) for index in choices)
        left_out = ", ".join(str(stream.index) for stream in streams if stream.index not in choices)
        yield Notice(
            "decode",
            f"The file has {len(streams)} sound streams; examined, each by itself, are streams {examined}"
            + (f", not {left_out}" if left_out else ""),
        )
    for stream in streams:
        choice = choices.get(stream.index, Choice())
        if choice.reason:
            many = len(choice.names) > 1
            of_all = f"{'s' if many else ''} {', '.join(choice.names)} of {stream.n_channels}"
            yield Notice(
                "decode",
                f"In sound stream {stream.index}, channel{of_all} {'were' if many else 'was'} examined, "
                f"{'each by itself, ' if many else ''}not the mix: {choice.reason}",
            )


def survey_sound(path: Path, stream_index: int, speaks: Callable[[Samples], bool] = like_speech) -> Choice:
    """Listens to all channels of a stream, to say which are to be heard.

    A stream of one channel is not decoded for it; a long one in which it matters who speaks is decoded twice.
    What the decoder says is not kept: it says it again when the sound is examined.

    Args:
        speaks: see ``SpeechSurvey``.
    """
    survey: ChannelSurvey | None = None
    held: list[npt.NDArray[np.float32]] = []
    n_bytes = 0
    for names, channels, mix in _all_channels(path, stream_index):
        survey = survey or ChannelSurvey(names)
        survey.take(channels, mix)
        n_bytes += channels.nbytes
        if n_bytes <= _MOST_HELD_BYTES:
            held.append(channels[:, : mix.size])
        else:
            held.clear()
    if survey is None:
        return Choice()
    asked = survey.asked()
    if not asked:
        return survey.choice()
    speech = SpeechSurvey(asked, speaks)
    again = held or (channels[:, : mix.size] for _, channels, mix in _all_channels(path, stream_index))
    for channels in again:
        speech.take(channels)
    return survey.choice(speech.speech_s())


def _all_channels(
    path: Path, stream_index: int
) -> Iterator[tuple[tuple[str, ...], npt.NDArray[np.float32], Samples]]:
    """Pieces of a stream of several channels: their names, float32[C, N] and float32[M], the mix."""
    with opened(path) as container:
        stream = container.streams[stream_index]
        assert isinstance(stream, AudioStream)
        if stream.codec_context.channels == 1:
            return
        prepare_decoder(stream)
        for other in container.streams:
            if other.index != stream_index:
                other.discard = Discard.all
        words = FfmpegWords()
        mixer, splitter = _Resampling(words, mono=True), _Resampling(words, mono=False)
        names: tuple[str, ...] = ()
        for frame in _frames(container, stream, words):
            names = names or _channel_names(frame)
            # A film between advertisements may change its layout: what lacks the channel is mixed then.
            if _channel_names(frame) == names:
                mixed, split = mixer.take(frame), splitter.take(frame)
                if mixed and split:
                    yield names, np.concatenate(split).T, np.concatenate(mixed)[:, 0]


class AudioDecoder:
    """Decodes the packets of one audio stream as they come.

    Args:
        choice: which channels are heard.
        tracks: one name for each of them, see ``AudioChunk``.
        may_jump: time stamps that jump are a seam, not a pause.
    """

    def __init__(
        self,
        container: InputContainer,
        stream_index: int,
        words: FfmpegWords,
        n_threads: int = 1,
        *,
        choice: Choice | None = None,
        tracks: Sequence[str] = ("",),
        may_jump: bool = True,
    ) -> None:
        stream = container.streams[stream_index]
        assert isinstance(stream, AudioStream)
        prepare_decoder(stream, n_threads)
        self.stream_index = stream_index
        self.choice = choice or Choice()
        self._native_rate_hz = stream.codec_context.sample_rate
        time_base = stream.time_base or Fraction(1, self._native_rate_hz or RATE_HZ)
        # Whole numbers: half a million times an hour, multiplying by a Fraction would be felt.
        self._per_unit, self._units = time_base.numerator, time_base.denominator
        self._decoder = stream.codec_context
        self._may_jump = may_jump
        self._seams = Seams(container.format.name, time_base)
        self._origin_s = start_s(container)
        self._words = words
        self._next_s: float | None = None
        self._n_holes = 0
        self._voices = [
            _Voice(channel, track, self._native_rate_hz, words)
            for channel, track in zip(self.choice.names, tracks, strict=True)
        ]

    @property
    def n_seams(self) -> int:
        """How often time stamps jumped so far."""
        return self._seams.n_seams

    @property
    def n_samples(self) -> int:
        """Samples decoded so far, at the common rate."""
        return self._voices[0].n_samples

    @property
    def duration_s(self) -> float:
        """Seconds of sound decoded so far."""
        return self.n_samples / RATE_HZ

    @property
    def loudest_dbfs(self) -> float | None:
        """Level of the loudest half second of what was heard, None for digital silence."""
        power = max(voice.loudest for voice in self._voices)
        return 10 * float(np.log10(power)) if power > 0 else None

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
        for voice in self._voices:
            voice.take(None, self._next_s)
            yield from voice.chunks(to_the_end=True)
        loudest_dbfs = self.loudest_dbfs
        if loudest_dbfs is not None and loudest_dbfs < QUIET_DBFS:
            yield Notice(
                "decode",
                f"The sound of stream {self.stream_index} is very quiet: {loudest_dbfs:.0f} dBFS where it is "
                "loudest",
            )

    def _frame(self, frame: AudioFrame) -> Iterator[AudioChunk | Notice]:
        if self._may_jump:
            self._seams.pass_by(frame.pts, frame.duration)
        at_s = None
        if frame.pts is not None:
            at_s = (frame.pts + self._seams.shift) * self._per_unit / self._units - self._origin_s
        if self._next_s is None:
            self._next_s = at_s or 0.0
            for voice in self._voices:
                voice.begin(self._next_s)
        elif at_s is not None and abs(at_s - self._next_s) > _HOLE_S:
            self._n_holes += 1
            if self._n_holes <= _MAX_HOLE_NOTICES:
                yield Notice(
                    "decode", f"The sound jumps from {self._next_s:.2f} s to {at_s:.2f} s", self._next_s
                )
            for voice in self._voices:
                voice.take(None, self._next_s)
                yield from voice.chunks(to_the_end=True)
                voice.begin(at_s)
            self._next_s = at_s
        self._next_s += frame.samples / (frame.sample_rate or self._native_rate_hz)
        for voice in self._voices:
            voice.take(frame, self._next_s)
            yield from voice.chunks(to_the_end=False)


class _Voice:
    """One channel, or the mix, on its way into chunks."""

    def __init__(self, channel: str, track: str, native_rate_hz: int, words: FfmpegWords) -> None:
        self._channel = channel
        self._track = track
        self._native_rate_hz = native_rate_hz
        self._words = words
        self._mixer = _Resampling(words, mono=True)
        self._splitter = _Resampling(words, mono=False)
        self._held: list[Samples] = []
        self._n_held = 0
        self._at_s = 0.0
        self.n_samples = 0
        self.loudest = 0.0

    def begin(self, at_s: float) -> None:
        """What comes next is heard at ``at_s``."""
        self._at_s = at_s

    def take(self, frame: AudioFrame | None, at_s: float | None) -> None:
        """Takes a frame; None for what a resampler still holds back."""
        if frame is None:
            self._hold(self._mixer.take(None, at_s), 0)
            self._hold(self._splitter.take(None, at_s), 0)
            return
        names = _channel_names(frame) if self._channel != MIX else ()
        if self._channel in names:
            self._hold(self._splitter.take(frame, at_s), names.index(self._channel))
        else:
            self._hold(self._mixer.take(frame, at_s), 0)

    def chunks(self, *, to_the_end: bool) -> Iterator[AudioChunk]:
        """What is full; at the end or before a hole, what there is."""
        while self._n_held >= _CHUNK_SAMPLES or (to_the_end and self._n_held):
            joined = np.concatenate(self._held)
            samples, rest = joined[:_CHUNK_SAMPLES], joined[_CHUNK_SAMPLES:]
            self._held, self._n_held = [rest.copy()], rest.size
            at_s = self._at_s
            self._at_s = at_s + samples.size / RATE_HZ
            sound = np.clip(np.nan_to_num(samples), -1.0, 1.0).astype(np.float32)
            self._measure(sound)
            yield AudioChunk(sound, RATE_HZ, at_s, self._native_rate_hz, self._track)

    def _hold(self, pieces: Sequence[Samples], channel: int) -> None:
        for piece in pieces:
            self._held.append(piece[:, min(channel, piece.shape[1] - 1)])
            self._n_held += len(piece)
            self.n_samples += len(piece)

    def _measure(self, sound: Samples) -> None:
        n_block = min(_LEVEL_BLOCK, sound.size)
        blocks = sound[: sound.size // n_block * n_block].reshape(-1, n_block).astype(np.float64)
        # Without a constant offset, which nobody hears.
        self.loudest = max(self.loudest, float(blocks.var(axis=1).max()))


class _Resampling:
    """Frames of any format to the common rate, as one channel or with all that they have.

    Args:
        mono: mix the channels to one.
    """

    def __init__(self, words: FfmpegWords, *, mono: bool) -> None:
        self._words = words
        self._mono = mono
        self._resampler: AudioResampler | None = None
        self._format: tuple[str, str, int] | None = None

    def take(self, frame: AudioFrame | None, at_s: float | None = None) -> list[Samples]:
        """float32[N, C] pieces; None gives the rest. A change of format in mid-stream is followed."""
        pieces: list[AudioFrame] = []
        try:
            if frame is None:
                pieces = self._resampler.resample(None) if self._resampler is not None else []
                self._resampler = None
            else:
                format_now = (frame.format.name, frame.layout.name, frame.sample_rate)
                if self._resampler is None or format_now != self._format:
                    pieces = self._resampler.resample(None) if self._resampler is not None else []
                    layout = "mono" if self._mono else frame.layout.name
                    self._resampler = AudioResampler(format="flt", layout=layout, rate=RATE_HZ)
                    self._format = format_now
                pieces = [*pieces, *self._resampler.resample(frame)]
        except (FFmpegError, ValueError) as error:
            self._words.add(f"sound: {_short(error)}", at_s)
            self._resampler = None
        return [_interleaved(piece) for piece in pieces]


def _frames(container: InputContainer, stream: AudioStream, words: FfmpegWords) -> Iterator[AudioFrame]:
    """All that can be decoded; damage costs its packet."""
    packets = container.demux(stream)
    while True:
        frames: list[AudioFrame] = []
        try:
            with words.heard():
                packet = next(packets)
                frames = stream.codec_context.decode(packet)
        except StopIteration:
            return
        except (FFmpegError, ValueError, OSError) as error:
            # If it was reading that failed, nothing more comes.
            words.add(_short(error))
        yield from frames


def _interleaved(piece: AudioFrame) -> Samples:
    n_channels = piece.layout.nb_channels
    flat = np.frombuffer(memoryview(piece.planes[0]), np.float32, piece.samples * n_channels)
    return flat.reshape(-1, n_channels)


def _channel_names(frame: AudioFrame) -> tuple[str, ...]:
    """FL, FR and so on; 1, 2 and so on where the file does not say what its channels are."""
    names = tuple(channel.name for channel in frame.layout.channels)
    if len(set(names)) == len(names) and "NONE" not in names:
        return names
    return tuple(str(at) for at in range(1, frame.layout.nb_channels + 1))


def _short(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
