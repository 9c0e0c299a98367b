"""How many clips lose their verdict because a face model's card needs more of them than they have?

    python benchmarks/lost_verdicts.py prepared/dfdc prepared/wild prepared/stills prepared/people \
        --model face-v2b0-autoatt

Needs the training environment; the net does not run. Told are, for each folder and label, the clips whose
median of a property lies below what the card needs (``[domain.needed]``), with exact 95 % intervals; and the
same for each method that loses any. Validation rows, unless ``--split test`` is given.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import cv2

from forensics import catalog
from forensics.detectors.domain import face_properties, medians
from forensics.evaluation.shares import share_text
from forensics.faces.crop import cut
from forensics.records.detector_spec import CropSpec
from forensics.training.data.face_samples import box_in, crop_spec, read_rgb
from forensics.training.data.samples import Sample, read_samples

PICTURES_PER_CLIP = 10


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--model", required=True, metavar="MODEL", help="an id or a folder")
    parser.add_argument("--split", choices=("val", "test"), default="val")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    card, _ = catalog.find(options.model)
    spec, needed = crop_spec(card.contract), card.domain.needed
    print(
        f"| {options.split} | "
        + " | ".join(f"{name} < {bound:g}" for name, bound in needed.items())
        + " | any |"
    )
    print("|---" * (len(needed) + 2) + "|")
    for folder in options.data:
        clips: Counter[str] = Counter()
        lost: dict[str, Counter[str]] = {name: Counter() for name in (*needed, "any")}
        for rows in _clips(folder, options.split):
            failed = card.domain.failed_by(medians([measured(row, spec) for row in rows]))
            parts = ["manipulated", f"manipulated: {rows[0].method}"] if rows[0].manipulated else ["pristine"]
            for part in parts:
                clips[part] += 1
                for name in (*failed, *(["any"] if failed else [])):
                    lost[name][part] += 1
        for part, n in clips.items():
            if ":" not in part or lost["any"][part]:
                cells = [str(lost[name][part]) for name in needed]
                print(
                    f"| {folder.name}, {part} | {' | '.join(cells)} | {share_text(lost['any'][part], n)} |",
                    flush=True,
                )


def _clips(folder: Path, split: str) -> Iterator[list[Sample]]:
    clips: dict[tuple[bool, str], list[Sample]] = {}
    for row in read_samples(folder):
        if row.split == split:
            clips.setdefault((row.manipulated, row.clip or row.path), []).append(row)
    for rows in clips.values():
        yield rows[:: max(1, len(rows) // PICTURES_PER_CLIP)]


def measured(row: Sample, spec: CropSpec) -> dict[str, float]:
    """What a scan measures on a prepared picture, but for the face's size in its source."""
    image = read_rgb(row.path)
    return face_properties(cut(image, box_in(row, image), spec), 0.0)


if __name__ == "__main__":
    main()
