"""Does ``forensics prepare`` keep all cores busy?

Prepares a folder of videos with one process and with one per core, in turns, and prints wall and CPU seconds,
how much faster several processes are, and what share of the cores' time they use. What it cuts is thrown
away.

    python benchmarks/prepare_speed.py ../shared/data/video_manifest.csv --repeats 3
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from pathlib import Path

from whole_scan import parser_of, run_forensics, spread


def main() -> None:
    """Alternates, and prints a table."""
    parser = parser_of(__doc__)
    options = parser.parse_args()
    rows: dict[str, list[float]] = defaultdict(list)
    for _ in range(options.repeats):
        walls: dict[int, float] = {}
        for n_workers in (1, options.workers):
            with tempfile.TemporaryDirectory() as scratch:
                wall_s, cpu_s, peak_mb = run_forensics(
                    *("prepare", options.folder, "--out", Path(scratch) / "prepared"),
                    *("--frames", str(options.frames), "--workers", str(n_workers)),
                )
            walls[n_workers] = wall_s
            name = f"{n_workers} process{'es' if n_workers > 1 else ''}"
            rows[f"{name}, wall s"].append(wall_s)
            rows[f"{name}, CPU s"].append(cpu_s)
            rows[f"{name}, share of {n_workers} core{'s' if n_workers > 1 else ''}"].append(
                cpu_s / wall_s / n_workers
            )
            rows["largest process, MB"].append(peak_mb)
        rows[f"{options.workers} against one"].append(walls[1] / walls[options.workers])
    print(f"{options.folder.name}, {options.frames} frames a video, {options.repeats} runs")
    for line in spread(rows):
        print(line)


if __name__ == "__main__":
    main()
