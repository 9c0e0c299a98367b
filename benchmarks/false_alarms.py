"""How often does a face model take for manipulated what is only filtered, filmed off a screen or cut out?

    python benchmarks/false_alarms.py --data prepared/dfdc --data prepared/stills \
        --model face-v2b0-autoatt --model face-autoatt-b4

Needs the training environment. Pristine validation rows of every origin are altered in ten ways
(``altered_faces.py``), each clip in the same way in all its pictures, and scored as a scan does. Counted are
clips whose score shows signs at the model's own thresholds; those that may not decide by its card, blurred or
cut out, are counted apart. Shares have their exact 95 % interval (Clopper and Pearson); people
and sources recur among the clips of an origin, so that it is rather too narrow. Test rows are not read.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from altered_faces import WAYS

from forensics import catalog
from forensics.detectors.domain import face_properties, medians
from forensics.evaluation.shares import share_text
from forensics.faces.crop import cut
from forensics.records.faces import FaceBox
from forensics.records.input_contract import InputContract
from forensics.records.media import RgbImage
from forensics.records.model_card import ModelCard
from forensics.training.data.face_samples import box_in, crop_spec, read_rgb
from forensics.training.data.samples import Sample, read_samples
from forensics.training.stored_nets import StoredNet, batched, logits_of, stored_nets

AS_THEY_ARE = "as they are"
PICTURES_PER_CLIP = 2


@dataclass(frozen=True)
class Picture:
    """A picture of a clip, altered in one way."""

    image: RgbImage
    box: FaceBox
    kind: str
    origin: str
    clip: str


@dataclass(frozen=True)
class Model:
    """A model whose thresholds are tried.

    Attributes:
        logits: float32[pictures].
        properties: of each picture, by the crop whose contract its card states.
    """

    card: ModelCard
    logits: npt.NDArray[np.float32]
    properties: Sequence[dict[str, float]]

    def calls(self, chosen: npt.NDArray[np.intp]) -> str:
        """What it makes of a clip: ``signs``, ``none``, or ``unfit`` for one that may not decide."""
        if self.card.domain.failed_by(medians([self.properties[place] for place in chosen])):
            return "unfit"
        bounds = self.card.thresholds
        score = self.card.manipulation_score(float(self.logits[chosen].mean()))
        return "signs" if bounds is not None and score >= bounds.signs else "none"


def main() -> None:
    """Prints a table with two columns for each model."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", action="append", required=True, type=Path, metavar="FOLDER")
    parser.add_argument("--model", action="append", required=True, metavar="MODEL", help="an id or a folder")
    parser.add_argument("--clips", type=int, default=60, help="of each origin at most")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    pictures = [
        picture for folder in options.data for picture in altered(pristine_clips(folder, options.clips))
    ]
    models = scored(options.model, pictures)
    print("| pristine clips | n | " + " | ".join(f"{one.card.id}: signs | unfit" for one in models) + " |")
    print("|---|---" + "|---|---" * len(models) + "|")
    origins = sorted({picture.origin for picture in pictures})
    for kind in (AS_THEY_ARE, *WAYS):
        for origin in ("", *origins):
            told(kind, origin, pictures, models)


def told(kind: str, origin: str, pictures: Sequence[Picture], models: Sequence[Model]) -> None:
    """Prints one row: all origins together where ``origin`` is empty."""
    clips: dict[tuple[str, str], list[int]] = {}
    for place, picture in enumerate(pictures):
        if picture.kind == kind and origin in ("", picture.origin):
            clips.setdefault((picture.origin, picture.clip), []).append(place)
    cells = []
    for model in models:
        calls = [model.calls(np.array(places)) for places in clips.values()]
        cells += [share_text(calls.count("signs"), len(calls)), str(calls.count("unfit"))]
    name = f"{kind}, {origin}" if origin else f"**{kind}**"
    print(f"| {name} | {len(clips)} | " + " | ".join(cells) + " |", flush=True)


def pristine_clips(folder: Path, n_clips: int) -> Iterator[list[Sample]]:
    """Pristine validation clips, evenly spread, with at most some pictures each."""
    clips: dict[tuple[str, str], list[Sample]] = {}
    for row in read_samples(folder):
        if row.split == "val" and not row.manipulated:
            clips.setdefault((row.group, row.clip or row.path), []).append(row)
    for rows in list(clips.values())[:: max(1, len(clips) // n_clips)][:n_clips]:
        yield rows[:: max(1, len(rows) // PICTURES_PER_CLIP)][:PICTURES_PER_CLIP]


def altered(clips: Iterator[list[Sample]]) -> Iterator[Picture]:
    """Every clip as it is and in every way, its pictures alike."""
    for number, rows in enumerate(clips):
        read = [(row, read_rgb(row.path)) for row in rows]
        for row, image in read:
            yield Picture(image, box_in(row, image), AS_THEY_ARE, row.origin, row.clip or row.path)
        for way, (kind, alter) in enumerate(WAYS.items()):
            for row, image in read:
                # The same numbers are drawn for every picture of a clip.
                changed = alter(image, box_in(row, image), np.random.default_rng((29, number, way)))
                yield Picture(changed, box_in(row, changed), kind, row.origin, row.clip or row.path)


def scored(names: Sequence[str], pictures: Sequence[Picture]) -> list[Model]:
    """Every model's logits; a net that several models share runs once."""
    known: dict[tuple[Path, InputContract], npt.NDArray[np.float32]] = {}

    def of_net(net: StoredNet) -> npt.NDArray[np.float64]:
        key = net.xml.resolve(), net.contract
        if key not in known:
            known[key] = logits_of(net.xml, batched(cropped(pictures, net.contract)), net.contract)
        return net.weight * known[key].astype(np.float64)

    models = []
    for name in names:
        card, folder = catalog.find(name)
        nets, _ = stored_nets(card, folder)
        logits = np.sum([of_net(net) for net in nets.nets], axis=0).astype(np.float32)
        crops = cropped(pictures, card.contract)
        models.append(Model(card, logits, [face_properties(crop, 0.0) for crop in crops]))
    return models


def cropped(pictures: Sequence[Picture], contract: InputContract) -> list[RgbImage]:
    """The pictures as a net takes them."""
    return [cut(picture.image, picture.box, crop_spec(contract)) for picture in pictures]


if __name__ == "__main__":
    main()
