"""Which split a source belongs to: linked sources together, by a hash, unless the data set says so itself."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

from forensics.errors import TrainingError
from forensics.training.data.readers.reader import Source
from forensics.training.data.samples import SPLITS

Shares = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class SplitAssignment:
    """Where a source stands.

    Attributes:
        group: name of its group after linking: the first of the linked names in alphabetical order.
        split: None if it must be left out, because its group stands in the data set's own test split.
    """

    group: str
    split: str | None


def parse_shares(text: str) -> Shares:
    """``70,20,10`` as parts of training, validation and test.

    Raises:
        TrainingError: not three numbers, or no part for training.
    """
    try:
        parts = [int(part) for part in text.split(",")]
    except ValueError:
        parts = []
    if len(parts) != len(SPLITS) or min(parts) < 0 or not parts[0]:
        raise TrainingError(
            f"--split is {text}", "Give whole numbers for training, validation and test: --split 70,20,10."
        )
    return parts[0], parts[1], parts[2]


def place(sources: Sequence[Source], shares: Shares, *, seed: str, keep_own: bool) -> list[SplitAssignment]:
    """Puts every source into a split.

    Sources that share a group, directly or over others, form one. A group takes the data set's own
    split where one of its sources has one; otherwise a hash of its name decides. Where the data set
    brings its own test split, nothing else goes to test.

    Args:
        shares: parts of training, validation and test for groups without a split of their own.
        seed: mixed into the hash.
        keep_own: whether the data set's own splits count.

    Raises:
        TrainingError: the data set's own splits part what belongs together.
    """
    names = _linked([source.groups for source in sources])
    own: dict[str, set[str]] = {}
    for source, name in zip(sources, names, strict=True):
        if keep_own and source.split is not None:
            own.setdefault(name, set()).add(source.split)
    leaking = next((name for name, splits in own.items() if len(splits) > 1), None)
    if leaking is not None:
        where = " and in ".join(sorted(own[leaking]))
        raise TrainingError(
            f"The data set's own splits leak: group {leaking} stands in {where}",
            "Mend the table, or part it anew by group: --split 70,20,10.",
        )
    if any("test" in splits for splits in own.values()):
        shares = (shares[0], shares[1], 0)
    places = []
    for source, name in zip(sources, names, strict=True):
        if name not in own:
            split: str | None = split_by_hash(name, shares, seed)
        else:
            (split,) = own[name]
            if split == "test" and source.split is None:
                split = None
        places.append(SplitAssignment(name, split))
    return places


def split_by_hash(group: str, shares: Shares, seed: str) -> str:
    """The split of a group: the same on every machine and for every order of the files."""
    divisor = math.gcd(*shares)
    train, validation, test = (share // divisor for share in shares)
    number = int(hashlib.sha256((seed + group).encode()).hexdigest(), 16) % (train + validation + test)
    if number < validation:
        return "val"
    return "test" if number < validation + test else "train"


def _linked(groups: Sequence[tuple[str, ...]]) -> list[str]:
    """The name of the linked group of every source."""
    above: dict[str, str] = {}

    def top_of(name: str) -> str:
        above.setdefault(name, name)
        while above[name] != name:
            above[name] = above[above[name]]
            name = above[name]
        return name

    for names in groups:
        first = top_of(names[0])
        for name in names[1:]:
            low, high = sorted((first, top_of(name)))
            above[high] = low
            first = low
    return [top_of(names[0]) for names in groups]
