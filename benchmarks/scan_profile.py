"""Where does the time of a scan go? A profile by py-spy, added up by named parts.

py-spy looks at all processes of one scan a hundred times a second; every look counts for the innermost
function of forensics that it finds, native code included, or for start-up where there is none or while
modules are imported. Processes and threads that wait do not count.

    python benchmarks/scan_profile.py ../shared/data/video [--profile triage] [--functions 15]
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

# Place in the package to the part that it stands for; the first that fits counts.
PARTS = {
    "engines/": "nets",
    "faces/finders/": "finding faces",
    "faces/appearance": "telling people apart",
    "faces/tracks": "telling people apart",
    "faces/": "cutting crops and thumbnails",
    "media/watching": "decoding pictures",
    "media/rgb": "pictures to RGB",
    "media/orientation": "pictures to RGB",
    "media/listening": "decoding sound",
    "media/sound": "levelling sound",
    "media/timetable": "reading the timetable",
    "media/bitstream": "reading the timetable",
    "media/probe": "probing",
    "media/hashing": "hashing",
    "media/": "demultiplexing and the rest of media",
    "detectors/exhibits": "drawing exhibits",
    "detectors/": "detectors beside the nets",
    "verdicts/": "verdicts",
    "casefile/": "case file",
    "report/": "report",
    "catalog": "verifying models",
    "scan/": "belt, batch and workers",
    "cli/": "command line",
}
START = "start-up and imports"
# As py-spy writes a frame: the function, then file and line in brackets.
_FRAME = re.compile(r"^(?P<function>.+) \((?P<file>[^()]*?)(?::\d+)?\)$")
# py-spy takes a thread that polls for a busy one.
_WAITING = re.compile(r"selectors\.py:\d+\)$|\((?:[^()]*/)?multiprocessing/connection\.py:\d+\)$")


def profiled(arguments: list[str], rate_hz: int) -> list[str]:
    """Stacks in py-spy's raw format: frames from the outermost, and a count."""
    with tempfile.TemporaryDirectory() as folder:
        stacks, report = Path(folder) / "stacks.txt", Path(folder) / "report.json"
        command = ["py-spy", "record", "--subprocesses", "--full-filenames", "--format", "raw"]
        command += ["--rate", str(rate_hz), "--output", str(stacks), "--"]
        command += [sys.executable, "-m", "forensics", "scan", *arguments, "--report", str(report)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return stacks.read_text("utf-8").splitlines()


def counted(stacks: Iterable[str]) -> Iterator[tuple[str, str, int]]:
    """(part, function, looks) of each stack."""
    for line in stacks:
        stack, _, n = line.rpartition(" ")
        if _WAITING.search(stack):
            continue
        part, function = _where(stack.split(";"))
        yield part, function, int(n)


def _where(frames: list[str]) -> tuple[str, str]:
    if any("importlib" in frame for frame in frames):
        return START, START
    for frame in reversed(frames):
        found = _FRAME.match(frame)
        if found is None or "/forensics/" not in found["file"]:
            continue
        place = found["file"].rpartition("/forensics/")[2]
        for start, part in PARTS.items():
            if place.startswith(start):
                return part, f"{place}: {found['function']}"
    return START, START


def main() -> None:
    """Prints the parts and the functions."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--profile", default="examination")
    parser.add_argument("--workers", default="1")
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--functions", type=int, default=12)
    options = parser.parse_args()
    arguments = [str(options.folder), "--profile", options.profile, "--workers", options.workers]
    parts: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    for part, function, n in counted(profiled(arguments, options.rate)):
        parts[part] += n
        functions[function] += n
    for title, counts, n_shown in (("part", parts, None), ("function", functions, options.functions)):
        print(f"| {title} | share |\n|---|---|")
        for name, n in counts.most_common(n_shown):
            print(f"| {name} | {n / counts.total():.1%} |")
        print()


if __name__ == "__main__":
    main()
