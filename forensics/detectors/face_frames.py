"""Faces, frame by frame: every crop gets a score, each person keeps the moments for and against."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from forensics.detectors.declarations import FACE
from forensics.detectors.detector import ModelForms, crops_of
from forensics.detectors.domain import face_properties, media_properties, medians, out_of_domain
from forensics.detectors.exhibits import (
    attention_exhibit,
    crop_exhibit,
    frame_exhibit,
    occlusion_exhibit,
)
from forensics.detectors.filmstrips import Filmstrips
from forensics.detectors.occlusion import occlusion_map
from forensics.detectors.scoring import opinions, score_of
from forensics.detectors.two_stage_scoring import TwoStageScoring
from forensics.engines.net import Net
from forensics.errors import ModelError
from forensics.records.detector_spec import CropSpec
from forensics.records.faces import FaceCrop
from forensics.records.findings import Exhibit, Score, Span
from forensics.records.input_contract import PictureContract
from forensics.records.media import MediaFile, RgbImage
from forensics.records.properties import Properties
from forensics.records.stream import Item
from forensics.records.subject import Subject, person


class FaceFrames:
    """The face detector around one compiled face net, or around a fast and an exact form of it."""

    spec = FACE

    def __init__(self, models: Sequence[ModelForms]) -> None:
        (model,) = models
        for card in model.cards:
            if not isinstance(card.contract, PictureContract):
                raise ModelError(
                    f"{card.id} takes no single pictures of faces",
                    "Choose a face model: forensics models list",
                )
        self.model = model
        self.cards = model.cards
        self._crops = crops_of(FACE, model.cards)

    def begin(self, media: MediaFile, path: Path) -> FaceExamination:  # noqa: ARG002 - the stream has all
        """Starts on a file."""
        return FaceExamination(self.model, self._crops, media_properties(media))


@dataclass(frozen=True, slots=True)
class _Face:
    """A face in one frame, cut in every way that a net of the detector wants it.

    Attributes:
        crop: as the model, or the ensemble's heaviest member, takes it.
        images: model id to uint8[S, S, 3].
    """

    crop: FaceCrop
    images: Mapping[str, RgbImage]

    @property
    def subject(self) -> Subject:
        return self.crop.subject

    @property
    def size_bytes(self) -> int:
        distinct = {id(image): image.nbytes for image in self.images.values()}
        return sum(distinct.values()) + self.crop.thumbnail.nbytes


@dataclass(frozen=True, slots=True)
class _Moment:
    crop: FaceCrop
    score: Score
    where: npt.NDArray[np.float32]


class FaceExamination:
    """One file's faces. Holds a batch of crops, two moments and a strip each; in a triage, what it doubts."""

    def __init__(
        self, model: ModelForms, crops: Mapping[str, CropSpec], of_file: Mapping[str, float]
    ) -> None:
        self._card = model.card
        self._explainer = model.explainer
        self._crops = crops
        self._ways = set(crops.values())
        self._cut: dict[CropSpec, FaceCrop] = {}
        self._of_file = of_file
        self._scoring: TwoStageScoring[_Face, _Moment] = TwoStageScoring(model.net, model.exact, _scored)
        self._most: dict[int, _Moment] = {}
        self._least: dict[int, _Moment] = {}
        self._strips = Filmstrips()
        self._properties: dict[int, list[dict[str, float]]] = defaultdict(list)

    def observe(self, item: Item) -> Iterator[Item]:
        """Takes face crops; scores them when a batch is full."""
        if not isinstance(item, FaceCrop) or item.spec not in self._ways:
            return
        # The ways of one face follow each other on the stream; one that is too small in a way lacks it.
        if any(_place(item) != _place(other) for other in self._cut.values()):
            self._cut = {}
        self._cut[item.spec] = item
        if len(self._cut) == len(self._ways):
            images = {name: self._cut[spec].image for name, spec in self._crops.items()}
            face = _Face(self._cut[self._crops[self._card.id]], images)
            self._cut = {}
            yield from self._told(self._scoring.take(face))

    def conclude(self) -> Iterator[Item]:
        """The last scores, what lies outside the model's domain, and the exhibits."""
        yield from self._told(self._scoring.finish())
        yield from self._scoring.notices
        for track_id, rows in sorted(self._properties.items()):
            values = {**medians(rows), **self._of_file}
            yield Properties(FACE.name, person(track_id), values)
            yield from out_of_domain(
                self._card, FACE.name, person(track_id), person(track_id).at_start, values
            )
        yield from self._strips.exhibits()
        for track_id in sorted(self._most):
            yield from self._exhibits(track_id)

    def _told(self, moments: Sequence[_Moment]) -> Iterator[Score]:
        for moment in moments:
            crop = moment.crop
            self._properties[crop.track_id].append(face_properties(crop.image, crop.box.size_px))
            self._remember(moment)
            self._strips.take(crop, moment.score)
            yield moment.score

    def _remember(self, moment: _Moment) -> None:
        track_id, logit = moment.crop.track_id, moment.score.logit
        if track_id not in self._most or logit > self._most[track_id].score.logit:
            self._most[track_id] = moment
        if track_id not in self._least or logit < self._least[track_id].score.logit:
            self._least[track_id] = moment

    def _exhibits(self, track_id: int) -> Iterator[Exhibit]:
        most, least = self._most[track_id], self._least[track_id]
        moments = [("strongest for manipulation", most)]
        if least.crop.frame_index != most.crop.frame_index:
            moments.append(("strongest against manipulation", least))
        for words, moment in moments:
            group = words
            yield frame_exhibit(moment.crop, moment.score, group)
            yield crop_exhibit(moment.crop, moment.score, group)
            yield attention_exhibit(moment.crop, moment.score, _stretched(moment.where), group)
            if self._explainer is not None:
                falls = occlusion_map(self._explainer, moment.crop.image)
                yield occlusion_exhibit(moment.crop, moment.score, falls, group)


def _scored(faces: Sequence[_Face], net: Net) -> list[_Moment]:
    given = opinions(net, lambda one: np.stack([face.images[one.card.id] for face in faces]))
    return [
        _Moment(
            face.crop,
            score_of(net, FACE.name, face.subject, Span(face.crop.at_s, face.crop.at_s), opinion),
            opinion.map,
        )
        for face, opinion in zip(faces, given, strict=True)
    ]


def _place(crop: FaceCrop) -> tuple[int, int]:
    return crop.frame_index, crop.track_id


def _stretched(where: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """float32[h, w] over the whole of [0, 1]: attention often varies in a narrow band only."""
    lowest, highest = float(where.min()), float(where.max())
    stretched = (where - lowest) / max(highest - lowest, 1e-6)
    return np.asarray(cv2.GaussianBlur(stretched, (0, 0), 0.5), np.float32)
