"""Can a beauty filter be told by the skin, so that a filtered face could be left without a verdict?

    python benchmarks/smoothed_skin.py prepared/dfdc prepared/wild prepared/stills prepared/people

Needs the training environment; no net runs. Validation faces as they are stand against pristine ones behind
``altered_faces.beauty_filter``, and against the same ones through a JPEG. Told is, for each property of the
skin, the AUC, and which share of the faces as they are would lose their verdict to a bound that catches 80 %
of the filtered ones. The face is the middle of the crop that nets see.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from altered_faces import beauty_filter
from sklearn.metrics import roc_auc_score

from forensics.faces.crop import cut
from forensics.media.recompress import through_jpeg
from forensics.records.detector_spec import CropSpec
from forensics.records.media import RgbImage
from forensics.training.data.face_samples import box_in, read_rgb
from forensics.training.data.samples import Sample, read_samples

SPEC = CropSpec(128, 1.04)
N_ROWS = 300
N_FILTERED = 60
CAUGHT = 0.8
AS_IT_IS, FILTERED, SENT_ON = "as it is", "filtered", "filtered, through a JPEG"


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="+", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    found = [
        (kind, manipulated, skin(crop))
        for folder in options.data
        for kind, manipulated, crop in crops(folder)
    ]
    kinds = np.array([kind for kind, _, _ in found])
    manipulated = np.array([label for _, label, _ in found])
    before = kinds == AS_IT_IS
    counts = f"{(before & ~manipulated).sum()} pristine and {(before & manipulated).sum()} manipulated"
    print(
        f"| {counts} faces as they are | n | AUC | pristine lost | manipulated lost |\n|---|---|---|---|---|"
    )
    for name in found[0][2]:
        values = np.array([properties[name] for _, _, properties in found])
        for kind in (FILTERED, SENT_ON):
            altered = values[kinds == kind]
            truth = np.concatenate([np.ones(before.sum()), np.zeros(altered.size)])
            auc = float(roc_auc_score(truth, np.concatenate([values[before], altered])))
            bound = np.quantile(altered, CAUGHT)
            lost = [(values[before & (manipulated == label)] <= bound).mean() for label in (False, True)]
            print(f"| {name}: {kind} | {altered.size} | {auc:.2f} | {lost[0]:.0%} | {lost[1]:.0%} |")


def crops(folder: Path) -> Iterator[tuple[str, bool, RgbImage]]:
    """Faces as they are, and some pristine ones filtered: kind, label, uint8[128, 128, 3]."""
    rows = [row for row in read_samples(folder) if row.split == "val"]
    pristine = thinned([row for row in rows if not row.manipulated], N_ROWS)
    filtered = {row.path for row in thinned(pristine, N_FILTERED)}
    for number, row in enumerate(pristine + thinned([row for row in rows if row.manipulated], N_ROWS)):
        image = read_rgb(row.path)
        box = box_in(row, image)
        yield AS_IT_IS, row.manipulated, cut(image, box, SPEC)
        if not row.manipulated and row.path in filtered:
            rng = np.random.default_rng((31, number))
            smooth = beauty_filter(image, box, rng)
            yield FILTERED, False, cut(smooth, box, SPEC)
            yield SENT_ON, False, cut(through_jpeg(smooth, int(rng.integers(60, 90))), box, SPEC)


def thinned(rows: list[Sample], n: int) -> list[Sample]:
    """At most so many, evenly spread."""
    return rows[:: max(1, len(rows) // n)][:n]


def skin(crop: RgbImage) -> dict[str, float]:
    """What smoothing takes from a face, against what it leaves: lower where skin is smooth, edges are not."""
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32)
    at = (np.arange(grey.shape[0]) + 0.5) / grey.shape[0] - 0.5
    face = (at[None, :] / 0.27) ** 2 + (at[:, None] / 0.346) ** 2 <= 1
    laplacian = np.abs(cv2.Laplacian(grey, cv2.CV_32F))[face]
    fine = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 1))[face]
    mean = cv2.blur(grey, (5, 5))
    spread = np.sqrt(np.maximum(cv2.blur(grey * grey, (5, 5)) - mean * mean, 0))[face]
    return {
        "median Laplacian over its root mean square": _ratio(
            np.median(laplacian), np.sqrt((laplacian**2).mean())
        ),
        "30th over 95th percentile of the Laplacian": _ratio(*np.percentile(laplacian, (30, 95))),
        "fine detail (40th percentile) over local contrast (60th)": _ratio(
            np.percentile(fine, 40), np.percentile(spread, 60)
        ),
        "share without curvature, negative": -float((laplacian <= 1).mean()),
    }


def _ratio(above: float | np.floating, below: float | np.floating) -> float:
    return float(np.log10((above + 0.05) / (below + 0.05)))


if __name__ == "__main__":
    main()
