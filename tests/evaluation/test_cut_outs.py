"""Bounds for cut-outs cost few verdicts, are fitted on half of the groups, and only where needed."""

from __future__ import annotations

import numpy as np
import pytest

from forensics.evaluation.cut_outs import CutOuts, fit_cut_outs

N = 2000
RNG = np.random.default_rng(4)
SOFTNESS = RNG.normal(1.0, 0.1, N)
DETAIL = RNG.normal(0.0, 0.5, N)
MANIPULATED = np.arange(N) % 2 == 1
GROUPS = [str(n // 4) for n in range(N)]
ORIGINS = ["a" if n % 10 else "b" for n in range(N)]
PLACES = list(range(0, N, 20))
VALUES = {"outline_softness": SOFTNESS, "ground_detail": DETAIL}


def cut(alarms: np.ndarray, softness: float = 0.3) -> CutOuts:
    values = {"outline_softness": np.full(100, softness), "ground_detail": DETAIL[PLACES]}
    return CutOuts(PLACES, values, np.zeros(100, np.bool_), alarms)


def test_each_bound_leaves_one_row_in_a_hundred_below_it() -> None:
    bounds, rule = fit_cut_outs(VALUES, MANIPULATED, GROUPS, ORIGINS, cut(np.arange(100) < 30))
    for name, values in VALUES.items():
        shares = [(values[label == MANIPULATED] < bounds[name]).mean() for label in (False, True)]
        assert max(shares) == pytest.approx(0.01, abs=0.008)
    assert "100 pristine faces cut out: 30% alarms, 0% as they were" in rule
    assert "(100.0%" in rule.split("of the manipulated rows, ")[1], (
        "every cut-out lies below the outline's bound"
    )


def test_a_rare_origin_weighs_as_much_as_a_common_one() -> None:
    values = {"outline_softness": np.where(np.array(ORIGINS) == "b", SOFTNESS - 1.0, SOFTNESS)}
    cut_outs = cut(np.arange(100) < 30)
    narrowed = CutOuts(
        PLACES, {"outline_softness": np.full(100, -5.0)}, cut_outs.alarms_before, cut_outs.alarms
    )
    bounds, _ = fit_cut_outs(values, MANIPULATED, GROUPS, ORIGINS, narrowed)
    lost = values["outline_softness"] < bounds["outline_softness"]
    assert lost[np.array(ORIGINS) == "b"].mean() < 0.05


def test_cut_outs_that_raise_no_alarms_cost_no_verdict() -> None:
    bounds, rule = fit_cut_outs(VALUES, MANIPULATED, GROUPS, ORIGINS, cut(np.arange(100) < 2))
    assert bounds == {}
    assert rule == "100 pristine faces cut out: 2% alarms, 0% as they were"
