"""Calibration: known truths are found again, unfit data are refused."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from scipy.special import expit

from forensics.errors import SettingsError
from forensics.evaluation.calibration import (
    ISOTONIC,
    PLATT,
    calibrated,
    file_logits,
    fit_calibration,
)
from forensics.evaluation.metrics import measure
from forensics.evaluation.resampling import Bools, Floats
from forensics.evaluation.rows import Rows
from forensics.evaluation.thresholds import fit_thresholds
from forensics.records.model_card import Calibration
from tests.evaluation.made import labelled_scan, made_logits


def test_slope_and_intercept_are_found_again() -> None:
    logit, truth, groups = made_logits(2000, scale=2.5, shift=1.0)
    fit = fit_calibration(logit, truth, groups, data="made")
    assert fit.chosen == PLATT
    assert fit.calibration.slope == pytest.approx(1 / 2.5, rel=0.1)
    assert fit.calibration.intercept == pytest.approx(-1 / 2.5, abs=0.2)
    assert fit.calibration.n == 2000
    assert (fit.calibration.logit_lowest, fit.calibration.logit_highest) == (logit.min(), logit.max())
    assert "made" in fit.calibration.data


def test_an_uneven_share_of_classes_does_not_move_the_calibration() -> None:
    logit, truth, groups = made_logits(4000, share=0.85)
    fit = fit_calibration(logit, truth, groups, data="made")
    assert fit.calibration.slope == pytest.approx(1, rel=0.1)
    assert fit.calibration.intercept == pytest.approx(0, abs=0.2)


def test_calibrated_scores_cost_less_and_are_well_calibrated_elsewhere() -> None:
    logit, truth, groups = made_logits(1500, scale=3.0, shift=-2.0)
    fit = fit_calibration(logit, truth, groups, data="made")
    new_raw, new_truth, new_groups = made_logits(3000, scale=3.0, shift=-2.0, seed=99)
    names = ["ece", "cllr"]
    after = measure(Rows(calibrated(new_raw, fit.calibration), new_truth, new_groups), names)
    before = measure(Rows(expit(new_raw), new_truth, new_groups), names)
    assert after[0].value < 0.04 < before[0].value
    assert after[1].value < before[1].value


def test_every_candidates_loss_is_told_and_the_lower_of_the_lines_is_kept() -> None:
    logit, truth, groups = made_logits(1500, shift=1.5)
    fit = fit_calibration(logit, truth, groups, data="made")
    assert set(fit.log_losses) == {"platt", "temperature", "isotonic"}
    assert fit.chosen == min(("platt", "temperature"), key=fit.log_losses.__getitem__)
    assert all(0 < loss < 0.7 for loss in fit.log_losses.values())
    if fit.chosen == "temperature":
        assert fit.calibration.intercept == 0


def _bent(n: int, seed: int = 4) -> tuple[Floats, Bools, list[str]]:
    """Logits with a jump in their middle, which no line follows."""
    logit, truth, groups = made_logits(n, seed=seed)
    return np.where(logit > 0, 1.0, 0.0) * 50 + logit, truth, groups


def test_isotonic_regression_is_chosen_and_stored_where_no_line_fits() -> None:
    bent, truth, groups = _bent(1200)
    fit = fit_calibration(bent, truth, groups, data="made")
    assert fit.chosen == ISOTONIC == min(fit.log_losses, key=fit.log_losses.__getitem__)
    asked = np.linspace(bent.min() - 5, bent.max() + 5, 500)
    manipulation_score = calibrated(asked, fit.calibration)
    assert (np.diff(manipulation_score) >= 0).all()
    assert 0 < manipulation_score[0] < manipulation_score[-1] < 1
    assert dict(fit.calibration.knots)[fit.calibration.knots[3][0]] == pytest.approx(
        fit.calibration.manipulation_score(fit.calibration.knots[3][0])
    )


def test_isotonic_regression_costs_less_than_a_line_on_rows_of_its_kind() -> None:
    fit = fit_calibration(*_bent(1200), data="made")
    bent, truth, groups = _bent(3000, seed=98)
    line = replace(fit.calibration, knots=())
    costs = [
        measure(Rows(calibrated(bent, one), truth, groups), ["log_loss"])[0].value
        for one in (fit.calibration, line)
    ]
    assert costs[0] < costs[1] - 0.01


def test_a_calibration_of_knots_survives_a_card() -> None:
    calibration = fit_calibration(*_bent(600), data="made").calibration
    assert msgspec.convert(msgspec.to_builtins(calibration), Calibration) == calibration


def test_knots_that_do_not_rise_are_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="must rise"):
        msgspec.convert(
            {
                **msgspec.to_builtins(Calibration(1.0, 0.0, -1.0, 1.0, "made", 9)),
                "knots": [[0.0, 0.5], [0.0, 0.6]],
            },
            Calibration,
        )


def test_classes_apart_keep_a_finite_slope() -> None:
    truth = np.arange(100) % 2 == 0
    logit = np.where(truth, 5.0, -5.0) + np.linspace(-1, 1, 100)
    fit = fit_calibration(logit, truth, [str(index) for index in range(100)], data="made")
    assert 0 < fit.calibration.slope < 5
    assert 0.9 < calibrated([5.0], fit.calibration)[0] < 0.9999


def test_scores_that_differ_by_little_are_fitted_as_well() -> None:
    # What a net gives that has learned next to nothing; the solver once stumbled over it.
    logit, truth, groups = made_logits(600, shift=1.0)
    wide = fit_calibration(logit, truth, groups, data="made")
    narrow = fit_calibration(logit * 1e-6 + 0.25, truth, groups, data="made")
    assert wide.chosen == narrow.chosen == PLATT
    assert narrow.calibration.slope == pytest.approx(wide.calibration.slope * 1e6, rel=1e-4)
    assert calibrated(logit * 1e-6 + 0.25, narrow.calibration) == pytest.approx(
        calibrated(logit, wide.calibration), abs=1e-5
    )


def test_scores_outside_the_fit_are_held_at_its_edge() -> None:
    logit, truth, groups = made_logits(500)
    calibration = fit_calibration(logit, truth, groups, data="made").calibration
    held = calibrated([calibration.logit_highest + 100, calibration.logit_highest], calibration)
    assert held[0] == held[1] < 1


def test_scores_the_wrong_way_round_are_refused() -> None:
    logit, truth, groups = made_logits(500)
    with pytest.raises(SettingsError, match="do not rise with manipulation") as caught:
        fit_calibration(-logit, truth, groups, data="made")
    assert "labels" in caught.value.hint


@pytest.mark.parametrize("fit", [fit_thresholds, lambda *rows: fit_calibration(*rows, data="made")])
def test_one_class_few_rows_and_few_groups_are_refused(fit) -> None:  # noqa: ANN001
    logit, truth, groups = made_logits(200)
    manipulation_score = expit(logit)
    with pytest.raises(SettingsError, match="200 manipulated and 0 pristine rows"):
        fit(manipulation_score, np.ones(200, bool), groups)
    with pytest.raises(SettingsError, match="it needs 20 of each") as caught:
        fit(manipulation_score[:30], truth[:30], groups[:30])
    assert caught.value.hint
    with pytest.raises(SettingsError, match="come from 4 groups"):
        fit(manipulation_score, truth, [str(index % 4) for index in range(200)])
    with pytest.raises(SettingsError, match="not a finite number"):
        fit(np.full(200, np.nan), truth, groups)
    with pytest.raises(SettingsError, match="differ in number"):
        fit(manipulation_score, truth, groups[:-1])


def test_equal_scores_are_refused() -> None:
    _, truth, groups = made_logits(200)
    with pytest.raises(SettingsError, match="All scores are the same"):
        fit_calibration(np.ones(200), truth, groups, data="made")


def test_rows_for_the_fit_come_from_each_files_highest_subject() -> None:
    results, labels = labelled_scan(30)
    logit, truth, groups, origins = file_logits(results, labels, "face")
    assert logit.tolist() == [one.verdict.basis[0].logit for one in results]
    assert truth.sum() == 15
    assert groups[0] == "group 0"
    assert set(origins) == {""}
    assert file_logits(results, labels, "voice")[0].size == 0
