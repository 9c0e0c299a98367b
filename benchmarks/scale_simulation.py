"""One million clips on 1, 10 and 100 machines: how long, for how much, and what gives out first?

The case file of so many rows is really made, checked and drawn, and each of the three is timed in a process
of its own. Its rows are those of a real scan (CASE), with other paths and digests, as many scores each as
--scores says, and no pictures. What a row with all its scores and pictures costs the driver is measured on
1,000 of them. From that, from the seconds that a clip takes on a core, and from the measured overhead of an
executor follow the hours for any number of machines.

    python benchmarks/scale_simulation.py CASE --files 1000000 --folder SCRATCH --overhead-ms 1.1
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from forensics.casefile.case_file import CaseFile
from forensics.evaluation.labels import LabelSet
from forensics.records.scan_result import RunManifest, ScanResult
from forensics.workflows.drawing import draw

NODES = (1, 10, 100)
WHOLE_ROWS = 1_000
STEPS = ("make", "check", "draw", "whole")


@dataclass(frozen=True, slots=True)
class Step:
    """What one step took.

    Attributes:
        cpu_s: of its process; on a machine that is shared, nearer to the truth than ``wall_s``.
        n_bytes: of the files that it wrote or read.
        n_files: that it wrote or read.
        n_rows: of the case file.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float
    n_bytes: int
    n_files: int
    n_rows: int

    @property
    def row_s(self) -> float:
        """CPU seconds for each row."""
        return self.cpu_s / self.n_rows


@dataclass(frozen=True, slots=True)
class RealClips:
    """What the clips of the real scan took and left, on average.

    Attributes:
        clip_s: seconds on one core.
        row_bytes, picture_bytes: of each in the case file.
    """

    clip_s: float
    row_bytes: float
    picture_bytes: float


def synthetic(templates: Sequence[ScanResult], n_files: int, n_scores: int) -> Iterator[ScanResult]:
    """Results like the real ones, each of another file."""
    choose = random.Random(18)
    for number in range(n_files):
        one = choose.choice(templates)
        path = f"clips/{number // 1000:04d}/{number:07d}.mp4"
        digest = hashlib.sha256(path.encode()).hexdigest()
        media = replace(
            one.media, path=path, place=f"/storage/{path}", sha256=digest, size_bytes=1_000_000 + number
        )
        yield replace(one, media=media, scores=one.scores[:n_scores])


def read_real(case: Path) -> tuple[RunManifest, list[ScanResult], RealClips]:
    """The newest manifest of a real case, its results, and what they took."""
    with CaseFile.open_read_only(case) as opened:
        opened.checked()
        manifest = opened.manifests()[-1]
        rows = list(opened.results())
        pictures = [
            sum(len(one.content.jpeg) for one in opened.exhibits(row) if hasattr(one.content, "jpeg"))
            for row, _ in rows
        ]
    results = [result for _, result in rows if result.scores]
    n_rows = max(len(rows), 1)
    real = RealClips(
        sum(sum(result.timings_s.values()) for _, result in rows) / n_rows,
        sum(len(msgspec.json.encode(result)) for _, result in rows) / n_rows,
        sum(pictures) / n_rows,
    )
    return manifest, results, real


def with_pictures(case: Path) -> list[ScanResult]:
    """The results of a real case as they came from the workers."""
    with CaseFile.open_read_only(case) as opened:
        return [replace(one, exhibits=tuple(opened.exhibits(row))) for row, one in opened.results()]


def make(real: Path, made: Path, n_files: int, n_scores: int | None) -> None:
    """Args: n_scores: None for rows with all scores and pictures."""
    manifest, templates, _ = read_real(real)
    if n_scores is None:
        templates = with_pictures(real)
    with CaseFile.create_or_resume(made) as case:
        case.begin_run(manifest, n_files)
        for result in synthetic(templates, n_files, n_scores):
            case.add(result)
        case.finish({})


def check(made: Path) -> None:
    with CaseFile.open_read_only(made) as case:
        case.checked()


def draw_page(made: Path, page: Path) -> None:
    with CaseFile.open_read_only(made) as case:
        checked = case.checked()
        draw(case, (page,), LabelSet({}), (), checked=checked, name=str(made))


def timed(step: Callable[[], object], watched: Callable[[], list[Path]], n_rows: int) -> Step:
    began_s, cpu_s = time.perf_counter(), time.process_time()
    step()
    sizes = [path.stat().st_size for path in watched()]
    return Step(
        time.perf_counter() - began_s,
        time.process_time() - cpu_s,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        sum(sizes),
        len(sizes),
        n_rows,
    )


def run_step(options: argparse.Namespace, name: str) -> Step:
    """One step in a process of its own, so that its memory is its own; what was measured is kept."""
    kept = options.folder / f"{name}.json"
    if not kept.exists():
        subprocess.run([sys.executable, __file__, *sys.argv[1:], "--step", name], check=True)
    return Step(**json.loads(kept.read_text()))


def step(options: argparse.Namespace) -> None:
    made, page = options.folder / "scale.case", options.folder / "scale.html"
    whole = options.folder / "whole.case"
    steps: dict[str, tuple[Callable[[], object], Callable[[], list[Path]]]] = {
        "make": (lambda: make(options.case, made, options.files, options.scores), lambda: [made]),
        "whole": (lambda: make(options.case, whole, WHOLE_ROWS, None), lambda: [whole]),
        "check": (lambda: check(made), lambda: [made]),
        "draw": (
            lambda: draw_page(made, page),
            lambda: [page, *page.with_suffix(".pages").glob("*.html")],
        ),
    }
    n_rows = WHOLE_ROWS if options.step == "whole" else options.files
    measured = timed(*steps[options.step], n_rows)
    (options.folder / f"{options.step}.json").write_text(
        json.dumps({name: getattr(measured, name) for name in Step.__slots__})
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("case", type=Path, help="of a real scan, whose rows are multiplied")
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--scores", type=int, default=4, help="kept of each row")
    parser.add_argument(
        "--folder", type=Path, required=True, help="scratch; what was measured there is not redone"
    )
    parser.add_argument("--overhead-ms", type=float, default=0.0, help="of the driver for each file")
    parser.add_argument("--clip-s", type=float, help="of one core for a clip; else as CASE says")
    parser.add_argument("--cores", type=int, default=16, help="of one machine")
    parser.add_argument("--price", type=float, default=0.70, help="of one machine for an hour")
    parser.add_argument("--step", choices=STEPS)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.step:
        step(options)
        return
    done = {name: run_step(options, name) for name in STEPS}
    _, _, real = read_real(options.case)
    print("\n".join([*_steps(done), "", *_hours(done, real, options)]))


def _steps(done: dict[str, Step]) -> Iterator[str]:
    yield "| step | rows | wall s | CPU s | CPU us a row | peak MB | files | GB |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, one in done.items():
        yield (
            f"| {name} | {one.n_rows:,} | {one.wall_s:,.0f} | {one.cpu_s:,.1f} | {1e6 * one.row_s:,.0f} "
            f"| {one.peak_mb:,.0f} | {one.n_files} | {one.n_bytes / 1e9:.2f} |"
        )


def _hours(done: dict[str, Step], real: RealClips, options: argparse.Namespace) -> Iterator[str]:
    """Driver and machines work at the same time; the check and the report come after."""
    driver_s = options.files * (done["whole"].row_s + options.overhead_ms / 1000)
    after_s = options.files * (done["check"].row_s + done["draw"].row_s)
    clip_s = options.clip_s or real.clip_s
    yield (
        f"a real clip: {clip_s:.2f} s on a core, {real.row_bytes / 1e3:.1f} kB of row and "
        f"{real.picture_bytes / 1e3:.0f} kB of pictures in the case file"
    )
    full_gb = options.files * (real.row_bytes + real.picture_bytes) / 1e9
    yield f"case file of {options.files:,} real clips: {full_gb:,.0f} GB"
    yield "| machines | scan h | driver busy | check and report h | machine hours | price | gives out first |"
    yield "|---|---|---|---|---|---|---|"
    for nodes in NODES:
        cores = nodes * options.cores
        examine_s = options.files * clip_s / cores
        scan_s = max(examine_s, driver_s)
        hours = nodes * scan_s / 3600
        first = "cores" if examine_s >= driver_s else "the driver, which writes the case"
        yield (
            f"| {nodes} | {scan_s / 3600:,.1f} | {driver_s / scan_s:.0%} | {after_s / 3600:.1f} "
            f"| {hours:,.0f} | {hours * options.price:,.0f} | {first} |"
        )


if __name__ == "__main__":
    main()
