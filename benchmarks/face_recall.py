"""How many faces are found, and how fast: every frame in full against windows around known faces.

    python benchmarks/face_recall.py [--finder dlib-hog] [--frames 32] [CLIP ...]

Without clips: those of ../shared/data/video. Times are of one thread's CPU, so other load does not count.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import cv2

from forensics.faces.finder import FaceFinder
from forensics.faces.finders import FINDERS, load_finder
from forensics.faces.tracks import track
from forensics.media.decode import decode
from forensics.media.probe import probe
from forensics.records.faces import FaceTrack, TrackedFace
from forensics.records.media import Frame

_SHARED_DATA = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"
SHARED_VIDEO = Path(os.environ.get("FORENSICS_SHARED_DATA", _SHARED_DATA)) / "video"


def main() -> None:
    """Prints one line per clip and a total."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", nargs="*", type=Path, default=sorted(SHARED_VIDEO.rglob("*.mp4")))
    parser.add_argument("--finder", default="dlib-hog", choices=list(FINDERS))
    parser.add_argument("--frames", type=int, default=32)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    finder = load_finder(given.finder)
    titles = f"{'frames':>6s} {'full':>5s} {'windowed':>8s} {'full ms':>8s} {'windowed ms':>11s}"
    print(f"{'clip':40s} {titles}  faces per track")
    totals = [0.0] * 5
    for clip in given.clips:
        frames = [
            item for item in decode(clip, probe(clip), given.frames, audio=False) if isinstance(item, Frame)
        ]
        n_full, full_ms = in_full(frames, finder)
        n_windowed, windowed_ms, tracks = tracked(frames, finder)
        row = [len(frames), n_full, n_windowed, full_ms, windowed_ms]
        totals = [total + value for total, value in zip(totals, row, strict=True)]
        print_row(clip.name, row, " ".join(str(n) for n in tracks))
    print_row("all", totals, "")


def in_full(frames: list[Frame], finder: FaceFinder) -> tuple[int, float]:
    """(faces, CPU milliseconds) when every frame is searched in full."""
    start_s = time.thread_time()
    n_faces = sum(len(finder.find(frame.image)) for frame in frames)
    return n_faces, 1000 * (time.thread_time() - start_s)


def tracked(frames: list[Frame], finder: FaceFinder) -> tuple[int, float, list[int]]:
    """(faces, CPU milliseconds, faces per track) as a scan finds them."""
    start_s = time.thread_time()
    items = list(track(frames, finder))
    spent_ms = 1000 * (time.thread_time() - start_s)
    tracks = [item.n_faces for item in items if isinstance(item, FaceTrack)]
    return sum(isinstance(item, TrackedFace) for item in items), spent_ms, tracks


def print_row(name: str, row: list[float], tracks: str) -> None:
    """One line of the table; milliseconds are per frame."""
    n_frames, n_full, n_windowed, full_ms, windowed_ms = row
    print(
        f"{name[:40]:40s} {n_frames:6.0f} {n_full:5.0f} {n_windowed:8.0f} "
        f"{full_ms / max(n_frames, 1):8.1f} {windowed_ms / max(n_frames, 1):11.1f}  {tracks}",
        flush=True,
    )


if __name__ == "__main__":
    main()
