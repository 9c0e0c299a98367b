"""Two sets of results on the same files."""

from __future__ import annotations

import numpy as np
import pytest

from forensics.errors import SettingsError
from forensics.evaluation.compare import as_figures, compare, delong_difference
from forensics.records.scan_result import ScanResult
from forensics.records.verdict import VerdictLabel
from tests.evaluation.made import basis, labelled_scan, result


def _moved(results: list[ScanResult], by: float) -> list[ScanResult]:
    return [
        result(one.media.path, [basis(min(max((one.verdict.manipulation_score or 0) + by, 0.001), 0.999))])
        for one in results
    ]


def test_the_same_results_differ_in_nothing() -> None:
    results, labels = labelled_scan(40)
    found = compare(results, results, labels, n_resamples=100)
    assert (found.drift_mean, found.drift_p95, found.drift_max, found.flips) == (0, 0, 0, ())
    assert found.auc_delong is not None
    assert (found.auc_delong.value, found.auc_delong.lower, found.auc_delong.p_value) == (0, 0, 1)


def test_drift_and_flips_are_counted() -> None:
    first = [result("a", [basis(0.79)]), result("b", [basis(0.5)]), result("c", [basis(0.5)])]
    second = [result("a", [basis(0.81)]), result("b", [basis(0.5)]), result("c", [basis(0.54)])]
    found = compare(first, second)
    assert found.drift_mean == pytest.approx(0.02)
    assert found.drift_max == pytest.approx(0.04)
    assert [(flip.path, flip.first, flip.second) for flip in found.flips] == [
        ("a", VerdictLabel.INCONCLUSIVE, VerdictLabel.SIGNS_OF_MANIPULATION)
    ]
    assert found.auc_delong is None


def test_files_that_only_one_scored_are_counted_beside() -> None:
    results, labels = labelled_scan(20)
    found = compare(results, [result(results[0].media.path), *results[1:]], labels, n_resamples=50)
    assert (found.n, found.n_only_first, found.n_only_second) == (19, 1, 0)
    assert len(found.flips) == 1


def test_a_clearly_better_model_is_told_by_both_intervals() -> None:
    good, labels = labelled_scan(200, strength=3.0)
    poor, _ = labelled_scan(200, strength=0.5, seed=8)
    found = compare(good, poor, labels, names=("good", "poor"))
    for difference in (found.auc_delong, found.auc_by_group):
        assert difference is not None
        assert difference.lower is not None
        assert difference.lower > 0.1
    figures = as_figures(found)
    assert figures.scope == "comparison good minus poor"
    assert figures.figures[0].name == "auc_difference"
    assert figures.figures[0].value == pytest.approx(found.auc_first - found.auc_second)
    assert any("DeLong" in note for note in figures.notes)


def test_an_equal_model_is_not_told_apart() -> None:
    first, labels = labelled_scan(200, seed=1)
    second, _ = labelled_scan(200, seed=2)
    found = compare(first, second, labels)
    assert found.auc_delong is not None
    assert found.auc_delong.lower is not None
    assert found.auc_delong.upper is not None
    assert found.auc_delong.lower < 0 < found.auc_delong.upper


def test_delong_by_the_definition_over_all_pairs() -> None:
    random = np.random.default_rng(6)
    truth = np.arange(50) % 2 == 0
    first, second = (np.round(random.normal(size=50) + truth, 1) for _ in range(2))

    def placements(scores: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        ordered = (scores[truth][:, None] > scores[~truth]) + 0.5 * (scores[truth][:, None] == scores[~truth])
        return ordered.mean(), ordered.mean(1), ordered.mean(0)

    (auc_a, hits_a, alarms_a), (auc_b, hits_b, alarms_b) = placements(first), placements(second)
    covariance = np.cov(hits_a, hits_b) / 25 + np.cov(alarms_a, alarms_b) / 25
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    found = delong_difference(first, second, truth)
    assert found.value == pytest.approx(auc_a - auc_b)
    assert found.upper is not None
    assert found.upper - found.value == pytest.approx(1.959964 * np.sqrt(variance), rel=1e-6)


def test_nothing_in_common_is_refused() -> None:
    with pytest.raises(SettingsError, match="No file was scored by both f32 and int8") as caught:
        compare([result("a", [basis(0.5)])], [result("b", [basis(0.5)])], names=("f32", "int8"))
    assert "same files" in caught.value.hint


def test_a_shift_of_all_scores_leaves_the_auc_and_moves_the_verdicts() -> None:
    results, labels = labelled_scan(60)
    found = compare(results, _moved(results, 0.15), labels, n_resamples=50)
    assert found.auc_by_group is not None
    assert found.auc_by_group.value == pytest.approx(0, abs=0.02)
    assert found.flips
