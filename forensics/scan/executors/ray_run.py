"""One run on a Ray cluster: who has which task, and what becomes of the tasks of those that die.

Every call that is under way is a reference; ``ray.wait`` says which have come back, and each has one function
that takes it. An actor has one task at most, so no more results wait than there are actors.
"""

from __future__ import annotations

import pickle
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar

from forensics.errors import EngineError, ForensicsError
from forensics.scan.executors.executor import LIMIT_COVERS_S, Failed, Finished, Progressed, Started, Work
from forensics.scan.executors.local import MOST_FAILED_STARTS, POLL_S, START_LIMIT_S
from forensics.scan.executors.ray_actors import RayActor, is_death, pieces, why
from forensics.scan.executors.ray_nodes import Nodes, ray_errors
from forensics.scan.executors.ray_worker import words_of
from forensics.scan.failures import AGAIN, Failure
from forensics.scan.worker import GaveUp, Job, Performed, Ready, StartFailed

R = TypeVar("R")
T = TypeVar("T")

MOST_LOST_MACHINES: Final = 5
"""Under one task. A cluster of machines that come and go takes some; a task must come to an end."""

_WORDS_LIMIT_S: Final = 60.0
_ASK_AFTER_S: Final = 0.5
_MOST_ASKED_PER_S: Final = 100
_GRACE_S: Final = 5.0

Outcome = Started[T] | Progressed[T] | Finished[T, R] | Failed[T]


class Crew(Protocol):
    """The actors, which outlive a run."""

    actors: list[RayActor]
    any_ready: bool

    def hire(self) -> RayActor | None:
        """Starts one more; None where there is no room."""
        ...

    @property
    def tools(self) -> Any:
        """The pickled work, in the object store."""
        ...


class RayRun(Generic[T, R]):
    """One run.

    Args:
        ship: files are sent along with the tasks.
    """

    def __init__(
        self,
        ray: Any,
        crew: Crew,
        nodes: Nodes,
        work: Work[Any, T, R],
        tasks: Sequence[T],
        time_limit_s: float,
        *,
        ship: bool,
    ) -> None:
        self.n_done = 0
        self._ray = ray
        self._errors = ray_errors(ray)
        self._crew = crew
        self._nodes = nodes
        self._work = work
        self._tasks = tasks
        self._time_limit_s = time_limit_s
        self._ship = ship
        self._actors = crew.actors
        self._waiting = deque(range(len(tasks)))
        self._again: deque[int] = deque()
        self._to_identify: deque[int] = deque()
        self._failures: dict[int, tuple[Failure, str]] = {}
        self._first_deaths: dict[int, Failure] = {}
        self._n_deaths: Counter[int] = Counter()
        self._n_lost: Counter[int] = Counter()
        self._n_failed_starts = 0
        self._calls: dict[Any, Callable[[Any], Outcome[T, R] | None]] = {}
        self._ends: dict[Any, tuple[float, Callable[[], Outcome[T, R] | None]]] = {}

    def outcomes(self, n_workers: int, interrupted: threading.Event) -> Iterator[Outcome[T, R]]:
        """As ``Executor.run``."""
        while self.n_done < len(self._tasks):
            self._look()
            self._staff(n_workers)
            yield from self._hand_out()
            self._ask()
            for reference in self._come_back():
                take = self._calls.pop(reference, None)
                if take is not None:
                    yield from self._counted(take(reference))
            for outcome in self._expire():
                yield from self._counted(outcome)
            if interrupted.is_set():
                raise KeyboardInterrupt

    def _counted(self, outcome: Outcome[T, R] | None) -> Iterator[Outcome[T, R]]:
        if outcome is not None:
            yield outcome
            self.n_done += not isinstance(outcome, (Started, Progressed))  # once it was taken

    def _look(self) -> None:
        """Machines that joined are inspected, and used if they are alike."""
        if self._nodes.look_due:
            self._nodes.begin_inspections()
        for reference, node in self._nodes.inspections.items():
            self._calls.setdefault(reference, partial(self._nodes.judge_late, node))

    def _staff(self, n_workers: int) -> None:
        n_open = len(self._waiting) + len(self._to_identify)
        n_fresh = sum(actor.job is None and actor.fresh for actor in self._actors)
        n_used = sum(actor.job is None and not actor.fresh for actor in self._actors)
        n_again = len(self._again)
        n_needed = max(n_again - n_fresh, 0) + max(n_open - n_used - max(n_fresh - n_again, 0), 0)
        for _ in range(min(n_workers - len(self._actors), n_needed)):
            actor = self._crew.hire()
            if actor is None:
                break
            self._calls[actor.handle.settled.remote()] = partial(self._settled, actor)
        if n_again > sum(actor.job is None and actor.fresh for actor in self._actors):
            self._make_room()

    def _make_room(self) -> None:
        """What is to be done again needs a fresh actor: where all are used, one that is idle goes for it."""
        idle = next((actor for actor in self._actors if actor.idle and not actor.fresh), None)
        if idle is not None:
            self._end(idle)

    def _hand_out(self) -> Iterator[Outcome[T, R]]:
        for actor in self._actors:
            if not actor.idle:
                continue
            if self._again and actor.fresh:
                yield from self._give(actor, self._again.popleft())
            elif self._to_identify:
                self._identify(actor, self._to_identify.popleft())
            elif self._waiting:
                yield from self._give(actor, self._waiting.popleft())

    def _give(self, actor: RayActor, index: int) -> Iterator[Outcome[T, R]]:
        task = self._tasks[index]
        yield Started(task, actor.number)
        place = self._work.elsewhere
        parcel: Path | None = None
        if self._ship and place is not None and place.parcel is not None:
            try:
                parcel = place.parcel(task)
            except ForensicsError as error:
                refused = GaveUp(Failure(error.message, error.hint), self._work.identify(task))
                yield from self._counted(self._gave_up(index, refused))
                return
        self._begin(actor, index, Job(task))
        if parcel is None:
            self._perform(actor)
        else:
            self._send(actor, parcel)

    def _identify(self, actor: RayActor, index: int) -> None:
        self._begin(actor, index, Job(self._tasks[index], only_identify=True))
        self._perform(actor)

    def _begin(self, actor: RayActor, index: int, job: Job) -> None:
        actor.index, actor.job = index, job
        actor.n_jobs += 1
        actor.began_s = time.monotonic()
        actor.limit_s = self._time_limit_s
        actor.deadline_s = actor.began_s + self._time_limit_s

    def _perform(self, actor: RayActor) -> None:
        answer = actor.handle.perform.remote(pickle.dumps(actor.job))
        self._calls[answer] = partial(self._answered, actor)

    def _send(self, actor: RayActor, path: Path) -> None:
        actor.pieces = pieces(path)
        self._send_piece(actor, path, first=True)

    def _send_piece(self, actor: RayActor, path: Path, *, first: bool = False) -> None:
        """One piece at a time is under way, so that many actors and large files take little memory here."""
        piece = next(actor.pieces, None) if actor.pieces is not None else None
        if piece is None:
            actor.pieces = None
            actor.began_s = time.monotonic()
            actor.deadline_s = actor.began_s + actor.limit_s
            self._perform(actor)
            return
        try:
            modified_ns = path.stat().st_mtime_ns
        except OSError:
            modified_ns = 0  # it is examined as far as it came, and is another one than was found
        sent = actor.handle.receive.remote(path.name, piece, modified_ns, first=first)
        self._calls[sent] = partial(self._received, actor, path)

    def _received(self, actor: RayActor, path: Path, reference: Any) -> Outcome[T, R] | None:
        try:
            self._ray.get(reference)
        except self._errors as error:  # whichever it is, the actor is of no use any more
            return self._broke(actor, error)
        actor.deadline_s = time.monotonic() + actor.limit_s
        self._send_piece(actor, path)
        return None

    def _settled(self, actor: RayActor, reference: Any) -> Outcome[T, R] | None:
        try:
            actor.process, actor.log = self._ray.get(reference)
        except self._errors as error:
            return self._broke(actor, error)
        actor.began_s = time.monotonic()
        actor.deadline_s = actor.began_s + START_LIMIT_S
        self._calls[actor.handle.load.remote(self._crew.tools)] = partial(self._loaded, actor)
        return None

    def _loaded(self, actor: RayActor, reference: Any) -> Outcome[T, R] | None:
        try:
            said: Ready | StartFailed = pickle.loads(self._ray.get(reference))  # noqa: S301 our own actor
        except self._errors as error:
            return self._broke(actor, error)
        if isinstance(said, StartFailed):
            raise said.error
        actor.ready = self._crew.any_ready = True
        self._n_failed_starts = 0
        return None

    def _answered(self, actor: RayActor, reference: Any) -> Outcome[T, R] | None:
        if actor not in self._actors:
            return None
        try:
            said: Performed | GaveUp = pickle.loads(self._ray.get(reference))  # noqa: S301 our own actor
        except self._errors as error:
            return self._broke(actor, error)
        actor.job = None
        if isinstance(said, Performed):
            return Finished(self._tasks[actor.index], said.value, self._first_deaths.pop(actor.index, None))
        if said.worn_out:
            self._end(actor)
        return self._gave_up(actor.index, said)

    def _ask(self) -> None:
        """How far the tasks have got; each actor is asked once at a time, all not too often."""
        now_s = time.monotonic()
        interval_s = max(_ASK_AFTER_S, len(self._actors) / _MOST_ASKED_PER_S)
        for actor in self._actors:
            if actor.answers and actor.asked is None and now_s - actor.asks_due_s > interval_s:
                self._ask_one(actor)

    def _ask_one(self, actor: RayActor) -> None:
        actor.asked_s = time.monotonic()
        actor.asked = actor.handle.behind.remote()
        self._calls[actor.asked] = partial(self._told, actor, actor.n_jobs)

    def _told(self, actor: RayActor, number: int, reference: Any) -> Progressed[T] | None:
        actor.asked = None
        try:
            behind_s: float = self._ray.get(reference)
        except self._errors:  # the task itself says so, too
            return None
        if actor.job is None or actor.n_jobs != number or not behind_s:
            return None
        granted_s = actor.limit_s * behind_s / LIMIT_COVERS_S
        actor.deadline_s = max(actor.deadline_s, actor.began_s + granted_s)
        return Progressed(self._tasks[actor.index], behind_s)

    def _come_back(self) -> list[Any]:
        if not self._calls:
            time.sleep(POLL_S)
            return []
        some, others = self._ray.wait(list(self._calls), num_returns=1, timeout=POLL_S)
        if some and others:
            some += self._ray.wait(others, num_returns=len(others), timeout=0)[0]
        return list(some)

    def _expire(self) -> Iterator[Outcome[T, R] | None]:
        now_s = time.monotonic()
        for actor in [one for one in self._actors if not one.idle and now_s > one.deadline_s]:
            # It may have got on since it was asked last.
            if actor.answers and actor.asked is None and actor.asked_s < actor.deadline_s:
                self._ask_one(actor)
            elif actor.asked is None or now_s > actor.asked_s + _GRACE_S:
                self._overdue(actor)
        for reference in [one for one, (end_s, _) in self._ends.items() if now_s > end_s]:
            self._calls.pop(reference, None)
            yield self._ends.pop(reference)[1]()

    def _overdue(self, actor: RayActor) -> None:
        limit_s = actor.deadline_s - actor.began_s
        actor.ended = Failure(
            f"It gave no answer within {limit_s:.6g} s and was stopped",
            "Scan this file again by itself with a longer --time-limit.",
        )
        self._ray.kill(actor.handle)
        if actor.process is None:
            self._nodes.crowded(actor.node)
            actor.ended = Failure(f"the cluster had no CPU for it within {limit_s:.6g} s", AGAIN)
        actor.deadline_s = time.monotonic() + START_LIMIT_S

    def _end(self, actor: RayActor) -> None:
        """Ends an actor that has no task."""
        self._ray.kill(actor.handle)
        self._actors.remove(actor)
        if actor.log:
            self._nodes.words(actor.node, words_of, actor.log)

    def _broke(self, actor: RayActor, error: Exception) -> Outcome[T, R] | None:
        """A call came back without an answer: the actor is dead, or cannot be reached any more."""
        if actor not in self._actors:
            return None
        self._actors.remove(actor)
        if not is_death(self._ray, error):
            self._ray.kill(actor.handle)
        if not self._nodes.is_alive(actor.node):
            return self._lost(actor)
        if not actor.log:
            return self._died(actor, actor.ended or why(self._ray, error, ""), "")
        asked = self._nodes.words(actor.node, words_of, actor.log)
        self._ends[asked] = time.monotonic() + _WORDS_LIMIT_S, partial(self._mourned, actor, error, None)
        self._calls[asked] = partial(self._mourned, actor, error)
        return None

    def _mourned(self, actor: RayActor, error: Exception, reference: Any) -> Outcome[T, R] | None:
        """Its machine has told its last words, or has not within the time for that (no reference)."""
        self._ends.pop(reference, None)
        try:
            words: str = "" if reference is None else self._ray.get(reference)
        except self._errors:  # without its last words, or its machine is gone as well
            words = ""
        if not self._nodes.is_alive(actor.node):
            return self._lost(actor)
        return self._died(actor, actor.ended or why(self._ray, error, words), words)

    def _died(self, actor: RayActor, failure: Failure, words: str) -> Outcome[T, R] | None:
        """An actor ended on a machine that lives: of its task, if that was the only one it had seen."""
        if not actor.ready:
            crowded_out = actor.process is None and actor.ended is not None
            if not crowded_out or not self._crew.any_ready:  # otherwise those that run go on
                self._start_failed(failure, words)
            return None
        if actor.job is None:
            return None
        if actor.job.only_identify:
            return self._gave_up(actor.index, GaveUp(None, None))
        self._n_deaths[actor.index] += 1
        # On a cluster others end processes, too: even a task that had an actor for itself is tried twice.
        if actor.ended is None and self._n_deaths[actor.index] == 1:
            self._first_deaths[actor.index] = failure
            self._again.append(actor.index)
            return None
        self._failures[actor.index] = failure, words
        return self._find_identity(actor.index)

    def _lost(self, actor: RayActor) -> Outcome[T, R] | None:
        """A machine is gone; what it was at is done again elsewhere, before everything else."""
        if actor.job is None:
            return None
        index = actor.index
        self._n_lost[index] += 1
        failure = Failure(f"The machine {actor.node.name} was lost", AGAIN)
        if self._n_lost[index] > MOST_LOST_MACHINES:
            n_lost = self._n_lost[index]
            self._failures[index] = Failure(f"{n_lost} machines were lost while they had it", AGAIN), ""
            return self._gave_up(index, GaveUp(None, None))
        if actor.job.only_identify:
            self._to_identify.appendleft(index)
        else:
            self._first_deaths.setdefault(index, failure)
            self._waiting.appendleft(index)
        return None

    def _find_identity(self, index: int) -> Failed[T] | None:
        if not self._ship:
            self._to_identify.append(index)
            return None
        return self._gave_up(index, GaveUp(None, self._work.identify(self._tasks[index])))

    def _start_failed(self, failure: Failure, words: str) -> None:
        self._n_failed_starts += 1
        if not self._crew.any_ready or self._n_failed_starts >= MOST_FAILED_STARTS:
            raise EngineError(
                f"A worker failed before it had loaded its models: {failure.reason}"
                + (f" ({words})" if words else ""),
                "Run forensics doctor on these machines; where memory is short, give fewer --workers.",
            )

    def _gave_up(self, index: int, answer: GaveUp) -> Failed[T]:
        failure, words = self._failures.pop(index) if answer.failure is None else (answer.failure, "")
        return Failed(
            self._tasks[index], failure, answer.identity, words, self._first_deaths.pop(index, None)
        )
