"""Thresholds: the rates that they promise, and models that did not earn any."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from forensics.errors import SettingsError
from forensics.evaluation.thresholds import MAX_FALSE_POSITIVE_RATE, earned_thresholds, fit_thresholds
from tests.evaluation.made import made_logits


@pytest.mark.parametrize("seed", range(5))
def test_thresholds_honour_their_rates_on_the_rows(seed: int) -> None:
    logit, truth, groups = made_logits(1000, seed=seed)
    manipulation_score = expit(logit)
    bounds = fit_thresholds(manipulation_score, truth, groups)
    assert (manipulation_score[~truth] >= bounds.signs).mean() <= MAX_FALSE_POSITIVE_RATE
    assert (manipulation_score[truth] <= bounds.no_signs).mean() <= 0.05
    assert bounds.no_signs < bounds.signs


def test_thresholds_honour_their_rate_on_further_rows_on_average() -> None:
    rates = []
    for seed in range(120):
        logit, truth, groups = made_logits(200, seed=seed)
        bounds = fit_thresholds(expit(logit), truth, groups)
        further, further_truth, _ = made_logits(2000, seed=10_000 + seed)
        rates.append((expit(further)[~further_truth] >= bounds.signs).mean())
    assert np.mean(rates) <= MAX_FALSE_POSITIVE_RATE * 1.1


def test_signs_is_the_lowest_bound_that_keeps_the_rate() -> None:
    pristine = np.linspace(0.501, 0.7, 199)
    manipulation_score = np.concatenate([pristine, np.full(30, 0.95)])
    truth = np.arange(229) >= 199
    bounds = fit_thresholds(manipulation_score, truth, [str(index) for index in range(229)])
    # ceil(0.98 x 200) = 196: just above the 196th of 199 pristine rows, so three are at or above.
    assert bounds.signs == pytest.approx(pristine[195], abs=2e-6)
    assert (pristine >= bounds.signs).sum() == 3
    assert "3 of 199 pristine rows (199 groups)" in bounds.rule


def test_a_good_model_calls_no_signs_below_even_odds_only() -> None:
    truth = np.arange(200) % 2 == 0
    manipulation_score = np.where(truth, 0.95, 0.05)
    bounds = fit_thresholds(manipulation_score, truth, [str(index) for index in range(200)])
    assert bounds.signs == 0.5
    assert bounds.no_signs == pytest.approx(0.5, abs=1e-5)
    assert bounds.no_signs < bounds.signs


def test_too_few_pristine_rows_for_the_rate_are_said_so() -> None:
    logit, truth, groups = made_logits(60)
    manipulation_score = expit(logit)
    bounds = fit_thresholds(manipulation_score, truth, groups)
    assert (manipulation_score[~truth] >= bounds.signs).sum() == 0
    assert "too few to show that rate (49 would be the fewest)" in bounds.rule


def test_the_rate_holds_in_the_origin_whose_pristine_rows_score_highest() -> None:
    low, high = np.linspace(0.1, 0.55, 400), np.linspace(0.3, 0.8, 99)
    manipulation_score = np.concatenate([low, high, np.full(50, 0.95)])
    truth = np.arange(549) >= 499
    origins = ["low"] * 400 + ["high"] * 99 + ["low"] * 50
    groups = [str(index) for index in range(549)]
    together = fit_thresholds(manipulation_score, truth, groups)
    apart = fit_thresholds(manipulation_score, truth, groups, origins)
    # All in one: 10 of the 499 rows may be above, and 10 % of the smaller origin are.
    assert (high >= together.signs).mean() > 0.05
    # ceil(0.98 x 100) = 98: just above the 98th of 99.
    assert apart.signs == pytest.approx(high[97], abs=2e-6)
    assert "0 of 400 of low" in apart.rule
    assert "high decided" in apart.rule
    assert "too few" not in apart.rule
    few = fit_thresholds(manipulation_score, truth, groups, ["low"] * 490 + ["few"] * 9 + ["low"] * 50)
    assert few.signs > high[-1]
    assert "9 pristine rows are too few to show that rate" in few.rule


def test_pristine_rows_at_one_leave_no_threshold() -> None:
    truth = np.arange(200) % 2 == 0
    with pytest.raises(SettingsError, match="No threshold keeps false positives at 2%"):
        fit_thresholds(np.ones(200), truth, [str(index) for index in range(200)])


def test_thresholds_survive_rounding_to_six_decimals() -> None:
    truth = np.arange(200) % 2 == 0
    manipulation_score = np.where(truth, 0.9, 0.6666666666)
    bounds = fit_thresholds(manipulation_score, truth, [str(index) for index in range(200)])
    assert bounds.signs == round(bounds.signs, 6) > 0.6666666666


def test_a_model_that_tells_the_two_apart_earns_its_thresholds() -> None:
    logit, truth, groups = made_logits(600)
    assert earned_thresholds(expit(logit), truth, groups) == fit_thresholds(expit(logit), truth, groups)


@pytest.mark.parametrize(("n_groups", "earned"), [(4, False), (10, False), (11, True), (60, True)])
def test_a_model_without_an_error_earns_them_on_enough_groups(n_groups: int, *, earned: bool) -> None:
    truth = np.arange(240) % 2 == 0
    groups = [f"{int(label)} {index // 2 % n_groups}" for index, label in enumerate(truth)]
    bounds = earned_thresholds(np.where(truth, 0.9, 0.1), truth, groups)
    assert bounds.draw_verdicts is earned
    # 0.025 ** (1 / 10): the bound of Clopper and Pearson for all of ten.
    assert ("0.692" in bounds.rule) is (n_groups == 10)


def test_a_model_that_guesses_draws_no_verdicts() -> None:
    logit, truth, groups = made_logits(300)
    guessed = np.random.default_rng(5).permutation(expit(logit))
    bounds = earned_thresholds(guessed, truth, groups)
    assert not bounds.draw_verdicts
    assert "verdicts need a lower end of at least 0.700" in bounds.rule
