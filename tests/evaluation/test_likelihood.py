"""Likelihood ratios: published bounds, held ratios, the words of the scale."""

from __future__ import annotations

import numpy as np
import pytest

from forensics.errors import SettingsError
from forensics.evaluation.likelihood import fit_bounds, log10_ratios, state, verbal
from forensics.records.model_card import LikelihoodBounds

WIDE = LikelihoodBounds(-8.0, 8.0, "made")


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
    fakeness = random.uniform(0.01, 0.99, 200)
    bounds = fit_bounds(fakeness, truth, data="made")
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


def test_a_ratio_beyond_the_bounds_is_held_and_said_so() -> None:
    bounds = LikelihoodBounds(-1.0, 1.5, "made")
    high, low, within = state(0.9999, bounds), state(0.0, bounds), state(0.9, bounds)
    assert (high.log10_ratio, high.bounded) == (1.5, True)
    assert "held at the most that the validation files support" in high.words
    assert (low.log10_ratio, low.bounded) == (-1.0, True)
    assert within.bounded is False
    assert "held" not in within.words


@pytest.mark.parametrize(
    ("log10_ratio", "words"),
    [
        (0.0, None),
        (0.3, None),
        (0.302, "weak support"),
        (1.0, "moderate support"),
        (2.0, "moderately strong support"),
        (3.0, "strong support"),
        (4.0, "very strong support"),
        (5.9, "very strong support"),
        (6.0, "extremely strong support"),
    ],
)
def test_words_of_the_enfsi_scale_on_both_sides(log10_ratio: float, words: str | None) -> None:
    assert verbal(log10_ratio) == words
    assert verbal(-log10_ratio) == words


def test_statements_name_the_side_and_never_call_a_file_real() -> None:
    for fakeness, side in (
        (0.99, "if it was manipulated than if it was not"),
        (0.01, "if it was not than if it was manipulated"),
    ):
        words = state(fakeness, WIDE).words
        assert side in words
        assert "about 99 times" in words
        assert "real" not in words.lower().split()
    assert "do not support either" in state(0.55, WIDE).words
