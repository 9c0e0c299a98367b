"""Bounds for parts of clips: they hold their rate on clips that they were not fitted on, however long."""

from __future__ import annotations

import numpy as np
import pytest

from forensics.evaluation.shares import share_interval
from forensics.evaluation.sharpness import fit_needed
from forensics.evaluation.windows import (
    MAX_FALSE_POSITIVE_RATE,
    Clip,
    departures_of,
    fit_windows,
    held_out_alarms,
)
from forensics.records.input_contract import PictureContract
from forensics.records.model_card import Windows

PICTURES = PictureContract(size_px=128, crop_margin=1.04)


def clips(n: int, n_scores: int, seed: int, *, timed: bool = False, spread: float = 1.0) -> list[Clip]:
    """Pristine clips of different levels whose scores differ from moment to moment."""
    rng = np.random.default_rng(seed)
    at_s = tuple(0.5 * i for i in range(n_scores)) if timed else None
    return [
        Clip(tuple((rng.normal(-2, 1.5) + rng.normal(0, spread, n_scores)).tolist()), False, str(i), at_s)
        for i in range(n)
    ]


def alarms(rule: Windows, given: list[Clip]) -> float:
    """Share of clips with a window that departs as far as one of so many may not."""
    return float(
        np.mean(
            [departures_of(clip, rule).max() >= rule.departure(rule.count(clip.at_s or ())) for clip in given]
        )
    )


@pytest.mark.parametrize("n_scores", [20, 120, 1000])
def test_the_rate_of_false_alarms_holds_for_clips_of_any_length(n_scores: int) -> None:
    rule = fit_windows(clips(60, 20, 1), PICTURES, data="made up")
    assert rule is not None
    # As computed; overlapping windows make it lower, and 60 clips leave some uncertainty.
    assert alarms(rule, clips(300, n_scores, 2, timed=True)) <= 2 * MAX_FALSE_POSITIVE_RATE


def test_a_bound_that_does_not_grow_with_the_number_would_not_hold() -> None:
    rule = fit_windows(clips(60, 20, 1), PICTURES, data="made up")
    assert rule is not None
    flat = Windows(rule.length_s, rule.n_fewest, rule.departures[:1], rule.subjects, "", 60, "")
    assert alarms(flat, clips(300, 1000, 2, timed=True)) > 0.5


def test_bounds_rise_and_go_on_rising_beyond_the_last() -> None:
    rule = fit_windows(clips(60, 20, 1), PICTURES, data="made up")
    assert rule is not None
    bounds = [rule.departure(n) for n in (1, 2, 10, 100, 4096, 10_000, 100_000)]
    assert bounds == sorted(bounds)
    assert len(set(bounds)) == len(bounds)
    assert rule.brief_signs(50) > rule.brief_signs(2)


def test_manipulated_clips_and_single_pictures_do_not_move_the_bounds_of_windows() -> None:
    plain = clips(60, 20, 1)
    wild = [Clip((9.0,) * 10 + (-9.0,) * 10, True, "m")] * 20
    rule, same = (fit_windows(given, PICTURES, data="made up") for given in (plain, plain + wild))
    assert rule == same
    with_single = fit_windows([*plain, Clip((9.0,), False, "s")], PICTURES, data="made up")
    assert rule is not None
    assert with_single is not None
    assert with_single.departures == rule.departures


def test_too_few_clips_of_several_scores_give_no_rule() -> None:
    assert fit_windows(clips(19, 20, 1), PICTURES, data="made up") is None
    assert fit_windows(clips(60, 1, 1), PICTURES, data="made up") is None


def test_alarms_are_counted_on_clips_of_groups_that_the_bounds_have_not_seen() -> None:
    plain = clips(60, 20, 1)
    n_alarms, n_clips = held_out_alarms(plain, PICTURES, lambda logit: logit >= 1.0)
    assert n_clips == 60
    assert n_alarms <= 2
    jumps = Clip((-3.0,) * 16 + (6.0,) * 4, False, "jumps")
    assert held_out_alarms([*plain, jumps], PICTURES, lambda logit: logit >= 1.0) == (n_alarms + 1, 61)
    # A clip that is as high as signs as a whole is no alarm of a window.
    high = Clip((2.0,) * 16 + (9.0,) * 4, False, "high")
    assert held_out_alarms([*plain, high], PICTURES, lambda logit: logit >= 1.0) == (n_alarms, 61)


def test_the_interval_of_a_share_is_exact() -> None:
    assert share_interval(0, 41) == (0.0, pytest.approx(0.086, abs=1e-3))
    assert share_interval(1, 41) == (pytest.approx(0.0006, abs=1e-4), pytest.approx(0.129, abs=1e-3))
    assert share_interval(41, 41)[1] == 1.0


def test_windows_over_uneven_times_hold_what_falls_into_them_and_never_too_little() -> None:
    rule = Windows(1.0, 3, ((1, 1.0),), ((1, 1.0),), "", 1, "")
    assert rule.over((0.0, 0.3, 0.6, 0.9, 1.2)) == ((0, 4), (1, 5), (2, 5))
    assert rule.over((0.0, 2.0, 4.0, 6.0)) == ((0, 3), (1, 4))
    assert rule.over((0.0, 0.5)) == ()
    assert rule.count(tuple(0.5 * i for i in range(120))) == 40


def test_the_needed_sharpness_is_where_blur_begins_to_raise_alarms() -> None:
    rng = np.random.default_rng(0)
    kinds = [rng.uniform(low, low + 0.5, 100) for low in (2.0, 1.5, 1.0, 0.5, 0.0)]
    lowest, rule = fit_needed(kinds, [sharpness < 1.0 for sharpness in kinds])
    assert lowest == pytest.approx(1.0, abs=0.15)
    assert "100 pristine faces" in rule
    none, _ = fit_needed(kinds, [np.zeros(100, np.bool_) for _ in kinds])
    assert none is None
