"""The bound for "signs" from origins that trained nothing."""

from __future__ import annotations

import numpy as np
import pytest

from forensics.errors import SettingsError
from forensics.evaluation.unmet_origins import unmet_thresholds
from forensics.records.model_card import Thresholds

FORMER = Thresholds(0.6, 0.2, "fitted on what the net knows")


def rows() -> tuple[np.ndarray, np.ndarray, list[str]]:
    """A quiet origin, one whose pristine rows score higher, and one of manipulated rows alone."""
    random = np.random.default_rng(5)
    scores = np.concatenate(
        [random.uniform(0.0, 0.5, 100), random.uniform(0.2, 0.8, 100), random.uniform(0.4, 1.0, 50)]
    )
    return scores, np.arange(250) >= 200, ["quiet"] * 100 + ["loud"] * 100 + ["swaps"] * 50


def test_the_worst_origin_decides() -> None:
    scores, manipulated, origins = rows()
    found = unmet_thresholds(FORMER, scores, manipulated, origins)
    loud = scores[100:200]
    assert found.signs > FORMER.signs
    assert (loud >= found.signs).mean() <= 0.02
    assert found.signs <= loud.max() + 2e-6, "no higher than the rate asks for"
    assert found.unmet == ("loud", "quiet"), "an origin without pristine rows sets nothing"
    assert found.no_signs == FORMER.no_signs
    assert "loud decided" in found.rule
    assert FORMER.rule in found.rule


def test_each_origin_is_told_under_the_bound_of_the_others() -> None:
    scores, manipulated, origins = rows()
    loud, quiet = unmet_thresholds(FORMER, scores, manipulated, origins).left_out
    assert (loud.origin, loud.n_pristine, loud.n_manipulated) == ("loud", 100, 0)
    assert loud.n_alarms == (scores[100:200] >= loud.signs).sum() > 10, "the quiet one promised too much"
    assert quiet.n_alarms == 0


def test_no_signs_stay_below_signs() -> None:
    scores, manipulated, origins = rows()
    found = unmet_thresholds(Thresholds(0.99, 0.95, "odd"), scores, manipulated, origins)
    assert found.no_signs < found.signs


def test_manipulated_rows_alone_set_nothing() -> None:
    scores, _, origins = rows()
    with pytest.raises(SettingsError, match="No row is pristine"):
        unmet_thresholds(FORMER, scores, np.ones(250, np.bool_), origins)
