"""The chosen pictures of a video stream, decoded forward with no more than they need."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from av import Packet, VideoFrame
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Stream
from av.video.stream import VideoStream

from forensics.media.open_container import FfmpegWords, check_size, encrypted, prepare_decoder, start_s
from forensics.media.packet_index import Plan
from forensics.media.showing import Showing
from forensics.records.findings import Notice
from forensics.records.media import Frame

_FALLBACK_RATE_HZ = 25.0


class VideoDecoder:
    """Decodes the packets of one video stream as they come."""

    def __init__(
        self,
        path: Path,
        container: InputContainer,
        stream_index: int,
        plan: Plan,
        words: FfmpegWords,
        n_threads: int = 1,
    ) -> None:
        stream = container.streams[stream_index]
        assert isinstance(stream, VideoStream)
        prepare_decoder(stream, n_threads)
        self.stream_index = stream_index
        self.by_order = plan.by_order
        self.rate_hz = float(stream.average_rate or stream.guessed_rate or _FALLBACK_RATE_HZ)
        self.n_decoded = 0
        self.delivered: list[int] = []
        self.showing: Showing[tuple[int, float]] = Showing(stream)
        self._path = path
        self._time_base = stream.time_base or Fraction(1, 90_000)
        self._decoder = stream.codec_context
        self._plan = plan
        self._wanted = dict(plan.wanted)
        self._seams = list(plan.seams)
        self._shift = 0
        self._origin_s = start_s(container)
        self._words = words
        self._n_packets = 0
        self._at_s: float | None = None
        self._damaged_s: list[float] = []

    @property
    def n_delivered(self) -> int:
        """Chosen pictures that could be decoded."""
        return len(self.delivered)

    @property
    def is_done(self) -> bool:
        """Whether every chosen picture was delivered."""
        return not self._wanted

    def take(self, packet: Packet[Stream]) -> Iterator[Frame]:
        """Decodes one packet, if it is needed."""
        index = self._n_packets
        self._n_packets += 1
        plan = self._plan
        if plan.feed is not None and (index >= plan.feed.size or not plan.feed[index]):
            return
        if packet.has_sidedata("encryption_info"):
            raise encrypted(self._path)
        while self._seams and index >= self._seams[0].packet:
            self._shift = self._seams.pop(0).shift
        if self._shift:
            packet.pts = None if packet.pts is None else packet.pts + self._shift
            packet.dts = None if packet.dts is None else packet.dts + self._shift
        if index in plan.restart:
            yield from self._decoded(None)
            yield from self._shown(None, None)
            self._decoder.flush_buffers()
        yield from self._decoded(packet)

    def finish(self) -> Iterator[Frame | Notice]:
        """What the decoder still holds back, and what went wrong."""
        yield from self._decoded(None)
        yield from self._shown(None, None)
        yield from self.showing.notices()
        if self._damaged_s:
            first = self._damaged_s[0]
            yield Notice("decode", f"{_pictures(len(self._damaged_s))} decoded with damage", first)
        n_lost = len(self._wanted)
        if n_lost and self.n_delivered:
            n_all = len(self._plan.wanted)
            yield Notice(
                "decode",
                f"{n_lost} of the {n_all} chosen pictures could not be decoded; the others were examined",
            )

    def _decoded(self, packet: Packet[Stream] | None) -> Iterator[Frame]:
        frames: list[VideoFrame] = []
        try:
            with self._words.heard(self._at_s):
                frames = self._decoder.decode(packet)
        except (FFmpegError, ValueError) as error:
            self._words.add(f"pictures: {getattr(error, 'strerror', None) or error}", self._at_s)
        for frame in frames:
            yield from self._delivered(frame)

    def _delivered(self, frame: VideoFrame) -> Iterator[Frame]:
        order = self.n_decoded
        self.n_decoded += 1
        # A frame that comes when the decoder is emptied has lost its own time base: the stream's counts.
        if self.by_order or frame.pts is None:
            at_s = order / self.rate_hz
        else:
            at_s = float(frame.pts * self._time_base) - self._origin_s
        self._at_s = at_s
        key = order if self.by_order else frame.pts
        index = None if key is None else self._wanted.pop(key, None)
        if index is None:
            yield from self._shown(frame, None)
            return
        check_size(self._path, frame.width, frame.height)
        if frame.is_corrupt:
            self._damaged_s.append(at_s)
        if index not in self._plan.between:
            self.delivered.append(index)
        yield from self._shown(frame, (index, at_s))

    def _shown(self, frame: VideoFrame | None, chosen: tuple[int, float] | None) -> Iterator[Frame]:
        for (index, at_s), image in self.showing.follow(frame, chosen):
            plan = self._plan
            bursts = plan.bursts.get(index), plan.short_bursts.get(index)
            yield Frame(image, index, at_s, self.stream_index, *bursts, sampled=index not in plan.between)


def _pictures(n: int) -> str:
    return "One chosen picture was" if n == 1 else f"{n} chosen pictures were"
