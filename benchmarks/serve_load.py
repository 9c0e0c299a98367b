"""Does the page of ``forensics serve`` answer quickly while twenty uploads come in and are examined?

    python benchmarks/serve_load.py [--uploads 20] [--rounds 5] [--workers 1] [--busy 0]

Starts a server, sends the uploads of ``tests/web/load.py`` at the same moment, five of them hostile, and does
so again in further rounds, so that the moments in which uploads come in are not too few to tell. What the
first round brought is then examined, and another round of uploads comes in meanwhile. All the while somebody
asks for the page and for the state of the desk. Prints how long the answers took. ``--busy`` adds processes
that do nothing but count, as on a machine that has other work. Leaves with exit code 1 if an answer took
longer than 200 ms, if an upload was lost or if an answer failed.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.web import load
from tests.web.running import Running

_GOAL_S = 0.2
_COMING_IN, _BOTH, _EXAMINED = "uploads come in", "both", "files are examined"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--uploads", type=int, default=load.N_UPLOADS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--busy", type=int, default=0, help="processes that count")
    parser.add_argument("--patience", type=float, default=1_800.0, help="seconds")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work, busy(arguments.busy):
        good = measure(Path(work), arguments.uploads, arguments.rounds, arguments.workers, arguments.patience)
    raise SystemExit(0 if good else 1)


@dataclass
class Round:
    """Uploads that came in at the same moment, and when."""

    phase: str
    statuses: list[int]
    began_s: float
    ended_s: float


def measure(folder: Path, n_uploads: int, n_rounds: int, n_workers: int, patience_s: float) -> bool:
    """One run; whether nothing was lost and the goal was met."""
    wanted = load.uploads(folder, n_uploads)
    rounds: list[Round] = []

    def come_in(phase: str) -> list[str]:
        ids = [server.new_case(f"case {number}") for number in range(4)]
        began_s = time.monotonic()
        statuses = load.send_at_once(server, ids, wanted)
        rounds.append(Round(phase, statuses, began_s, time.monotonic()))
        return ids

    with Running(folder / "desk", "--workers", str(n_workers)) as server, watched(server.address) as answers:
        ids = come_in(_COMING_IN)
        for _ in range(n_rounds - 1):
            come_in(_COMING_IN)
        began_s = time.monotonic()
        for case_id in ids:
            server.json("POST", f"api/cases/{case_id}/examine")
        for _ in range(n_rounds):
            time.sleep(1.0)
            come_in(_BOTH)
        server.until_examined(ids, patience_s)
        examined_s = time.monotonic() - began_s
        cases = server.json("GET", "api/cases")
    judged = [file["verdict"] is not None for case in cases if case["id"] in ids for file in case["files"]]
    n_expected = sum(bool(one.expected) for one in wanted)
    n_taken, n_refused = (sum(one.statuses.count(status) for one in rounds) for status in (201, 413))
    kept = sum(len(case["files"]) for case in cases)
    print(f"{len(rounds)} rounds of {len(wanted)} uploads at once: {n_taken} taken, {kept} kept, ", end="")
    print(f"{n_refused} refused; {sum(judged)} of {n_expected} have a verdict after {examined_s:.0f} s\n")
    for case in cases:
        if case["problem"]:
            print(f"{case['title']}: {case['problem']}\n")
    worst_s = told(answers, rounds, began_s)
    failed = sum(status != 200 for _, (_, status, _) in answers)
    print(f"\n{failed} of {len(answers)} answers failed; the goal is {_GOAL_S * 1000:.0f} ms at the longest")
    whole = n_taken == kept == n_expected * len(rounds) and sum(judged) == n_expected
    return whole and not failed and worst_s <= _GOAL_S


def told(answers: list[tuple[float, load.Answer]], rounds: list[Round], examined_from_s: float) -> float:
    """Prints the table; the longest answer in seconds.

    An answer belongs to a round if it was under way at any moment of it.
    """
    phases: dict[str, list[load.Answer]] = {_COMING_IN: [], _BOTH: [], _EXAMINED: []}
    for at_s, one in answers:
        met = (r for r in rounds if at_s > r.began_s and at_s - one[2] < r.ended_s)
        phase = next((r.phase for r in met), _EXAMINED if at_s > examined_from_s else None)
        if phase is not None:
            phases[phase].append(one)
    print("| while | path | answers | median, ms | 99 %, ms | longest, ms |\n|---|---|---:|---:|---:|---:|")
    worst_s = 0.0
    for phase, of_phase in phases.items():
        for path in ("", "api/desk"):
            times_s = [seconds for asked, _, seconds in of_phase if asked == path]
            if times_s:
                median, high = np.percentile(times_s, (50, 99))
                worst_s = max(worst_s, *times_s)
                cells = f"{median * 1000:.0f} | {high * 1000:.0f} | {max(times_s) * 1000:.0f}"
                print(f"| {phase} | {path or 'the page'} | {len(times_s)} | {cells} |")
    return worst_s


@contextlib.contextmanager
def busy(n: int) -> Iterator[None]:
    """Other work on the machine."""
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=count, daemon=True) for _ in range(n)]
    for other in others:
        other.start()
    try:
        yield
    finally:
        for other in others:
            other.kill()


def count() -> None:
    """Work that never waits."""
    for _ in itertools.count():
        pass


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


if __name__ == "__main__":
    main()
