"""Calibration and thresholds: known truths are found again, unfit data are refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from forensics.errors import SettingsError
from forensics.evaluation.calibration import (
    MAX_FALSE_POSITIVE_RATE,
    PLATT,
    calibrated,
    file_logits,
    fit_calibration,
    fit_domain,
    fit_thresholds,
)
from forensics.evaluation.metrics import measure
from forensics.evaluation.resampling import Bools, Floats
from forensics.evaluation.rows import Rows
from tests.evaluation.made import labelled_scan


def _made(
    n: int, *, share: float = 0.5, scale: float = 1.0, shift: float = 0.0, seed: int = 4
) -> tuple[Floats, Bools, list[str]]:
    """Logits: ``scale`` times the true log-likelihood ratio (unit normals 2 apart) plus ``shift``."""
    random = np.random.default_rng(seed)
    truth = random.random(n) < share
    ratio = 2 * (random.normal(size=n) + np.where(truth, 1, -1))
    return scale * ratio + shift, truth, [f"g{index // 3}" for index in range(n)]


def test_slope_and_intercept_are_found_again() -> None:
    raw, truth, groups = _made(2000, scale=2.5, shift=1.0)
    fit = fit_calibration(raw, truth, groups, data="made")
    assert fit.chosen == PLATT
    assert fit.calibration.slope == pytest.approx(1 / 2.5, rel=0.1)
    assert fit.calibration.intercept == pytest.approx(-1 / 2.5, abs=0.2)
    assert fit.calibration.n == 2000
    assert (fit.calibration.raw_lowest, fit.calibration.raw_highest) == (raw.min(), raw.max())
    assert "made" in fit.calibration.data


def test_an_uneven_share_of_classes_does_not_move_the_calibration() -> None:
    raw, truth, groups = _made(4000, share=0.85)
    fit = fit_calibration(raw, truth, groups, data="made")
    assert fit.calibration.slope == pytest.approx(1, rel=0.1)
    assert fit.calibration.intercept == pytest.approx(0, abs=0.2)


def test_calibrated_scores_cost_less_and_are_well_calibrated_elsewhere() -> None:
    raw, truth, groups = _made(1500, scale=3.0, shift=-2.0)
    fit = fit_calibration(raw, truth, groups, data="made")
    new_raw, new_truth, new_groups = _made(3000, scale=3.0, shift=-2.0, seed=99)
    names = ["ece", "cllr"]
    after = measure(Rows(calibrated(new_raw, fit.calibration), new_truth, new_groups), names)
    before = measure(Rows(expit(new_raw), new_truth, new_groups), names)
    assert after[0].value < 0.04 < before[0].value
    assert after[1].value < before[1].value


def test_every_candidates_loss_is_told_and_the_lower_storable_one_is_kept() -> None:
    raw, truth, groups = _made(1500, shift=1.5)
    fit = fit_calibration(raw, truth, groups, data="made")
    assert set(fit.log_losses) == {"platt", "temperature", "isotonic"}
    assert fit.chosen == min(("platt", "temperature"), key=fit.log_losses.__getitem__)
    assert all(0 < loss < 0.7 for loss in fit.log_losses.values())
    if fit.chosen == "temperature":
        assert fit.calibration.intercept == 0


def test_a_shape_that_is_not_logistic_is_reported() -> None:
    raw, truth, groups = _made(1200)
    bent = np.where(raw > 0, 1.0, 0.0) * 50 + raw
    fit = fit_calibration(bent, truth, groups, data="made")
    assert any("Isotonic regression" in note for note in fit.notes)


def test_classes_apart_keep_a_finite_slope() -> None:
    truth = np.arange(100) % 2 == 0
    raw = np.where(truth, 5.0, -5.0) + np.linspace(-1, 1, 100)
    fit = fit_calibration(raw, truth, [str(index) for index in range(100)], data="made")
    assert 0 < fit.calibration.slope < 5
    assert 0.9 < calibrated([5.0], fit.calibration)[0] < 0.9999


def test_scores_outside_the_fit_are_held_at_its_edge() -> None:
    raw, truth, groups = _made(500)
    calibration = fit_calibration(raw, truth, groups, data="made").calibration
    held = calibrated([calibration.raw_highest + 100, calibration.raw_highest], calibration)
    assert held[0] == held[1] < 1


def test_scores_the_wrong_way_round_are_refused() -> None:
    raw, truth, groups = _made(500)
    with pytest.raises(SettingsError, match="do not rise with manipulation") as caught:
        fit_calibration(-raw, truth, groups, data="made")
    assert "labels" in caught.value.hint


@pytest.mark.parametrize("fit", [fit_thresholds, lambda *rows: fit_calibration(*rows, data="made")])
def test_one_class_few_rows_and_few_groups_are_refused(fit) -> None:  # noqa: ANN001
    raw, truth, groups = _made(200)
    fakeness = expit(raw)
    with pytest.raises(SettingsError, match="200 manipulated and 0 pristine rows"):
        fit(fakeness, np.ones(200, bool), groups)
    with pytest.raises(SettingsError, match="it needs 20 of each") as caught:
        fit(fakeness[:30], truth[:30], groups[:30])
    assert caught.value.hint
    with pytest.raises(SettingsError, match="come from 4 groups"):
        fit(fakeness, truth, [str(index % 4) for index in range(200)])
    with pytest.raises(SettingsError, match="not a finite number"):
        fit(np.full(200, np.nan), truth, groups)
    with pytest.raises(SettingsError, match="differ in number"):
        fit(fakeness, truth, groups[:-1])


def test_equal_scores_are_refused() -> None:
    _, truth, groups = _made(200)
    with pytest.raises(SettingsError, match="All scores are the same"):
        fit_calibration(np.ones(200), truth, groups, data="made")


@pytest.mark.parametrize("seed", range(5))
def test_thresholds_honour_their_rates_on_the_rows(seed: int) -> None:
    raw, truth, groups = _made(1000, seed=seed)
    fakeness = expit(raw)
    bounds = fit_thresholds(fakeness, truth, groups)
    assert (fakeness[~truth] >= bounds.signs).mean() <= MAX_FALSE_POSITIVE_RATE
    assert (fakeness[truth] <= bounds.no_signs).mean() <= 0.05
    assert bounds.no_signs < bounds.signs


def test_thresholds_honour_their_rate_on_further_rows_on_average() -> None:
    rates = []
    for seed in range(120):
        raw, truth, groups = _made(200, seed=seed)
        bounds = fit_thresholds(expit(raw), truth, groups)
        further, further_truth, _ = _made(2000, seed=10_000 + seed)
        rates.append((expit(further)[~further_truth] >= bounds.signs).mean())
    assert np.mean(rates) <= MAX_FALSE_POSITIVE_RATE * 1.1


def test_signs_is_the_lowest_bound_that_keeps_the_rate() -> None:
    pristine = np.linspace(0.501, 0.7, 199)
    fakeness = np.concatenate([pristine, np.full(30, 0.95)])
    truth = np.arange(229) >= 199
    bounds = fit_thresholds(fakeness, truth, [str(index) for index in range(229)])
    # ceil(0.98 x 200) = 196: just above the 196th of 199 pristine rows, so three are at or above.
    assert bounds.signs == pytest.approx(pristine[195], abs=2e-6)
    assert (pristine >= bounds.signs).sum() == 3
    assert "3 of 199 pristine rows (199 groups)" in bounds.rule


def test_a_good_model_calls_no_signs_below_even_odds_only() -> None:
    truth = np.arange(200) % 2 == 0
    fakeness = np.where(truth, 0.95, 0.05)
    bounds = fit_thresholds(fakeness, truth, [str(index) for index in range(200)])
    assert bounds.signs == 0.5
    assert bounds.no_signs == pytest.approx(0.5, abs=1e-5)
    assert bounds.no_signs < bounds.signs


def test_too_few_pristine_rows_for_the_rate_are_said_so() -> None:
    raw, truth, groups = _made(60)
    fakeness = expit(raw)
    bounds = fit_thresholds(fakeness, truth, groups)
    assert (fakeness[~truth] >= bounds.signs).sum() == 0
    assert "too few to show that rate (49 would be the fewest)" in bounds.rule


def test_pristine_rows_at_one_leave_no_threshold() -> None:
    truth = np.arange(200) % 2 == 0
    with pytest.raises(SettingsError, match="No threshold keeps false positives at 2%"):
        fit_thresholds(np.ones(200), truth, [str(index) for index in range(200)])


def test_thresholds_survive_rounding_to_six_decimals() -> None:
    truth = np.arange(200) % 2 == 0
    fakeness = np.where(truth, 0.9, 0.6666666666)
    bounds = fit_thresholds(fakeness, truth, [str(index) for index in range(200)])
    assert bounds.signs == round(bounds.signs, 6) > 0.6666666666


def test_domain_is_the_middle_98_percent_of_what_was_measured() -> None:
    values = [*range(1001), float("nan")]
    domain = fit_domain({"face_size_px": values, "rare": [1.0] * 5})
    assert domain.ranges == {"face_size_px": (10.0, 990.0)}


def test_rows_for_the_fit_come_from_each_files_highest_subject() -> None:
    results, labels = labelled_scan(30)
    raw, truth, groups = file_logits(results, labels, "face")
    assert raw.tolist() == [one.verdict.basis[0].raw for one in results]
    assert truth.sum() == 15
    assert groups[0] == "group 0"
    assert file_logits(results, labels, "voice")[0].size == 0
