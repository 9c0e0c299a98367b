"""What a card says of parts of clips and of blurred faces, from prepared validation rows alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from forensics.evaluation.shares import share_interval
from forensics.evaluation.sharpness import fit_needed
from forensics.evaluation.windows import Clip, fit_windows, held_out_alarms
from forensics.records.media import RgbImage
from forensics.records.model_card import ModelCard
from forensics.training.data.samples import Sample
from forensics.training.recipes.recipe import Recipe
from forensics.training.stored_nets import Inputs, batched

# Crops that are blurred or shrunk and enlarged again, spread over the pristine rows.
_N_DEGRADED = 100
_PROPERTY = "relative_sharpness"
# In parts of a crop's side, so that nets of other sizes see the same pictures.
_BLURS = (0.008, 0.012, 0.016, 0.020, 0.024, 0.032)
_SHRUNK = (0.5, 0.35, 0.25, 0.18)


def with_short_parts(
    card: ModelCard,
    recipe: Recipe,
    rows: Sequence[Sample],
    logits: npt.NDArray[np.float32],
    inputs: Inputs,
    run: Callable[[Inputs], npt.NDArray[np.float32]],
    note: Callable[[str], None],
) -> ModelCard:
    """The card with bounds for windows and for people seen briefly, and with the sharpness that faces need.

    Args:
        card: calibrated.
        recipe: of its net.
        rows: prepared validation rows; those of one clip in the order of time.
        logits: float32[N] of the rows.
        inputs: the rows as every net takes them, first that whose contract the card states.
        run: gives the logits of such inputs.
        note: called with one line for each thing found.
    """
    clips = [
        Clip(tuple(of_clip), manipulated, f"{origin} {group}")
        for (origin, group, _, manipulated), of_clip in logits_by_clip(rows, logits).items()
    ]
    windows = fit_windows(clips, card.contract, data=origins_of(rows))
    note(
        "windows: too few pristine clips of several pictures"
        if windows is None
        else f"windows: {windows.rule}"
    )
    signs = 1.0 if card.thresholds is None else card.thresholds.signs
    if windows is not None:
        n_alarms, n_clips = held_out_alarms(
            clips, card.contract, lambda logit: card.manipulation_score(logit) >= signs
        )
        lower, upper = share_interval(n_alarms, n_clips)
        held_out = (
            f"fitted without their group, {n_alarms} of {n_clips} pristine clips raise an alarm by a window "
            f"alone ({lower:.1%} to {upper:.1%})"
        )
        note(f"windows: {held_out}")
        windows = replace(windows, rule=f"{windows.rule}; {held_out}")
    card = replace(card, windows=windows)
    items = [[item for batch in batches for item in batch] for batches in inputs]
    if card.thresholds is None or _PROPERTY not in recipe.properties(items[0][0], card.contract):
        return card
    pristine = [place for place, row in enumerate(rows) if not row.manipulated]
    places = pristine[:: max(1, len(pristine) // _N_DEGRADED)]
    crops = [[np.asarray(of_net[place], np.uint8) for place in places] for of_net in items]
    kinds = [crops, *([[change(crop) for crop in of_net] for of_net in crops] for change in _changes())]
    sharpness = [
        np.array([recipe.properties(crop, card.contract)[_PROPERTY] for crop in kind[0]]) for kind in kinds
    ]
    scores = [run(tuple(batched(of_net) for of_net in kind)) for kind in kinds]
    alarms = [
        np.array([card.manipulation_score(float(logit)) >= card.thresholds.signs for logit in logits])
        for logits in scores
    ]
    lowest, rule = fit_needed(sharpness, alarms)
    note(f"sharpness: {rule}")
    needed = {} if lowest is None else {_PROPERTY: lowest}
    return replace(card, domain=replace(card.domain, needed=needed, needed_rule=rule))


def logits_by_clip(
    rows: Sequence[Sample], logits: npt.NDArray[np.float32]
) -> dict[tuple[str, str, str, bool], list[float]]:
    """Origin, group, name and label of every clip, to the logits of its rows in their order."""
    clips: dict[tuple[str, str, str, bool], list[float]] = {}
    for row, logit in zip(rows, logits.tolist(), strict=True):
        clips.setdefault((row.origin, row.group, row.clip or row.path, row.manipulated), []).append(logit)
    return clips


def origins_of(rows: Sequence[Sample]) -> str:
    """What the rows are, in words, for a card."""
    return "validation rows of " + ", ".join(sorted({row.origin for row in rows}))


def _changes() -> list[Callable[[RgbImage], RgbImage]]:
    return [
        *(lambda crop, part=part: _blurred(crop, part) for part in _BLURS),
        *(lambda crop, part=part: _shrunk(crop, part) for part in _SHRUNK),
    ]


def _blurred(crop: RgbImage, part: float) -> RgbImage:
    return np.asarray(cv2.GaussianBlur(crop, (0, 0), part * crop.shape[0]), np.uint8)


def _shrunk(crop: RgbImage, part: float) -> RgbImage:
    side = crop.shape[0]
    small = cv2.resize(crop, (round(side * part),) * 2, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC), np.uint8)
