"""Faces over time: every stretch of a person's crops gets one score from a net of clips."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from forensics.detectors.declarations import SEQUENCE
from forensics.detectors.detector import ModelForms
from forensics.detectors.exhibits import crop_exhibit, frame_exhibit, occlusion_exhibit, weights_exhibit
from forensics.detectors.occlusion import occlusion_map
from forensics.detectors.scoring import opinions, score_of
from forensics.detectors.sequences import as_input, chosen
from forensics.detectors.two_stage_scoring import TwoStageScoring
from forensics.engines.net import Net
from forensics.errors import ModelError
from forensics.records.exhibit_content import CurveLine
from forensics.records.faces import FaceCrop, FaceTrack
from forensics.records.findings import Abstention, AbstentionReason, Exhibit, Score, Span
from forensics.records.input_contract import BURST_S, ClipContract, Clips, ClipSampling, FlowContract
from forensics.records.media import MediaFile
from forensics.records.stream import Item
from forensics.records.subject import Subject, person

# Where pictures are chosen by motion, they are chosen from so many times as many.
_CHOSEN_FROM = 3
_ALL_OF_IT = 0.999
_WORDS = {
    ClipContract: (
        "Weight",
        "Attention over time: how much each picture weighs in the score of its clip; the line breaks between "
        "clips",
    ),
    FlowContract: (
        "Sigmoid of the flow's logit",
        "Motion over time: what the flow up to each picture says by itself; the line breaks between clips",
    ),
}


class FaceClips:
    """The detector of faces over time, around one compiled net of clips."""

    spec = SEQUENCE

    def __init__(self, models: Sequence[ModelForms]) -> None:
        (model,) = models
        contract = model.card.contract
        if not isinstance(contract, Clips):
            raise ModelError(
                f"{model.card.id} takes no clips",
                "Choose a model of clips, as forensics export makes of nets of sequences.",
            )
        for card in model.cards:
            if card.contract != contract:
                raise ModelError(
                    f"{card.id} takes other clips than {model.card.id}",
                    "Combine models of clips whose contracts are the same.",
                )
        self.model = model
        self.cards = model.cards
        self._contract = contract

    def begin(self, media: MediaFile, path: Path) -> ClipExamination:  # noqa: ARG002 - the stream has all
        """Starts on a file."""
        return ClipExamination(self.model, self._contract)


@dataclass(frozen=True, slots=True)
class _Clip:
    """What the net takes, the times that its map speaks of, and a picture to show."""

    images: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
    track_id: int
    at_s: tuple[float, ...]
    middle: FaceCrop
    span: Span

    @property
    def subject(self) -> Subject:
        return person(self.track_id)

    @property
    def size_bytes(self) -> int:
        return self.images.nbytes


@dataclass(frozen=True, slots=True)
class _Moment:
    clip: _Clip
    score: Score
    weights: tuple[float, ...]


class ClipExamination:
    """One file's people: crops until they make a clip, a batch of clips, and each one's strongest."""

    def __init__(self, model: ModelForms, contract: Clips) -> None:
        self._contract = contract
        by_motion = contract.clip_sampling is ClipSampling.MOTION
        self._n_gathered = contract.clip_frames * (_CHOSEN_FROM if by_motion else 1)
        self._scoring: TwoStageScoring[_Clip, _Moment] = TwoStageScoring(model.net, model.exact, _scored)
        # By person and burst; the burst is None where clips are made of spread pictures.
        self._gathered: dict[tuple[int, int | None], list[FaceCrop]] = {}
        self._seen: set[int] = set()
        self._taken: set[int] = set()
        # People who are in the film, and in none of its bursts; and those whose faces are too small.
        self._in_bursts = contract.clip_sampling is ClipSampling.BURST
        self._refused: set[Subject | None] = set()
        self._explainer = model.explainer
        self._strongest: dict[Subject, _Moment] = {}
        self._over_time: dict[Subject, list[tuple[tuple[float, ...], tuple[float, ...]]]] = {}

    def observe(self, item: Item) -> Iterator[Item]:
        """Takes crops in the order of time; scores them when they make a batch of clips."""
        if isinstance(item, Abstention) and item.detector == SEQUENCE.name:
            self._refused.add(item.subject)
        if isinstance(item, FaceTrack) and self._in_bursts:
            self._seen.add(item.track_id)
        if not isinstance(item, FaceCrop) or item.spec != self._contract.crop:
            return
        key = item.track_id, item.burst
        self._seen.add(item.track_id)
        crops = self._gathered.setdefault(key, [])
        if item.burst is not None and not _goes_on(crops, item, self._contract.clip_frames):
            return
        crops.append(item)
        # A burst stays where it is: more of its pictures may come, and are not wanted.
        if item.burst is None and len(crops) == self._n_gathered:
            yield from self._take(self._gathered.pop(key))

    def conclude(self) -> Iterator[Item]:
        """What is left of each person as a shorter clip, and the outstanding scores."""
        for _, crops in sorted(self._gathered.items(), key=_in_order):
            if len(crops) >= self._contract.fewest:
                yield from self._take(crops)
        self._gathered.clear()
        too_short = [one for one in sorted(self._seen - self._taken) if person(one) not in self._refused]
        yield from self._told(self._scoring.finish())
        for track_id in too_short:
            yield Abstention(
                SEQUENCE.name,
                AbstentionReason.TOO_SHORT,
                "no two pictures of this person were found that make a clip, and motion needs two. Look at "
                "more frames (--frames).",
                person(track_id),
            )
        yield from self._scoring.notices
        for subject in self._strongest:
            yield from self._exhibits(subject)

    def _take(self, crops: list[FaceCrop]) -> Iterator[Item]:
        self._taken.add(crops[0].track_id)
        picked = chosen(
            [crop.image for crop in crops], self._contract.clip_frames, self._contract.clip_sampling
        )
        images = as_input([crops[index].image for index in picked], self._contract)
        # A flow is named by the later of its two pictures.
        at_s = tuple(crops[index].at_s for index in picked[int(isinstance(self._contract, FlowContract)) :])
        clip = _Clip(
            images,
            crops[0].track_id,
            at_s,
            crops[picked[len(picked) // 2]],
            Span(crops[picked[0]].at_s, crops[picked[-1]].at_s),
        )
        yield from self._told(self._scoring.take(clip))

    def _told(self, moments: Sequence[_Moment]) -> Iterator[Score]:
        for moment in moments:
            subject = moment.score.subject
            self._over_time.setdefault(subject, []).append((moment.clip.at_s, moment.weights))
            strongest = self._strongest.get(subject)
            if strongest is None or moment.score.logit > strongest.score.logit:
                self._strongest[subject] = moment
            yield moment.score

    def _exhibits(self, subject: Subject) -> Iterator[Exhibit]:
        moment, group = self._strongest[subject], "strongest for manipulation"
        yield frame_exhibit(moment.clip.middle, moment.score, group)
        yield crop_exhibit(moment.clip.middle, moment.score, group)
        if self._explainer is not None:
            falls = occlusion_map(self._explainer, moment.clip.images)
            yield occlusion_exhibit(moment.clip.middle, moment.score, falls, group)
        clips = self._over_time[subject]
        # A recurrent net is read at its last picture: that is no finding about any picture.
        if all(len(at_s) < 2 or max(weights) > _ALL_OF_IT for at_s, weights in clips):
            return
        title, caption = _WORDS[type(self._contract)]
        yield weights_exhibit([_line(clips)], subject, title, caption)


def _goes_on(crops: Sequence[FaceCrop], crop: FaceCrop, n_frames: int) -> bool:
    """Whether a picture of a burst belongs into its clip."""
    return len(crops) < n_frames and (not crops or crop.at_s - crops[0].at_s < BURST_S)


def _in_order(gathered: tuple[tuple[int, int | None], list[FaceCrop]]) -> tuple[int, int]:
    (track_id, burst), _ = gathered
    return track_id, -1 if burst is None else burst


def _line(clips: Sequence[tuple[tuple[float, ...], tuple[float, ...]]]) -> CurveLine:
    """The weights of all clips over time, with a gap after each."""
    x: list[float] = []
    y: list[float | None] = []
    for at_s, weights in sorted(clips):
        x += [*at_s, at_s[-1]]
        y += [*weights, None]
    return CurveLine("", tuple(x), tuple(y))


def _scored(clips: Sequence[_Clip], net: Net) -> list[_Moment]:
    batch = np.stack([clip.images for clip in clips])
    return [
        _Moment(
            clip,
            score_of(net, SEQUENCE.name, clip.subject, clip.span, opinion),
            tuple(opinion.map.reshape(-1)[: len(clip.at_s)].tolist()),
        )
        for clip, opinion in zip(clips, opinions(net, lambda _: batch), strict=True)
    ]
