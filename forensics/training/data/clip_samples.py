"""Clips of one face for training and validation: a person's crops in time order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset

from forensics.detectors.sequences import as_input, chosen
from forensics.errors import TrainingError
from forensics.faces.blending import self_blend
from forensics.faces.crop import cut
from forensics.records.faces import FaceBox
from forensics.records.input_contract import Clips, ClipSampling, InputContract
from forensics.records.media import RgbImage
from forensics.training.data.balanced_sampler import BalancedSampler, SampleDraw
from forensics.training.data.clip_fakes import (
    FEWEST,
    ClipFake,
    drawn_fake,
    repeated,
    retimed_mouth,
    shakes,
    swapped_halves,
    swing,
)
from forensics.training.data.face_samples import TrainingFaces, box_in, crop_spec, read_rgb
from forensics.training.data.samples import Sample


@dataclass(frozen=True, slots=True)
class ClipSample(Sample):
    """A clip: its first picture's row, and all pictures in time order.

    Attributes:
        frames: rows of the pictures; one alone where the data set has single pictures.
    """

    frames: tuple[Sample, ...] = ()


def clips_of(samples: Sequence[Sample]) -> list[ClipSample]:
    """Puts the pictures together that are spread over each clip; names of files rise with time within one."""
    return _joined([sample for sample in samples if sample.spread])


def bursts_of(samples: Sequence[Sample]) -> list[ClipSample]:
    """Puts the consecutive pictures of each burst together."""
    return _joined([sample for sample in samples if sample.burst is not None], by_burst=True)


def _joined(samples: Sequence[Sample], *, by_burst: bool = False) -> list[ClipSample]:
    clips: dict[tuple[object, ...], list[Sample]] = {}
    for sample in samples:
        name = sample.clip or sample.path
        burst = sample.burst if by_burst else None
        key = (sample.origin, sample.split, sample.group, sample.manipulated, name, burst)
        clips.setdefault(key, []).append(sample)
    names = [field.name for field in fields(Sample)]
    made = []
    for rows in clips.values():
        frames = tuple(sorted(rows, key=lambda row: row.path))
        made.append(ClipSample(**{name: getattr(frames[0], name) for name in names}, frames=frames))
    return made


class TrainingClips(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Endless, deterministic stream of augmented clips: item i depends on (seed, i) alone.

    Every picture of a clip is cut and degraded by the same draws, as are the two clips of a pair. Of
    consecutive pictures the pseudo-fakes are those of ``clip_fakes``; of others each is blended alike.

    Args:
        sampler: which clips a pair of items draws.
        contract: how a scan will cut and choose.
        pictures: augments one picture.
        seed: of all randomness.
    """

    def __init__(
        self, sampler: BalancedSampler, contract: InputContract, pictures: TrainingFaces, seed: int
    ) -> None:
        self.sampler = sampler
        self.contract = of_clips(contract)
        self.pictures = pictures
        self.seed = seed

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Item ``index`` of the stream: (what the contract's net takes, float label)."""
        # The process that loads has one core; OpenCV's own threads would only fight for it.
        cv2.setNumThreads(1)
        pair, member = divmod(index, 2)
        draw = self.sampler.pair(np.random.default_rng((self.seed, pair)))[member]
        frames = _taken(draw.sample, self.contract)
        read = [self.pictures.read(frame) for frame in frames]
        images, boxes = [image for image, _ in read], [box for _, box in read]
        if draw.pseudo_fake:
            images = self._pseudo_fake(draw, images, boxes, np.random.default_rng((self.seed, pair, 3)), pair)
        images = [
            self.pictures.on_its_way(image, box, np.random.default_rng((self.seed, pair, 1)))
            for image, box in zip(images, boxes, strict=True)
        ]
        return torch.from_numpy(_clip(images, self.contract)), torch.tensor(float(draw.manipulated))

    def _pseudo_fake(
        self,
        draw: SampleDraw,
        images: list[RgbImage],
        boxes: list[FaceBox],
        rng: np.random.Generator,
        pair: int,
    ) -> list[RgbImage]:
        n = len(images)
        kind = ClipFake.STEADY
        if self.contract.clip_sampling is ClipSampling.BURST and n >= FEWEST:
            kind = drawn_fake(rng)
        if kind is ClipFake.SWAPPED_HALVES:
            return [images[index] for index in swapped_halves(n, rng)]
        if kind is ClipFake.REPEATED:
            return [images[index] for index in repeated(n, rng)]
        if kind is ClipFake.RETIMED_MOUTH:
            return retimed_mouth(images, boxes, rng)
        off, amounts = np.zeros((n, 2)), np.ones(n)
        if kind is ClipFake.SHAKING:
            off, amounts = shakes(n, rng), swing(n, rng)
        return [
            self.pictures.pseudo_fake(
                draw,
                image,
                box,
                np.random.default_rng((self.seed, pair, 2)),
                (float(x), float(y)),
                float(amount),
            )
            for image, box, (x, y), amount in zip(images, boxes, off, amounts, strict=True)
        ]


class WholeClips(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Clips as a scan makes them, in the order of ``samples``, shaped as the training items."""

    def __init__(self, samples: Sequence[Sample], contract: InputContract) -> None:
        self.samples = samples
        self.contract = of_clips(contract)
        self.spec = crop_spec(contract)

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        sample = self.samples[index]
        images = []
        for frame in _taken(sample, self.contract):
            image = read_rgb(frame.path)
            if sample.is_pseudo_fake:
                image = self_blend(image, box_in(frame, image), np.random.default_rng(index))
            images.append(cut(image, box_in(frame, image), self.spec))
        return torch.from_numpy(_clip(images, self.contract)), torch.tensor(float(sample.manipulated))


def _frames_of(sample: Sample) -> tuple[Sample, ...]:
    return sample.frames if isinstance(sample, ClipSample) else (sample,)


def _taken(sample: Sample, contract: Clips) -> list[Sample]:
    """A burst's first pictures; of others at most three times as many as a net takes, evenly."""
    n, frames = contract.clip_frames, _frames_of(sample)
    if contract.clip_sampling is ClipSampling.BURST:
        return list(frames[:n])
    # Motion chooses among them.
    if len(frames) <= 3 * n:
        return list(frames)
    return [frames[int(index)] for index in np.linspace(0, len(frames) - 1, 3 * n).round()]


def _clip(images: list[RgbImage], contract: Clips) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return as_input(
        [images[index] for index in chosen(images, contract.clip_frames, contract.clip_sampling)], contract
    )


def of_clips(contract: InputContract) -> Clips:
    """The contract, which must be one of clips.

    Raises:
        TrainingError: it is not.
    """
    if not isinstance(contract, Clips):
        raise TrainingError("The input contract is not one of clips", "Train the net again.")
    return contract
