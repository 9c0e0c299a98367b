"""Actors as the driver of a Ray cluster sees them: how they are made, and what their ends mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from forensics.scan.executors.hand import Hand
from forensics.scan.executors.local import ONE_THREAD
from forensics.scan.executors.ray_nodes import Node, on_node
from forensics.scan.executors.ray_worker import PROGRESS, RayWorker
from forensics.scan.failures import AGAIN, LITTLE_MEMORY, Failure, death_by_words

_PIECE_BYTES: Final = 8 * 2**20


@dataclass(eq=False, slots=True)
class RayActor(Hand):
    """One actor, as the driver sees it.

    Attributes:
        process: None until it has settled, as ``log`` is.
        asked: a question for its progress that is under way.
        pieces: of the file that is being sent to it.
        parcel: the file that lies with it, because more tasks are about it.
        ended: why the driver ended it.
    """

    node: Node
    handle: Any
    process: int | None = None
    log: str = ""
    asked: Any = None
    asked_s: float = 0.0
    pieces: Iterator[bytes] | None = None
    parcel: Path | None = None
    ended: Failure | None = None

    @property
    def answers(self) -> bool:
        """Whether it is doing a task, and can be asked how far it is."""
        return self.job is not None and not self.job.only_identify and self.pieces is None

    @property
    def asks_due_s(self) -> float:
        """When its progress was asked for last, or it began."""
        return max(self.asked_s, self.began_s)


def actor_class(ray: Any) -> Any:
    """What ``hired`` makes actors of: each has a CPU for itself, and a second thread for questions."""
    return ray.remote(
        num_cpus=1,
        max_restarts=0,
        max_task_retries=0,
        concurrency_groups={PROGRESS: 1},
        runtime_env={"env_vars": dict(ONE_THREAD)},
    )(RayWorker)


def hired(actors: Any, number: int, node: Node) -> RayActor:
    """A new actor on this machine."""
    return RayActor(number, node, actors.options(scheduling_strategy=on_node(node)).remote())


def is_death(ray: Any, error: Exception) -> bool:
    """Whether the actor is certainly gone."""
    return isinstance(error, ray.exceptions.ActorDiedError)


def why(ray: Any, error: Exception, words: str) -> Failure:
    """Why an actor ended.

    Args:
        error: what came instead of an answer.
        words: its last; empty where nobody knows them.
    """
    if "low on memory" in str(error):
        return Failure(
            "Ray ended the worker process (SIGKILL) because its machine ran low on memory", LITTLE_MEMORY
        )
    if isinstance(error, ray.exceptions.RayActorError):
        return death_by_words(words)
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return Failure(f"Its worker cannot be used ({type(error).__name__}: {lines[-1] if lines else ''})", AGAIN)


def pieces(path: Path) -> Iterator[bytes]:
    """The content in pieces, at least one; a file that cannot be read any more ends early."""
    n_pieces = 0
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                n_pieces += 1
                yield piece
    except OSError:
        pass
    if not n_pieces:
        yield b""
