"""What does a scan cost beside its parts?

Runs ``forensics scan`` as a whole process and, in between, each of its parts alone on the same files:
decoding the same frames, finding faces in them, the face net on the same crops, the sound. Prints medians of
CPU seconds, wall seconds and peak memory, and the ratio of the whole to the sum of its parts.

    python benchmarks/scan_speed.py ../shared/data/video --repeats 3
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from forensics.detectors.detector import Detector
from forensics.faces.crop import crop
from forensics.faces.tracks import track
from forensics.media.decode import decode
from forensics.media.discovery import Found, discover
from forensics.media.hashing import sha256_of
from forensics.media.probe import probe
from forensics.records.faces import FaceCrop
from forensics.records.media import AudioChunk, Frame, MediaFile
from forensics.records.stream import Item
from forensics.scan.bench import Bench, assemble, choose_models
from forensics.settings import Profile, ScanSettings

T = TypeVar("T")


def whole(folder: Path, profile: str, workers: int, frames: int) -> dict[str, float]:
    """One scan as its own process: CPU seconds and wall seconds, and the largest process's memory."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "forensics", "scan", str(folder)]
        command += ["--report", str(Path(scratch) / "out.json"), "--profile", profile]
        command += ["--workers", str(workers), "--frames", str(frames)]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wall_s = time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return {"whole cpu s": cpu_s, "whole wall s": wall_s, "peak MB": after.ru_maxrss / 1024}


def parts(files: list[Found], bench: Bench) -> dict[str, float]:
    """CPU seconds of each part alone, over all files."""
    spent: dict[str, float] = defaultdict(float)
    for file in files:
        timed(spent, "hash", lambda file=file: sha256_of(file.path))  # type: ignore[misc]
        media = timed(spent, "probe", lambda file=file: probe(file.path))  # type: ignore[misc]
        items = timed(spent, "decode", lambda file=file, media=media: _decoded(file, media, bench))  # type: ignore[misc]
        frames = [item for item in items if isinstance(item, Frame)]
        faces = timed(spent, "faces", lambda frames=frames: list(track(iter(frames), bench.finder)))  # type: ignore[misc]
        contract = bench.face_contract
        cut = list(crop(iter(faces), contract)) if contract else []
        crops = [item for item in cut if isinstance(item, FaceCrop)]
        sound = [item for item in items if isinstance(item, AudioChunk)]
        for detector in bench.detectors:
            seen: list[Item] = [*crops] if detector.name == "face" else [*sound]
            timed(spent, f"{detector.name} net", lambda d=detector, m=media, s=seen: _scored(d, m, s))  # type: ignore[misc]
    return dict(spent)


def timed(spent: dict[str, float], name: str, work: Callable[[], T]) -> T:
    """Runs ``work`` and books its CPU seconds."""
    started = time.process_time()
    result = work()
    spent[name] += time.process_time() - started
    return result


def _decoded(file: Found, media: MediaFile, bench: Bench) -> list[Item]:
    return list(decode(file.path, media, bench.settings.frames, video=True, audio=bench.listens))


def _scored(detector: Detector, media: MediaFile, items: list[Item]) -> list[Item]:
    examination = detector.begin(media)
    given: list[Item] = []
    for item in items:
        given.extend(examination.observe(item))
    given.extend(examination.conclude())
    return given


def main() -> None:
    """Alternates whole and parts, and prints a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--frames", type=int, default=32)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--profile", default="examination", choices=[profile.value for profile in Profile])
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    settings = ScanSettings(paths=(options.folder,), frames=options.frames, profile=Profile(options.profile))
    bench = assemble(settings, choose_models(settings))
    files = [found for found in discover([options.folder]) if isinstance(found, Found)]
    rows: dict[str, list[float]] = defaultdict(list)
    for _ in range(options.repeats):
        measured = whole(options.folder, options.profile, options.workers, options.frames)
        alone = parts(files, bench)
        for name, value in (measured | alone).items():
            rows[name].append(value)
        rows["sum of parts cpu s"].append(sum(alone.values()))
        rows["whole / parts"].append(measured["whole cpu s"] / sum(alone.values()))
    print(
        f"{len(files)} files, {options.frames} frames, {options.workers} worker(s), {options.profile}, "
        f"{options.repeats} runs"
    )
    print("| figure | median | lowest | highest |\n|---|---|---|---|")
    for line in _lines(rows):
        print(line)


def _lines(rows: dict[str, list[float]]) -> Iterator[str]:
    for name, values in rows.items():
        yield f"| {name} | {statistics.median(values):.2f} | {min(values):.2f} | {max(values):.2f} |"


if __name__ == "__main__":
    main()
