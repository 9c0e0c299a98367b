"""Who speaks when: stretches of one sound, put into groups that sound alike, into speakers if they differ.

Agglomerative clustering with average linkage: the two groups whose stretches are most alike on the average
are put together, again and again, until those that are left differ clearly. Where they do not, all is one
speaker: two who are taken for one are judged by their mean, while one who is taken for two is judged twice,
by fewer windows. A window of the voice net is longer than a stretch and may hold the turn from one speaker to
the other: it is counted for the one whom it is more like.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

# Chosen and tried by benchmarks/voice_speakers.py, on speakers of different collections.
ALIKE_AT_MOST: Final = 0.55
"""Mean likeness (cosine) between the stretches of two speakers who differ clearly."""
GAP_AT_LEAST: Final = 0.12
"""By how much each of them is, on the average, more like themselves."""
LEAST_S: Final = 6.0
"""Of sound, for a group to be a speaker."""
MOST_SPEAKERS: Final = 8
# What is held of sound that goes on for hours: with more groups, the two most alike become one at once.
_MOST_GROUPS = 48


class SpeakerFinder(Protocol):
    """A net that tells speakers apart."""

    def describe(self, windows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """float32[N, S, D] of length 1: what each of S stretches of windows float32[N, samples] sounds like.

        The product of two says how alike they are.
        """
        ...


@dataclass(slots=True)
class Group:
    """Stretches that sound alike.

    Attributes:
        stretches: of each the number of its window, in order.
        heard_s: seconds of sound in them, overlaps counted once.
    """

    stretches: list[int]
    heard_s: float
    _sum: npt.NDArray[np.float64] = field(repr=False)

    @property
    def is_long_enough(self) -> bool:
        """Whether it may be a speaker of its own."""
        # Sums of thirds and halves fall short of what they ought to be by a little.
        return round(self.heard_s, 3) >= LEAST_S

    @property
    def self_likeness(self) -> float:
        """Mean likeness of two of its stretches."""
        n = len(self.stretches)
        return float(self._sum @ self._sum - n) / (n * (n - 1)) if n > 1 else 1.0

    @property
    def mean(self) -> npt.NDArray[np.float64]:
        """float64[D]; two groups' product is their mean likeness."""
        return self._sum / len(self.stretches)

    def likeness(self, other: Group) -> float:
        """Mean likeness of one of its stretches and one of another group's."""
        return float(self.mean @ other.mean)

    def differs_from(self, other: Group) -> bool:
        """Whether the two are clearly two speakers."""
        if not (self.is_long_enough and other.is_long_enough):
            return False
        between = self.likeness(other)
        own = (self.self_likeness + other.self_likeness) / 2
        return between <= ALIKE_AT_MOST and own - between >= GAP_AT_LEAST

    def joined_with(self, other: Group) -> Group:
        """Both as one."""
        stretches = sorted(self.stretches + other.stretches)
        return Group(stretches, self.heard_s + other.heard_s, self._sum + other._sum)


class Turns:
    """Takes the windows of one sound as they come; in the end says which of them are whose.

    Holds at most ``_MOST_GROUPS`` groups and, of each window, what it sounds like: 4 MB for an hour.
    """

    def __init__(self) -> None:
        self._groups: list[Group] = []
        self._heard_s: dict[int, float] = {}
        self._means: dict[int, npt.NDArray[np.float32]] = {}

    def take(self, window: int, heard_s: float, sounds_like: npt.NDArray[np.float32]) -> None:
        """Takes the next window.

        Args:
            window: its number.
            heard_s: seconds of it that were in no window before.
            sounds_like: float32[S, D], of a ``SpeakerFinder``.
        """
        self._heard_s[window] = heard_s
        self._means[window] = sounds_like.mean(axis=0)
        for stretch in sounds_like:
            self._groups.append(Group([window], heard_s / len(sounds_like), stretch.astype(np.float64)))
            if len(self._groups) > _MOST_GROUPS:
                _merge(self._groups, *_most_alike(self._groups))

    def heard_s(self, windows: Sequence[int]) -> float:
        """Seconds of sound in these windows, overlaps counted once."""
        return sum(self._heard_s[one] for one in windows)

    def inseparable(self) -> tuple[list[list[int]], list[int]]:
        """Windows that will be of one speaker whatever comes, group by group; and those that hold a turn."""
        return _homes(self._groups)

    def speakers(self) -> list[list[int]]:
        """The windows of each speaker, whoever is heard first coming first; one list if nobody differs."""
        groups = list(self._groups)
        while len(groups) > 1:
            first, second = _most_alike(groups)
            if groups[first].differs_from(groups[second]) and len(_long(groups)) <= MOST_SPEAKERS:
                break
            _merge(groups, first, second)
        speakers = _settled(groups)
        found, between = _homes(speakers)
        for window in between:
            likeness = [float(one.mean @ self._means[window]) for one in speakers]
            found[int(np.argmax(likeness))].append(window)
        return sorted((sorted(windows) for windows in found if windows), key=lambda windows: windows[0])


def _homes(groups: Sequence[Group]) -> tuple[list[list[int]], list[int]]:
    """Of each group the windows that lie in it entirely, and those that lie in several."""
    lying_in: dict[int, set[int]] = defaultdict(set)
    for number, group in enumerate(groups):
        for window in group.stretches:
            lying_in[window].add(number)
    within: list[list[int]] = [[] for _ in groups]
    for window, numbers in lying_in.items():
        if len(numbers) == 1:
            within[min(numbers)].append(window)
    return within, [window for window, numbers in lying_in.items() if len(numbers) > 1]


def _settled(groups: list[Group]) -> list[Group]:
    """Speakers alone: those who do not differ are one, and what is too short goes to whom it is most like."""
    speakers = _long(groups)
    while unclear := [
        (first.likeness(second), first, second)
        for first, second in combinations(speakers, 2)
        if not first.differs_from(second)
    ]:
        _, first, second = max(unclear, key=lambda pair: pair[0])
        speakers = [one for one in speakers if one is not first and one is not second]
        speakers.append(first.joined_with(second))
    if not speakers:
        return groups
    homes = list(speakers)
    for short in groups:
        if short.is_long_enough:
            continue
        home = max(range(len(speakers)), key=lambda at: speakers[at].likeness(short))
        homes[home] = homes[home].joined_with(short)
    return homes


def _long(groups: Sequence[Group]) -> list[Group]:
    return [one for one in groups if one.is_long_enough]


def _most_alike(groups: Sequence[Group]) -> tuple[int, int]:
    means = np.stack([one.mean for one in groups])
    likeness = means @ means.T
    np.fill_diagonal(likeness, -np.inf)
    first, second = np.unravel_index(int(likeness.argmax()), likeness.shape)
    return int(first), int(second)


def _merge(groups: list[Group], first: int, second: int) -> None:
    earlier, later = sorted((first, second))
    groups[earlier] = groups[earlier].joined_with(groups.pop(later))
