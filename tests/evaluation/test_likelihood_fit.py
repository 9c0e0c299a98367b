"""Bounds of likelihood ratios: as published, and by reason."""

from __future__ import annotations

import numpy as np
import pytest

from forensics.errors import SettingsError
from forensics.evaluation.likelihood_fit import fit_bounds, log10_ratios


def test_bounds_of_three_perfect_rows_a_side_as_published() -> None:
    # The Netherlands Forensic Institute's toolkit lir gives 0.3388442 and 2.9512092 for these (its tests).
    bounds = fit_bounds([1, 1, 1, 0, 0, 0], [True] * 3 + [False] * 3, data="made")
    assert 10**bounds.log10_lowest == pytest.approx(0.3388442, abs=1e-6)
    assert 10**bounds.log10_highest == pytest.approx(2.9512092, abs=1e-6)


def test_one_row_a_side_supports_nothing() -> None:
    bounds = fit_bounds([1.0, 0.0], [True, False], data="made")
    assert (bounds.log10_lowest, bounds.log10_highest) == (0.0, 0.0)


@pytest.mark.parametrize("n", [30, 100, 1000])
def test_perfect_rows_support_ratios_up_to_about_their_number(n: int) -> None:
    bounds = fit_bounds([1.0] * n + [0.0] * n, [True] * n + [False] * n, data="made")
    # 1 / (n + 1) + t / (n + 1) <= 1 holds up to t = n.
    assert bounds.log10_highest == pytest.approx(np.log10(n), abs=0.011)
    assert bounds.log10_lowest == -bounds.log10_highest


def test_useless_scores_support_nothing() -> None:
    truth = np.arange(200) % 2 == 0
    random = np.random.default_rng(0)
    manipulation_score = random.uniform(0.01, 0.99, 200)
    bounds = fit_bounds(manipulation_score, truth, data="made")
    assert bounds.log10_highest - bounds.log10_lowest < 0.3


def test_overstated_ratios_are_bounded_tighter_than_honest_ones() -> None:
    random = np.random.default_rng(3)
    truth = np.arange(1000) % 2 == 0
    log_odds = 2 * (random.normal(size=1000) + np.where(truth, 1, -1))
    honest, boasting = (1 / (1 + np.exp(-factor * log_odds)) for factor in (1, 4))
    assert (
        fit_bounds(boasting, truth, data="made").log10_highest
        < fit_bounds(honest, truth, data="made").log10_highest
    )


def test_one_class_has_no_bounds() -> None:
    with pytest.raises(SettingsError, match="need manipulated and pristine rows") as caught:
        fit_bounds([0.5, 0.6], [True, True], data="made")
    assert caught.value.hint


def test_ratios_are_the_odds_of_the_calibrated_score() -> None:
    assert log10_ratios([0.5, 10 / 11, 1 / 101]) == pytest.approx([0, 1, -2])
    assert log10_ratios([0.0, 1.0]).tolist() == [-np.inf, np.inf]
