"""The data of a run: an endless training stream, the validation set, and the contract of the input."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch.utils.data import Dataset

from forensics.errors import TrainingError
from forensics.media.sound import RATE_HZ
from forensics.records.model_card import InputContract, Task
from forensics.training.data.face_samples import TrainingFaces, WholeFaces
from forensics.training.data.mixing import Mix
from forensics.training.data.samples import PSEUDO_FAKE, Sample, read_samples
from forensics.training.data.voice_samples import TrainingVoices, WholeVoices
from forensics.training.run import TrainSettings

# dlib's HOG box is 0.96 of the width of a DFDC crop, so that the whole crop is 1.04 boxes wide.
_CROP_MARGIN = 1.04
_MIN_FACE_PX = 48
_FRAMES_PER_CLIP = 32
_WINDOW_S = 3.0
# Validation is repeated many times in a run: this many rows of each label and origin are enough to
# choose an epoch by.
_VALIDATION_ROWS = 600

Item = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True, slots=True)
class Streams:
    """What the loop reads.

    Attributes:
        train: item i is a function of the seed and i.
        validation: in the order of ``validation_samples``.
    """

    train: Dataset[Item]
    validation: Dataset[Item]
    validation_samples: list[Sample]
    contract: InputContract


def open_streams(task: Task, settings: TrainSettings) -> Streams:
    """Reads the manifests and builds both streams.

    Raises:
        TrainingError: no usable rows.
    """
    samples = [sample for folder in settings.data for sample in read_samples(folder)]
    training = [sample for sample in samples if sample.split == "train"]
    validation = validation_rows(samples)
    mix = Mix(training, settings.pseudo_fakes)
    if task is Task.VOICE:
        contract = voice_contract()
        return Streams(
            train=TrainingVoices(mix, contract, settings.seed),
            validation=validation_set(task, validation, contract),
            validation_samples=validation,
            contract=contract,
        )
    contract = face_contract(settings.size_px)
    return Streams(
        train=TrainingFaces(mix, contract, settings.seed, settings.landmarks),
        validation=validation_set(task, validation, contract),
        validation_samples=validation,
        contract=contract,
    )


def validation_rows(samples: list[Sample], n_rows: int = _VALIDATION_ROWS) -> list[Sample]:
    """The rows that choose between nets, and that a model is calibrated on.

    A data set of pristine footage alone is validated on pseudo-fakes of its validation rows.

    Args:
        samples: of all splits.
        n_rows: about as many at most of each origin and label.

    Raises:
        TrainingError: one label is missing among them.
    """
    rows = thinned([sample for sample in samples if sample.split == "val"], n_rows)
    if not any(sample.manipulated for sample in samples):
        rows += [replace(row, manipulated=True, method=PSEUDO_FAKE) for row in rows]
    if {sample.manipulated for sample in rows} != {False, True}:
        raise TrainingError(
            "The validation split needs pristine and manipulated rows", "Prepare the data with more groups."
        )
    return rows


def face_contract(size_px: int) -> InputContract:
    """How faces are cut, in training and in scans."""
    return InputContract(
        size_px=size_px,
        crop_margin=_CROP_MARGIN,
        min_face_px=_MIN_FACE_PX,
        finder="dlib-hog",
        frames_per_clip=_FRAMES_PER_CLIP,
        flip=True,
    )


def voice_contract() -> InputContract:
    """How sound is cut into windows, in training and in scans."""
    return InputContract(rate_hz=RATE_HZ, window_s=_WINDOW_S, hop_s=_WINDOW_S / 2)


def validation_set(task: Task, samples: list[Sample], contract: InputContract) -> Dataset[Item]:
    """The samples as a scan would show them to the net, in order."""
    return WholeFaces(samples, contract) if task is Task.FACE else WholeVoices(samples, contract)


def thinned(samples: list[Sample], n_rows: int) -> list[Sample]:
    """At most about ``n_rows`` rows of each origin and label, evenly spread, in order."""
    strata: dict[tuple[str, bool], list[Sample]] = {}
    for sample in samples:
        strata.setdefault((sample.origin, sample.manipulated), []).append(sample)
    return [row for rows in strata.values() for row in rows[:: max(1, len(rows) // n_rows)]]
