"""Several nets that are scored as one: the logit is the weighted sum of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from forensics.engines.net import InferenceConfig, Net, NetOutput
from forensics.records.model_card import ModelCard


class EnsembleNet:
    """The members of an ensemble, ready to run.

    Args:
        card: of the ensemble.
        members: in the order of the card's.
    """

    def __init__(self, card: ModelCard, members: Sequence[Net]) -> None:
        self.card = card
        self.members = tuple(members)
        self.weights = np.array([member.weight for member in card.members], np.float64)
        self.precision = "+".join(dict.fromkeys(member.precision for member in self.members))
        self.pace = InferenceConfig(n_batch=min(member.pace.n_batch for member in self.members))

    @property
    def heaviest(self) -> int:
        """The index of the member that weighs most: its map is the one that is shown."""
        return int(np.argmax(self.weights))

    def combined(self, outputs: Sequence[NetOutput]) -> NetOutput:
        """The ensemble's output from those of its members, in their order."""
        logits = self.weights @ np.stack([output.logits for output in outputs]).astype(np.float64)
        return NetOutput(np.asarray(logits, np.float32), outputs[self.heaviest].maps)

    def infer(self, batch: npt.NDArray[Any]) -> NetOutput:
        """Runs one batch, for members that all take the same input."""
        return self.combined([member.infer(batch) for member in self.members])


def members_of(net: Net) -> tuple[Net, ...]:
    """The nets behind an ensemble; none behind a single net."""
    return net.members if isinstance(net, EnsembleNet) else ()
