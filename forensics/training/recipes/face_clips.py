"""Clips of one face: a person's crops in time order, evenly spread or chosen by motion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import msgspec
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset

from forensics.detectors.declarations import SEQUENCE
from forensics.errors import TrainingError
from forensics.records.input_contract import ClipContract, ClipSampling, FlowContract, InputContract
from forensics.training.data.balanced_sampler import BalancedSampler
from forensics.training.data.clip_samples import (
    ClipSample,
    TrainingClips,
    WholeClips,
    bursts_of,
    clips_of,
    of_clips,
)
from forensics.training.data.samples import Sample
from forensics.training.recipes.face_pictures import face_contract, training_faces
from forensics.training.recipes.recipe import Item
from forensics.training.training_run import TrainSettings

_N_FRAMES = 10
_UNLIKE = "A face that was made or changed by a method unlike the training data's may go unnoticed."
_BETWEEN_BURSTS = "It looks at four half seconds of a clip: what happens between them is not seen."
_OUTSIDE = "Changes outside the face are not looked for."


class FaceClips:
    """The recipe of nets of sequences: ten pictures, fewer where there are fewer.

    Single pictures are clips of one: they teach such a net what a picture shows, and nothing about time.
    """

    detector = SEQUENCE.name
    sampling = ClipSampling.SPREAD
    reading = (
        "input: uint8[N, clip_frames, size_px, size_px, 3] RGB, faces of one person in time order, cut "
        "crop_margin times the finder's box wide; black pictures at the end where there are fewer. logit: "
        "float32[N], positive for manipulated. map: float32[N, 1, 1, clip_frames], each picture's weight."
    )
    limits = (
        _UNLIKE,
        "Between sampled pictures lie fractions of a second: flicker from frame to frame is not seen.",
        _OUTSIDE,
    )

    def units(self, samples: Sequence[Sample]) -> list[Sample]:
        """The clips that the pictures make."""
        return list(clips_of(samples))

    def contract(self, settings: TrainSettings) -> InputContract:
        """Crops as for single pictures, ten to a clip."""
        one = msgspec.structs.asdict(face_contract(settings.size_px))
        return ClipContract(**one, clip_frames=_N_FRAMES, clip_sampling=self.sampling)

    def training_set(
        self, sampler: BalancedSampler, contract: InputContract, settings: TrainSettings
    ) -> Dataset[Item]:
        """Augmented clips."""
        pictures = training_faces(sampler, contract, settings)
        return TrainingClips(sampler, contract, pictures, settings.seed)

    def validation_set(self, samples: Sequence[Sample], contract: InputContract) -> Dataset[Item]:
        """Clips as a scan makes them."""
        return WholeClips(samples, contract)

    def example(self, contract: InputContract, n: int) -> Tensor:
        """uint8[n, T, S, S, 3]."""
        one = of_clips(contract)
        return torch.ones(n, one.clip_frames, one.size_px, one.size_px, 3, dtype=torch.uint8)

    def properties(self, item: npt.NDArray[Any], contract: InputContract) -> Mapping[str, float]:  # noqa: ARG002
        """None: the domain of nets of clips is not measured."""
        return {}


class FaceClipsByMotion(FaceClips):
    """The same with the ten pictures that moved most."""

    sampling = ClipSampling.MOTION


class FaceBursts(FaceClips):
    """The same with the first ten pictures of a burst of consecutive ones.

    Pictures of clips without bursts are clips of one: they teach what a picture shows.
    """

    sampling = ClipSampling.BURST
    limits = (
        _UNLIKE,
        _BETWEEN_BURSTS,
        _OUTSIDE,
    )

    def units(self, samples: Sequence[Sample]) -> list[Sample]:
        """The bursts, and the pictures of clips that have none.

        Raises:
            TrainingError: there are no bursts.
        """
        bursts = _bursts_of(samples)
        known = {(one.origin, one.clip) for one in bursts}
        single = [sample for sample in samples if sample.spread and (sample.origin, sample.clip) not in known]
        return [*bursts, *(ClipSample(**asdict(sample), frames=(sample,)) for sample in single)]


class FaceFlow(FaceClips):
    """Optical flow between a person's crops in at most ten consecutive pictures."""

    sampling = ClipSampling.BURST
    reading = (
        "input: uint8[N, clip_frames - 1, size_px, size_px, 2], optical flow (OpenCV's DIS, medium preset) "
        "from each of a person's crops to the next, in time order, less its median, right and down; 128 is "
        "rest, 1 and 255 an eighth of the side; 0 at the end where there are fewer. logit: float32[N], "
        "positive for manipulated. map: float32[N, 1, 1, clip_frames - 1] in [0, 1], what each flow says by "
        "itself."
    )
    limits = (
        "It sees motion alone: a face that looks wrong but moves as a face does is not noticed.",
        _BETWEEN_BURSTS,
        _OUTSIDE,
    )

    def units(self, samples: Sequence[Sample]) -> list[Sample]:
        """The bursts of two pictures and more.

        Raises:
            TrainingError: there are none.
        """
        return list(_bursts_of(samples))

    def contract(self, settings: TrainSettings) -> InputContract:
        """As for clips; mirrored flow is not a mirrored picture, so none is averaged in."""
        one = msgspec.structs.asdict(face_contract(settings.size_px))
        del one["flip"]
        return FlowContract(**one, clip_frames=_N_FRAMES, clip_sampling=self.sampling)

    def example(self, contract: InputContract, n: int) -> Tensor:
        """uint8[n, T - 1, S, S, 2]."""
        return super().example(contract, n)[:, 1:, ..., :2]


def _bursts_of(samples: Sequence[Sample]) -> list[ClipSample]:
    """Bursts of two pictures and more.

    Raises:
        TrainingError: there are none.
    """
    bursts = [burst for burst in bursts_of(samples) if len(burst.frames) > 1]
    if not bursts:
        raise TrainingError(
            "The data sets hold no consecutive pictures, and this net looks at what moves between two",
            "Prepare videos: forensics prepare VIDEOS --bursts 4 --out FOLDER keeps some of each.",
        )
    return bursts
