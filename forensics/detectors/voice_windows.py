"""One of a file's sounds on its way into windows, and from their scores to the speakers in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from forensics.detectors.domain import voice_properties
from forensics.detectors.speakers import LEAST_S, SpeakerFinder, Turns
from forensics.detectors.speech import SpeechFinder, speech_of
from forensics.media.sound import MIN_SPEECH_S, level
from forensics.records.findings import Score, Span
from forensics.records.media import Samples
from forensics.records.subject import Subject, speaker_in, voice_in

# Windows of which is heard at a time who speaks: one by one costs half as much again.
_DESCRIBED_AT_ONCE = 8
# Moments that are held, each with its spectrogram, before all but the strongest go.
_MOST_MOMENTS = 128


@dataclass(frozen=True, slots=True)
class Cutting:
    """How sound is cut into windows.

    Attributes:
        n_window, n_hop: samples of a window, and from one to the next.
        keeps_sound: windows keep what was recorded, to be listened to.
    """

    rate_hz: int
    n_window: int
    n_hop: int
    keeps_sound: bool


@dataclass(frozen=True, slots=True)
class Window:
    """A window with enough speech.

    Attributes:
        number: within its track.
        samples: as the net hears it, float32[n_window].
        heard: as it was recorded; None unless sound is kept.
    """

    number: int
    samples: Samples
    heard: Samples | None
    span: Span
    subject: Subject

    @property
    def size_bytes(self) -> int:
        """What it costs to hold it."""
        return self.samples.nbytes + (0 if self.heard is None else self.heard.nbytes)


@dataclass(frozen=True, slots=True)
class Moment:
    """A window's score, and what a report shows of it."""

    number: int
    score: Score
    mel: npt.NDArray[np.float32]
    heard: Samples | None


@dataclass(frozen=True, slots=True)
class Speaker:
    """Whom the scores of some windows are about.

    Attributes:
        scores: under this subject, in the order of time.
        properties: of the windows.
        heard_s: seconds of sound.
    """

    subject: Subject
    scores: tuple[Score, ...]
    strongest: Moment
    properties: tuple[dict[str, float], ...]
    heard_s: float


class Track:
    """One of a file's sounds: holds a window of samples, some windows, and moments that may be shown.

    Args:
        name: of the track; empty for a file's only one.
        at_s: when it begins.
        finder: hears speech.
        speakers: gives what tells speakers apart. It is asked only when the sound is long enough for two.
    """

    def __init__(
        self,
        name: str,
        at_s: float,
        cutting: Cutting,
        finder: SpeechFinder,
        speakers: Callable[[], SpeakerFinder],
    ) -> None:
        self.subject = voice_in(name)
        self.heard_s = 0.0
        self.without_speech: list[Span] = []
        self._name = name
        self._cutting = cutting
        self._finder = finder
        self._speakers = speakers
        self._pending: Samples = np.zeros(0, np.float32)
        self._at_s = at_s
        self._until_s = at_s
        self._n_taken = 0
        self._properties: list[dict[str, float]] = []
        self._undescribed: list[tuple[int, float, Samples]] = []
        self._turns = Turns()
        self._scores: dict[int, Score] = {}
        self._moments: dict[int, Moment] = {}

    def take(self, samples: Samples) -> Iterator[Window]:
        """Windows that are full."""
        rate_hz, n_window, n_hop = self._cutting.rate_hz, self._cutting.n_window, self._cutting.n_hop
        self.heard_s += samples.size / rate_hz
        self._pending = np.concatenate([self._pending, samples])
        while self._pending.size >= n_window:
            yield from self._window(self._pending[:n_window])
            self._pending = self._pending[n_hop:]
            self._at_s += n_hop / rate_hz

    def rest(self) -> Iterator[Window]:
        """What is left after the last full window, unless it was heard already where windows overlap."""
        overlap = self._cutting.n_window - self._cutting.n_hop if self._n_taken else 0
        if self._pending.size - overlap >= MIN_SPEECH_S * self._cutting.rate_hz:
            yield from self._window(self._pending)

    def note(self, moment: Moment) -> None:
        """Takes the score of one of its windows."""
        self._scores[moment.number] = moment.score
        self._moments[moment.number] = moment
        if len(self._moments) > _MOST_MOMENTS:
            self._forget_all_but_the_strongest()

    def voices(self) -> dict[Subject, list[int]]:
        """The windows of everybody who is heard, when all was: one voice, or speakers who differ clearly."""
        self._describe()
        turns = self._turns.speakers()
        if len(turns) < 2:
            return {self.subject: list(range(len(self._properties)))}
        return {speaker_in(self._name, number): some for number, some in enumerate(turns, start=1)}

    def spoken(self, voices: Mapping[Subject, Sequence[int]]) -> list[Speaker]:
        """Everybody who was scored.

        Args:
            voices: as ``voices`` gives them.
        """
        if not self._scores:
            return []
        return [
            self._speaker(
                subject, windows, self.heard_s if subject == self.subject else self._turns.heard_s(windows)
            )
            for subject, windows in voices.items()
        ]

    def _speaker(self, subject: Subject, windows: Sequence[int], heard_s: float) -> Speaker:
        strongest = _strongest([self._moments[one] for one in windows if one in self._moments])
        return Speaker(
            subject,
            tuple(replace(self._scores[one], subject=subject) for one in windows),
            replace(strongest, score=replace(strongest.score, subject=subject)),
            tuple(self._properties[one] for one in windows if self._properties[one]),
            heard_s,
        )

    def _window(self, samples: Samples) -> Iterator[Window]:
        levelled = level(samples, self._cutting.n_window)
        if levelled is None:
            return
        self._n_taken += 1
        span = Span(self._at_s, self._at_s + samples.size / self._cutting.rate_hz)
        if not speech_of(samples, self._finder).is_enough:
            self._pass_over(span)
            return
        number = len(self._properties)
        # As the net hears it: so are those measured that the ranges of a card rest on.
        self._properties.append(voice_properties(levelled, self._cutting.rate_hz))
        self._undescribed.append((number, span.end_s - max(span.start_s, self._until_s), levelled))
        self._until_s = span.end_s
        if len(self._undescribed) >= _DESCRIBED_AT_ONCE:
            self._describe()
        heard = samples.copy() if self._cutting.keeps_sound else None
        yield Window(number, levelled, heard, span, self.subject)

    def _describe(self) -> None:
        """Hears who speaks in windows where nobody was asked for yet."""
        if not self._undescribed or self.heard_s < 2 * LEAST_S:
            return
        described = self._speakers().describe(np.stack([samples for *_, samples in self._undescribed]))
        for (number, heard_s, _), sounds_like in zip(self._undescribed, described, strict=True):
            self._turns.take(number, heard_s, sounds_like)
        self._undescribed.clear()

    def _forget_all_but_the_strongest(self) -> None:
        within, between = self._turns.inseparable()
        for windows, n_kept in (*((windows, 1) for windows in within), (between, _MOST_MOMENTS // 2)):
            held = [self._moments[one] for one in windows if one in self._moments]
            held.sort(key=lambda moment: (-moment.score.logit, moment.number))
            for moment in held[n_kept:]:
                del self._moments[moment.number]

    def _pass_over(self, span: Span) -> None:
        # Windows come in the order of time; those that overlap are one stretch.
        if self.without_speech and span.start_s <= self.without_speech[-1].end_s:
            span = Span(self.without_speech.pop().start_s, span.end_s)
        self.without_speech.append(span)


def _strongest(moments: Sequence[Moment]) -> Moment:
    """The first of those whose score is highest."""
    return max(moments, key=lambda moment: moment.score.logit)
