"""Origins that set no threshold, and exact intervals of shares."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest

from forensics.evaluation.left_out import left_out_alarms
from forensics.evaluation.shares import left_out_text, share_interval, share_text
from forensics.records.model_card import LeftOut
from tests.evaluation.made import made_logits


def shifted() -> tuple[list[float], list[bool], list[str], list[str]]:
    """Three origins alike in all but their level: all logits of the third lie 2 higher."""
    logit, truth, groups, origins = [], [], [], []
    for number, shift in enumerate((0.0, 0.0, 2.0)):
        logits, labels, names = made_logits(400, seed=number)
        logit += (logits + shift).tolist()
        truth += labels.tolist()
        groups += [f"{number} {name}" for name in names]
        origins += [f"origin {number}"] * labels.size
    return logit, truth, groups, origins


def test_an_origin_of_another_level_raises_alarms_once_it_sets_no_threshold() -> None:
    found = left_out_alarms(*shifted())
    assert [one.origin for one in found] == ["origin 0", "origin 1", "origin 2"]
    counted = [sum(name == one.origin for name in shifted()[3]) for one in found]
    assert [one.n_pristine + one.n_manipulated for one in found] == counted
    shares = [one.n_alarms / one.n_pristine for one in found]
    assert max(shares[:2]) <= 0.02, "the others hold an origin with higher scores, which decides"
    assert shares[2] > 0.1
    assert found[2].n_found / found[2].n_manipulated > found[0].n_found / found[0].n_manipulated


def test_an_origin_is_judged_by_bounds_that_do_not_know_it() -> None:
    logit, truth, groups, origins = shifted()
    changed = [value + 50.0 * (origin == "origin 0") for value, origin in zip(logit, origins, strict=True)]
    before, after = (left_out_alarms(values, truth, groups, origins)[0] for values in (logit, changed))
    assert after.signs == before.signs
    assert (after.n_alarms, after.n_found) == (after.n_pristine, after.n_manipulated)


def test_origins_that_leave_nothing_to_fit_on_are_not_judged() -> None:
    logit, truth, groups, origins = shifted()
    assert left_out_alarms(logit, truth, groups, ["one"] * len(logit)) == ()
    pristine = [label or origin != "origin 1" for label, origin in zip(truth, origins, strict=True)]
    # Without the only origin with pristine rows there is no threshold, and the others have none to count.
    assert left_out_alarms(logit, pristine, groups, origins) == ()


@pytest.mark.parametrize(("n_found", "n_all"), [(0, 41), (3, 40), (41, 41), (7, 466)])
def test_the_interval_is_the_exact_one(n_found: int, n_all: int) -> None:
    exact = binomtest(n_found, n_all).proportion_ci(0.95, method="exact")
    assert share_interval(n_found, n_all) == pytest.approx((exact.low, exact.high), abs=1e-9)


def test_words_of_shares() -> None:
    assert share_text(3, 40) == "3 of 40 (7.5%, 1.6% to 20.4%)"
    assert share_text(0, 0) == "0 of 0"
    words = left_out_text(LeftOut("stills", 0.9, 3, 40, 5, 9))
    assert words.startswith("without stills, signs from 0.900: 3 of 40 (7.5%")
    assert words.endswith("5 of 9 manipulated ones are found")
    assert left_out_text(LeftOut("people", 0.9, 3, 40, 0, 0)).endswith("of its pristine rows raise an alarm")
