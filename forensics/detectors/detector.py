"""The seam of detectors: a declaration (``records.detector_spec``) and a class called with its models.

Adding one here: a file beside this one, its declaration in ``declarations``, a name in the table of
``detectors``. Adding one from another package: an entry point; nothing changes here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, runtime_checkable

from forensics.engines.ensemble import EnsembleNet, members_of
from forensics.engines.net import Net
from forensics.records.detector_spec import CropSpec, DetectorSpec
from forensics.records.input_contract import SoundContract
from forensics.records.media import MediaFile
from forensics.records.model_card import ModelCard
from forensics.records.stream import Item
from forensics.settings import ScanSettings


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
        """The form that is asked for explanations, of an ensemble its heaviest member; None to ask nobody."""
        whole = self.exact or self.net
        if not self.explain:
            return None
        return whole.members[whole.heaviest] if isinstance(whole, EnsembleNet) else whole

    @property
    def card(self) -> ModelCard:
        """Of the model; of the ensemble, where a member of it looks first."""
        return self.net.card if self.exact is None else self.exact.card

    @property
    def cards(self) -> tuple[ModelCard, ...]:
        """Of the model and, if it is an ensemble, of its members."""
        whole = self.net if self.exact is None else self.exact
        return whole.card, *(member.card for member in members_of(whole))


def crops_of(spec: DetectorSpec, cards: Sequence[ModelCard]) -> dict[str, CropSpec]:
    """How a detector's faces are cut: model id to way; the declaration's own under its name.

    Models of one detector see the same faces: what is too small for one is left out for all.

    Args:
        cards: of its models.
    """
    if spec.crop is not None:
        return {spec.name: spec.crop}
    contracts = {card.id: card.contract for card in cards}
    ways = {name: one.crop for name, one in contracts.items() if not isinstance(one, SoundContract)}
    least_px = max((crop.min_face_px for crop in ways.values()), default=0)
    return {name: replace(crop, min_face_px=least_px) for name, crop in ways.items()}


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
        """Of the models whose scores it gives, members of ensembles included.

        Its faces are cut as its declaration says, or else as these models want them (``crops_of``).
        """
        ...

    def begin(self, media: MediaFile, path: Path) -> Examination:
        """Starts on a file that was probed but not yet decoded.

        Args:
            media: what probing found.
            path: where the file lies, for detectors that read it themselves: its packets, its structure.
        """
        ...


@runtime_checkable
class Configurable(Protocol):
    """A detector that has options of the scan; it is given them once, before its first file."""

    def configure(self, settings: ScanSettings) -> None:
        """Takes its options.

        Raises:
            ForensicsError: one of them cannot be used.
        """
        ...


class WithoutModels:
    """What detectors that declare no model have in common: nothing is given to them, nothing is kept."""

    cards: tuple[ModelCard, ...] = ()

    def __init__(self, models: Sequence[ModelForms]) -> None:
        del models  # it declares none


class DetectorClass(Protocol):
    """What a declaration's ``implementation`` names."""

    def __call__(self, models: Sequence[ModelForms]) -> Detector:
        """The detector around its models.

        Raises:
            ModelError: a model does not fit.
        """
        ...
