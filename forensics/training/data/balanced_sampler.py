"""Which sample comes next: balanced by label, spread over origins and methods, pseudo-fakes in part."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forensics.errors import TrainingError
from forensics.training.data.samples import Sample


@dataclass(frozen=True, slots=True)
class SampleDraw:
    """One draw.

    Attributes:
        sample: what is drawn.
        pseudo_fake: whether a pseudo-fake is to be made of it.
        donor: another pristine sample, whose face a pseudo-fake may borrow.
    """

    sample: Sample
    pseudo_fake: bool = False
    donor: Sample | None = None

    @property
    def manipulated(self) -> bool:
        """The label of what comes out."""
        return self.sample.manipulated or self.pseudo_fake


class BalancedSampler:
    """Half the draws are pristine, half manipulated.

    Within a label the origins share the draws by the fourth root of their number of groups, so that a
    small set of other origin is seen far more often than its size says but not learned by heart; within
    an origin the methods share them by the square root, so that a method of eight pictures is not drawn as
    often as one of two thousand; within a method every group has the same chance.

    Args:
        samples: rows of the training split.
        pseudo_fakes: share of the manipulated draws that are pristine samples, to be made pseudo-fakes of.
    """

    def __init__(self, samples: Sequence[Sample], pseudo_fakes: float) -> None:
        if not 0 <= pseudo_fakes <= 1:
            raise TrainingError(f"--pseudo-fakes is {pseudo_fakes}", "Give a share from 0 to 1.")
        self.pseudo_fakes = pseudo_fakes
        self._strata = {
            label: _Strata([s for s in samples if s.manipulated is label]) for label in (False, True)
        }
        self._pristine_of: dict[tuple[str, str], list[Sample]] = defaultdict(list)
        pristine_from: dict[str, list[Sample]] = defaultdict(list)
        for sample in samples:
            if not sample.manipulated:
                self._pristine_of[sample.origin, sample.group].append(sample)
                pristine_from[sample.origin].append(sample)
        self._pristine_from = {origin: _Strata(rows) for origin, rows in pristine_from.items()}
        if not self._strata[False].n_samples:
            raise TrainingError(
                "There is no pristine training sample", "Add pristine footage to the data set."
            )
        if not self._strata[True].n_samples and pseudo_fakes < 1:
            raise TrainingError(
                "There is no manipulated training sample",
                "Add manipulated footage, or train on pseudo-fakes alone: --pseudo-fakes 1.",
            )

    def pair(self, rng: np.random.Generator) -> tuple[SampleDraw, SampleDraw]:
        """One pristine draw and one manipulated.

        A pseudo-fake is made of the pristine sample beside it, and a manipulated sample comes with a
        pristine one of its own group where there is one, else of its own origin: what tells the labels
        apart in a pair should be the manipulation, not the person, the room, the camera or the data set.
        """
        if rng.random() < self.pseudo_fakes:
            pristine = self._strata[False].draw(rng)
            donor = self._strata[False].draw(rng)
            return SampleDraw(pristine), SampleDraw(pristine, pseudo_fake=True, donor=donor)
        manipulated = self._strata[True].draw(rng)
        partners = self._pristine_of.get((manipulated.origin, manipulated.group))
        if partners:
            return SampleDraw(partners[int(rng.integers(len(partners)))]), SampleDraw(manipulated)
        strata = self._pristine_from.get(manipulated.origin, self._strata[False])
        return SampleDraw(strata.draw(rng)), SampleDraw(manipulated)


class _Strata:
    """Origin -> method -> group -> samples, drawn level by level."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.n_samples = len(samples)
        tree: dict[str, dict[str, dict[str, list[Sample]]]] = defaultdict(
            lambda: defaultdict(lambda: defaultdict(list))
        )
        for sample in samples:
            tree[sample.origin][sample.method][sample.group].append(sample)
        self._origins = [[list(groups.values()) for groups in methods.values()] for methods in tree.values()]
        n_groups = [[len(groups) for groups in methods] for methods in self._origins]
        self._of_origins = _shares([sum(counts) for counts in n_groups], 0.25)
        self._of_methods = [_shares(counts, 0.5) for counts in n_groups]

    def draw(self, rng: np.random.Generator) -> Sample:
        origin = _drawn(self._of_origins, rng)
        groups = self._origins[origin][_drawn(self._of_methods[origin], rng)]
        rows = groups[int(rng.integers(len(groups)))]
        return rows[int(rng.integers(len(rows)))]


def _shares(n_groups: Sequence[int], power: float) -> npt.NDArray[np.float64]:
    """float64[n], rising to 1: cumulated shares by a power of the counts."""
    weights = np.asarray(n_groups, np.float64) ** power
    return np.asarray(np.cumsum(weights / weights.sum()))


def _drawn(shares: npt.NDArray[np.float64], rng: np.random.Generator) -> int:
    return int(np.searchsorted(shares, rng.random(), side="right").clip(0, len(shares) - 1))
