"""What a card says of faces that were cut out, from prepared validation rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from forensics.evaluation.cut_outs import CutOuts, fit_cut_outs
from forensics.media.recompress import through_jpeg
from forensics.records.media import RgbImage
from forensics.records.model_card import ModelCard
from forensics.training.data.degrade import cut_out
from forensics.training.data.samples import Sample
from forensics.training.recipes.recipe import Recipe
from forensics.training.stored_nets import Inputs, batched

# Spread over the pristine rows.
_N_CUT_OUTS = 200
_PROPERTIES = ("outline_softness", "ground_detail")
# Every other cut-out was sent on.
_JPEG_QUALITY = (60, 96)
_SEED = 17


def with_cut_outs(
    card: ModelCard,
    recipe: Recipe,
    rows: Sequence[Sample],
    logits: npt.NDArray[np.float32],
    inputs: Inputs,
    run: Callable[[Inputs], npt.NDArray[np.float32]],
    note: Callable[[str], None],
) -> ModelCard:
    """The card with the outline and the ground that a face needs for a verdict.

    The arguments are those of ``short_parts.with_short_parts``, which goes before: what it found stays. A
    card without thresholds, or of a net that takes no single pictures of faces, comes back as it is.
    """
    items = [[item for batch in batches for item in batch] for batches in inputs]
    if card.thresholds is None or not set(_PROPERTIES) <= set(recipe.properties(items[0][0], card.contract)):
        return card
    signs = card.thresholds.signs
    pristine = [place for place, row in enumerate(rows) if not row.manipulated]
    places = pristine[:: max(1, len(pristine) // _N_CUT_OUTS)]
    # The same outline and ground for every net: they are drawn in parts of a crop's side.
    cut = [[_cut_out(np.asarray(of_net[place], np.uint8), place) for place in places] for of_net in items]
    alarms, before = (
        np.array([card.manipulation_score(float(logit)) >= signs for logit in found])
        for found in (run(tuple(batched(of_net) for of_net in cut)), logits[places])
    )

    def measured(crops: Sequence[npt.NDArray[np.generic]]) -> dict[str, npt.NDArray[np.float64]]:
        found = [recipe.properties(crop, card.contract) for crop in crops]
        return {name: np.array([values[name] for values in found]) for name in _PROPERTIES}

    bounds, rule = fit_cut_outs(
        measured(items[0]),
        np.array([row.manipulated for row in rows]),
        [row.group for row in rows],
        [row.origin for row in rows],
        CutOuts(places, measured(cut[0]), before, alarms),
    )
    note(f"cut-outs: {rule}")
    domain = card.domain
    kept = {name: lowest for name, lowest in domain.needed.items() if name not in _PROPERTIES}
    rules = [words for words in (domain.needed_rule, rule) if words]
    return replace(card, domain=replace(domain, needed={**kept, **bounds}, needed_rule="; ".join(rules)))


def _cut_out(crop: RgbImage, place: int) -> RgbImage:
    rng = np.random.default_rng((_SEED, place))
    changed = cut_out(crop, rng)
    return through_jpeg(changed, int(rng.integers(*_JPEG_QUALITY))) if place % 2 else changed
