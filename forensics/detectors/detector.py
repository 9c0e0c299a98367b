"""The seam of detectors: a declaration (``records.detector_spec``) and a class called with its models.

Adding one here: a file beside this one, its declaration in ``declarations``, a name in the table of
``detectors``. Adding one from another package: an entry point; nothing changes here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from forensics.engines.net import Net
from forensics.records.detector_spec import CropSpec, DetectorSpec
from forensics.records.media import MediaFile
from forensics.records.model_card import ModelCard
from forensics.records.stream import Item


@dataclass(frozen=True, slots=True)
class ModelForms:
    """A model, ready to run, in the forms that a scan uses.

    Attributes:
        net: scores everything.
        exact: scores again what ``net``, a faster form of the same model, does not clear; None where
            ``net`` is the exact form already.
        explain: the user wants to see by occlusion what the scores rest on, whatever that costs.
    """

    net: Net
    exact: Net | None = None
    explain: bool = False

    @property
    def explainer(self) -> Net | None:
        """The form that is asked for explanations; None where none are wanted."""
        return (self.exact or self.net) if self.explain else None

    @property
    def card(self) -> ModelCard:
        """Of the model."""
        return self.net.card


class Examination(Protocol):
    """One detector's look at one file."""

    def observe(self, item: Item) -> Iterator[Item]:
        """Takes one item of the stream; gives the scores that became ready, if any."""
        ...

    def conclude(self) -> Iterator[Item]:
        """The rest: outstanding scores, abstentions, notices, exhibits."""
        ...


class Detector(Protocol):
    """Long-lived: holds compiled models, if any; begins one examination per file."""

    @property
    def spec(self) -> DetectorSpec:
        """Its declaration."""
        ...

    @property
    def cards(self) -> Sequence[ModelCard]:
        """Of the models whose scores it gives."""
        ...

    @property
    def crop(self) -> CropSpec | None:
        """How its faces are cut; None where it observes none."""
        ...

    def begin(self, media: MediaFile, path: Path) -> Examination:
        """Starts on a file that was probed but not yet decoded.

        Args:
            media: what probing found.
            path: where the file lies, for detectors that read it themselves: its packets, its structure.
        """
        ...


class DetectorClass(Protocol):
    """What a declaration's ``implementation`` names."""

    def __call__(self, models: Sequence[ModelForms]) -> Detector:
        """The detector around its models.

        Raises:
            ModelError: a model does not fit.
        """
        ...
