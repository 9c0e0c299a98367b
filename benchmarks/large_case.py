"""What does it cost to check, read and draw a case of very many files?

    python benchmarks/large_case.py ../shared/data/video --files 20000

Scans the first two videos of a folder, and writes a case in which their results stand for so many files of
other contents, without pictures. Prints the processor time of each step, in one process.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from forensics.casefile.case_file import CaseFile
from forensics.evaluation.labels import LabelSet
from forensics.scan.scan_run import plan_scan, run_scan
from forensics.settings import ScanSettings
from forensics.workflows.drawing import draw

R = TypeVar("R")


def main() -> None:
    """Prints a row for each step."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("media", type=Path)
    parser.add_argument("--files", type=int, default=20_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        case = made(options.media, folder, options.files)
        print(f"{options.files:,} files, {case.stat().st_size / 1e6:.0f} MB\n\n| step | CPU s |\n|---|---:|")
        with CaseFile.open_read_only(case) as opened:
            checked = timed("checked", opened.checked)
            timed("counted", lambda: opened.n_results)
            timed("read", lambda: sum(1 for _ in opened.results()))
            for suffix, redact in ((".csv", False), (".json", False), (".csv", True)):
                timed(
                    f"drawn as {suffix[1:].upper()}{', redacted' if redact else ''}",
                    lambda suffix=suffix, redact=redact: draw(
                        opened,
                        [folder / f"report{suffix}"],
                        LabelSet({}),
                        (),
                        checked=checked,
                        name=None,
                        redact=redact,
                    ),
                )


def made(media: Path, folder: Path, n_files: int) -> Path:
    """A case of so many rows."""
    some = tuple(sorted(media.rglob("*.mp4"))[:2])
    plan = plan_scan(ScanSettings(some, frames=8), ("large_case.py",))
    with CaseFile.create_or_resume(folder / "small.case") as small:
        run_scan(plan, small)
        results = [result for _, result in small.results()]
    case = folder / "large.case"
    with CaseFile.create_or_resume(case) as large:
        large.begin_run(plan.manifest, n_files)
        for number in range(n_files):
            result = results[number % len(results)]
            digest = hashlib.sha256(str(number).encode()).hexdigest()
            name = f"/made/{number:06d}.mp4"
            of_file = replace(result.media, path=name, place=name, sha256=digest)
            large.add(replace(result, media=of_file, hashes=None, exhibits=()))
        large.finish({})
    return case


def timed(step: str, how: Callable[[], R]) -> R:
    """What a step gives; prints its row."""
    began_s = time.process_time()
    value = how()
    print(f"| {step} | {time.process_time() - began_s:.2f} |")
    return value


if __name__ == "__main__":
    main()
