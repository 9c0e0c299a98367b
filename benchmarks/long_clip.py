"""Does the memory of a scan grow with the length of a video?

Loops a clip to hours, packet by packet without coding it again, so that its pictures, its key frames and its
sound are those of a real clip; scans the clip and the long file in turn, one worker each, and compares their
largest processes. The long file is as large as the clip times the loops: about 5 GB for three hours of 1080p.

    python benchmarks/long_clip.py CLIP --hours 3 --repeats 3
"""

from __future__ import annotations

import argparse
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from statistics import median

import av
from whole_scan import Cost, run_scan

GOAL_RATIO = 1.10
GOAL_MB = 700.0


def loop(clip: Path, target: Path, duration_s: float) -> float:
    """Writes ``clip`` over and over into ``target``.

    Returns:
        Seconds that were written.
    """
    with av.open(str(clip)) as source, av.open(str(target), "w") as out:
        streams = [*source.streams.video[:1], *source.streams.audio[:1]]
        copies = {stream.index: out.add_stream_from_template(stream) for stream in streams}
        length_s = Fraction(source.duration or 0, av.time_base)
        n_loops = max(1, round(duration_s / float(length_s)))
        for number in range(n_loops):
            source.seek(0)
            for packet in source.demux(streams):
                if packet.dts is None or packet.pts is None:
                    continue
                shift = int(number * length_s / packet.time_base)
                packet.pts += shift
                packet.dts += shift
                packet.stream = copies[packet.stream_index]
                out.mux(packet)
    return float(n_loops * length_s)


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clip", type=Path, help="a clip of about ten seconds, 1080p with sound")
    parser.add_argument("--hours", type=float, default=3.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--profile", default="examination")
    parser.add_argument("--folder", type=Path, help="where the long file is made; needs the room for it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        target = Path(folder) / "long.mkv"
        began_s = time.perf_counter()
        length_s = loop(options.clip, target, 3600 * options.hours)
        size_mb = target.stat().st_size / 1e6
        print(f"{length_s / 3600:.2f} h, {size_mb:,.0f} MB, made in {time.perf_counter() - began_s:.0f} s")
        costs: dict[str, list[Cost]] = {"the clip": [], "the long file": []}
        for _ in range(options.repeats):
            for name, path in zip(costs, (options.clip, target), strict=True):
                scan = run_scan(path, "--workers", "1", "--profile", options.profile, "--time-limit", "7200")
                costs[name].append(scan)
    show(costs, length_s)


def show(costs: dict[str, list[Cost]], length_s: float) -> None:
    """The table, and the goals."""
    print("| medians | peak MB | CPU s | wall s | stages, wall s |\n|---|---|---|---|---|")
    for name, runs in costs.items():
        stages = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in runs[-1].stages_s.items())
        print(
            f"| {name} | {median(run.peak_mb for run in runs):.0f} | {median(run.cpu_s for run in runs):.1f} "
            f"| {median(run.wall_s for run in runs):.1f} | {stages} |"
        )
    short, long = (median(run.peak_mb for run in runs) for runs in costs.values())
    wall_s = median(run.wall_s for run in costs["the long file"])
    print(f"memory, long / short: {long / short:.3f} (goal: at most {GOAL_RATIO})")
    print(f"largest process: {max(short, long):.0f} MB (goal: at most {GOAL_MB:.0f})")
    print(f"the long file is scanned {length_s / wall_s:.0f} times as fast as it plays")


if __name__ == "__main__":
    main()
