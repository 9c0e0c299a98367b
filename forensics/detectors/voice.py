"""The sound, window by window: each of a file's tracks is a subject, or each speaker where they differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from forensics.detectors.declarations import VOICE
from forensics.detectors.detector import ModelForms
from forensics.detectors.domain import medians, out_of_domain
from forensics.detectors.exhibits import sound_exhibit, spectrogram_exhibit
from forensics.detectors.scoring import opinions, score_of
from forensics.detectors.speakers import SpeakerFinder
from forensics.detectors.speech import MIN_SHARE, SpeechFinder, anybody_speaks
from forensics.detectors.two_stage_scoring import TwoStageScoring
from forensics.detectors.voice_windows import Cutting, Moment, Speaker, Track, Window
from forensics.engines.net import Net
from forensics.engines.speaker_net import load_speaker_net
from forensics.engines.speech_net import load_speech_net
from forensics.errors import ModelError
from forensics.media.sound import MIN_SPEECH_S
from forensics.numerals import span_text
from forensics.records.findings import Abstention, AbstentionReason, Notice
from forensics.records.input_contract import SoundContract
from forensics.records.media import AudioChunk, MediaFile, MediaKind, Samples, StreamKind
from forensics.records.model_card import ModelCard
from forensics.records.properties import Properties
from forensics.records.stream import Item
from forensics.records.subject import VOICE_OF_FILE, Subject
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
        speech, self._speaker_model = VOICE.aids
        self.finder: SpeechFinder = load_speech_net(speech)
        self._speakers: SpeakerFinder | None = None
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

    def speakers(self) -> SpeakerFinder:
        """What tells speakers apart; loaded for the first file that is long enough, and kept."""
        if self._speakers is None:
            self._speakers = load_speaker_net(self._speaker_model)
        return self._speakers

    def configure(self, settings: ScanSettings) -> None:
        """Whether the strongest windows are kept to be listened to."""
        self._sound_clips = settings.sound_clips

    def begin(self, media: MediaFile, path: Path) -> VoiceExamination:  # noqa: ARG002 - the stream has all
        """Starts on a file."""
        return VoiceExamination(
            self.model, self.cutting, self.finder, self.speakers, media, sound_clips=self._sound_clips
        )


def _cutting(card: ModelCard) -> SoundContract:
    if not isinstance(card.contract, SoundContract):
        raise ModelError(f"{card.id} takes no sound", "Choose a voice model: forensics models list")
    return card.contract


class VoiceExamination:
    """One file's sound. Holds its tracks and a batch of windows; in a triage, what is in doubt."""

    def __init__(
        self,
        model: ModelForms,
        contract: SoundContract,
        finder: SpeechFinder,
        speakers: Callable[[], SpeakerFinder],
        media: MediaFile,
        *,
        sound_clips: bool = False,
    ) -> None:
        self._finder = finder
        self._speakers = speakers
        self._card = model.card
        self._scoring: TwoStageScoring[Window, Moment] = TwoStageScoring(model.net, model.exact, _scored)
        self._media = media
        n_window = contract.n_samples
        long = (media.duration_s or 0.0) > _OVERLAP_UP_TO_S
        n_hop = n_window if long else round(contract.hop_s * contract.rate_hz)
        self._cutting = Cutting(contract.rate_hz, n_window, n_hop, sound_clips)
        self._tracks: dict[str, Track] = {}

    def observe(self, item: Item) -> Iterator[Item]:
        """Takes sound; scores it when a batch of windows is full."""
        if not isinstance(item, AudioChunk):
            return
        track = self._tracks.get(item.track)
        if track is None:
            track = Track(item.track, item.at_s, self._cutting, self._finder, self._speakers)
            self._tracks[item.track] = track
        for window in track.take(item.samples):
            self._note(self._scoring.take(window))
        yield from ()

    def conclude(self) -> Iterator[Item]:
        """The scores, or why there are none, and the exhibits: who is heard is known when all was heard."""
        for track in self._tracks.values():
            for window in track.rest():
                self._note(self._scoring.take(window))
        heard = [(track, track.voices()) for track in self._tracks.values()]
        whose = {
            (track.subject, window): subject
            for track, voices in heard
            for subject, windows in voices.items()
            for window in windows
        }
        self._note(self._scoring.finish(lambda window: whose[window.subject, window.number]))
        spoken = [(track, track.spoken(voices)) for track, voices in heard]
        for _, speakers in spoken:
            for speaker in speakers:
                yield from speaker.scores
        yield from self._scoring.notices
        for track, speakers in spoken:
            yield from self._concluded(track, speakers)
        if not self._tracks:
            yield self._abstention(VOICE_OF_FILE)

    def _concluded(self, track: Track, speakers: Sequence[Speaker]) -> Iterator[Item]:
        if not speakers:
            yield self._abstention(track.subject, track)
            return
        if len(speakers) > 1:
            yield _told_apart(track.subject, len(speakers))
        yield from self._passed_over(track, track.subject if len(speakers) == 1 else None)
        for speaker in speakers:
            yield from self._told(speaker)

    def _told(self, speaker: Speaker) -> Iterator[Item]:
        subject = speaker.subject
        values = {**medians(speaker.properties), "length_s": speaker.heard_s}
        yield Properties(VOICE.name, subject, values)
        who = "The sound" if subject == VOICE_OF_FILE else f"The {subject}"
        yield from out_of_domain(self._card, VOICE.name, subject, who, values)
        strongest = speaker.strongest
        group = "strongest for manipulation"
        yield spectrogram_exhibit(strongest.mel, strongest.score, group)
        if strongest.heard is not None:
            yield sound_exhibit(strongest.heard, strongest.score, group)

    def _note(self, moments: Sequence[Moment]) -> None:
        subjects = {track.subject: track for track in self._tracks.values()}
        for moment in moments:
            subjects[moment.score.subject].note(moment)

    def _passed_over(self, track: Track, subject: Subject | None) -> Iterator[Notice]:
        if not track.without_speech:
            return
        named = ", ".join(span_text(span.start_s, span.end_s) for span in track.without_speech[:_MOST_NAMED])
        more = len(track.without_speech) - _MOST_NAMED
        yield Notice(
            "score",
            f"Windows of the {track.subject} with too little speech were not scored: {named}"
            + (f" and {more} more stretches" if more > 0 else ""),
            subject=subject,
        )

    def _abstention(self, subject: Subject, track: Track | None = None) -> Abstention:
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


def _told_apart(subject: Subject, n: int) -> Notice:
    if subject == VOICE_OF_FILE:
        said = f"{n} speakers whose voices differ clearly were told apart; each is judged alone."
    else:
        track = subject.name
        said = f"{n} speakers whose voices differ clearly were told apart in {track}; each is judged alone."
    return Notice("score", said)


def _scored(windows: Sequence[Window], net: Net) -> list[Moment]:
    batch = np.stack([window.samples for window in windows])
    return [
        Moment(
            window.number,
            score_of(net, VOICE.name, window.subject, window.span, opinion),
            # A copy: a slice would hold the spectrograms of the whole batch.
            opinion.map.copy(),
            window.heard,
        )
        for window, opinion in zip(windows, opinions(net, lambda _: batch), strict=True)
    ]
