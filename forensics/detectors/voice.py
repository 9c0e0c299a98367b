"""The sound, window by window, each of a file's tracks as a subject of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from forensics.detectors.declarations import VOICE
from forensics.detectors.detector import ModelForms
from forensics.detectors.domain import medians, out_of_domain, voice_properties
from forensics.detectors.exhibits import sound_exhibit, spectrogram_exhibit
from forensics.detectors.scoring import opinions, score_of
from forensics.detectors.speech import MIN_SHARE, SpeechFinder, anybody_speaks, speech_of
from forensics.detectors.two_stage_scoring import TwoStageScoring
from forensics.engines.net import Net
from forensics.engines.speech_net import load_speech_net
from forensics.errors import ModelError
from forensics.media.sound import MIN_SPEECH_S, level
from forensics.numerals import span_text
from forensics.records.findings import Abstention, AbstentionReason, Notice, Score, Span
from forensics.records.input_contract import SoundContract
from forensics.records.media import AudioChunk, MediaFile, MediaKind, Samples, StreamKind
from forensics.records.model_card import ModelCard
from forensics.records.properties import Properties
from forensics.records.stream import Item
from forensics.records.subject import VOICE_OF_FILE, Subject, voice_in
from forensics.settings import ScanSettings

# Up to this long, windows overlap as the contract says; longer sound is covered once, without overlap. Its
# mean has windows enough, and hearing every second twice costs as much again (benchmarks/accuracy).
_OVERLAP_UP_TO_S = 20.0
# Of many stretches without speech, so many are named.
_MOST_NAMED = 3


class Voice:
    """The voice detector around one compiled voice net, or around a fast and an exact form of it."""

    spec = VOICE

    def __init__(self, models: Sequence[ModelForms]) -> None:
        (model,) = models
        self.model = model
        self.cards = model.cards
        self.finder: SpeechFinder = load_speech_net(*VOICE.aids)
        self.cutting = _cutting(model.card)
        self._sound_clips = False
        for card in model.cards:
            if _cutting(card) != self.cutting:
                raise ModelError(
                    f"{card.id} takes other windows of sound than {model.card.id}",
                    "Combine models whose rate_hz, window_s and hop_s are the same.",
                )

    def speaks(self, samples: Samples) -> bool:
        """Whether somebody speaks for half a second or more."""
        return anybody_speaks(samples, self.finder)

    def configure(self, settings: ScanSettings) -> None:
        """Whether the strongest windows are kept to be listened to."""
        self._sound_clips = settings.sound_clips

    def begin(self, media: MediaFile, path: Path) -> VoiceExamination:  # noqa: ARG002 - the stream has all
        """Starts on a file."""
        return VoiceExamination(self.model, self.cutting, self.finder, media, sound_clips=self._sound_clips)


def _cutting(card: ModelCard) -> SoundContract:
    if not isinstance(card.contract, SoundContract):
        raise ModelError(f"{card.id} takes no sound", "Choose a voice model: forensics models list")
    return card.contract


@dataclass(frozen=True, slots=True)
class _Window:
    samples: Samples
    heard: Samples | None
    span: Span
    subject: Subject

    @property
    def size_bytes(self) -> int:
        return self.samples.nbytes + (0 if self.heard is None else self.heard.nbytes)


@dataclass(frozen=True, slots=True)
class _Moment:
    score: Score
    mel: npt.NDArray[np.float32]
    heard: Samples | None


class _Track:
    """One of a file's sounds, on its way into windows: holds one window of samples and one spectrogram."""

    def __init__(
        self,
        name: str,
        at_s: float,
        rate_hz: int,
        n_window: int,
        n_hop: int,
        finder: SpeechFinder,
        *,
        keeps_sound: bool,
    ) -> None:
        self.subject = voice_in(name)
        self.heard_s = 0.0
        self.strongest: _Moment | None = None
        self.properties: list[dict[str, float]] = []
        self._rate_hz = rate_hz
        self._n_window = n_window
        self._n_hop = n_hop
        self._pending: Samples = np.zeros(0, np.float32)
        self._at_s = at_s
        self._n_taken = 0
        self._finder = finder
        self._keeps_sound = keeps_sound
        self.without_speech: list[Span] = []

    def take(self, samples: Samples) -> Iterator[_Window]:
        """Windows that are full."""
        self.heard_s += samples.size / self._rate_hz
        self._pending = np.concatenate([self._pending, samples])
        while self._pending.size >= self._n_window:
            yield from self._window(self._pending[: self._n_window])
            self._pending = self._pending[self._n_hop :]
            self._at_s += self._n_hop / self._rate_hz

    def rest(self) -> Iterator[_Window]:
        """What is left after the last full window, unless it was heard already where windows overlap."""
        fresh = self._pending.size - (self._n_window - self._n_hop if self._n_taken else 0)
        if fresh >= MIN_SPEECH_S * self._rate_hz:
            yield from self._window(self._pending)

    def note(self, moment: _Moment) -> None:
        """Remembers the strongest."""
        if self.strongest is None or moment.score.logit > self.strongest.score.logit:
            self.strongest = moment

    def _window(self, samples: Samples) -> Iterator[_Window]:
        levelled = level(samples, self._n_window)
        if levelled is None:
            return
        self._n_taken += 1
        span = Span(self._at_s, self._at_s + samples.size / self._rate_hz)
        if not speech_of(samples, self._finder).is_enough:
            self._pass_over(span)
            return
        # As the net hears it: so are those measured that the ranges of a card rest on.
        properties = voice_properties(levelled, self._rate_hz)
        if properties:
            self.properties.append(properties)
        heard = samples.copy() if self._keeps_sound else None
        yield _Window(levelled, heard, span, self.subject)

    def _pass_over(self, span: Span) -> None:
        # Windows come in the order of time; those that overlap are one stretch.
        if self.without_speech and span.start_s <= self.without_speech[-1].end_s:
            span = Span(self.without_speech.pop().start_s, span.end_s)
        self.without_speech.append(span)


class VoiceExamination:
    """One file's sound. Holds its tracks and a batch of windows; in a triage, what is in doubt."""

    def __init__(
        self,
        model: ModelForms,
        cutting: SoundContract,
        finder: SpeechFinder,
        media: MediaFile,
        *,
        sound_clips: bool = False,
    ) -> None:
        self._sound_clips = sound_clips
        self._finder = finder
        self._card = model.card
        self._scoring: TwoStageScoring[_Window, _Moment] = TwoStageScoring(model.net, model.exact, _scored)
        self._media = media
        self._rate_hz = cutting.rate_hz
        self._n_window = cutting.n_samples
        long = (media.duration_s or 0.0) > _OVERLAP_UP_TO_S
        self._n_hop = self._n_window if long else round(cutting.hop_s * cutting.rate_hz)
        self._tracks: dict[str, _Track] = {}

    def observe(self, item: Item) -> Iterator[Item]:
        """Takes sound; scores it when a batch of windows is full."""
        if not isinstance(item, AudioChunk):
            return
        track = self._tracks.get(item.track)
        if track is None:
            track = _Track(
                item.track,
                item.at_s,
                self._rate_hz,
                self._n_window,
                self._n_hop,
                self._finder,
                keeps_sound=self._sound_clips,
            )
            self._tracks[item.track] = track
        for window in track.take(item.samples):
            yield from self._told(self._scoring.take(window))

    def conclude(self) -> Iterator[Item]:
        """The rest's scores, or why there are none, and the exhibits."""
        for track in self._tracks.values():
            for window in track.rest():
                yield from self._told(self._scoring.take(window))
        yield from self._told(self._scoring.finish())
        yield from self._scoring.notices
        for track in self._tracks.values():
            yield from self._concluded(track)
        if not self._tracks:
            yield self._abstention(VOICE_OF_FILE)

    def _concluded(self, track: _Track) -> Iterator[Item]:
        if track.strongest is None:
            yield self._abstention(track.subject, track)
            return
        yield from self._passed_over(track)
        values = {**medians(track.properties), "length_s": track.heard_s}
        yield Properties(VOICE.name, track.subject, values)
        who = "The sound" if track.subject == VOICE_OF_FILE else f"The {track.subject}"
        yield from out_of_domain(self._card, VOICE.name, track.subject, who, values)
        strongest = track.strongest
        group = "strongest for manipulation"
        yield spectrogram_exhibit(strongest.mel, strongest.score, group)
        if strongest.heard is not None:
            yield sound_exhibit(strongest.heard, strongest.score, group)

    def _told(self, moments: Sequence[_Moment]) -> Iterator[Score]:
        subjects = {track.subject: track for track in self._tracks.values()}
        for moment in moments:
            subjects[moment.score.subject].note(moment)
            yield moment.score

    def _passed_over(self, track: _Track) -> Iterator[Notice]:
        if not track.without_speech:
            return
        named = ", ".join(span_text(span.start_s, span.end_s) for span in track.without_speech[:_MOST_NAMED])
        more = len(track.without_speech) - _MOST_NAMED
        yield Notice(
            "score",
            f"Windows of the {track.subject} with too little speech were not scored: {named}"
            + (f" and {more} more stretches" if more > 0 else ""),
            subject=track.subject,
        )

    def _abstention(self, subject: Subject, track: _Track | None = None) -> Abstention:
        if self._media.stream(StreamKind.AUDIO) is None:
            if self._media.kind is MediaKind.IMAGE:
                return Abstention(
                    VOICE.name, AbstentionReason.NO_AUDIO, "A still picture has no sound.", subject
                )
            return Abstention(VOICE.name, AbstentionReason.NO_AUDIO, "The file has no sound stream.", subject)
        of_which = "" if subject == VOICE_OF_FILE else f"The {subject}: "
        heard_s = 0.0 if track is None else track.heard_s
        if heard_s < MIN_SPEECH_S:
            return Abstention(
                VOICE.name,
                AbstentionReason.TOO_SHORT,
                f"{of_which}{heard_s:.1f} s of sound; {MIN_SPEECH_S:g} s are needed. "
                "Find a longer recording.",
                subject,
            )
        if track is not None and track.without_speech:
            return Abstention(
                VOICE.name,
                AbstentionReason.NO_SPEECH,
                f"{of_which}{heard_s:.1f} s of sound with no or too little speech. A voice is judged where "
                f"{MIN_SPEECH_S:g} s of speech make up at least {MIN_SHARE:.0%} of the sound. Give a part in "
                "which somebody speaks, without music or noise over it.",
                subject,
            )
        return Abstention(
            VOICE.name,
            AbstentionReason.NO_AUDIO,
            f"{of_which}{heard_s:.1f} s of sound, but silent, or as quiet as noise, throughout.",
            subject,
        )


def _scored(windows: Sequence[_Window], net: Net) -> list[_Moment]:
    batch = np.stack([window.samples for window in windows])
    return [
        # A copy: a slice would hold the spectrograms of the whole batch.
        _Moment(
            score_of(net, VOICE.name, window.subject, window.span, opinion), opinion.map.copy(), window.heard
        )
        for window, opinion in zip(windows, opinions(net, lambda _: batch), strict=True)
    ]
