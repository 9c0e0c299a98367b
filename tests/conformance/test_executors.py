"""Every executor of the table does what the seam promises."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from forensics.errors import EngineError, ForensicsError, ModelError, SettingsError
from forensics.scan.executors import EXECUTORS, load_executor
from forensics.scan.executors.executor import Executor, Failed, Finished, Progressed, Started, Work
from forensics.scan.executors.ray_cluster import RayExecutor
from tests.clusters import RunningCluster, cluster
from tests.conformance import executed

WORK: Work[Any, Any, Any] = Work(executed.make_context, executed.perform, executed.identify)


@pytest.fixture(scope="module")
def ray_cluster() -> Iterator[RunningCluster]:
    with cluster(2) as running:
        yield running


@pytest.fixture(params=list(EXECUTORS))
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    if request.param == "ray":
        request.getfixturevalue("ray_cluster")
    try:
        loaded = load_executor(request.param)
    except SettingsError as error:
        pytest.skip(error.message)
    yield loaded
    loaded.dismiss()


def run(
    executor: Executor,
    *tasks: str,
    work: Work[Any, Any, Any] = WORK,
    n_workers: int = 1,
    time_limit_s: float = 60.0,
) -> list[Started[str] | Progressed[str] | Finished[str, Any] | Failed[str]]:
    outcomes = executor.run(
        work, tasks, n_workers=n_workers, time_limit_s=time_limit_s, interrupted=threading.Event()
    )
    return list(outcomes)


def ended(outcomes: list[Any]) -> dict[str, Finished[str, Any] | Failed[str]]:
    """By task; every task ends once."""
    ends = [one for one in outcomes if not isinstance(one, (Started, Progressed))]
    by_task = {one.task: one for one in ends}
    assert len(by_task) == len(ends)
    return by_task


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def gone(pid: int) -> bool:
    deadline_s = time.monotonic() + 10
    while alive(pid) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    return not alive(pid)


def test_every_task_comes_back_with_its_value_from_another_process(executor: Executor) -> None:
    tasks = [f"task-{number}" for number in range(20)]
    found = ended(run(executor, *tasks, n_workers=2))
    assert {task: one.value[0] for task, one in found.items()} == {task: task[::-1] for task in tasks}
    workers = {one.value[1] for one in found.values()}
    assert 1 <= len(workers) <= 2
    assert os.getpid() not in workers


def test_one_worker_takes_the_tasks_in_the_order_given(executor: Executor) -> None:
    tasks = ["c", "a", "d", "b"]
    outcomes = run(executor, *tasks)
    assert [one.task for one in outcomes if isinstance(one, Started)] == tasks
    assert [one.task for one in outcomes if isinstance(one, Finished)] == tasks
    kinds = [type(one) for one in outcomes]
    assert kinds == [Started, Finished] * 4, "a task is handed out when a worker is free for it"
    assert [one.value[2] for one in outcomes if isinstance(one, Finished)] == [1, 2, 3, 4]


def test_nothing_to_do_needs_no_workers(executor: Executor) -> None:
    assert run(executor) == []


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ("kill", ("SIGKILL", "out of memory", "--workers 1")),
        ("segfault", ("SIGSEGV", "by itself")),
        ("exit", ("exit code 7", "by itself")),
        ("memory", ("more memory than there is", "--workers 1")),
        ("defect", ("ZeroDivisionError: division by zero", "report")),
        ("unreadable", ("The file ends in its middle", "Ask for another copy")),
    ],
)
def test_a_task_that_fails_costs_itself(executor: Executor, task: str, words: tuple[str, ...]) -> None:
    found = ended(run(executor, "a", task, "b"))
    assert isinstance(found["a"], Finished)
    assert isinstance(found["b"], Finished)
    failed = found[task]
    assert isinstance(failed, Failed)
    assert failed.identity == f"identity of {task}"
    if isinstance(executor, RayExecutor):  # nobody has the exit code of another machine's process
        words = tuple("ended itself" if word.startswith("exit code") else word for word in words)
        words = tuple("--workers 1" if task == "exit" and word == "by itself" else word for word in words)
    for word in words:
        assert word in f"{failed.failure.reason}. {failed.failure.hint}"


@pytest.mark.parametrize("task", ["hang", "stuck"])
def test_a_task_that_hangs_is_given_up_in_time(executor: Executor, task: str) -> None:
    began_s = time.monotonic()
    found = ended(run(executor, task, "a", time_limit_s=2.0))
    assert time.monotonic() - began_s < 60
    failed = found[task]
    assert isinstance(failed, Failed)
    assert "no answer within 2 s" in failed.failure.reason
    assert isinstance(found["a"], Finished)


def test_a_long_task_that_gets_on_has_more_time(executor: Executor) -> None:
    outcomes = run(executor, "long", time_limit_s=1.0)
    assert isinstance(ended(outcomes)["long"], Finished)
    behind_s = [one.behind_s for one in outcomes if isinstance(one, Progressed)]
    assert len(behind_s) > 1
    assert behind_s == sorted(behind_s)


def test_a_task_is_not_blamed_for_the_one_before_it(executor: Executor) -> None:
    found = ended(run(executor, "poison", "innocent", "c"))
    innocent = found["innocent"]
    assert isinstance(innocent, Finished)
    assert innocent.value[2] == 1, "done again by a worker that has seen no other"
    assert innocent.first_death is not None
    assert "SIGSEGV" in innocent.first_death.reason
    assert all(isinstance(one, Finished) for one in found.values())


def test_a_task_that_cannot_even_be_identified_is_done_with(executor: Executor) -> None:
    work: Work[Any, Any, Any] = Work(executed.make_context, executed.perform, executed.no_identity)
    found = ended(run(executor, "segfault", "a", work=work))
    failed = found["segfault"]
    assert isinstance(failed, Failed)
    assert (failed.identity, "SIGSEGV" in failed.failure.reason) == (None, True)
    assert isinstance(found["a"], Finished)


def test_large_values_come_through(executor: Executor) -> None:
    found = ended(run(executor, "heavy-1", "heavy-2", n_workers=2))
    assert all(isinstance(one, Finished) and len(one.value[0]) == 7_000_000 for one in found.values())


@pytest.mark.parametrize(
    ("make_context", "kind", "words"),
    [(executed.no_model, ModelError, "damaged"), (executed.crashing_start, EngineError, "SIGABRT")],
)
def test_a_context_that_cannot_be_built_ends_the_run(
    executor: Executor, make_context: Callable[[], Any], kind: type[ForensicsError], words: str
) -> None:
    work: Work[Any, Any, Any] = Work(make_context, executed.perform, executed.identify)
    with pytest.raises(kind, match=words) as caught:
        run(executor, "a", "b", work=work)
    assert caught.value.hint


def test_workers_outlive_a_run_and_end_when_dismissed(executor: Executor) -> None:
    first = ended(run(executor, "a"))["a"]
    second = ended(run(executor, "b"))["b"]
    assert isinstance(first, Finished)
    assert isinstance(second, Finished)
    assert second.value[1:] == (first.value[1], 2)
    executor.dismiss()
    assert gone(first.value[1])
    third = ended(run(executor, "c"))["c"]
    assert isinstance(third, Finished)
    assert third.value[2] == 1


def test_an_interruption_ends_the_run_and_its_workers(executor: Executor) -> None:
    interrupted = threading.Event()
    workers = []
    outcomes = executor.run(WORK, ["a", "stuck", "b"], n_workers=1, time_limit_s=600, interrupted=interrupted)
    for one in outcomes:
        if isinstance(one, Finished):
            workers.append(one.value[1])
        elif isinstance(one, Started) and one.task == "stuck":
            break
    asked_s = time.monotonic()
    interrupted.set()
    with pytest.raises(KeyboardInterrupt):
        next(outcomes)
    assert time.monotonic() - asked_s < 15
    assert gone(workers[0])


def test_closing_the_outcomes_ends_workers_that_are_busy(executor: Executor) -> None:
    outcomes = executor.run(WORK, ["a", "hang"], n_workers=1, time_limit_s=600, interrupted=threading.Event())
    with contextlib.closing(outcomes):
        worker = next(one.value[1] for one in outcomes if isinstance(one, Finished))
    assert gone(worker)


def test_an_unknown_executor_is_named_with_those_that_exist() -> None:
    with pytest.raises(SettingsError, match="'cloud'") as caught:
        load_executor("cloud")
    assert "local" in caught.value.hint
