"""Curves: the right points, few of them, the same shape."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from forensics.evaluation.curves import MAX_POINTS, curves_of, histogram, thinned
from forensics.evaluation.rows import Rows


def _rows(n: int) -> Rows:
    random = np.random.default_rng(1)
    truth = np.arange(n) % 2 == 0
    manipulation_score = 1 / (1 + np.exp(-random.normal(size=n) - 1.5 * (truth - 0.5)))
    return Rows(manipulation_score, truth, [str(index) for index in range(n)])


def test_curves_of_a_small_case_by_hand() -> None:
    rows = Rows([0.9, 0.8, 0.7, 0.2], [True, False, True, False], list("abcd"))
    curves = {curve.name: curve for curve in curves_of(rows)}
    assert list(zip(curves["roc"].x, curves["roc"].y, strict=True)) == [
        (0, 0),
        (0, 0.5),
        (0.5, 0.5),
        (0.5, 1),
        (1, 1),
    ]
    assert curves["det"].y == tuple(1 - y for y in curves["roc"].y)
    assert curves["tippett_manipulated"].y[0] == 1
    assert curves["tippett_manipulated"].y[-1] == 0
    assert curves["tippett_manipulated"].x[-1] == pytest.approx(np.log10(9))


def test_thinning_keeps_the_area_and_the_ends() -> None:
    rows = _rows(20_000)
    curve = next(curve for curve in curves_of(rows) if curve.name == "roc")
    assert len(curve.x) <= MAX_POINTS
    assert (curve.x[0], curve.y[0], curve.x[-1], curve.y[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(curve.y, curve.x) == pytest.approx(
        roc_auc_score(rows.manipulated, rows.manipulation_score), abs=2e-3
    )


def test_thinning_drops_points_on_a_straight_line() -> None:
    line = np.linspace(0, 1, 1000)
    assert thinned("line", line, line).x == (0.0, 1.0)


def test_every_curve_is_short() -> None:
    assert all(len(curve.x) <= MAX_POINTS for curve in curves_of(_rows(5000)))


def test_reliability_counts_every_row_once() -> None:
    curve = next(curve for curve in curves_of(_rows(1003)) if curve.name == "reliability")
    assert sum(curve.weights) == 1003
    assert list(curve.x) == sorted(curve.x)
    assert max(curve.weights) - min(curve.weights) <= 2


def test_histogram_counts_both_ends() -> None:
    rows = Rows([0.0, 1.0, 0.5, 0.52], [False, False, True, False], list("abcd"))
    pristine = histogram(rows, manipulated=False)
    assert len(pristine) == 20
    assert pristine[0] == pristine[10] == pristine[19] == 1
    assert sum(histogram(rows, manipulated=True)) == 1


def test_one_class_has_no_curves() -> None:
    assert curves_of(Rows([0.4, 0.6], [True, True], ["a", "b"])) == ()
