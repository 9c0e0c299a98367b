"""The bound for "signs" from origins of data that trained nothing.

Held-out rows of an origin that a net learned from share its cameras, its compression and often its people
with the rows that trained it, so that they promise fewer false alarms than an examiner will meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from forensics.evaluation.left_out import under_bound
from forensics.evaluation.resampling import Bools, Floats
from forensics.evaluation.shares import share_text
from forensics.evaluation.thresholds import MAX_FALSE_POSITIVE_RATE, signs_bounds
from forensics.records.model_card import Thresholds


def unmet_thresholds(
    former: Thresholds,
    manipulation_score: Floats,
    manipulated: Bools,
    origins: Sequence[str],
    *,
    max_false_positive_rate: float = MAX_FALSE_POSITIVE_RATE,
) -> Thresholds:
    """Thresholds whose ``signs`` the pristine rows of unmet origins set; the worst origin decides.

    ``no_signs`` stays, unless it would lie above. What happens to each origin under the bound that the others
    set stands in ``left_out``, under the same calibration.

    Args:
        former: fitted on rows of the origins that trained the model.
        manipulation_score: float[n] calibrated as by the card, one row per clip.
        manipulated: bool[n].
        origins: n names; none of them trained the model.
        max_false_positive_rate: the share of pristine clips that may be called manipulated.

    Raises:
        SettingsError: no row is pristine, or pristine rows reach 1.
    """
    names = np.asarray(list(origins))
    bounds = signs_bounds(manipulation_score, manipulated, names, max_false_positive_rate)
    careful = max(bounds, key=bounds.__getitem__)
    signs = bounds[careful]
    counted = "; ".join(
        f"{name}: {_alarms(manipulation_score, names == name, ~manipulated, signs)}" for name in bounds
    )
    found = int((manipulation_score[manipulated] >= signs).sum())
    rule = (
        f"signs: false positives at most {max_false_positive_rate:.0%} in every origin of pristine rows, "
        f"none of which trained the model: {counted}; {careful} decided; {found} of "
        f"{int(manipulated.sum())} manipulated rows found; no signs, and signs from {former.signs:.3f} "
        f"before: {former.rule}"
    )
    left_out = tuple(
        under_bound(
            name,
            max(bound for other, bound in bounds.items() if other != name),
            manipulation_score[names == name],
            manipulated[names == name],
        )
        for name in (bounds if len(bounds) > 1 else ())
    )
    return replace(
        former,
        signs=signs,
        no_signs=min(former.no_signs, signs - 1e-6),
        rule=rule,
        left_out=left_out,
        unmet=tuple(bounds),
    )


def _alarms(scores: Floats, here: Bools, pristine: Bools, signs: float) -> str:
    own = scores[here & pristine]
    return share_text(int((own >= signs).sum()), own.size)
