"""Does the page of ``forensics serve`` answer quickly while twenty uploads come in and are examined?

    python benchmarks/serve_load.py [--uploads 20] [--workers 1]

Starts a server, sends the uploads of ``tests/web/load.py`` at the same moment, five of them hostile, lets
them be examined, and asks for the page and for the state of the desk all the while. Prints how long the
answers took, while uploads came in and while files were examined. Leaves with exit code 1 if the 99th
percentile is above 200 ms, if an upload was lost or if an answer failed.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.web import load
from tests.web.running import Running

_GOAL_S = 0.2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--uploads", type=int, default=load.N_UPLOADS)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--patience", type=float, default=1_800.0, help="seconds")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        good = measure(Path(work), arguments.uploads, arguments.workers, arguments.patience)
    raise SystemExit(0 if good else 1)


def measure(folder: Path, n_uploads: int, n_workers: int, patience_s: float) -> bool:
    """One run; whether nothing was lost and the goal was met."""
    wanted = load.uploads(folder, n_uploads)
    with Running(folder / "desk", "--workers", str(n_workers)) as server, watched(server.address) as answers:
        ids = [server.new_case(f"case {number}") for number in range(4)]
        statuses = load.send_at_once(server, ids, wanted)
        received_s = time.monotonic()
        began_s = time.perf_counter()
        server.examine_all(ids, patience_s)
        examined_s = time.perf_counter() - began_s
        cases = server.json("GET", "api/cases")
    n_judged = sum(file["verdict"] is not None for case in cases for file in case["files"])
    n_expected = sum(bool(one.expected) for one in wanted)
    refused = statuses.count(413)
    print(f"{len(wanted)} uploads at once: {statuses.count(201)} taken, {refused} refused; ", end="")
    print(f"{n_judged} of {n_expected} have a verdict after {examined_s:.0f} s\n")
    for case in cases:
        if case["problem"]:
            print(f"{case['title']}: {case['problem']}\n")
    told_of = sorted(answers)
    print("| while | path | answers | median, ms | 99 %, ms | longest, ms |\n|---|---|---:|---:|---:|---:|")
    worst_s = 0.0
    for phase, of_phase in (
        ("uploads come in", [one for at_s, one in told_of if at_s < received_s]),
        ("files are examined", [one for at_s, one in told_of if at_s >= received_s]),
    ):
        for path in ("", "api/desk"):
            times_s = [seconds for asked, _, seconds in of_phase if asked == path]
            if times_s:
                worst_s = max(worst_s, told(phase, path, times_s))
    failed = sum(status != 200 for _, (_, status, _) in told_of)
    print(f"\n{failed} of {len(told_of)} answers failed; the goal is {_GOAL_S * 1000:.0f} ms at 99 %")
    return n_judged == n_expected and not failed and worst_s <= _GOAL_S


@contextlib.contextmanager
def watched(address: str) -> Iterator[list[tuple[float, load.Answer]]]:
    """Somebody looks at the page, in a process of their own; when each answer came, and the answer."""
    context = multiprocessing.get_context("spawn")
    end, came = context.Event(), context.SimpleQueue()
    watcher = context.Process(target=watch, args=(address, end, came))
    watcher.start()
    answers: list[tuple[float, load.Answer]] = []
    came.get()  # it is there
    try:
        yield answers
    finally:
        end.set()
        while (one := came.get()) is not None:
            answers.append(one)
        watcher.join()


def watch(address: str, end: Any, came: Any) -> None:
    """The process: senders of uploads in the same one would slow it down."""
    answers: list[tuple[float, load.Answer]] = []
    came.put("ready")
    load.look(address, end.is_set, lambda answer: answers.append((time.monotonic(), answer)))
    for one in answers:
        came.put(one)
    came.put(None)


def told(phase: str, path: str, times_s: list[float]) -> float:
    """Prints a row; its 99th percentile in seconds."""
    median, high = np.percentile(times_s, (50, 99))
    cells = f"{median * 1000:.0f} | {high * 1000:.0f} | {max(times_s) * 1000:.0f}"
    print(f"| {phase} | {path or 'the page'} | {len(times_s)} | {cells} |")
    return float(high)


if __name__ == "__main__":
    main()
