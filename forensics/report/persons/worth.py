"""What a distance between two faces is worth: how often it was met on pictures whose people are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Rate:
    """How often something happened, with the interval that 95 % of such samples' intervals hold.

    Attributes:
        n: pairs of pictures that it is of.
    """

    n_times: int
    n: int
    lower: float
    upper: float

    @property
    def share(self) -> float:
        """In [0, 1]."""
        return self.n_times / self.n


@dataclass(frozen=True, slots=True)
class Worth:
    """A threshold and what it does.

    Attributes:
        threshold: largest distance of two people who are said to look alike.
        near: within it, the distance that hardly any two different people fall short of.
        false_matches: pairs of different people that fall below the threshold.
        false_near: those that fall below ``near``.
        misses: pairs of pictures of one person that do not fall below the threshold.
        data: on what the three were measured, in words.
    """

    threshold: float
    near: float
    false_matches: Rate
    false_near: Rate
    misses: Rate
    data: str


# By ``detectors.persons.METHOD``. The figures are those of benchmarks/persons_measured.py.
WORTH: Mapping[str, Worth] = MappingProxyType(
    {
        "dlib-resnet-29/1": Worth(
            threshold=0.373,
            near=0.32,
            false_matches=Rate(69, 85_365, 0.00033, 0.0015),
            false_near=Rate(1, 85_365, 0.0, 0.00007),
            misses=Rate(10, 126, 0.036, 0.132),
            data="414 pictures of 288 people of the press (Labeled Faces in the Wild)",
        )
    }
)
