"""What does a file cost beside decoding and the nets, where there are thousands of small ones?

Makes small pictures that pass for face crops, scans a tenth of them and all of them into a case file with an
HTML report, and prints per file: CPU of the whole scan less start-up, of reading the pictures and of the net
alone, and what remains; bytes of the case file and of the report. All of these should stay in step with the
number of files. Then the last command again: nothing is left to do, so that it measures resuming.

    python benchmarks/many_files.py --files 10000
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from whole_scan import run_scan

from forensics.media.stills import Stills
from forensics.records.media import Frame, RgbImage
from forensics.scan.worker_context import assemble, choose_detectors
from forensics.settings import ScanSettings

GOAL_MS = 5.0
_SIDE_PX = 96
_OPTIONS = ("--crops", "--detectors", "face", "--workers", "1")


@dataclass(frozen=True, slots=True)
class Row:
    """One scan of many files."""

    n_files: int
    cpu_s: float
    wall_s: float
    peak_mb: float
    case_bytes: int
    report_bytes: int


def make_pictures(folder: Path, n_files: int) -> list[Path]:
    """JPEGs of smooth noise, no two alike."""
    noise = np.random.default_rng(3)
    paths = []
    for number in range(n_files):
        coarse = noise.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        picture = cv2.resize(coarse, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_CUBIC)
        paths.append(folder / f"{number // 1000:03d}" / f"{number:06d}.jpg")
        paths[-1].parent.mkdir(exist_ok=True)
        cv2.imwrite(str(paths[-1]), picture)
    return paths


def scanned(pictures: Path, scratch: Path, n_files: int) -> Row:
    """Scans a folder into a case file with an HTML report."""
    case, page = scratch / f"{n_files}.case", scratch / f"{n_files}.html"
    cost = run_scan(pictures, *_OPTIONS, "--case", case, "--report", page)
    size = page.stat().st_size
    return Row(n_files, cost.cpu_s, cost.wall_s, cost.peak_mb, case.stat().st_size, size)


def _picture(path: Path) -> RgbImage:
    return next(item.image for item in Stills(path, 0).read() if isinstance(item, Frame))


def parts_ms(paths: list[Path]) -> tuple[float, float]:
    """CPU milliseconds per file of reading the picture, and of its share of the net."""
    settings = ScanSettings(paths=(), detectors=("face",), crops=True)
    [detector] = assemble(settings, choose_detectors(settings)).detectors
    net, side_px = detector.model.net, detector.crop.size_px  # type: ignore[attr-defined]
    began_s = time.process_time()
    pictures = [_picture(path) for path in paths]
    read_s = time.process_time() - began_s
    crops = [np.asarray(cv2.resize(one, (side_px, side_px)), np.uint8)[None] for one in pictures]
    net.infer(crops[0])
    began_s = time.process_time()
    for crop in crops:  # one by one, as the files come
        net.infer(crop)
        if detector.card.contract.flip:
            net.infer(crop[:, :, ::-1])
    return 1000 * read_s / len(paths), 1000 * (time.process_time() - began_s) / len(paths)


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, help="where the pictures are made")
    options = parser.parse_args()
    n_few = max(options.files // 10, 1)
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        scratch = Path(name)
        for part in ("one", "few", "all"):
            (scratch / part).mkdir()
        one = make_pictures(scratch / "one", 1)
        make_pictures(scratch / "few", n_few)
        every = make_pictures(scratch / "all", options.files)
        rows = {
            "start-up (one file)": scanned(scratch / "one", scratch, len(one)),
            "a tenth": scanned(scratch / "few", scratch, n_few),
            "all": scanned(scratch / "all", scratch, options.files),
            "all, resumed": scanned(scratch / "all", scratch, options.files),
        }
        read_ms, net_ms = parts_ms(every[:500])
    for line in _lines(rows, read_ms, net_ms):
        print(line)


def _lines(rows: dict[str, Row], read_ms: float, net_ms: float) -> Iterator[str]:
    start_s = rows["start-up (one file)"].cpu_s
    yield f"reading a picture alone {read_ms:.2f} ms, the net alone {net_ms:.2f} ms of CPU"
    yield "| scan | files | CPU ms a file | beside read, net | wall s | peak MB | case B a file | report |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, row in rows.items():
        each_ms = 1000 * (row.cpu_s - start_s) / row.n_files
        beside = "" if name.startswith(("start", "all, ")) else f"{each_ms - read_ms - net_ms:.2f}"
        yield (
            f"| {name} | {row.n_files} | {each_ms:.2f} | {beside} | {row.wall_s:.1f} | {row.peak_mb:.0f} "
            f"| {row.case_bytes / row.n_files:,.0f} | {row.report_bytes / 1e6:.2f} MB |"
        )
    yield f"goal: at most {GOAL_MS:g} ms beside reading and net"


if __name__ == "__main__":
    main()
