"""False alarms on an origin of data that set neither the calibration nor the threshold.

A threshold that was fitted on rows of an origin says little about the next camera, generator or collection.
Here each origin is left out in turn: calibration and thresholds are fitted on the others as for a card, and
what they say of the origin that they have not met is counted.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from forensics.errors import SettingsError
from forensics.evaluation.calibration import calibrated, fit_calibration
from forensics.evaluation.resampling import Bools, Floats
from forensics.evaluation.thresholds import fit_thresholds
from forensics.records.model_card import LeftOut


def left_out_alarms(
    logit: Sequence[float] | Floats,
    manipulated: Sequence[bool] | Bools,
    groups: Sequence[str],
    origins: Sequence[str],
) -> tuple[LeftOut, ...]:
    """What happens to each origin under a calibration and a threshold that were fitted on the others.

    Args:
        logit: float[n] mean logit of each clip.
        manipulated: bool[n].
        groups: n names.
        origins: n names.

    Returns:
        One for each origin with pristine rows, in order; without those whose removal leaves too few rows for
        a fit; empty for rows of one origin.
    """
    logits, truth = np.asarray(logit, np.float64), np.asarray(manipulated, np.bool_)
    names = np.asarray(list(origins))
    found = []
    for origin in np.unique(names):
        here = names == origin
        if here.all() or truth[here].all():
            continue
        kept = np.flatnonzero(~here).tolist()
        others = [groups[place] for place in kept], [origins[place] for place in kept]
        try:
            fit = fit_calibration(logits[~here], truth[~here], others[0], data="").calibration
            bounds = fit_thresholds(calibrated(logits[~here], fit), truth[~here], *others)
        except SettingsError:
            continue
        found.append(under_bound(str(origin), bounds.signs, calibrated(logits[here], fit), truth[here]))
    return tuple(found)


def under_bound(origin: str, signs: float, scores: Floats, manipulated: Bools) -> LeftOut:
    """What a bound for "signs" says of the rows of an origin that did not set it.

    Args:
        scores: float[n] calibrated, of this origin alone.
        manipulated: bool[n].
    """
    called = scores >= signs
    return LeftOut(
        origin=origin,
        signs=signs,
        n_alarms=int((called & ~manipulated).sum()),
        n_pristine=int((~manipulated).sum()),
        n_found=int((called & manipulated).sum()),
        n_manipulated=int(manipulated.sum()),
    )
