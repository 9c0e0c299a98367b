"""A person's face meshes, gathered burst by burst."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from forensics.records.faces import FaceMesh, FaceTrack
from forensics.records.stream import Item

M = TypeVar("M")

# Fewer meshes in a row than these, a second of film, say nothing about movement.
MIN_MESHES = 24


@dataclass(slots=True)
class Burst(Generic[M]):
    """What was measured on each picture of one burst."""

    at_s: list[float] = field(default_factory=list)
    values: list[M] = field(default_factory=list)


class Bursts(Generic[M]):
    """Holds one small value a picture, no pictures.

    Args:
        measure: of one mesh.
    """

    def __init__(self, measure: Callable[[FaceMesh], M]) -> None:
        self._measure = measure
        self._of: dict[int, dict[int, Burst[M]]] = defaultdict(lambda: defaultdict(Burst))

    def take(self, item: Item) -> None:
        """Measures a mesh, and notes who is in the film at all; meshes come in the order of time."""
        if isinstance(item, FaceTrack) and item.stream_index is None:
            self._of.setdefault(item.track_id, defaultdict(Burst))
        if not isinstance(item, FaceMesh):
            return
        burst = self._of[item.track_id][item.burst]
        burst.at_s.append(item.at_s)
        burst.values.append(self._measure(item))

    def people(self) -> Iterator[tuple[int, list[Burst[M]]]]:
        """Each person with the bursts that are long enough, which may be none."""
        for track_id, bursts in sorted(self._of.items()):
            yield track_id, [burst for burst in bursts.values() if len(burst.at_s) >= MIN_MESHES]
