"""The sound, window by window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from forensics.detectors.declarations import VOICE
from forensics.detectors.detector import ModelForms
from forensics.detectors.domain import medians, out_of_domain, voice_properties
from forensics.detectors.exhibits import spectrogram_exhibit
from forensics.detectors.scoring import score_of
from forensics.detectors.second_look import Looks
from forensics.engines.net import Net
from forensics.errors import ModelError
from forensics.media.sound import MIN_SPEECH_S, level
from forensics.records.detector_spec import CropSpec
from forensics.records.findings import Abstention, Score, Span, Why
from forensics.records.media import AudioChunk, MediaFile, MediaKind, Samples, StreamKind
from forensics.records.properties import Properties
from forensics.records.stream import Item

_SUBJECT = VOICE.name
# Up to this long, windows overlap as the contract says; longer sound is covered once, without overlap.
_OVERLAP_UP_TO_S = 120.0


class Voice:
    """The voice detector around one compiled voice net, or around a fast and an exact form of it."""

    spec = VOICE
    crop: CropSpec | None = None

    def __init__(self, models: Sequence[ModelForms]) -> None:
        (model,) = models
        contract = model.card.contract
        if not contract.window_s or not contract.hop_s or not contract.rate_hz:
            raise ModelError(
                f"{model.card.id} takes no sound: its contract has no window, hop or rate",
                "Choose a voice model: forensics models list",
            )
        self.model = model
        self.cards = (model.card,)
        self.cutting = _Cutting(contract.rate_hz, contract.window_s, contract.hop_s)

    def begin(self, media: MediaFile, path: Path) -> VoiceExamination:  # noqa: ARG002 - the stream has all
        """Starts on a file."""
        return VoiceExamination(self.model, self.cutting, media)


@dataclass(frozen=True, slots=True)
class _Cutting:
    """How sound is cut into windows."""

    rate_hz: int
    window_s: float
    hop_s: float


@dataclass(frozen=True, slots=True)
class _Window:
    samples: Samples
    span: Span
    subject: str = _SUBJECT

    @property
    def size_bytes(self) -> int:
        return self.samples.nbytes


@dataclass(frozen=True, slots=True)
class _Moment:
    score: Score
    mel: npt.NDArray[np.float32]


class VoiceExamination:
    """One file's sound. Holds a window of samples, a batch of windows and one spectrogram; in a triage,
    what is in doubt.
    """

    def __init__(self, model: ModelForms, cutting: _Cutting, media: MediaFile) -> None:
        self._card = model.card
        self._looks: Looks[_Window, _Moment] = Looks(model.net, model.exact, _scored)
        self._media = media
        self._rate_hz = cutting.rate_hz
        self._n_window = round(cutting.window_s * cutting.rate_hz)
        long = (media.duration_s or 0.0) > _OVERLAP_UP_TO_S
        self._n_hop = self._n_window if long else round(cutting.hop_s * cutting.rate_hz)
        self._pending: Samples = np.zeros(0, np.float32)
        self._pending_at_s: float | None = None
        self._heard_s = 0.0
        self._n_taken = 0
        self._n_scored = 0
        self._strongest: tuple[Score, npt.NDArray[np.float32]] | None = None
        self._properties: list[dict[str, float]] = []

    def observe(self, item: Item) -> Iterator[Item]:
        """Takes sound; scores it when a batch of windows is full."""
        if not isinstance(item, AudioChunk):
            return
        if self._pending_at_s is None:
            self._pending_at_s = item.at_s
        self._heard_s += item.samples.size / self._rate_hz
        self._pending = np.concatenate([self._pending, item.samples])
        while self._pending.size >= self._n_window:
            yield from self._take(self._pending[: self._n_window])
            self._pending = self._pending[self._n_hop :]
            self._pending_at_s += self._n_hop / self._rate_hz

    def conclude(self) -> Iterator[Item]:
        """The rest's score, or why there is none, and the exhibits."""
        # What is left after the last full window was heard already where windows overlap.
        fresh = self._pending.size - (self._n_window - self._n_hop if self._n_taken else 0)
        if fresh >= MIN_SPEECH_S * self._rate_hz:
            yield from self._take(self._pending)
        yield from self._told(self._looks.finish())
        yield from self._looks.notices
        if not self._n_scored:
            yield self._abstention()
            return
        values = {**medians(self._properties), "length_s": self._heard_s}
        yield Properties(VOICE.name, _SUBJECT, values)
        yield from out_of_domain(self._card, VOICE.name, _SUBJECT, "The sound", values)
        if self._strongest is not None:
            score, mel = self._strongest
            yield spectrogram_exhibit(mel, score, f"{_SUBJECT}, strongest for manipulation")

    def _take(self, samples: Samples) -> Iterator[Item]:
        levelled = level(samples, self._n_window)
        if levelled is None:
            return
        start_s = self._pending_at_s or 0.0
        self._n_taken += 1
        properties = voice_properties(samples, self._rate_hz)
        if properties:
            self._properties.append(properties)
        span = Span(start_s, start_s + samples.size / self._rate_hz)
        yield from self._told(self._looks.take(_Window(levelled, span)))

    def _told(self, moments: Sequence[_Moment]) -> Iterator[Score]:
        for moment in moments:
            if self._strongest is None or moment.score.raw > self._strongest[0].raw:
                self._strongest = moment.score, moment.mel
            self._n_scored += 1
            yield moment.score

    def _abstention(self) -> Abstention:
        if self._media.stream(StreamKind.AUDIO) is None:
            if self._media.kind is MediaKind.IMAGE:
                return Abstention(VOICE.name, Why.NO_AUDIO, "A still picture has no sound.", _SUBJECT)
            return Abstention(VOICE.name, Why.NO_AUDIO, "The file has no sound stream.", _SUBJECT)
        if self._heard_s < MIN_SPEECH_S:
            return Abstention(
                VOICE.name,
                Why.TOO_SHORT,
                f"{self._heard_s:.1f} s of sound; {MIN_SPEECH_S:g} s are needed. Find a longer recording.",
                _SUBJECT,
            )
        return Abstention(
            VOICE.name,
            Why.NO_AUDIO,
            f"{self._heard_s:.1f} s of sound, but silent or nearly so throughout.",
            _SUBJECT,
        )


def _scored(windows: Sequence[_Window], net: Net) -> list[_Moment]:
    output = net.infer(np.stack([window.samples for window in windows]))
    return [
        # A copy: a slice would hold the spectrograms of the whole batch.
        _Moment(score_of(net, VOICE.name, _SUBJECT, window.span, logit), mel.copy())
        for window, logit, mel in zip(windows, output.logits.tolist(), output.maps, strict=True)
    ]
