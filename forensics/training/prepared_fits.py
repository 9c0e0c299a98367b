"""What a card says that is fitted on prepared validation rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from forensics.errors import TrainingError
from forensics.evaluation.calibration import calibrated as with_calibration
from forensics.evaluation.calibration import fit_calibration
from forensics.evaluation.domain_bounds import fit_domain
from forensics.evaluation.left_out import left_out_alarms
from forensics.evaluation.likelihood_fit import fit_bounds
from forensics.evaluation.metrics import measure
from forensics.evaluation.rows import Rows
from forensics.evaluation.shares import left_out_text
from forensics.evaluation.thresholds import earned_thresholds
from forensics.evaluation.unmet_origins import unmet_thresholds
from forensics.numerals import figure_text
from forensics.records.model_card import Domain, ModelCard
from forensics.training.cut_outs import with_cut_outs
from forensics.training.data.samples import Sample, read_samples
from forensics.training.datasets import thinned, validation_rows
from forensics.training.recipes.recipe import Recipe
from forensics.training.short_parts import logits_by_clip, origins_of, with_short_parts
from forensics.training.stored_nets import Batches, stored_nets

# Rows of each origin and label that calibration, thresholds and the INT8 gate rest on.
_ROWS_PER_STRATUM = 400

_Clips = tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_], list[str], list[str]]


def calibration_rows(samples: list[Sample]) -> list[Sample]:
    """The validation rows on which a card rests.

    Raises:
        TrainingError: one label is missing among them.
    """
    return validation_rows(samples, _ROWS_PER_STRATUM)


def refitted(
    card: ModelCard,
    folder: Path,
    data: Sequence[Path],
    note: Callable[[str], None],
    unmet: Sequence[Path] = (),
) -> ModelCard:
    """The card of a model that is exported already, fitted on prepared validation rows.

    A model that has a calibration keeps it, its thresholds and its domain: what is fitted are the bounds for
    parts of clips, for blurred faces and for cut-outs, and how the thresholds do on an origin that is left
    out. An ensemble, and a model without a calibration, are fitted as a whole.

    Args:
        folder: of the model.
        data: prepared data sets; their validation rows are taken, as an export takes them.
        unmet: prepared data sets of origins that trained nothing. If there are any, their pristine validation
            rows set the threshold for signs, whatever the model has, and the figures of the card go.

    Raises:
        TrainingError: a data set cannot be read, one label is missing, or ``unmet`` holds what trained it.
        ModelError: the model has no weights to run, or a member of it is missing.
        SettingsError: the rows do not allow a calibration.
    """
    nets, recipe = stored_nets(card, folder)
    rows = calibration_rows(recipe.units([sample for one in data for sample in read_samples(one)]))
    inputs = nets.inputs(recipe, rows)
    logits = nets.logits(inputs)
    if card.calibration is None or card.members:
        # The figures were measured under another calibration.
        card = replace(calibrated(card, recipe, rows, logits, inputs[0], note), metrics=())
    else:
        card = _with_left_out(card, _by_clip(rows, logits), note)
    if unmet:
        samples = recipe.units([sample for one in unmet for sample in read_samples(one)])
        strangers = unmet_rows(card, samples)
        clips = _by_clip(strangers, nets.logits(nets.inputs(recipe, strangers)))
        card = _with_unmet(card, clips, note)
    card = with_short_parts(card, recipe, rows, logits, inputs, nets.logits, note)
    return with_cut_outs(card, recipe, rows, logits, inputs, nets.logits, note)


def calibrated(
    card: ModelCard,
    recipe: Recipe,
    rows: Sequence[Sample],
    logits: npt.NDArray[np.float32],
    batches: Batches,
    note: Callable[[str], None],
) -> ModelCard:
    """The card with calibration, thresholds, domain and bounds of likelihood ratios.

    Args:
        rows: prepared validation rows.
        logits: float32[N] of the rows.
        batches: the rows as the net takes them whose contract the card states.
        note: called with one line for each thing found.

    Raises:
        SettingsError: the rows do not allow a fit.
    """
    clips = _by_clip(rows, logits)
    means, labels, groups, origins = clips
    data = origins_of(rows)
    if any(row.is_pseudo_fake for row in rows):
        data += ", the manipulated ones pseudo-fakes made of the pristine ones"
    fit = fit_calibration(means, labels, groups, data=data)
    note(f"calibration: {fit.chosen}, log losses {fit.log_losses}")
    manipulation_score = with_calibration(means, fit.calibration)
    thresholds = earned_thresholds(manipulation_score, labels, groups, origins)
    note(f"thresholds: signs {thresholds.signs:.3f}, no signs {thresholds.no_signs:.3f} ({thresholds.rule})")
    card = replace(
        card,
        calibration=fit.calibration,
        thresholds=thresholds,
        domain=_domain(card, recipe, batches),
        likelihood=fit_bounds(manipulation_score, labels, data=data),
    )
    return _with_left_out(card, clips, note)


def unmet_rows(card: ModelCard, samples: Sequence[Sample]) -> list[Sample]:
    """Validation rows of origins that the card does not name among what the model learned from.

    Raises:
        TrainingError: an origin has training rows, is named by the card, or no row is left.
    """
    learned = {row.origin for row in samples if row.split == "train"} | {
        row.origin for row in samples if f"{row.origin}: " in card.training_data
    }
    if learned:
        raise TrainingError(
            f"{', '.join(sorted(learned))} may have trained {card.id}", "Give origins that trained nothing."
        )
    rows = thinned([row for row in samples if row.split == "val"], _ROWS_PER_STRATUM)
    if not rows:
        raise TrainingError("The unmet origins have no validation rows", "Prepare them with --split 0,60,40.")
    return rows


def _with_unmet(card: ModelCard, clips: _Clips, note: Callable[[str], None]) -> ModelCard:
    if card.thresholds is None or card.calibration is None:
        raise TrainingError(f"{card.id} has no calibration", "Fit it on --prepared data of its own first.")
    means, labels, _, origins = clips
    scores = with_calibration(means, card.calibration)
    thresholds = unmet_thresholds(card.thresholds, scores, labels, origins)
    note(f"signs from {thresholds.signs:.3f} ({card.thresholds.signs:.3f} before): {thresholds.rule}")
    for one in thresholds.left_out:
        note(left_out_text(one))
    return replace(card, thresholds=thresholds, metrics=())


def _with_left_out(card: ModelCard, clips: _Clips, note: Callable[[str], None]) -> ModelCard:
    if card.thresholds is None:
        return card
    for line in _by_origin(*clips):
        note(line)
    found = left_out_alarms(*clips)
    for one in found:
        note(left_out_text(one))
    return replace(card, thresholds=replace(card.thresholds, left_out=found))


def _by_origin(
    means: npt.NDArray[np.float64], labels: npt.NDArray[np.bool_], groups: list[str], origins: list[str]
) -> Iterator[str]:
    """How well the two labels are told apart within each origin that has both."""
    names = np.array(origins)
    for origin in np.unique(names):
        here = np.flatnonzero(names == origin)
        n_manipulated = int(labels[here].sum())
        rows = Rows(expit(means[here]), labels[here], [groups[place] for place in here])
        # None where one label is missing.
        for auc in measure(rows, ["auc"]):
            found = figure_text(auc.value, auc.lower, auc.upper)
            counted = f"{n_manipulated} manipulated and {len(here) - n_manipulated} pristine clips"
            yield f"{origin}: AUC {found} on {counted}"


def _by_clip(rows: Sequence[Sample], logits: npt.NDArray[np.float32]) -> _Clips:
    """Mean logit, label, group and origin of every clip, as a scan averages over a track's frames."""
    clips = logits_by_clip(rows, logits)
    means = np.array([np.mean(values) for values in clips.values()], np.float64)
    labels = np.array([manipulated for *_, manipulated in clips], np.bool_)
    return means, labels, [f"{origin} {group}" for origin, group, *_ in clips], [key[0] for key in clips]


def _domain(card: ModelCard, recipe: Recipe, batches: Batches) -> Domain:
    values: dict[str, list[float]] = {}
    for item in (item for batch in batches for item in batch):
        for name, value in recipe.properties(item, card.contract).items():
            values.setdefault(name, []).append(value)
    return fit_domain(values)
