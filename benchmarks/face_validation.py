"""How good are face nets on validation rows, by origin, by method, and on pseudo-fakes of people not met?

    python benchmarks/face_validation.py --data prepared/dfdc --landmarks face_landmark.tflite \
        runs/a/best.pt models/face-v2b0-autoatt runs/a/best.pt+models/face-v2b0-autoatt

Needs the training environment. A net is a checkpoint, a model's folder, or several joined by ``+``: the mean
of their logits. Each scores a crop and its mirror image, as a scan does. What is measured, in clips (mean
logit):

- each origin's pristine clips against its manipulated ones, and against those of methods with ten or more;
- pristine pictures of an origin against copies with another expression, with another person's face, and
  self-blended, made by the training's own code and recompressed like the pristine ones, each pair alike: how
  far what was learned holds for other people, not for other methods;
- all origins together, each origin and label weighing the same: what a net loses whose scores mean something
  else for another camera;
- the share of pristine clips of each origin above the score that 2 % of any other origin's reach, the highest
  of those: false alarms on an origin that set no threshold; and of pristine pictures that were smoothed as by
  a beauty filter, compressed hard, or enlarged, above the highest such score of all origins.

Every AUC has its standard error by bootstrap of groups; of a second net and all after it the difference to
the first one and its standard error, from the same resamples. A difference below two of them says nothing.
Test rows are not read.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from sklearn.metrics import roc_auc_score
from torch.utils.data import TensorDataset

from forensics.catalog import read_card
from forensics.evaluation.resampling import group_draws
from forensics.faces.blending import self_blend
from forensics.faces.crop import cut
from forensics.faces.landmarks import LandmarkPredictor, Points
from forensics.faces.transfer import change_expression, same_pose, swap_face
from forensics.media.recompress import through_h264, through_jpeg
from forensics.records.faces import FaceBox
from forensics.records.media import RgbImage
from forensics.training.conversion import run_openvino
from forensics.training.data.face_samples import box_in, crop_spec, read_rgb
from forensics.training.data.samples import Sample, read_samples
from forensics.training.datasets import thinned
from forensics.training.nets import build_net
from forensics.training.recipes.face_pictures import face_contract
from forensics.training.training_run import load, read_record
from forensics.training.validate import logits_of

# As many rows of each origin and label as the training's own validation takes.
N_ROWS = 600
# Pristine pictures of each origin of which pseudo-fakes are made.
N_MADE = 150
# Candidates from which the donor of a swap is taken: the first who looks the same way.
N_DONORS = 40
N_RESAMPLES = 200
# A method with fewer clips is not shown alone.
FEWEST_CLIPS = 10
FALSE_ALARMS = 0.02
# What happens to pristine pictures and should alarm nobody.
ALTERED = ("smoothed", "compressed hard", "enlarged")
# To this size pictures are reduced before they are enlarged again: the least that a scan examines.
SMALL_FACE_PX = 48
_BATCH = 32

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Face:
    """A picture to be scored.

    Attributes:
        kind: ``row`` for what the data set holds; what a pair of pristine and made picture shows; or how a
            pristine picture was altered.
    """

    image: RgbImage
    box: FaceBox
    sample: Sample
    manipulated: bool
    kind: str = "row"


@dataclass(frozen=True)
class Clips:
    """What is ranked: clips of rows, single pictures of pairs.

    Attributes:
        place: index of each face's clip.
        kinds, origins, methods, groups, manipulated: of each clip.
    """

    place: npt.NDArray[np.intp]
    kinds: npt.NDArray[np.str_]
    origins: npt.NDArray[np.str_]
    methods: npt.NDArray[np.str_]
    groups: npt.NDArray[np.str_]
    manipulated: Bools

    def means(self, logits: npt.NDArray[np.float32]) -> Floats:
        """float64[clips] mean logit."""
        sums = np.bincount(self.place, weights=logits.astype(np.float64))
        return np.asarray(sums / np.bincount(self.place))


@dataclass(frozen=True)
class Part:
    """Clips that are measured together.

    Attributes:
        chosen: bool[clips].
        weights: float64[clips].
    """

    name: str
    chosen: Bools
    weights: Floats


def main() -> None:
    """Prints a table with a column for each net."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("nets", nargs="+", metavar="NET", help="checkpoint, model folder, or some with +")
    parser.add_argument("--data", action="append", required=True, type=Path)
    parser.add_argument("--landmarks", type=Path, help="for pseudo-fakes; without it there are none")
    parser.add_argument("--rows", type=int, default=N_ROWS, help="of each origin and label at most")
    options = parser.parse_args()
    torch.set_num_threads(1)
    predictor = LandmarkPredictor(options.landmarks) if options.landmarks else None
    faces = [face for folder in options.data for face in _faces(folder, predictor, options.rows)]
    clips = _clips(faces)
    single = {path for net in options.nets for path in net.split("+")}
    scores = {path: clips.means(_logits(Path(path), faces)) for path in sorted(single)}
    columns = [np.mean([scores[path] for path in net.split("+")], axis=0) for net in options.nets]
    print("| validation rows | n | " + " | ".join(options.nets) + " |")
    print("|---" * (len(columns) + 2) + "|")
    for part in _parts(clips):
        manipulated = clips.manipulated[part.chosen]
        counts = f"{(~manipulated).sum()} + {manipulated.sum()}"
        print(f"| {part.name} | {counts} | " + " | ".join(_figures(clips, part, columns)) + " |", flush=True)
    for origin in np.unique(clips.origins):
        for kind in ("row", *ALTERED):
            own = (clips.kinds == kind) & ~clips.manipulated & (clips.origins == origin)
            alarms = " | ".join(f"{_false_alarms(clips, origin, kind, column):.1%}" for column in columns)
            name = origin if kind == "row" else f"{origin}, {kind}"
            print(f"| false alarms, {name} | {own.sum()} | {alarms} |", flush=True)


def _faces(folder: Path, predictor: LandmarkPredictor | None, n_rows: int) -> Iterator[Face]:
    rows = [row for row in read_samples(folder) if row.split == "val"]
    for row in thinned(rows, n_rows):
        image = read_rgb(row.path)
        yield Face(image, box_in(row, image), row, row.manipulated)
    pristine = thinned([row for row in rows if not row.manipulated], min(N_MADE, n_rows // 4))
    if predictor is not None:
        yield from _made(pristine, predictor)
    for row in pristine:
        image = read_rgb(row.path)
        for kind in ALTERED:
            altered = _altered(image, box_in(row, image), kind)
            yield Face(altered, box_in(row, altered), row, manipulated=False, kind=kind)


def _made(rows: list[Sample], predictor: LandmarkPredictor) -> Iterator[Face]:
    known: list[tuple[Sample, RgbImage, Points]] = []
    for row in rows:
        image = read_rgb(row.path)
        points = predictor.points(image, box_in(row, image))
        if points is not None:
            known.append((row, image, points))
    for number, (row, image, points) in enumerate(known):
        rng = np.random.default_rng((17, number))
        donor = _donor(row, points, known, rng)
        made = {
            "expression": change_expression(image, points, rng),
            "self-blended": self_blend(image, box_in(row, image), rng, points),
        }
        if donor is not None:
            made["swap"] = swap_face(image, points, *donor, rng)
        for kind, changed in made.items():
            for manipulated, picture in ((False, image), (True, changed)):
                sent = _recompressed(picture, number)
                yield Face(sent, box_in(row, sent), row, manipulated, kind)


def _donor(
    row: Sample, points: Points, known: list[tuple[Sample, RgbImage, Points]], rng: np.random.Generator
) -> tuple[RgbImage, Points] | None:
    for index in rng.permutation(len(known))[:N_DONORS]:
        other, image, others = known[int(index)]
        if other.group != row.group and same_pose(points, others):
            return image, others
    return None


def _altered(image: RgbImage, box: FaceBox, kind: str) -> RgbImage:
    if kind == "smoothed":
        return np.asarray(cv2.bilateralFilter(image, 0, 30, 0.03 * box.size_px), np.uint8)
    if kind == "compressed hard":
        return through_h264(_even(image), crf=40)
    height, width = image.shape[:2]
    scale = min(1.0, SMALL_FACE_PX / box.size_px)
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def _even(image: RgbImage) -> RgbImage:
    return np.ascontiguousarray(image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2])


def _recompressed(image: RgbImage, number: int) -> RgbImage:
    rng = np.random.default_rng((18, number))
    even = _even(image)
    if rng.random() < 0.5:
        return through_h264(even, crf=int(rng.integers(20, 30)))
    return through_jpeg(even, int(rng.integers(60, 92)))


def _clips(faces: list[Face]) -> Clips:
    place: dict[tuple[str, ...], int] = {}
    index = []
    described = []
    for number, face in enumerate(faces):
        sample = face.sample
        key = (
            ("row", sample.origin, sample.clip or sample.path, str(face.manipulated))
            if face.kind == "row"
            else (face.kind, str(number))
        )
        if key not in place:
            place[key] = len(place)
            described.append(
                (face.kind, sample.origin, sample.method, f"{sample.origin} {sample.group}", face.manipulated)
            )
        index.append(place[key])
    kinds, origins, methods, groups, manipulated = zip(*described, strict=True)
    return Clips(
        np.array(index),
        np.array(kinds),
        np.array(origins),
        np.array(methods),
        np.array(groups),
        np.array(manipulated, np.bool_),
    )


def _parts(clips: Clips) -> Iterator[Part]:
    rows = clips.kinds == "row"
    alike = np.ones(len(rows))
    mixed = np.zeros(len(rows))
    for origin in np.unique(clips.origins):
        here = rows & (clips.origins == origin)
        for label in (False, True):
            of_label = here & (clips.manipulated == label)
            mixed[of_label] = 1 / max(1, of_label.sum())
        if clips.manipulated[here].any() and not clips.manipulated[here].all():
            yield Part(str(origin), here, alike)
        methods = Counter(clips.methods[here & clips.manipulated].tolist())
        several = len(methods) > 1
        for method in sorted(name for name, n in methods.items() if several and n >= FEWEST_CLIPS):
            chosen = here & (~clips.manipulated | (clips.methods == method))
            yield Part(f"{origin}, {method}", chosen, alike)
        for kind in ("expression", "swap", "self-blended"):
            made = (clips.kinds == kind) & (clips.origins == origin)
            if made.any():
                yield Part(f"{origin}, {kind}", made, alike)
    yield Part("all origins", rows, mixed)


def _figures(clips: Clips, part: Part, columns: list[Floats]) -> list[str]:
    truth = clips.manipulated[part.chosen]
    groups = np.unique(clips.groups[part.chosen], return_inverse=True)[1]
    weights = part.weights[part.chosen]
    draws = np.concatenate(list(group_draws(int(groups.max()) + 1, truth.size, n_resamples=N_RESAMPLES)))
    resampled = [weights * draw[groups] for draw in draws]
    usable = [one for one in resampled if one[truth].any() and one[~truth].any()]
    values = [
        np.array([roc_auc_score(truth, column[part.chosen], sample_weight=one) for one in (weights, *usable)])
        for column in columns
    ]
    told = [f"{values[0][0]:.3f} ± {values[0][1:].std():.3f}"]
    for value in values[1:]:
        gain = value - values[0]
        told.append(f"{value[0]:.3f} ({gain[0]:+.3f} ± {gain[1:].std():.3f})")
    return told


def _false_alarms(clips: Clips, origin: str, kind: str, column: Floats) -> float:
    pristine = (clips.kinds == "row") & ~clips.manipulated
    origins = [name for name in np.unique(clips.origins[pristine]) if kind != "row" or name != origin]
    thresholds = [
        np.quantile(column[pristine & (clips.origins == name)], 1 - FALSE_ALARMS) for name in origins
    ]
    own = column[(clips.kinds == kind) & ~clips.manipulated & (clips.origins == origin)]
    return float((own > max(thresholds, default=np.inf)).mean())


def _logits(path: Path, faces: list[Face]) -> npt.NDArray[np.float32]:
    """float32[faces]: each face and its mirror image."""
    if path.is_dir():
        card = read_card(path)
        crops = _cropped(faces, crop_spec(card.contract).size_px)
        ways = [[way[i : i + _BATCH] for i in range(0, len(way), _BATCH)] for way in _both_ways(crops)]
        xml = path / card.variants[0].xml
        straight, mirrored = (run_openvino(xml, [np.asarray(one) for one in way]) for way in ways)
        return (straight + mirrored) / np.float32(2)
    record = read_record(path.parent)
    net = build_net(record["settings"]["net"])
    net.load_state_dict(load(path)["ema"])
    crops = _cropped(faces, record["contract"]["size_px"])
    pictures = (torch.from_numpy(way) for way in _both_ways(crops))
    straight, mirrored = (
        logits_of(net, TensorDataset(way, way), batch_size=_BATCH, n_loaders=0) for way in pictures
    )
    return (straight + mirrored) / np.float32(2)


def _cropped(faces: list[Face], size_px: int) -> npt.NDArray[np.uint8]:
    spec = crop_spec(face_contract(size_px))
    return np.stack([cut(face.image, face.box, spec) for face in faces])


def _both_ways(crops: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    return crops, np.ascontiguousarray(crops[:, :, ::-1])


if __name__ == "__main__":
    main()
