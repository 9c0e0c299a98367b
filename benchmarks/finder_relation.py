"""How a face finder's boxes relate to those of dlib-hog, which the model cards' crop margins refer to.

    python benchmarks/finder_relation.py yunet [--frames 16] [CLIP ...]

Without clips: those of ../shared/data/video. A finder is fit for the table when the median ratio of sizes
is near 1 and the median shifts are near 0; otherwise its file has to convert its boxes.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np

from forensics.faces.finders import FINDERS, load_finder
from forensics.faces.overlap import same_face
from forensics.media.decode import decode
from forensics.media.probe import probe
from forensics.records.media import Frame

_SHARED_DATA = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"
SHARED_VIDEO = Path(os.environ.get("FORENSICS_SHARED_DATA", _SHARED_DATA)) / "video"


def main() -> None:
    """Prints percentiles of the ratio of sizes and of the shifts of the middle."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("finder", choices=list(FINDERS))
    parser.add_argument("clips", nargs="*", type=Path, default=sorted(SHARED_VIDEO.rglob("*.mp4")))
    parser.add_argument("--frames", type=int, default=16)
    given = parser.parse_args()
    reference, other = load_finder("dlib-hog"), load_finder(given.finder)
    rows: list[tuple[float, float, float]] = []
    for clip in given.clips:
        for item in decode(clip, probe(clip), given.frames, audio=False):
            if not isinstance(item, Frame):
                continue
            theirs = other.find(item.image)
            for box in reference.find(item.image):
                match = next((one for one in theirs if same_face(box, one)), None)
                if match:
                    (x, y), (other_x, other_y) = box.centre_px, match.centre_px
                    size = box.size_px
                    rows.append((match.size_px / size, (other_x - x) / size, (other_y - y) / size))
    print(f"{len(rows)} faces of {len(given.clips)} clips; percentiles 5, 50, 95")
    for name, column in zip(("size ratio", "shift x", "shift y"), np.array(rows).T, strict=True):
        print(f"{name:12s}" + " ".join(f"{value:7.3f}" for value in np.percentile(column, [5, 50, 95])))


if __name__ == "__main__":
    main()
