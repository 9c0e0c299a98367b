"""How good are face nets on validation rows, by origin, and on pseudo-fakes of people they have not met?

    python benchmarks/face_validation.py --data prepared/dfdc --landmarks LANDMARKS.dat runs/a/best.pt

Needs the training environment. Each net scores a crop and its mirror image, as a scan does. Origins with both
labels: AUC of crops, and of clips where a clip has several (mean logit). Every origin's pristine rows: AUC
against copies of them with another expression and with another person's face, made by the
training's own code and recompressed like the pristine ones, each pair alike. Those say how far what was
learned holds for other people, not for other methods. Test rows are not read.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from sklearn.metrics import roc_auc_score
from torch.utils.data import TensorDataset

from forensics.faces.crop import cut
from forensics.faces.landmarks import LandmarkPredictor, Points
from forensics.faces.transfer import change_expression, same_pose, swap_face
from forensics.media.recompress import through_h264, through_jpeg
from forensics.records.media import RgbImage
from forensics.training.data.face_samples import WholeFaces, box_in, crop_spec, read_rgb
from forensics.training.data.samples import Sample, read_samples
from forensics.training.nets import build_net
from forensics.training.nets.net import FakenessNet
from forensics.training.recipes.face_pictures import face_contract
from forensics.training.run import load
from forensics.training.streams import thinned
from forensics.training.validate import logits_of

# As many rows of each origin and label as the training's own validation takes.
N_ROWS = 600
# Candidates from which the donor of a swap is taken: the first who looks the same way.
N_DONORS = 40
_BATCH = 32


@dataclass(frozen=True)
class Face:
    """A pristine picture whose landmarks are known."""

    sample: Sample
    image: RgbImage
    points: Points


@dataclass(frozen=True)
class Part:
    """Crops that are measured together.

    Attributes:
        name: origin, and what stands against its pristine rows.
        crops: uint8[N, S, S, 3] RGB.
        manipulated: bool[N].
        clips: N names.
    """

    name: str
    crops: npt.NDArray[np.uint8]
    manipulated: npt.NDArray[np.bool_]
    clips: npt.NDArray[np.str_]


def main() -> None:
    """Prints a row for each checkpoint."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoints", nargs="+", type=Path)
    parser.add_argument("--data", action="append", required=True, type=Path)
    parser.add_argument("--landmarks", type=Path, help="for pseudo-fakes; without it there are none")
    parser.add_argument("--net", default="efficientnetv2-b0-autoatt")
    parser.add_argument("--size", type=int, default=128)
    options = parser.parse_args()
    predictor = LandmarkPredictor(options.landmarks) if options.landmarks else None
    parts = [part for folder in options.data for part in _parts(folder, options.size, predictor)]
    print("| net | " + " | ".join(part.name for part in parts) + " |")
    print("|---" * (len(parts) + 1) + "|")
    for path in options.checkpoints:
        net = build_net(options.net)
        net.load_state_dict(load(path)["ema"])
        figures = (_figure(part, _logits(net, part.crops)) for part in parts)
        print(f"| {path} | " + " | ".join(figures) + " |", flush=True)


def _parts(folder: Path, size_px: int, predictor: LandmarkPredictor | None) -> Iterator[Part]:
    rows = [row for row in read_samples(folder) if row.split == "val"]
    kept = thinned(rows, N_ROWS)
    if {row.manipulated for row in kept} == {False, True}:
        whole = WholeFaces(kept, face_contract(size_px))
        crops = np.stack([whole[index][0].numpy() for index in range(len(whole))])
        yield _part(kept[0].origin, crops, kept)
    if predictor is not None:
        yield from _made(rows, size_px, predictor)


def _part(name: str, crops: npt.NDArray[np.uint8], rows: list[Sample]) -> Part:
    return Part(
        name,
        crops,
        np.array([row.manipulated for row in rows]),
        np.array([row.clip or row.path for row in rows]),
    )


def _made(rows: list[Sample], size_px: int, predictor: LandmarkPredictor) -> Iterator[Part]:
    faces = []
    for row in thinned([row for row in rows if not row.manipulated], N_ROWS):
        image = read_rgb(row.path)
        points = predictor.points(image, box_in(row, image))
        if points is not None:
            faces.append(Face(row, image, points))
    spec = crop_spec(face_contract(size_px))
    kinds: dict[str, list[tuple[RgbImage, RgbImage]]] = {"expression": [], "swap": []}
    for number, face in enumerate(faces):
        rng = np.random.default_rng((17, number))
        donor = _donor(face, faces, rng)
        made = {"expression": change_expression(face.image, face.points, rng)}
        if donor is not None:
            made["swap"] = swap_face(face.image, face.points, donor.image, donor.points, rng)
        for kind, image in made.items():
            pair = (_recompressed(one, number) for one in (face.image, image))
            before, after = (cut(one, box_in(face.sample, one), spec) for one in pair)
            kinds[kind].append((before, after))
    for kind, pairs in kinds.items():
        crops = np.stack([crop for pair in pairs for crop in pair])
        names = np.array([str(index) for index in range(len(crops))])
        yield Part(f"{rows[0].origin}, {kind}", crops, np.tile([False, True], len(pairs)), names)


def _donor(face: Face, faces: list[Face], rng: np.random.Generator) -> Face | None:
    for index in rng.permutation(len(faces))[:N_DONORS]:
        other = faces[int(index)]
        if other.sample.group != face.sample.group and same_pose(face.points, other.points):
            return other
    return None


def _recompressed(image: RgbImage, number: int) -> RgbImage:
    rng = np.random.default_rng((18, number))
    even = np.ascontiguousarray(image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2])
    if rng.random() < 0.5:
        return through_h264(even, crf=int(rng.integers(20, 30)))
    return through_jpeg(even, int(rng.integers(60, 92)))


def _logits(net: FakenessNet, crops: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    both = (torch.from_numpy(way.copy()) for way in (crops, crops[:, :, ::-1]))
    straight, mirrored = (
        logits_of(net, TensorDataset(way, way), batch_size=_BATCH, n_loaders=0) for way in both
    )
    return (straight + mirrored) / np.float32(2)


def _figure(part: Part, logits: npt.NDArray[np.float32]) -> str:
    crops = f"{roc_auc_score(part.manipulated, logits):.3f}"
    names, place = np.unique(part.clips, return_inverse=True)
    if len(names) == len(logits):
        return crops
    counts = np.bincount(place)
    means = np.bincount(place, weights=logits) / counts
    truth = np.bincount(place, weights=part.manipulated.astype(np.float64)) > 0
    return f"{crops}, clips {roc_auc_score(truth, means):.3f}"


if __name__ == "__main__":
    main()
