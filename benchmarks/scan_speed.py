"""What does a scan cost beside its parts?

Runs ``forensics scan`` as a whole process, with one worker and with several, and in between each of its
parts alone on the same files: decoding the same frames, finding faces in them, the nets on the same crops and
windows. Prints medians of CPU seconds, wall seconds and peak memory, the ratio of the whole to the sum of its
parts, and how much faster several workers are than one. What several workers could gain at most on this
machine is told by as many separate scans, each with one worker, at the same time: they share nothing else.

    python benchmarks/scan_speed.py ../shared/data/video --repeats 5
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from whole_scan import parser_of, run_scan, spread, unlabelled

from forensics.detectors.detector import Detector
from forensics.faces.crop import crop
from forensics.faces.tracks import track
from forensics.media.decode import decode
from forensics.media.discovery import Found, discover
from forensics.media.hashing import sha256_of
from forensics.media.probe import probe
from forensics.processor import usable_cores
from forensics.records.detector_spec import Input
from forensics.records.faces import FaceCrop
from forensics.records.media import AudioChunk, Frame, MediaFile
from forensics.records.stream import Item
from forensics.scan.worker_context import WorkerContext, assemble, choose_detectors
from forensics.settings import Profile, ScanSettings

T = TypeVar("T")


def parts(files: list[Found], bench: WorkerContext) -> dict[str, float]:
    """CPU seconds of each part alone, over all files."""
    spent: dict[str, float] = defaultdict(float)
    for file in files:
        timed(spent, "hash", lambda file=file: sha256_of(file.path))  # type: ignore[misc]
        media = timed(spent, "probe", lambda file=file: probe(file.path))  # type: ignore[misc]
        items = timed(spent, "decode", lambda file=file, media=media: _decoded(file, media, bench))  # type: ignore[misc]
        frames = [item for item in items if isinstance(item, Frame)]
        faces = timed(spent, "faces", lambda frames=frames: list(track(iter(frames), bench.finder, [])))  # type: ignore[misc]
        cut = list(crop(iter(faces), bench.crop_users))
        crops = [item for item in cut if isinstance(item, FaceCrop)]
        sound = [item for item in items if isinstance(item, AudioChunk)]
        for detector in bench.detectors:
            seen: list[Item] = [*crops] if Input.FACES in detector.spec.inputs else [*sound]
            name = f"{detector.spec.name} net"
            timed(spent, name, lambda d=detector, m=media, p=file.path, s=seen: _scored(d, m, p, s))  # type: ignore[misc]
    return dict(spent)


def timed(spent: dict[str, float], name: str, work: Callable[[], T]) -> T:
    """Runs ``work`` and books its CPU seconds."""
    started = time.process_time()
    result = work()
    spent[name] += time.process_time() - started
    return result


def _decoded(file: Found, media: MediaFile, bench: WorkerContext) -> list[Item]:
    settings = bench.settings
    return list(
        decode(
            file.path,
            media,
            settings.n_frames,
            video=True,
            audio=bench.observes(Input.SOUND),
            frames_per_s=settings.frames_per_s,
            cheapest_frames=settings.cheapest_frames,
        )
    )


def _scored(detector: Detector, media: MediaFile, path: Path, items: list[Item]) -> list[Item]:
    examination = detector.begin(media, path)
    given: list[Item] = []
    for item in items:
        given.extend(examination.observe(item))
    given.extend(examination.conclude())
    return given


def main() -> None:
    """Alternates whole and parts, and prints a table."""
    parser = parser_of(__doc__)
    parser.add_argument("--profile", default="examination", choices=[profile.value for profile in Profile])
    options = parser.parse_args()
    settings = ScanSettings(
        paths=(options.folder,),
        frames=options.frames,
        workers=usable_cores(),  # as a worker among as many as there are cores: one thread
        profile=Profile(options.profile),
    )
    bench = assemble(settings, choose_detectors(settings))
    files = [found for found in discover([options.folder]) if isinstance(found, Found)]
    with unlabelled(file.path for file in files) as folder:
        rows = _measured(options, files, bench, folder)
    print(f"{len(files)} files, {options.frames} frames, {options.profile}, {options.repeats} runs")
    for line in spread(rows):
        print(line)


def _measured(
    options: argparse.Namespace, files: list[Found], bench: WorkerContext, folder: Path
) -> dict[str, list[float]]:
    rows: dict[str, list[float]] = defaultdict(list)
    shared = (folder, "--profile", options.profile, "--frames", str(options.frames))
    for _ in range(options.repeats):
        one = run_scan(*shared, "--workers", "1")
        alone = parts(files, bench)
        several = run_scan(*shared, "--workers", str(options.workers))
        at_once_s = _separate_scans_s(options.workers, *shared, "--workers", "1")
        for name, seconds in alone.items():
            rows[f"{name}, CPU s"].append(seconds)
        rows["sum of the parts, CPU s"].append(sum(alone.values()))
        rows["one worker, CPU s"].append(one.cpu_s)
        rows["one worker / sum of the parts"].append(one.cpu_s / sum(alone.values()))
        rows["one worker, wall s"].append(one.wall_s)
        rows[f"{options.workers} workers, wall s"].append(several.wall_s)
        rows[f"{options.workers} workers against one"].append(one.wall_s / several.wall_s)
        rows[f"{options.workers} separate scans at once, each against one"].append(
            options.workers * one.wall_s / at_once_s
        )
        rows["largest process, MB"].append(max(one.peak_mb, several.peak_mb))
    return rows


def _separate_scans_s(n_scans: int, *arguments: str | Path) -> float:
    """Wall seconds until the last of several scans, started together, has ended."""
    started = time.perf_counter()
    with ThreadPoolExecutor(n_scans) as pool:
        for scan in [pool.submit(run_scan, *arguments) for _ in range(n_scans)]:
            scan.result()
    return time.perf_counter() - started


if __name__ == "__main__":
    # Read by the libraries when they are loaded: the parts run as a worker would.
    if os.environ.get("OMP_NUM_THREADS") != "1":
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "OMP_NUM_THREADS": "1"})
    main()
