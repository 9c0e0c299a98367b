"""How often faces of one person are found alike, and how often those of different people are.

    forensics prepare LFW --out people      # Labeled Faces in the Wild, a group for each person
    python benchmarks/persons_measured.py people --kept faces.jsonl

The faces are those that ``forensics prepare`` cut, with the finder's box and a group for each person.
People of the split ``val`` choose the threshold: the largest at which the share of false matches is at most
0.1 %, its interval included. Those of ``train`` tell what it is worth: the descriptor has seen nobody of
LFW, its author says. Of each split 150 people with two pictures are drawn and 150 with one. Faces are cut,
aligned and described as a scan does it; those of some are also made half as large, and blurred. Intervals
are of draws of people with replacement: pairs of pictures that share a person tell the same thing twice.
``--kept`` keeps the descriptors, and goes on where an earlier run stopped.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from forensics import catalog
from forensics.detectors import persons
from forensics.detectors.blink_pose import pose_deg
from forensics.detectors.declarations import PERSONS
from forensics.engines.descriptor_net import DescriptorNet, load_descriptor_net
from forensics.faces.aligned import FaceAligner
from forensics.faces.crop import cut
from forensics.faces.landmarks import LandmarkPredictor
from forensics.records.faces import FaceBox, FaceCrop
from forensics.records.media import RgbImage

N_PEOPLE, N_DRAWS, N_CHANGED = 150, 1_000, 50
FALSE_MATCHES, FALSE_NEAR = 0.001, 0.0001
# Name to scale of the picture, and to the blur of what is left, in pixels.
FORMS = {"as it is": (1.0, 0.0), "half": (0.5, 0.0), "blurred": (1.0, 3.0)}
USUAL = "as it is"
assert PERSONS.crop is not None
WAY = PERSONS.crop


@dataclass(frozen=True)
class Faces:
    """Faces that were described, one a row.

    Attributes:
        who: number of the person.
        facts: float64[N, 4] size of the box in px, sharpness, yaw and pitch in degrees.
        vectors: float32[N, 128].
    """

    who: npt.NDArray[np.int64]
    facts: npt.NDArray[np.float64]
    vectors: npt.NDArray[np.float32]

    @classmethod
    def of(cls, rows: list[dict[str, Any]], split: str, form: str = USUAL, *, usable: bool = True) -> Faces:
        """Those of a split and a form; without those that a scan would leave out."""
        some = [row for row in rows if (row["split"], row["form"]) == (split, form) and row["facts"]]
        kept = [row for row in some if not usable or is_usable(*row["facts"])]
        vectors = np.array([row["vector"] for row in kept], np.float32).reshape(-1, 128)
        return cls(np.array([row["who"] for row in kept]), np.array([row["facts"] for row in kept]), vectors)


def is_usable(size_px: float, sharpness: float, yaw: float, pitch: float) -> bool:
    """Whether a scan would describe such a face."""
    turned = abs(yaw) > persons.MOST_YAW_DEG or abs(pitch) > persons.MOST_PITCH_DEG
    return size_px >= WAY.min_face_px and sharpness >= persons.LEAST_SHARPNESS and not turned


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("prepared", type=Path)
    parser.add_argument("--kept", type=Path, required=True)
    given = parser.parse_args()
    rows = described(given.prepared, given.kept)
    chosen_on, told_by = Faces.of(rows, "val"), Faces.of(rows, "train")
    threshold, near = choose(chosen_on, FALSE_MATCHES), choose(chosen_on, FALSE_NEAR)
    lost = Counter(f"{row['split']}, {row['form']}" for row in rows if not row["facts"])
    print(f"without landmarks: {dict(lost)}")
    print(f"thresholds chosen on val: alike {threshold:.3f}, very much alike {near:.3f}")
    for name, some in (("val", chosen_on), ("train", told_by)):
        tell(f"{name}, {len(set(some.who.tolist()))} people, {len(some.who)} pictures", some, threshold, near)
    for form in FORMS:
        for usable, words in ((False, "all"), (True, "those that a scan takes")):
            some = Faces.of(rows, "val", form, usable=usable)
            changed_too = np.isin(some.who, Faces.of(rows, "val", "half", usable=False).who)
            some = Faces(some.who[changed_too], some.facts[changed_too], some.vectors[changed_too])
            tell(f"val, {form}, {words}, {len(some.who)} pictures", some, threshold, near)
            if len(some.who):
                spread = np.percentile(some.facts[:, 1], (1, 5, 50)).round(2).tolist()
                print(f"  sharpness, 1 %, 5 %, median: {spread}")


def described(folder: Path, kept: Path) -> list[dict[str, Any]]:
    """Every picture that is used, described; what an earlier run did is taken from it."""
    known = [json.loads(line) for line in kept.read_text("utf-8").splitlines()] if kept.exists() else []
    done = {(row["path"], row["form"]) for row in known}
    card, place = catalog.find("face-landmarks")
    aligner = FaceAligner(LandmarkPredictor(place / card.variants[0].xml), WAY)
    net = load_descriptor_net("face-descriptor")
    began = time.process_time()
    with kept.open("a", encoding="utf-8") as out:
        for row, is_changed in pictures(folder):
            for form in FORMS if is_changed else (USUAL,):
                if (row["path"], form) not in done:
                    known.append(looked_at(row, form, folder, aligner, net))
                    out.write(json.dumps(known[-1]) + "\n")
                    out.flush()
    print(f"{len(known) - len(done)} faces in {time.process_time() - began:.0f} s of CPU")
    return known


def looked_at(
    row: dict[str, str], form: str, folder: Path, aligner: FaceAligner, net: DescriptorNet
) -> dict[str, Any]:
    """One face: without facts and vector where no landmarks are found."""
    bgr = cv2.imread(str(folder / row["path"]))
    image = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
    scale, blur_px = FORMS[form]
    height, width = image.shape[:2]
    left, top, wide, high = (float(row[name]) for name in ("left", "top", "width", "height"))
    box = FaceBox(left * width * scale, top * height * scale, wide * width * scale, high * height * scale)
    image = changed(image, scale, blur_px)
    face = aligner.align(FaceCrop(cut(image, box, WAY), box, 1, 0, 0.0, image, 1.0, WAY))
    told = {"path": row["path"], "who": int(row["who"]), "split": row["split"], "form": form}
    if face.image is None or face.points is None:
        return told | {"facts": None, "vector": None}
    yaw, pitch, _ = pose_deg(face.points, face.box_px)
    vector = [round(float(value), 5) for value in net.describe_both_ways(face.image[None])[0]]
    return told | {"facts": (box.size_px, face.sharpness, yaw, pitch), "vector": vector}


def pictures(folder: Path) -> Iterator[tuple[dict[str, str], bool]]:
    """(row of the manifest with the number of the person, whether changed forms of it are wanted)."""
    rows_of: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    with (folder / "samples.csv").open(encoding="utf-8", newline="") as opened:
        for row in csv.DictReader(opened):
            rows_of[row["split"], row["group"]].append(row)
    people = sorted(rows_of)
    dice = random.Random(1)
    for split in ("val", "train"):
        for is_several in (True, False):
            some = [one for one in people if one[0] == split and (len(rows_of[one]) > 1) == is_several]
            drawn = dice.sample(some, min(N_PEOPLE, len(some)))
            for place, one in enumerate(drawn):
                for row in rows_of[one]:
                    number = str(people.index(one))
                    yield row | {"who": number}, split == "val" and is_several and place < N_CHANGED


def changed(image: RgbImage, scale: float, blur_px: float) -> RgbImage:
    if scale != 1:
        image = np.asarray(
            cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
        )
    return image if not blur_px else np.asarray(cv2.GaussianBlur(image, (0, 0), blur_px), np.uint8)


def apart(
    faces: Faces,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_], tuple[np.ndarray, np.ndarray]]:
    """Distances of all pairs of pictures, whether they show one person, and the places of both."""
    first, second = np.triu_indices(len(faces.who), 1)
    products = (faces.vectors @ faces.vectors.T)[first, second]
    distances = np.sqrt(np.maximum(2 - 2 * products, 0)).astype(np.float32)
    return distances, faces.who[first] == faces.who[second], (first, second)


def choose(faces: Faces, most: float) -> float:
    """The largest threshold, in thousandths, with a share of false matches at most this, interval and all."""
    distances, same, (first, second) = apart(faces)
    first, second, different = first[~same], second[~same], distances[~same]
    threshold = float(np.floor(np.quantile(different, most) * 1000) / 1000)
    while drawn_interval(faces.who, first, second, different <= threshold)[1] > most:
        threshold = round(threshold - 0.001, 3)
    return threshold


def tell(name: str, faces: Faces, threshold: float, near: float) -> None:
    if len(faces.who) < 2:
        print(f"{name}: no pairs")
        return
    distances, same, (first, second) = apart(faces)
    print(name)
    for words, some in (("one person", distances[same]), ("different people", distances[~same])):
        if some.size:
            print(f"  median distance of {words}: {np.median(some):.3f}")
    for words, hit, among in (
        ("false matches", distances <= threshold, ~same),
        ("false matches, very much alike", distances <= near, ~same),
        ("misses", distances > threshold, same),
    ):
        n_times, n = int((hit & among).sum()), int(among.sum())
        if not n:
            continue
        low, high = drawn_interval(faces.who, first[among], second[among], hit[among])
        print(f"  {words}: {n_times} of {n} ({n_times / n:.5%}, {low:.5%} to {high:.5%})")


def drawn_interval(
    who: npt.NDArray[np.int64], first: np.ndarray, second: np.ndarray, hit: np.ndarray
) -> tuple[float, float]:
    """95 % of the shares in draws of people with replacement; a pair counts as often as both are drawn."""
    people, place = np.unique(who, return_inverse=True)
    one, other = place[first], place[second]
    drawn = np.random.default_rng(0).integers(0, len(people), (N_DRAWS, len(people)))
    weights = np.stack([np.bincount(draw, minlength=len(people)) for draw in drawn]).astype(float)
    if (one == other).all():
        n_hits = weights[:, one[hit]].sum(axis=1)
        n_all = weights @ np.bincount(one, minlength=len(people))
    else:  # all pairs of different people
        n_hits = (weights[:, one[hit]] * weights[:, other[hit]]).sum(axis=1)
        n_pictures = weights * np.bincount(place, minlength=len(people))
        n_all = (n_pictures.sum(axis=1) ** 2 - (n_pictures**2).sum(axis=1)) / 2
    low, high = np.percentile(n_hits / np.maximum(n_all, 1e-9), (2.5, 97.5))
    return float(low), float(high)


if __name__ == "__main__":
    main()
