"""Pseudo-fakes of whole faces: pristine pictures that went through an autoencoder.

Generators draw faces with the decoder of an autoencoder. A pristine picture that went through one shows the
same person, light and pose, and differs in nothing but the traces of the decoder, so that a net has nothing
else to learn from such a pair (Chen et al., "DRCT", ICML 2024; Rajan et al., "Aligned Datasets Improve
Detection of Latent Diffusion-Generated Images", ICLR 2025). Noise in the latents makes the decoder invent
what the picture does not say, as it does for a generator. The autoencoder is not part of this project: bring
its two halves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from forensics.engines.autoencoder_net import AutoencoderNet
from forensics.errors import TrainingError
from forensics.faces.crop import cut_square
from forensics.records.media import RgbImage
from forensics.training.data.face_samples import box_in, inside, read_rgb
from forensics.training.data.prepared_file import encoded_crop
from forensics.training.data.samples import Sample, make_folder, read_samples, write_samples
from forensics.training.datasets import thinned

METHOD = "reconstruction"
# A face of 174 px: nets of 128 px blend and degrade at 179.
_SIZE_PX = 192
_BOXES_WIDE = 1.1
# Share of the pictures of which the face alone is drawn anew, as inpainting does.
_FACE_ALONE = 0.5


@dataclass(frozen=True, slots=True)
class ReconstructSettings:
    """Settings of ``forensics reconstruct``.

    Attributes:
        data: prepared data sets; pristine rows of their training and validation splits are used.
        encoder, decoder: the halves of the autoencoder, OpenVINO IR or ONNX.
        out: the new prepared data set.
        n_rows: at most about so many training rows of each origin, and a quarter as many for validation.
        noise: least and largest deviation of the noise, in deviations of a picture's latents.
        seed: of all randomness.
        precision: of the autoencoder, ``f32`` or ``bf16``.
    """

    data: tuple[Path, ...]
    encoder: Path
    decoder: Path
    out: Path
    n_rows: int = 1000
    noise: tuple[float, float] = (0.0, 0.6)
    seed: int = 20
    precision: str = "f32"

    def __post_init__(self) -> None:
        if self.n_rows < 1:
            raise TrainingError(f"--rows is {self.n_rows}", "Give 1 or more.")
        if not 0 <= self.noise[0] <= self.noise[1]:
            raise TrainingError(
                "--noise must be two numbers from 0 up, the smaller one first", "For example --noise 0 0.6."
            )


def reconstruct(
    settings: ReconstructSettings, on_progress: Callable[[int, int], object] | None = None
) -> list[Sample]:
    """Draws pristine pictures anew and writes them as a prepared data set of manipulated ones.

    Every row keeps the origin, group and split of the row that it was made of, so that training draws it
    beside pristine pictures of the same group. Row and seed alone decide what a picture becomes.

    Raises:
        EngineError: the autoencoder cannot be used.
        TrainingError: no pristine picture, or a file that is none.
    """
    rows = [
        row
        for folder in settings.data
        for split, n_rows in (("train", settings.n_rows), ("val", max(1, settings.n_rows // 4)))
        for row in thinned(
            [one for one in read_samples(folder) if one.split == split and _is_pristine_face(one)],
            n_rows,
        )
    ]
    if not rows:
        raise TrainingError(
            "There is no pristine picture of a face to draw anew",
            "Give data sets that prepare made, with --data.",
        )
    net = AutoencoderNet(settings.encoder, settings.decoder, settings.precision)
    make_folder(settings.out)
    made = []
    for number, row in enumerate(rows, start=1):
        made.append(_drawn_anew(row, net, settings))
        if on_progress:
            on_progress(number, len(rows))
    write_samples(settings.out, made)
    return made


def _is_pristine_face(row: Sample) -> bool:
    return not row.manipulated and row.left is not None and row.spread


def _drawn_anew(row: Sample, net: AutoencoderNet, settings: ReconstructSettings) -> Sample:
    name = hashlib.sha256(f"{settings.seed} {row.origin} {row.sha256 or row.path}".encode()).hexdigest()
    rng = np.random.default_rng(int(name[:16], 16))
    image = read_rgb(row.path)
    box = box_in(row, image)
    side = min(_BOXES_WIDE * box.size_px, *image.shape[:2])
    x, y = (
        inside(centre, side, length) for centre, length in zip(box.centre_px, image.shape[1::-1], strict=True)
    )
    before = cut_square(image, (x, y), side, _SIZE_PX)
    drawn = net.through(before, float(rng.uniform(*settings.noise)), rng)
    if rng.random() < _FACE_ALONE:
        drawn = _inside_face(before, drawn, rng)
    content = encoded_crop(drawn)
    place = Path("crops") / name[:2] / f"{name[:16]}.jpg"
    (settings.out / place).parent.mkdir(parents=True, exist_ok=True)
    (settings.out / place).write_bytes(content)
    return replace(
        row,
        path=place.as_posix(),
        manipulated=True,
        method=METHOD,
        left=(box.left_px - (x - side / 2)) / side,
        top=(box.top_px - (y - side / 2)) / side,
        width=box.width_px / side,
        height=box.height_px / side,
        sha256=hashlib.sha256(content).hexdigest(),
        track=None,
        burst=None,
    )


def _inside_face(before: RgbImage, drawn: RgbImage, rng: np.random.Generator) -> RgbImage:
    """uint8[S, S, 3]: drawn anew within a soft oval, as it was around it."""
    side = len(before)
    oval = np.zeros((side, side), np.float32)
    width, height = side * rng.uniform((0.3, 0.36), (0.42, 0.46))
    cv2.ellipse(
        oval, (side // 2, round(0.52 * side)), (round(width), round(height)), 0, 0, 360, 1.0, cv2.FILLED
    )
    share = np.asarray(cv2.GaussianBlur(oval, (0, 0), side * float(rng.uniform(0.01, 0.05))))[..., None]
    return np.asarray((share * drawn + (1 - share) * before).round(), np.uint8)
