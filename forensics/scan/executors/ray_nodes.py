"""The machines of a Ray cluster: which there are, whether they are alike, and where there is room."""

from __future__ import annotations

import contextlib
import logging
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from forensics.errors import EngineError, ForensicsError
from forensics.scan.executors.ray_worker import Inspection, inspect

INSPECTION_LIMIT_S: Final = 300.0
"""A machine of which nothing has run yet first loads Python and all the packages."""

_SECONDS_BETWEEN_LOOKS: Final = 5.0
_CLEAR_LIMIT_S: Final = 10.0
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Node:
    """A machine of the cluster.

    Attributes:
        id: Ray's.
        name: host name and address, for people.
        n_cpus: that the cluster may use.
    """

    id: str
    name: str
    n_cpus: int


class Nodes:
    """The machines that may be given tasks: alive, with CPUs, and alike.

    Args:
        tools: the pickled work, in the object store.
        facts: what every machine has to have.
        tried: pickled tasks that every machine has to find.
    """

    def __init__(self, ray: Any, tools: Any, facts: Mapping[str, str], tried: bytes) -> None:
        self._ray = ray
        self._tools = tools
        self._facts = facts
        self._tried = tried
        self._fit: dict[str, Node] = {}
        self._looked_at: set[str] = set()
        self._looked_s = 0.0
        self._full: Counter[str] = Counter()
        self._remote: dict[Callable[..., Any], Any] = {}
        self.inspections: dict[Any, Node] = {}

    def inspect_all(self) -> None:
        """Compares every machine that is there.

        Raises:
            EngineError: there is none, or one differs from this machine or does not find the tasks.
        """
        self.begin_inspections()
        for reference, node in list(self.inspections.items()):
            self.judge(node, reference)
        if not self._fit:
            raise EngineError("No machine of the Ray cluster has a CPU", "Start nodes with --num-cpus.")

    def begin_inspections(self) -> None:
        """Asks machines that nobody has asked yet; ``inspections`` has what will come of it."""
        self._looked_s = time.monotonic()
        for node in self._alive():
            if node.id not in self._looked_at:
                self._looked_at.add(node.id)
                self.inspections[self._on(node, inspect).remote(self._tools, self._tried)] = node

    @property
    def look_due(self) -> bool:
        """Whether machines may have joined since the last look."""
        return time.monotonic() - self._looked_s > _SECONDS_BETWEEN_LOOKS

    def judge(self, node: Node, reference: Any) -> None:
        """Takes what an inspection gave.

        Raises:
            EngineError: the machine must not be used.
        """
        del self.inspections[reference]
        try:
            found: Inspection = self._ray.get(reference, timeout=INSPECTION_LIMIT_S)
        except ray_errors(self._ray) as error:
            if not self.is_alive(node):
                return
            raise EngineError(
                f"{node.name} cannot run this work ({_cause(error)})",
                "Install the same version of forensics there, with the same packages.",
            ) from error
        differing = [
            f"{name} is {found.facts.get(name) or 'missing'} instead of {self._facts.get(name) or 'missing'}"
            for name in sorted(self._facts.keys() | found.facts.keys())
            if self._facts.get(name) != found.facts.get(name)
        ]
        if differing:
            raise EngineError(
                f"{node.name} is not like this machine: {'; '.join(differing)}",
                "Results of unlike machines cannot stand side by side: install the same versions and models, "
                "or use machines of one kind.",
            )
        if found.not_at_hand:
            raise EngineError(
                f"{node.name} does not find the files: {found.not_at_hand[0]}",
                "Mount the storage at the same place on every machine, or give --ship.",
            )
        self._fit[node.id] = node

    def judge_late(self, node: Node, reference: Any) -> None:
        """Takes what the inspection of a machine gave that joined later; one that differs is not used."""
        try:
            self.judge(node, reference)
        except ForensicsError as error:
            _LOG.warning("A machine that joined is not used: %s", error.message)

    def roomiest(self, taken: Iterable[Node]) -> Node | None:
        """The machine with the most CPUs that no actor has."""
        n_actors = Counter(node.id for node in taken)
        room = {node.id: node.n_cpus - n_actors[node.id] - self._full[node.id] for node in self._fit.values()}
        best = max(room, key=lambda one: room[one], default=None)
        return None if best is None or room[best] < 1 else self._fit[best]

    def crowded(self, node: Node) -> None:
        """An actor waited in vain for one of its CPUs: others use it."""
        self._full[node.id] += 1

    def is_alive(self, node: Node) -> bool:
        """As far as the cluster knows; one that is not is forgotten."""
        alive = any(one["NodeID"] == node.id and one["Alive"] for one in self._ray.nodes())
        if not alive:
            self._fit.pop(node.id, None)
        return alive

    def words(self, node: Node, words_of: Callable[[str], str], log: str) -> Any:
        """Asks a machine for the last words of an actor that it had; gives a reference."""
        return self._on(node, words_of).remote(log)

    def clear(self, clear: Callable[[tuple[int, ...]], None], ending: Sequence[tuple[Node, int]]) -> None:
        """Has the machines remove what actors leave behind that are just being ended."""
        by_node: dict[Node, list[int]] = defaultdict(list)
        for node, process in ending:
            by_node[node].append(process)
        with contextlib.suppress(*ray_errors(self._ray)):  # what remains is removed at the next start
            clearing = [self._on(node, clear).remote(tuple(some)) for node, some in by_node.items()]
            self._ray.wait(clearing, num_returns=len(clearing), timeout=_CLEAR_LIMIT_S)

    def _on(self, node: Node, function: Callable[..., Any]) -> Any:
        """A function as a call on one machine, beside whatever runs there."""
        if function not in self._remote:
            self._remote[function] = self._ray.remote(num_cpus=0, max_retries=0)(function)
        return self._remote[function].options(scheduling_strategy=on_node(node))

    def _alive(self) -> list[Node]:
        return [
            Node(one["NodeID"], f"{one['NodeManagerHostname']} ({one['NodeManagerAddress']})", n_cpus)
            for one in self._ray.nodes()
            if one["Alive"] and (n_cpus := int(one["Resources"].get("CPU", 0))) > 0
        ]


def ray_errors(ray: Any) -> tuple[type[Exception], ...]:
    """What a call to a cluster raises where there is no answer to it, or the way to it broke."""
    return ray.exceptions.RayError, OSError, RuntimeError, ValueError


def on_node(node: Node) -> Any:
    """The scheduling strategy that means this machine and no other."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return NodeAffinitySchedulingStrategy(node.id, soft=False)


def _cause(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[-1] if lines else 'without words'}"
