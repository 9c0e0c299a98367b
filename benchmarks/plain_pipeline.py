"""How much faster is a scan than the plain way?

The plain way is what one writes first: OpenCV's VideoCapture reads every frame, dlib searches each chosen
frame in full and in colour, EfficientNet-B4 in fp32 PyTorch scores the crops of one video as a batch, one
video after the other, all cores left to the libraries. Its weights are random: only time counts here, and it
does not depend on them. Against it stands ``forensics scan`` as a whole process, start-up, case file and
report included, as an examination, as a triage of as many frames, and as a triage as it comes, which looks at
fewer; the plain way's imports and loading are not counted.

torch and timm must be installed beside forensics: pip install 'forensics[train]'

    python benchmarks/plain_pipeline.py ../shared/data/video --repeats 3
"""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import cv2
import dlib
import numpy as np
import numpy.typing as npt
import timm
import torch
from whole_scan import parser_of, run_scan, unlabelled

from forensics.media.discovery import Found, discover
from forensics.media.probe import probe
from forensics.processor import usable_cores
from forensics.records.media import MediaKind, StreamKind
from forensics.settings import Profile

GOALS = {"examination": 4.0, "triage": 8.0}
_LINES = (480, 720, 1080)
_MARGIN = 1.3
_SIDE_PX = 224


@dataclass(frozen=True, slots=True)
class Clip:
    """A video, its length and its lines (the shorter side)."""

    path: Path
    duration_s: float
    n_lines: int


def clips_in(folder: Path) -> Iterator[Clip]:
    """Every video of a folder."""
    for found in discover([folder]):
        if not isinstance(found, Found):
            continue
        media = probe(found.path)
        stream = media.stream(StreamKind.VIDEO)
        if media.kind is MediaKind.VIDEO and stream is not None:
            shorter = min(stream.width_px or 0, stream.height_px or 0)
            n_lines = min(_LINES, key=lambda lines: abs(lines - shorter))
            yield Clip(found.path, media.duration_s or 0.0, n_lines)


class PlainPipeline:
    """The straightforward way, from a file to one number."""

    def __init__(self, n_frames: int) -> None:
        self._n_frames = n_frames
        self._finder = dlib.get_frontal_face_detector()
        self._net = timm.create_model("efficientnet_b4", pretrained=False, num_classes=1).eval()

    def score(self, path: Path) -> float | None:
        """Mean logit of the faces; None where there are none."""
        crops = [crop for frame in self._frames(path) for crop in self._faces(frame)]
        if not crops:
            return None
        batch = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float() / 255
        with torch.inference_mode():
            return float(self._net((batch - 0.45) / 0.23).mean())

    def _frames(self, path: Path) -> Iterator[npt.NDArray[np.uint8]]:
        capture = cv2.VideoCapture(str(path))
        try:
            n_all = max(int(capture.get(cv2.CAP_PROP_FRAME_COUNT)), 1)
            chosen = set(np.linspace(0, n_all - 1, self._n_frames).astype(int).tolist())
            index = 0
            while True:
                there, frame = capture.read()
                if not there:
                    return
                if index in chosen:
                    yield np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8)
                index += 1
        finally:
            capture.release()

    def _faces(self, frame: npt.NDArray[np.uint8]) -> Iterator[npt.NDArray[np.uint8]]:
        for box in self._finder(frame, 0):
            half = round(_MARGIN * box.width() / 2)
            middle = box.center()
            top, left = max(middle.y - half, 0), max(middle.x - half, 0)
            crop = frame[top : middle.y + half, left : middle.x + half]
            yield np.asarray(cv2.resize(crop, (_SIDE_PX, _SIDE_PX)), np.uint8)


def timed(work: Callable[[], object]) -> float:
    """Wall seconds."""
    began_s = time.perf_counter()
    work()
    return time.perf_counter() - began_s


def scan_s(clips: list[Clip], way: Sequence[str], n_workers: int) -> float:
    """Wall seconds of a whole scan of these clips, with the options of one way."""
    with tempfile.TemporaryDirectory() as scratch, unlabelled(clip.path for clip in clips) as folder:
        case = Path(scratch) / "a.case"
        cost = run_scan(folder, *way, "--workers", str(n_workers), "--detectors", "face", "--case", case)
    return cost.wall_s


def main() -> None:
    """Alternates the ways, size by size, and prints a table."""
    parser = parser_of(__doc__)
    parser.add_argument("--most", type=int, default=6, help="clips of one size")
    options = parser.parse_args()
    torch.set_num_threads(usable_cores())
    sizes: dict[int, list[Clip]] = defaultdict(list)
    for clip in clips_in(options.folder):
        if len(sizes[clip.n_lines]) < options.most:
            sizes[clip.n_lines].append(clip)
    plain = PlainPipeline(options.frames)
    n_fewer = Profile.TRIAGE.frames
    ways = {
        "examination": ("--profile", "examination", "--frames", str(options.frames)),
        "triage": ("--profile", "triage", "--frames", str(options.frames)),
        f"triage, {n_fewer} frames": ("--profile", "triage", "--frames", str(n_fewer)),
    }
    walls: dict[tuple[int, str], list[float]] = defaultdict(list)
    for _ in range(options.repeats):
        for n_lines, clips in sorted(sizes.items()):
            walls[n_lines, "plain"].append(timed(lambda clips=clips: [plain.score(c.path) for c in clips]))  # type: ignore[misc]
            for name, way in ways.items():
                walls[n_lines, name].append(scan_s(clips, way, options.workers))
    print(f"{options.frames} frames a video, {options.workers} workers, medians of {options.repeats}")
    for line in _lines(sizes, walls):
        print(line)


def _lines(sizes: dict[int, list[Clip]], walls: dict[tuple[int, str], list[float]]) -> Iterator[str]:
    yield "| size | videos | way | videos a second | times as fast as it plays | against the plain way |"
    yield "|---|---|---|---|---|---|"
    totals: dict[str, float] = defaultdict(float)
    for (n_lines, way), walls_s in sorted(walls.items()):
        clips, wall_s = sizes[n_lines], median(walls_s)
        totals[way] += wall_s
        ratio = median(walls[n_lines, "plain"]) / wall_s
        yield (
            f"| {n_lines}p | {len(clips)} | {way} | {len(clips) / wall_s:.2f} "
            f"| {sum(clip.duration_s for clip in clips) / wall_s:.1f} | {ratio:.1f} |"
        )
    for way in sorted(totals.keys() - {"plain"}):
        goal = f" (goal: {GOALS[way]:g})" if way in GOALS else ""
        yield f"all sizes, {way}: {totals['plain'] / totals[way]:.1f} times{goal}"


if __name__ == "__main__":
    main()
