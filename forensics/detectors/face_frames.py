"""Faces, frame by frame: every crop gets a score, each person keeps the moments for and against."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from forensics.detectors.domain import face_properties, outside
from forensics.detectors.exhibits import attention_exhibit, crop_exhibit, frame_exhibit
from forensics.engines.openvino_engine import CompiledNet
from forensics.records.faces import FaceCrop
from forensics.records.findings import Exhibit, Notice, Score, Span
from forensics.records.media import MediaFile
from forensics.records.model_card import ModelCard
from forensics.records.stream import Item

# Crops per inference; mirrored copies come on top. Measured in benchmarks/README.md: beyond this the
# throughput no longer rises and the memory does.
_BATCH = 8


class FaceFrames:
    """The face detector around one compiled face net."""

    name = "face"

    def __init__(self, net: CompiledNet) -> None:
        self.net = net
        self.card: ModelCard = net.card

    def begin(self, media: MediaFile) -> FaceExamination:  # noqa: ARG002 - the seam gives it
        """Starts on a file."""
        return FaceExamination(self.net)


@dataclass(frozen=True, slots=True)
class _Moment:
    crop: FaceCrop
    score: Score
    where: npt.NDArray[np.float32]


class FaceExamination:
    """One file's faces. Holds at most a batch of crops, and two moments per person."""

    def __init__(self, net: CompiledNet) -> None:
        self._net = net
        self._waiting: list[FaceCrop] = []
        self._most: dict[int, _Moment] = {}
        self._least: dict[int, _Moment] = {}
        self._properties: dict[int, list[dict[str, float]]] = defaultdict(list)

    def observe(self, item: Item) -> Iterator[Item]:
        """Takes face crops; scores them when a batch is full."""
        if isinstance(item, FaceCrop):
            self._waiting.append(item)
            if len(self._waiting) == _BATCH:
                yield from self._score()

    def conclude(self) -> Iterator[Item]:
        """The last batch's scores, what lies outside the model's domain, and the exhibits."""
        if self._waiting:
            yield from self._score()
        for track_id, rows in sorted(self._properties.items()):
            medians = {name: float(np.median([row[name] for row in rows])) for name in rows[0]}
            words = outside(self._net.card.domain, medians)
            if words:
                yield Notice(
                    "score",
                    f"OUT_OF_DOMAIN: person {track_id} is unlike what {self._net.card.id} was calibrated on: "
                    + "; ".join(words)
                    + ". The stated error rates may not hold.",
                )
        for track_id in sorted(self._most):
            yield from self._exhibits(track_id)

    def _score(self) -> Iterator[Score]:
        crops, self._waiting = self._waiting, []
        batch = np.stack([crop.image for crop in crops])
        output = self._net.infer(batch)
        logits, maps = output.logits, output.maps
        if self._net.card.contract.flip:
            logits = (logits + self._net.infer(batch[:, :, ::-1]).logits) / np.float32(2)
        for crop, logit, where in zip(crops, logits.tolist(), maps, strict=True):
            score = Score(
                detector="face",
                model=self._net.card.id,
                subject=f"person {crop.track_id}",
                span=Span(crop.at_s, crop.at_s),
                raw=logit,
                fakeness=self._net.card.fakeness(logit),
            )
            self._properties[crop.track_id].append(face_properties(crop.image, crop.box.size_px))
            self._remember(_Moment(crop, score, where))
            yield score

    def _remember(self, moment: _Moment) -> None:
        track_id, raw = moment.crop.track_id, moment.score.raw
        if track_id not in self._most or raw > self._most[track_id].score.raw:
            self._most[track_id] = moment
        if track_id not in self._least or raw < self._least[track_id].score.raw:
            self._least[track_id] = moment

    def _exhibits(self, track_id: int) -> Iterator[Exhibit]:
        most, least = self._most[track_id], self._least[track_id]
        moments = [("strongest for manipulation", most)]
        if least.crop.frame_index != most.crop.frame_index:
            moments.append(("strongest against manipulation", least))
        for words, moment in moments:
            group = f"person {track_id}, {words}"
            yield frame_exhibit(moment.crop, moment.score, group)
            yield crop_exhibit(moment.crop, moment.score, group)
            yield attention_exhibit(moment.crop, moment.score, _stretched(moment.where), group)


def _stretched(where: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """float32[h, w] over the whole of [0, 1]: attention often varies in a narrow band only."""
    lowest, highest = float(where.min()), float(where.max())
    stretched = (where - lowest) / max(highest - lowest, 1e-6)
    return np.asarray(cv2.GaussianBlur(stretched, (0, 0), 0.5), np.float32)
