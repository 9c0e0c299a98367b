"""What the structure detectors cost of each file, beside the nets: CPU seconds by detector, median and most.

    python benchmarks/structure_cost.py FOLDER [--say]

``--say`` prints what they find, too.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict
from pathlib import Path

import cv2

from forensics.detectors import STRUCTURE_DETECTORS
from forensics.media.archive_search import find_media
from forensics.media.discovery import Found
from forensics.media.probe import probe
from forensics.records.exhibit_content import Table
from forensics.records.findings import Abstention, Exhibit
from forensics.records.stream import Item
from forensics.scan.worker_context import ChosenDetector
from forensics.settings import ScanSettings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--say", action="store_true")
    parser.add_argument("--most", type=int, default=10_000, help="files to look at")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    settings = ScanSettings((arguments.folder,))
    detectors = {name: ChosenDetector(spec).load(settings) for name, spec in STRUCTURE_DETECTORS.items()}
    spent: dict[str, list[float]] = defaultdict(list)
    found = (one for one in find_media([arguments.folder]) if isinstance(one, Found))
    for number, file in enumerate(found):
        if number >= arguments.most:
            break
        media = probe(file.path)
        # The first file also loads the libraries.
        runs = 2 if number == 0 else 1
        total = 0.0
        for name, detector in detectors.items():
            for _ in range(runs):
                started = time.process_time()
                items = list(detector.begin(media, file.path).conclude())
                took = time.process_time() - started
            if not any(isinstance(one, Abstention) for one in items):
                spent[name].append(took)
            total += took
            if arguments.say:
                say(file.path.name, name, items)
        spent["together"].append(total)
    for name, times in spent.items():
        print(
            f"{name}: {len(times)} files, median {statistics.median(times):.3f} s, "
            f"most {max(times):.3f} s of CPU"
        )


def say(file: str, detector: str, items: list[Item]) -> None:
    for one in items:
        if isinstance(one, Exhibit) and isinstance(one.content, Table):
            for number, row in enumerate(one.content.rows):
                mark = "!" if number in one.content.marked else " "
                print(f"{mark} {file} | {detector} | {' | '.join(row[:3])}")


if __name__ == "__main__":
    main()
