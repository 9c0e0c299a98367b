"""One run on a Ray cluster: who has which task, and what becomes of the tasks of those that die.

Every call that is under way is a reference; ``ray.wait`` says which have come back, and each has one function
that takes it. An actor has one task at most, so no more results wait than there are actors.
"""

from __future__ import annotations

import contextlib
import pickle
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar

from forensics.errors import ForensicsError
from forensics.scan.executors.executor import Failed, Progressed, Started, Work
from forensics.scan.executors.hand import START_LIMIT_S
from forensics.scan.executors.ledger import Ledger, Outcome
from forensics.scan.executors.local import POLL_S
from forensics.scan.executors.ray_actors import RayActor, is_death, pieces, why
from forensics.scan.executors.ray_nodes import Nodes, ray_errors
from forensics.scan.executors.ray_worker import words_of
from forensics.scan.failures import AGAIN, Failure
from forensics.scan.worker import GaveUp, Job, Performed, Ready, StartFailed

R = TypeVar("R")
T = TypeVar("T")

MOST_LOST_MACHINES: Final = 5
"""Under one task. A cluster of machines that come and go takes some; a task must come to an end."""

# Further than this a task is not preferred because its file is already where it is to be examined.
_LOOK_AHEAD: Final = 100
_WORDS_LIMIT_S: Final = 60.0
_ASK_AFTER_S: Final = 0.5
_MOST_ASKED_PER_S: Final = 100
_GRACE_S: Final = 5.0


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
        self.ledger: Ledger[T, R] = Ledger(tasks)
        self._ray = ray
        self._errors = ray_errors(ray)
        self._crew = crew
        self._nodes = nodes
        self._work = work
        self._time_limit_s = time_limit_s
        self._ship = ship
        self._actors = crew.actors
        for actor in self._actors:
            actor.parcel = None  # a file of an earlier run may have changed since
        self._n_deaths: Counter[int] = Counter()
        self._n_lost: Counter[int] = Counter()
        self._calls: dict[Any, Callable[[Any], Outcome[T, R] | None]] = {}
        self._ends: dict[Any, tuple[float, Callable[[], Outcome[T, R] | None]]] = {}

    def outcomes(self, n_workers: int, interrupted: threading.Event) -> Iterator[Outcome[T, R]]:
        """As ``Executor.run``."""
        while self.ledger.open:
            self._look()
            self._staff(n_workers)
            yield from self._hand_out()
            self._ask()
            for reference in self._come_back():
                take = self._calls.pop(reference, None)
                if take is not None:
                    yield from self.ledger.counted(take(reference))
            for outcome in self._expire():
                yield from self.ledger.counted(outcome)
            if interrupted.is_set():
                raise KeyboardInterrupt

    def _look(self) -> None:
        """Machines that joined are inspected, and used if they are alike."""
        if self._nodes.look_due:
            self._nodes.begin_inspections()
        for reference, node in self._nodes.inspections.items():
            self._calls.setdefault(reference, partial(self._nodes.judge_late, node))

    def _staff(self, n_workers: int) -> None:
        for _ in range(min(n_workers - len(self._actors), self.ledger.n_needed(self._actors))):
            actor = self._crew.hire()
            if actor is None:
                break
            self._calls[actor.handle.settled.remote()] = partial(self._settled, actor)
        if len(self.ledger.again) > sum(actor.job is None and actor.fresh for actor in self._actors):
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
            if self.ledger.again and actor.fresh:
                yield from self._give(actor, self.ledger.again.popleft())
            elif self.ledger.to_identify:
                self._identify(actor, self.ledger.to_identify.popleft())
            elif self.ledger.waiting:
                yield from self._give(actor, self._best_for(actor))

    def _best_for(self, actor: RayActor) -> int:
        """The next task, but first those that are about the file that lies with the actor already."""
        index = None if actor.parcel is None else self._next_of(actor.parcel)
        if index is None:
            return self.ledger.waiting.popleft()
        self.ledger.waiting.remove(index)
        return index

    def _give(self, actor: RayActor, index: int) -> Iterator[Outcome[T, R]]:
        task = self.ledger.tasks[index]
        yield Started(task, actor.number)
        try:
            parcel = self._parcel_of(task)
        except ForensicsError as error:
            refused = GaveUp(Failure(error.message, error.hint), self._work.identify(task))
            yield from self.ledger.counted(self.ledger.gave_up(index, refused))
            return
        actor.begin(index, Job(task), self._time_limit_s)
        if parcel == actor.parcel:
            self._perform(actor)
        else:
            actor.parcel = parcel
            self._send(actor)

    def _parcel_of(self, task: T) -> Path | None:
        """The file to send along with a task; None where it finds its file by itself.

        Raises:
            ForensicsError: it cannot be sent.
        """
        place = self._work.elsewhere
        return place.parcel(task) if self._ship and place is not None and place.parcel is not None else None

    def _next_of(self, parcel: Path) -> int | None:
        """The first of the next tasks that is about the same file, as those of an archive are."""
        for index in islice(self.ledger.waiting, _LOOK_AHEAD):
            with contextlib.suppress(ForensicsError):  # said when it is its turn
                if self._parcel_of(self.ledger.tasks[index]) == parcel:
                    return index
        return None

    def _identify(self, actor: RayActor, index: int) -> None:
        actor.begin(index, Job(self.ledger.tasks[index], only_identify=True), self._time_limit_s)
        self._perform(actor)

    def _perform(self, actor: RayActor) -> None:
        keep = actor.parcel is not None and self._next_of(actor.parcel) is not None
        if not keep:
            actor.parcel = None
        answer = actor.handle.perform.remote(pickle.dumps(actor.job), keep=keep)
        self._calls[answer] = partial(self._answered, actor)

    def _send(self, actor: RayActor) -> None:
        assert actor.parcel is not None
        actor.pieces = pieces(actor.parcel)
        self._send_piece(actor, actor.parcel, first=True)

    def _send_piece(self, actor: RayActor, path: Path, *, first: bool = False) -> None:
        """One piece at a time is under way, so that many actors and large files take little memory here."""
        piece = next(actor.pieces, None) if actor.pieces is not None else None
        if piece is None:
            actor.pieces = None
            actor.restart_clock()
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
        actor.restart_clock()
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
        self.ledger.started()
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
            return self.ledger.finished(actor.index, said.value)
        if said.worn_out:
            self._end(actor)
        return self.ledger.gave_up(actor.index, said)

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
        actor.grant(behind_s)
        return Progressed(self.ledger.tasks[actor.index], behind_s)

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
                self.ledger.start_failed(
                    failure,
                    words,
                    any_ready=self._crew.any_ready,
                    where="A worker failed before it had loaded its models",
                    hint="Run forensics doctor on these machines; where memory is short, give fewer "
                    "--workers.",
                )
            return None
        if actor.job is None:
            return None
        if actor.job.only_identify:
            return self.ledger.unidentified(actor.index)
        self._n_deaths[actor.index] += 1
        # On a cluster others end processes, too: even a task that had an actor for itself is tried twice.
        if actor.ended is None and self._n_deaths[actor.index] == 1:
            self.ledger.do_again(actor.index, failure)
            return None
        self.ledger.blame(actor.index, failure, words)
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
            self.ledger.blame(index, Failure(f"{n_lost} machines were lost while they had it", AGAIN))
            return self.ledger.unidentified(index)
        if actor.job.only_identify:
            self.ledger.to_identify.appendleft(index)
        else:
            self.ledger.put_back(index, failure)
        return None

    def _find_identity(self, index: int) -> Failed[T] | None:
        if not self._ship:
            self.ledger.to_identify.append(index)
            return None
        return self.ledger.gave_up(index, GaveUp(None, self._work.identify(self.ledger.tasks[index])))
