"""The data of a run: an endless training stream, the validation set, and the contract of the input."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch.utils.data import Dataset

from forensics.errors import TrainingError
from forensics.records.input_contract import InputContract
from forensics.training.data.balanced_sampler import BalancedSampler
from forensics.training.data.samples import PSEUDO_FAKE, Sample, read_samples
from forensics.training.recipes.recipe import Item, Recipe
from forensics.training.training_run import TrainSettings

# Validation is repeated many times in a run: this many rows of each label and origin are enough to
# choose an epoch by.
_VALIDATION_ROWS = 600


@dataclass(frozen=True, slots=True)
class Datasets:
    """What the loop reads.

    Attributes:
        train: item i is a function of the seed and i.
        validation: in the order of ``validation_samples``.
    """

    train: Dataset[Item]
    validation: Dataset[Item]
    validation_samples: list[Sample]
    contract: InputContract


def open_datasets(recipe: Recipe, settings: TrainSettings) -> Datasets:
    """Reads the manifests and builds both streams.

    Raises:
        TrainingError: no usable rows.
    """
    samples = recipe.units([sample for folder in settings.data for sample in read_samples(folder)])
    training = [sample for sample in samples if sample.split == "train"]
    validation = validation_rows(samples)
    sampler = BalancedSampler(training, settings.pseudo_fakes)
    contract = recipe.contract(settings)
    return Datasets(
        train=recipe.training_set(sampler, contract, settings),
        validation=recipe.validation_set(validation, contract),
        validation_samples=validation,
        contract=contract,
    )


def validation_rows(samples: list[Sample], n_rows: int = _VALIDATION_ROWS) -> list[Sample]:
    """The rows that choose between nets, and that a model is calibrated on.

    A data set of pristine footage alone is validated on pseudo-fakes of its validation rows.

    Args:
        samples: of all splits.
        n_rows: about as many at most of each origin and label.

    Raises:
        TrainingError: one label is missing among them.
    """
    rows = thinned([sample for sample in samples if sample.split == "val"], n_rows)
    if not any(sample.manipulated for sample in samples):
        rows += [replace(row, manipulated=True, method=PSEUDO_FAKE) for row in rows]
    if {sample.manipulated for sample in rows} != {False, True}:
        raise TrainingError(
            "The validation split needs pristine and manipulated rows", "Prepare the data with more groups."
        )
    return rows


def thinned(samples: list[Sample], n_rows: int) -> list[Sample]:
    """At most about ``n_rows`` rows of each origin and label, evenly spread, in order."""
    strata: dict[tuple[str, bool], list[Sample]] = {}
    for sample in samples:
        strata.setdefault((sample.origin, sample.manipulated), []).append(sample)
    return [row for rows in strata.values() for row in rows[:: max(1, len(rows) // n_rows)]]
