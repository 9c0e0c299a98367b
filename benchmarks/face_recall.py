"""How many faces are found, and how fast: every frame in full against windows around known faces.

    python benchmarks/face_recall.py [--finder dlib-hog] [--frames 32] [CLIP ...]

Without clips: those of ../shared/data/video. Times are of one thread's CPU, so other load counts little. A
face that only the search in full has found is a loss of recall, unless it is no face; ``--pictures FOLDER``
writes both kinds of disagreement there, to be looked at.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import defaultdict
from dataclasses import dataclass, fields
from pathlib import Path

import cv2

from forensics.faces.finder import FaceFinder
from forensics.faces.finders import FINDERS, load_finder
from forensics.faces.overlap import same_face
from forensics.faces.tracks import track
from forensics.media.decode import decode
from forensics.media.probe import probe
from forensics.records.faces import FaceBox, TrackedFace
from forensics.records.media import Frame

_SHARED_DATA = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"
SHARED_VIDEO = Path(os.environ.get("FORENSICS_SHARED_DATA", _SHARED_DATA)) / "video"


@dataclass(slots=True)
class Row:
    """Counts of one clip, or of all."""

    frames: int = 0
    full: int = 0
    windowed: int = 0
    only_full: int = 0
    only_windowed: int = 0
    full_ms: float = 0.0
    windowed_ms: float = 0.0

    def __iadd__(self, other: Row) -> Row:
        for item in fields(self):
            setattr(self, item.name, getattr(self, item.name) + getattr(other, item.name))
        return self

    def line(self, name: str) -> str:
        """Of the table; milliseconds are per frame."""
        n = max(self.frames, 1)
        return (
            f"| {name} | {self.frames} | {self.full} | {self.windowed} | {self.only_full} | "
            f"{self.only_windowed} | {self.full_ms / n:.1f} | {self.windowed_ms / n:.1f} |"
        )


def main() -> None:
    """Prints one line per clip and a total."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clips", nargs="*", type=Path, default=sorted(SHARED_VIDEO.rglob("*.mp4")))
    parser.add_argument("--finder", default="dlib-hog", choices=list(FINDERS))
    parser.add_argument("--frames", type=int, default=32)
    parser.add_argument("--pictures", type=Path)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    finder = load_finder(given.finder)
    print("| clip | frames | in full | windows | only in full | only windows | full, ms | windows, ms |")
    print("|---|---|---|---|---|---|---|---|")
    total = Row()
    for clip in given.clips:
        frames = [
            item for item in decode(clip, probe(clip), given.frames, audio=False) if isinstance(item, Frame)
        ]
        row = compared(clip, frames, finder, given.pictures)
        total += row
        print(row.line(clip.name), flush=True)
    print(total.line("all"))


def compared(clip: Path, frames: list[Frame], finder: FaceFinder, pictures: Path | None) -> Row:
    """Both ways on one clip."""
    began_s = time.thread_time()
    full = {frame.index: finder.find(frame.image) for frame in frames}
    full_s, began_s = time.thread_time() - began_s, time.thread_time()
    windowed: dict[int, list[FaceBox]] = defaultdict(list)
    for item in track(frames, finder, []):
        if isinstance(item, TrackedFace):
            windowed[item.frame.index].append(item.box)
    row = Row(len(frames), full_ms=1000 * full_s, windowed_ms=1000 * (time.thread_time() - began_s))
    for frame in frames:
        ours, theirs = full[frame.index], windowed[frame.index]
        lost, gained = without(ours, theirs), without(theirs, ours)
        row += Row(0, len(ours), len(theirs), len(lost), len(gained))
        if pictures is not None and (lost or gained):
            draw(pictures / f"{clip.stem}-{frame.index}.jpg", frame, lost, gained)
    return row


def without(some: list[FaceBox], others: list[FaceBox]) -> list[FaceBox]:
    """Those that no other box shows too."""
    return [one for one in some if not any(same_face(one, other) for other in others)]


def draw(path: Path, frame: Frame, lost: list[FaceBox], gained: list[FaceBox]) -> None:
    """Boxes that only the full search has in red, those that only windows have in green."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = cv2.cvtColor(frame.image, cv2.COLOR_RGB2BGR)
    for boxes, colour in ((lost, (0, 0, 255)), (gained, (0, 255, 0))):
        for box in boxes:
            corner = round(box.left_px), round(box.top_px)
            opposite = round(box.left_px + box.width_px), round(box.top_px + box.height_px)
            cv2.rectangle(picture, corner, opposite, colour, 3)
    cv2.imwrite(str(path), picture)


if __name__ == "__main__":
    main()
