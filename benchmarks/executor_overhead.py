"""What does an executor cost for each file, beside the work itself?

Gives a worker tasks that take a known time, and prints for each executor the wall milliseconds of a task
beyond that, with bare results and with results as large as those of a clip with pictures. For ``ray`` a
cluster has to run already.

    python benchmarks/executor_overhead.py local ray --tasks 300
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time
from collections.abc import Callable, Iterator

from forensics.scan.executors import load_executor
from forensics.scan.executors.executor import Executor, Finished, Started, Work

GOAL_MS = 15.0
SIZES = {"a bare result": 1_000, "a clip with pictures": 125_000}
REPEATS = 3


def nothing_kept() -> None:
    """What a worker keeps."""


def answer(task: int, _context: None, _tell: Callable[[float], object]) -> tuple[float, bytes]:
    """Seconds that the work took in the worker, and so many bytes."""
    began_s = time.perf_counter()
    made = bytes(task)
    return time.perf_counter() - began_s, made


def unknown(_task: int) -> None:
    """What is still to be known of a task that failed."""


def each_ms(executor: Executor, work: Work[None, int, tuple[float, bytes]], tasks: list[int]) -> list[float]:
    """Milliseconds between handing each task out and having its value, less the work."""
    took_ms: list[float] = []
    began_s = time.perf_counter()
    for one in executor.run(work, tasks, n_workers=1, time_limit_s=60, interrupted=threading.Event()):
        if isinstance(one, Started):
            began_s = time.perf_counter()
        elif isinstance(one, Finished):
            took_ms.append(1000 * (time.perf_counter() - began_s - one.value[0]))
    return took_ms


def lines(names: list[str], n_tasks: int) -> Iterator[str]:
    """The table."""
    # Under this name workers can import it.
    import executor_overhead as here

    work = Work(here.nothing_kept, here.answer, here.unknown)
    yield "| executor | result | median ms a file, of three runs | mean ms, lowest and highest run |"
    yield "|---|---|---|---|"
    for name in names:
        executor = load_executor(name)
        try:
            for words, n_bytes in SIZES.items():
                each_ms(executor, work, [n_bytes] * 10)  # workers start, and the way is warm
                runs = [each_ms(executor, work, [n_bytes] * n_tasks) for _ in range(REPEATS)]
                medians, means = map(statistics.median, runs), list(map(statistics.mean, runs))
                yield (
                    f"| {name} | {words} | {statistics.median(medians):.2f} "
                    f"| {min(means):.2f} to {max(means):.2f} |"
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
