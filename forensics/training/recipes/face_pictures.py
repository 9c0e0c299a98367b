"""Single crops of faces: half pristine, half manipulated, in pairs that are cut and degraded alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset

from forensics.detectors.declarations import FACE
from forensics.detectors.domain import face_properties
from forensics.records.input_contract import USUAL_FINDER, InputContract, PictureContract
from forensics.training.data.balanced_sampler import BalancedSampler
from forensics.training.data.face_samples import TrainingFaces, WholeFaces, crop_spec
from forensics.training.data.samples import Sample
from forensics.training.recipes.recipe import Item
from forensics.training.training_run import TrainSettings

# dlib's HOG box is 0.96 of the width of a DFDC crop, so that the whole crop is 1.04 boxes wide.
_CROP_MARGIN = 1.04
_MIN_FACE_PX = 48


class FacePictures:
    """The recipe of frame nets."""

    detector = FACE.name
    reading = (
        "input: uint8[N, size_px, size_px, 3] RGB, a face cut crop_margin times the finder's box wide. "
        "logit: float32[N], positive for manipulated; a subject's raw score is the mean over its frames, "
        "and over the mirrored frames too where flip is true. map: float32[N, 1, h, w], where the net looked."
    )
    limits = (
        "A face that was made or changed by a method unlike the training data's may go unnoticed.",
        "Heavy compression, filters, beautification and faces smaller than about 80 px raise both error "
        "rates.",
        "Changes outside the face and edits of time are not looked for.",
    )

    def units(self, samples: Sequence[Sample]) -> list[Sample]:
        """Every picture by itself, but for those that are there for their burst alone."""
        return [sample for sample in samples if sample.spread]

    def contract(self, settings: TrainSettings) -> InputContract:
        """Crops of the size that the run trains on."""
        return face_contract(settings.size_px)

    def training_set(
        self, sampler: BalancedSampler, contract: InputContract, settings: TrainSettings
    ) -> Dataset[Item]:
        """Augmented crops."""
        return training_faces(sampler, contract, settings)

    def validation_set(self, samples: Sequence[Sample], contract: InputContract) -> Dataset[Item]:
        """Crops as a scan cuts them."""
        return WholeFaces(list(samples), contract)

    def example(self, contract: InputContract, n: int) -> Tensor:
        """uint8[n, S, S, 3]."""
        size_px = crop_spec(contract).size_px
        return torch.zeros(n, size_px, size_px, 3, dtype=torch.uint8)

    def properties(self, item: npt.NDArray[Any], contract: InputContract) -> Mapping[str, float]:  # noqa: ARG002
        """Sharpness and brightness; prepared pictures do not say how large the face was in its video."""
        found = face_properties(np.asarray(item, np.uint8), 0.0)
        return {name: value for name, value in found.items() if name != "face_size_px"}


def face_contract(size_px: int) -> PictureContract:
    """How faces are cut, in training and in scans."""
    return PictureContract(
        size_px=size_px, crop_margin=_CROP_MARGIN, min_face_px=_MIN_FACE_PX, finder=USUAL_FINDER, flip=True
    )


def training_faces(
    sampler: BalancedSampler, contract: InputContract, settings: TrainSettings
) -> TrainingFaces:
    """Augmented crops, as a run was told to make them."""
    return TrainingFaces(
        sampler,
        contract,
        settings.seed,
        settings.landmarks,
        smoothed=settings.smoothed,
        cut_outs=settings.cut_outs,
    )
