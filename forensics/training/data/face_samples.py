"""Face pictures for training and validation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset

from forensics.errors import TrainingError
from forensics.faces.blending import self_blend
from forensics.faces.crop import cut, cut_square
from forensics.faces.landmarks import LandmarkPredictor, Points
from forensics.faces.transfer import change_expression, same_pose, swap_face
from forensics.records.detector_spec import CropSpec
from forensics.records.faces import FaceBox
from forensics.records.input_contract import InputContract, SoundContract
from forensics.records.media import RgbImage
from forensics.training.data.balanced_sampler import BalancedSampler, SampleDraw
from forensics.training.data.degrade import beautify, cut_out, degrade, occlude, rotate
from forensics.training.data.samples import Sample

# Blending and degrading happen at this many output sizes, so that a seam or a block is lost by
# scaling as it would be in a scan.
_WORKING_SCALE = 1.4
# Larger pictures are first reduced to this many working sizes, to save time.
_BLENDING_SCALE = 1.25
# Shares of the pseudo-fakes that get another expression, and another face, where there are landmarks.
_REENACTED = 0.3
_SWAPPED = 0.2
# Share of the pairs of which a part is hidden.
_OCCLUDED = 0.3


@dataclass(frozen=True, slots=True)
class FaceJitter:
    """How far training crops stray from the contract's crop.

    A crop is never made wider than the picture that it comes from: a replicated edge would tell the
    net which data set it looks at.

    Attributes:
        narrowest, widest: factors on the contract's margin.
        shift: largest displacement of the middle, as a fraction of the crop's side.
    """

    narrowest: float = 0.86
    widest: float = 1.18
    shift: float = 0.04


class TrainingFaces(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Endless, deterministic stream of augmented crops: item i depends on (seed, i) alone.

    Even items are pristine, odd ones manipulated. The two of a pair are cut and degraded alike, so that
    what tells a pseudo-fake from the pristine face before it is the making alone.

    Args:
        sampler: which samples a pair of items draws and whether one becomes a pseudo-fake.
        contract: how a scan will cut.
        seed: of all randomness.
        landmarks: file of a landmark model, for the masks of self-blended faces, other expressions and
            swaps; None: all pseudo-fakes are self-blended, under ellipses.
        jitter: how far crops stray.
        smoothed: share of the pairs whose skin is smoothed, both crops alike.
        cut_outs: share of the pairs that are put on another ground, both crops alike.

    Raises:
        ModelError: the landmark model is not usable.
    """

    def __init__(
        self,
        sampler: BalancedSampler,
        contract: InputContract,
        seed: int,
        landmarks: Path | None = None,
        jitter: FaceJitter | None = None,
        smoothed: float = 0.0,
        cut_outs: float = 0.0,
    ) -> None:
        self.sampler = sampler
        self.spec = crop_spec(contract)
        self.seed = seed
        self.landmarks = LandmarkPredictor(landmarks) if landmarks else None
        self.jitter = jitter or FaceJitter()
        self.smoothed = smoothed
        self.cut_outs = cut_outs

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Item ``index`` of the stream: (uint8[S, S, 3] RGB, float label)."""
        # The process that loads has one core; OpenCV's own threads would only fight for it.
        cv2.setNumThreads(1)
        pair, member = divmod(index, 2)
        draws = self.sampler.pair(np.random.default_rng((self.seed, pair)))
        journey, blending = (np.random.default_rng((self.seed, pair, purpose)) for purpose in (1, 2))
        image = self.augmented(draws[member], journey, blending)
        return torch.from_numpy(image), torch.tensor(float(draws[member].manipulated))

    def augmented(
        self, draw: SampleDraw, rng: np.random.Generator, blending_rng: np.random.Generator
    ) -> RgbImage:
        """uint8[S, S, 3]: loaded, blended if so drawn, cut with jitter, degraded, scaled."""
        image, box = self.read(draw.sample)
        if draw.pseudo_fake:
            image = self.pseudo_fake(draw, image, box, blending_rng)
        return self.on_its_way(image, box, rng)

    def on_its_way(self, image: RgbImage, box: FaceBox, rng: np.random.Generator) -> RgbImage:
        """uint8[S, S, 3]: cut with jitter, degraded, scaled."""
        size_px, margin = self.spec.size_px, self.spec.margin
        working_px = round(size_px * _WORKING_SCALE)
        side = box.size_px * margin * rng.uniform(self.jitter.narrowest, self.jitter.widest)
        side = min(side, *image.shape[:2])
        x, y = box.centre_px
        shift = rng.uniform(-self.jitter.shift, self.jitter.shift, size=2) * side
        centre = inside(x + shift[0], side, image.shape[1]), inside(y + shift[1], side, image.shape[0])
        crop = cut_square(image, centre, side, working_px)
        if rng.random() < 0.5:
            crop = np.ascontiguousarray(crop[:, ::-1])
        if rng.random() < 0.2:
            crop = rotate(crop, rng.uniform(-15, 15))
        # Drawn only if wanted, so that runs without it see the journeys that they always saw.
        if self.smoothed and rng.random() < self.smoothed:
            crop = beautify(crop, rng)
        if self.cut_outs and rng.random() < self.cut_outs:
            crop = cut_out(crop, rng)
        if rng.random() < _OCCLUDED:
            crop = occlude(crop, rng)
        crop = degrade(crop, rng)
        return np.asarray(cv2.resize(crop, (size_px, size_px), interpolation=cv2.INTER_AREA), np.uint8)

    def pseudo_fake(
        self,
        draw: SampleDraw,
        image: RgbImage,
        box: FaceBox,
        rng: np.random.Generator,
        off: tuple[float, float] = (0.0, 0.0),
        amount: float = 1.0,
    ) -> RgbImage:
        """Self-blended; with landmarks also with another expression, or with the donor's face.

        Args:
            draw: may name a donor.
            image: uint8[H, W, 3], pristine.
            box: of its face.
            rng: of all that is drawn.
            off: see ``faces.blending.self_blend``.
            amount: see ``faces.transfer.change_expression``.
        """
        points = self._points(image, box)
        kind = rng.random()
        if points is not None and kind < _REENACTED:
            return change_expression(image, points, rng, amount)
        if points is not None and draw.donor is not None and kind < _REENACTED + _SWAPPED:
            donor, donor_box = self.read(draw.donor)
            donor_points = self._points(donor, donor_box)
            if donor_points is not None and same_pose(points, donor_points):
                return swap_face(image, points, donor, donor_points, rng)
        return self_blend(image, box, rng, points, off=off)

    def read(self, sample: Sample) -> tuple[RgbImage, FaceBox]:
        """uint8[H, W, 3], no larger than it needs to be, and the box of its face."""
        image = _shrunk(sample, read_rgb(sample.path), self.spec)
        return image, box_in(sample, image)

    def _points(self, image: RgbImage, box: FaceBox) -> Points | None:
        return self.landmarks.points(image, box) if self.landmarks else None


class WholeFaces(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Crops exactly as a scan cuts them, in the order of ``samples``: (uint8[S, S, 3], float label).

    A row that is a pseudo-fake is blended first, every time in the same way.
    """

    def __init__(self, samples: list[Sample], contract: InputContract) -> None:
        self.samples = samples
        self.spec = crop_spec(contract)

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        sample = self.samples[index]
        image = read_rgb(sample.path)
        if sample.is_pseudo_fake:
            image = _shrunk(sample, image, self.spec)
            image = self_blend(image, box_in(sample, image), np.random.default_rng(index))
        crop = cut(image, box_in(sample, image), self.spec)
        return torch.from_numpy(crop), torch.tensor(float(sample.manipulated))


def read_rgb(path: str) -> RgbImage:
    """uint8[H, W, 3] RGB of a still picture.

    Raises:
        TrainingError: the file is missing or no picture.
    """
    try:
        encoded = np.frombuffer(Path(path).read_bytes(), np.uint8)
    except OSError as error:
        raise TrainingError(f"{path} cannot be read: {error.strerror}", "Prepare the data again.") from error
    image = cv2.imdecode(encoded, cv2.IMREAD_COLOR) if encoded.size else None
    if image is None:
        raise TrainingError(f"{path} is not a picture", "Remove its row, or prepare the data again.")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)


def box_in(sample: Sample, image: RgbImage) -> FaceBox:
    """The sample's face box in pixels of its picture; the whole picture where no box is known."""
    height, width = image.shape[:2]
    if sample.left is None or sample.top is None or sample.width is None or sample.height is None:
        return FaceBox(0, 0, width, height)
    return FaceBox(sample.left * width, sample.top * height, sample.width * width, sample.height * height)


def _shrunk(sample: Sample, image: RgbImage, spec: CropSpec) -> RgbImage:
    """The picture, no larger than blending needs it."""
    face_px = box_in(sample, image).size_px
    shrink = _BLENDING_SCALE * round(spec.size_px * _WORKING_SCALE) / (face_px * spec.margin)
    if shrink >= 1.0:
        return image
    return np.asarray(cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)


def inside(centre: float, side: float, length: int) -> float:
    """The place nearest to ``centre`` around which a square of this side stays within the picture."""
    return min(max(centre, side / 2), length - side / 2)


def crop_spec(contract: InputContract) -> CropSpec:
    """How the contract cuts faces.

    Raises:
        TrainingError: it is not one of faces.
    """
    if isinstance(contract, SoundContract):
        raise TrainingError("The input contract is not one of faces", "Train the net again.")
    return contract.crop
