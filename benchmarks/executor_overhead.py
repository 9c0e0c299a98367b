"""What does an executor cost for each file, beside the work itself?

Gives a worker tasks that take a known time, and prints for each executor the wall milliseconds of a task
beyond that, with bare results and with results as large as those of a clip with pictures; and the CPU of this
process and of the worker, which says more where others use the machine, too. For ``ray`` a cluster has to run
already.

    python benchmarks/executor_overhead.py local ray --tasks 300
"""

from __future__ import annotations

import argparse
import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from forensics.scan.executors import load_executor
from forensics.scan.executors.executor import Executor, Finished, Started, Work

GOAL_MS = 15.0
SIZES = {"a bare result": 1_000, "a clip with pictures": 125_000}
REPEATS = 3


def nothing_kept() -> None:
    """What a worker keeps."""


Value = tuple[float, int, bytes]


def answer(task: int, _context: None, _tell: Callable[[float], object]) -> Value:
    """Seconds that the work took in the worker, its process, and so many bytes."""
    began_s = time.perf_counter()
    made = bytes(task)
    return time.perf_counter() - began_s, os.getpid(), made


def unknown(_task: int) -> None:
    """What is still to be known of a task that failed."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a task took beside its work: milliseconds until its value was there, and of CPU here and there."""

    median_ms: float
    mean_ms: float
    driver_ms: float
    worker_ms: float


def cpu_s(process: int) -> float:
    """CPU seconds that a process has taken, in steps of 10 ms."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def one_run(executor: Executor, work: Work[None, int, Value], tasks: list[int], worker: int) -> Run:
    """Gives the tasks to one worker, whose process is known from an earlier run."""
    took_ms: list[float] = []
    began_s, there_s, here_s = time.perf_counter(), cpu_s(worker), time.process_time()
    for one in executor.run(work, tasks, n_workers=1, time_limit_s=60, interrupted=threading.Event()):
        if isinstance(one, Started):
            began_s = time.perf_counter()
        elif isinstance(one, Finished):
            took_ms.append(1000 * (time.perf_counter() - began_s - one.value[0]))
    here_ms, there_ms = 1000 * (time.process_time() - here_s), 1000 * (cpu_s(worker) - there_s)
    n = len(tasks)
    return Run(statistics.median(took_ms), statistics.mean(took_ms), here_ms / n, there_ms / n)


def worker_of(executor: Executor, work: Work[None, int, Value]) -> int:
    """The process of the worker, after some tasks: it has started, and the way is warm."""
    outcomes = executor.run(work, [1] * 10, n_workers=1, time_limit_s=60, interrupted=threading.Event())
    return [one.value[1] for one in outcomes if isinstance(one, Finished)][-1]


def lines(names: list[str], n_tasks: int) -> Iterator[str]:
    """The table."""
    # Under this name workers can import it.
    import executor_overhead as here

    work = Work(here.nothing_kept, here.answer, here.unknown)
    yield "| executor | result | median ms | mean ms, of three runs | CPU ms here | CPU ms of the worker |"
    yield "|---|---|---|---|---|---|"
    for name in names:
        executor = load_executor(name)
        try:
            for words, n_bytes in SIZES.items():
                worker = worker_of(executor, work)
                runs = [one_run(executor, work, [n_bytes] * n_tasks, worker) for _ in range(REPEATS)]
                means = [run.mean_ms for run in runs]
                yield (
                    f"| {name} | {words} | {statistics.median(run.median_ms for run in runs):.2f} "
                    f"| {min(means):.2f} to {max(means):.2f} "
                    f"| {statistics.median(run.driver_ms for run in runs):.2f} "
                    f"| {statistics.median(run.worker_ms for run in runs):.2f} |"
                )
        finally:
            executor.dismiss()
    yield f"goal: at most {GOAL_MS:g} ms more than local"


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("executors", nargs="*", default=["local", "ray"])
    parser.add_argument("--tasks", type=int, default=300)
    options = parser.parse_args()
    for line in lines(options.executors, options.tasks):
        print(line, flush=True)


if __name__ == "__main__":
    main()
