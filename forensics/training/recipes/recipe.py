"""The seam of recipes: what a sample of a net is, how it is augmented, what is said of the model.

Adding one: a module beside this file and a line in the table of ``recipes``; nets name their recipe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset

from forensics.records.input_contract import InputContract
from forensics.training.data.balanced_sampler import BalancedSampler
from forensics.training.data.samples import Sample
from forensics.training.training_run import TrainSettings

Item = tuple[torch.Tensor, torch.Tensor]


class Recipe(Protocol):
    """How one kind of net is fed, in training, in validation and in its IR.

    Attributes:
        detector: name of the detector that the finished model serves.
        reading: what goes into the IR and how its outputs are read, for the IR's ``rt_info``.
        limits: of every model that is made by this recipe, for its card.
    """

    detector: str
    reading: str
    limits: tuple[str, ...]

    def units(self, samples: Sequence[Sample]) -> list[Sample]:
        """What the net is shown one at a time, of the rows of a manifest: the same rows, or clips of them."""
        ...

    def contract(self, settings: TrainSettings) -> InputContract:
        """How a scan will make the net's input."""
        ...

    def training_set(
        self, sampler: BalancedSampler, contract: InputContract, settings: TrainSettings
    ) -> Dataset[Item]:
        """Endless, deterministic: item i is a function of the seed and i."""
        ...

    def validation_set(self, samples: Sequence[Sample], contract: InputContract) -> Dataset[Item]:
        """The samples as a scan would show them to the net, in order."""
        ...

    def example(self, contract: InputContract, n: int) -> Tensor:
        """A batch of ``n`` empty inputs in the form that the IR takes.

        Raises:
            TrainingError: the contract is not one of this recipe.
        """
        ...

    def properties(self, item: npt.NDArray[Any], contract: InputContract) -> Mapping[str, float]:
        """What a scan measures on such an input, for the model's domain; without what samples do not tell."""
        ...
