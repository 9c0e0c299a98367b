"""A command of ``forensics`` as a process of its own, and what it cost: shared by the benchmarks here."""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from forensics.processor import usable_cores


@dataclass(frozen=True, slots=True)
class Cost:
    """What one scan cost.

    Attributes:
        cpu_s: of all its processes, user and system.
        peak_mb: of the largest of its processes.
        report: the JSON report, read.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float
    report: dict[str, Any]

    @property
    def stages_s(self) -> dict[str, float]:
        """Wall seconds per stage of the pipeline, over all files."""
        total: dict[str, float] = {}
        for file in self.report["files"]:
            for stage, seconds in file["timings_s"].items():
                total[stage] = total.get(stage, 0.0) + seconds
        return total


def parser_of(purpose: str | None) -> argparse.ArgumentParser:
    """The arguments of a benchmark that scans a folder several times over."""
    parser = argparse.ArgumentParser(
        description=purpose, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--frames", type=int, default=32)
    parser.add_argument("--workers", type=int, default=usable_cores(), help="processes of a scan")
    return parser


@contextlib.contextmanager
def unlabelled(paths: Iterable[Path]) -> Iterator[Path]:
    """A folder of links to files.

    In folders called real and fake a scan computes figures and curves besides, which takes a second or two at
    its end and is not what is measured here.
    """
    with tempfile.TemporaryDirectory() as scratch:
        for number, path in enumerate(paths):
            (Path(scratch) / f"{number:04d} {path.name}").symlink_to(path.absolute())
        yield Path(scratch)


def run_scan(*arguments: str | Path, folder: Path | None = None) -> Cost:
    """Runs a scan and waits for it.

    Args:
        arguments: of ``forensics scan``; the report is added.
        folder: where the JSON report is written; None for one that is removed.

    Raises:
        subprocess.CalledProcessError: the scan failed.
    """
    with tempfile.TemporaryDirectory() as scratch:
        report = (folder or Path(scratch)) / "scan.json"
        wall_s, cpu_s, peak_mb = run_forensics("scan", *arguments, "--follow-links", "--report", report)
        return Cost(wall_s, cpu_s, peak_mb, json.loads(report.read_text("utf-8")))


def run_forensics(*arguments: str | Path) -> tuple[float, float, float]:
    """Runs a command of ``forensics`` and waits for it.

    Returns:
        Wall seconds, CPU seconds of all its processes, and the largest of them in MB.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    command = [sys.executable, "-m", "forensics", *map(str, arguments)]
    told = subprocess.run(
        [sys.executable, __file__, *command], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    wall_s, cpu_s, peak_mb = json.loads(told.stdout)
    return wall_s, cpu_s, peak_mb


def spread(rows: Mapping[str, Sequence[float]]) -> Iterator[str]:
    """A table of medians, with the lowest and the highest of the runs."""
    yield "| figure | median | lowest | highest |"
    yield "|---|---|---|---|"
    for name, values in rows.items():
        yield f"| {name} | {median(values):.2f} | {min(values):.2f} | {max(values):.2f} |"


def _launch(command: list[str]) -> tuple[float, float, float]:
    """Runs a command: wall seconds, CPU seconds, and the largest process in MB.

    From a small process of its own: Linux counts the memory of whoever starts a process as the process's own.
    """
    began_s = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    wall_s = time.perf_counter() - began_s
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


if __name__ == "__main__":
    print(json.dumps(_launch(sys.argv[1:])))
