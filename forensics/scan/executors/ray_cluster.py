"""The executor ``ray``: actors on the machines of a Ray cluster that is there already.

Actors are never restarted by Ray (``max_restarts`` blames the task that was given next to a dying actor), and
no call is retried by it: after a death there is a new actor, and what is done again is decided here.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import signal
import textwrap
import threading
from collections.abc import Generator, Iterator, Sequence
from typing import Any, Final, TypeVar

from forensics.errors import SettingsError
from forensics.scan.executors.executor import ExecutorChoice, Failed, Finished, Progressed, Started, Work
from forensics.scan.executors.ray_actors import RayActor, actor_class, hired
from forensics.scan.executors.ray_nodes import Nodes, ray_errors
from forensics.scan.executors.ray_run import RayRun
from forensics.scan.executors.ray_worker import clear

C = TypeVar("C")
R = TypeVar("R")
T = TypeVar("T")

CLIENT_PORT: Final = 10001
_MOST_SAID: Final = 300
_ENVIRONMENT: Final = {"RAY_AUTH_MODE": "token", "RAY_USAGE_STATS_ENABLED": "0"}
"""Read by Ray when it is loaded. Whoever has set them otherwise keeps that."""


class RayExecutor:
    """Actors of a Ray cluster; ``ray`` is the one that this machine is of, ``ray://HEAD`` another one."""

    def __init__(self, choice: ExecutorChoice) -> None:
        for name, value in _ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        try:
            import ray
        except ImportError as error:
            raise SettingsError(
                "The executor ray needs a package that is not installed", "pip install 'forensics[ray]'"
            ) from error
        self._ray: Any = ray
        self._choice = choice
        self._connected_here = False
        self.actors: list[RayActor] = []
        self.nodes: Nodes | None = None
        self.n_started = 0
        self.any_ready = False
        self._tools: Any = None
        self._actor_class: Any = None

    def run(
        self,
        work: Work[C, T, R],
        tasks: Sequence[T],
        *,
        n_workers: int | None,
        time_limit_s: float,
        interrupted: threading.Event,
    ) -> Generator[Started[T] | Progressed[T] | Finished[T, R] | Failed[T], None, None]:
        """As ``Executor`` says.

        Args:
            work: what it needs elsewhere is compared on every machine before the first task.
            n_workers: actors at most; never more than the cluster has CPUs.

        Raises:
            SettingsError: no cluster can be reached.
            EngineError: a machine of the cluster has other versions or models, or does not find the tasks.
        """
        if not tasks:
            return
        if self._choice.ship and (work.elsewhere is None or work.elsewhere.parcel is None):
            raise SettingsError("This work cannot be sent along with its files", "Leave --ship out.")
        self._connect()
        nodes = self._nodes(work, tasks)
        run: RayRun[T, R] = RayRun(self._ray, self, nodes, work, tasks, time_limit_s, ship=self._choice.ship)
        try:
            yield from run.outcomes(min(n_workers or len(tasks), len(tasks)), interrupted)
        finally:
            if run.ledger.open:
                self.dismiss()

    def hire(self) -> RayActor | None:
        """Starts one more actor, on the machine with the most room; None where no machine has any."""
        if self.nodes is None:
            return None
        node = self.nodes.roomiest([actor.node for actor in self.actors])
        if node is None:
            return None
        self.n_started += 1
        if self._actor_class is None:
            self._actor_class = actor_class(self._ray)
        actor = hired(self._actor_class, self.n_started, node)
        self.actors.append(actor)
        return actor

    @property
    def tools(self) -> Any:
        """The pickled work, in the cluster's object store."""
        return self._tools

    def dismiss(self) -> None:
        """As ``Executor`` says; where this executor made the connection to the cluster, it ends it."""
        if self.actors and self.nodes is not None:
            for actor in self.actors:
                with contextlib.suppress(*ray_errors(self._ray)):  # it may be gone, and so may the cluster
                    self._ray.kill(actor.handle)
            ending = [(actor.node, actor.process) for actor in self.actors if actor.process is not None]
            self.nodes.clear(clear, ending)
        self.actors.clear()
        self.nodes = None
        self._tools = self._actor_class = None
        if self._connected_here:
            self._ray.shutdown()
            self._connected_here = False

    def _connect(self) -> None:
        if self._ray.is_initialized():
            return
        address = "auto"
        if self._choice.where:
            port = "" if ":" in self._choice.where else f":{CLIENT_PORT}"
            address = f"ray://{self._choice.where}{port}"
        try:
            with _signals_kept():
                self._ray.init(
                    address=address, log_to_driver=False, logging_level=logging.ERROR, configure_logging=False
                )
        except ray_errors(self._ray) as error:
            said = textwrap.shorten(f"{type(error).__name__}: {error}", _MOST_SAID)
            raise SettingsError(
                f"No Ray cluster can be reached ({said})",
                "Start one with RAY_AUTH_MODE=token ray start --head, and have its token in "
                "RAY_AUTH_TOKEN_PATH or ~/.ray/auth_token; for a cluster elsewhere give --executor ray://HEAD.",
            ) from error
        self._connected_here = True

    def _nodes(self, work: Work[C, T, R], tasks: Sequence[T]) -> Nodes:
        """The machines, compared once for all runs between two calls of ``dismiss``."""
        if self.nodes is None:
            tools = pickle.dumps(work)
            self._tools = self._ray.put(tools)
            facts = work.elsewhere.facts() if work.elsewhere is not None else {}
            tried = () if self._choice.ship else tuple({0, len(tasks) // 2, len(tasks) - 1})
            self.nodes = Nodes(self._ray, self._tools, facts, pickle.dumps([tasks[one] for one in tried]))
            self.nodes.inspect_all()
        return self.nodes


@contextlib.contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray takes SIGTERM for itself; a batch must be able to end in order."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
