"""From a case's descriptors to groups of people who look alike, in several files."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from forensics.records.face_descriptor import FaceDescriptor
from forensics.records.faces import FaceTrack
from forensics.records.scan_result import ScanResult

# Every person is compared with every other: of more people, the first so many are.
MOST_PERSONS: Final = 20_000
_ROWS_AT_ONCE: Final = 1_000
# Thousands of clips of one person have millions of pairs: so many of the nearest make the groups.
MOST_NEAR: Final = 500_000

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Someone:
    """A person of a file.

    Attributes:
        row_id: of the file.
        track: when the person is seen.
    """

    row_id: int
    track: FaceTrack
    descriptor: FaceDescriptor

    @property
    def vector(self) -> Vectors:
        """float32[128], of length 1."""
        stored = np.frombuffer(self.descriptor.values, "<f2").astype(np.float32)
        return np.asarray(stored / np.linalg.norm(stored), np.float32)

    def is_with(self, other: Someone) -> bool:
        """Whether both are seen at the same time in one stream of one file: they are two people."""
        mine, theirs = self.track, other.track
        return (
            self.row_id == other.row_id
            and mine.stream_index == theirs.stream_index
            and mine.start_s <= theirs.end_s
            and theirs.start_s <= mine.end_s
        )


@dataclass(frozen=True, slots=True)
class AlikeGroup:
    """People of several files, each nearer to each other one than the threshold.

    Attributes:
        people: in the order of the case file.
        distances: float32[N, N] between them.
    """

    people: tuple[Someone, ...]
    distances: Vectors


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was compared, and what was found.

    Attributes:
        n_persons: with a descriptor.
        n_compared: of them, those that were compared with one another.
        n_pairs: of people in two different files, among those.
        n_alike: of these pairs, those nearer than the threshold.
        groups: the largest first.
    """

    n_persons: int
    n_compared: int
    n_pairs: int
    n_alike: int
    groups: tuple[AlikeGroup, ...]


def people_of(rows: Iterable[tuple[int, ScanResult]], method: str) -> list[Someone]:
    """Everybody with a descriptor of this method, in the order of the case file.

    Args:
        rows: (row id, result) of a whole case; they are passed through once.
    """
    found: list[Someone] = []
    for row_id, result in rows:
        tracks = {track.track_id: track for track in result.tracks}
        found.extend(
            Someone(row_id, tracks[one.track_id], one)
            for one in result.descriptors
            if one.method == method and one.track_id in tracks
        )
    return found


def compare(people: Sequence[Someone], threshold: float) -> Comparison:
    """Groups by complete linkage: no chain from one person to the next leads to somebody unlike the first.

    Args:
        people: in the order of the case file.
        threshold: largest distance of two people who look alike.
    """
    some = people[:MOST_PERSONS]
    n_of_file = Counter(one.row_id for one in some)
    n_pairs = (len(some) ** 2 - sum(n**2 for n in n_of_file.values())) // 2
    near = _near(some, threshold) if n_pairs else _Near.none()
    groups = [_group([some[place] for place in places]) for places in _linked(near)]
    several = [group for group in groups if len({one.row_id for one in group.people}) > 1]
    several.sort(key=lambda group: -len(group.people))
    return Comparison(len(people), len(some), n_pairs, near.n_across, tuple(several))


@dataclass(slots=True)
class _Near:
    """Pairs that may be one person.

    Attributes:
        pairs: int64[N, 2], places in the list of people.
        distances: float32[N].
        n_across: how many pairs were found of people in two files, those included that were let go.
    """

    pairs: npt.NDArray[np.int64]
    distances: Vectors
    n_across: int

    @classmethod
    def none(cls) -> _Near:
        return cls(np.zeros((0, 2), np.int64), np.zeros(0, np.float32), 0)

    def add(self, pairs: npt.NDArray[np.int64], distances: Vectors) -> None:
        """Takes more, and keeps the nearest."""
        self.pairs = np.concatenate([self.pairs, pairs])
        self.distances = np.concatenate([self.distances, distances])
        if len(self.pairs) > MOST_NEAR:
            kept = np.argsort(self.distances, kind="stable")[:MOST_NEAR]
            self.pairs, self.distances = self.pairs[kept], self.distances[kept]


def _near(people: Sequence[Someone], threshold: float) -> _Near:
    vectors = np.stack([one.vector for one in people])
    files = np.array([one.row_id for one in people])
    found = _Near.none()
    for start in range(0, len(people), _ROWS_AT_ONCE):
        # Of vectors of length 1, the squared distance is 2 less twice their product.
        products = vectors[start : start + _ROWS_AT_ONCE] @ vectors.T
        apart = np.sqrt(np.maximum(2 - 2 * products, 0))
        rows, columns = np.nonzero(apart <= threshold)
        later = rows + start < columns
        rows, columns = rows[later], columns[later]
        across = files[rows + start] != files[columns]
        others = [
            place
            for place in np.nonzero(~across)[0]
            if not people[start + int(rows[place])].is_with(people[int(columns[place])])
        ]
        kept = np.sort(np.concatenate([np.nonzero(across)[0], np.array(others, np.int64)]))
        found.n_across += int(across.sum())
        pairs = np.stack([rows[kept] + start, columns[kept]], axis=1)
        found.add(pairs, np.asarray(apart[rows[kept], columns[kept]], np.float32))
    return found


def _linked(near: _Near) -> Iterator[list[int]]:
    """Places that belong together, of two and more: in a cluster, everybody is near to everybody."""
    neighbours: dict[int, set[int]] = defaultdict(set)
    for one, other in near.pairs.tolist():
        neighbours[one].add(other)
        neighbours[other].add(one)
    cluster_of = {place: {place} for place in neighbours}
    order = np.lexsort((near.pairs[:, 1], near.pairs[:, 0], near.distances))
    for one, other in near.pairs[order].tolist():
        mine, theirs = cluster_of[one], cluster_of[other]
        if mine is theirs or any(not theirs <= neighbours[place] for place in mine):
            continue
        mine |= theirs
        for place in theirs:
            cluster_of[place] = mine
    seen: set[int] = set()
    for place in sorted(cluster_of):
        if place not in seen and len(cluster_of[place]) > 1:
            yield sorted(cluster_of[place])
        seen |= cluster_of[place]


def _group(people: Sequence[Someone]) -> AlikeGroup:
    vectors = np.stack([one.vector for one in people])
    apart = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    return AlikeGroup(tuple(people), np.asarray(apart, np.float32))
