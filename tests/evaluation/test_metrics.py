"""Figures against scikit-learn, hand-computed cases and independent formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn import metrics as sk

from forensics.errors import SettingsError
from forensics.evaluation.metrics import MEASURES, Measure, cllr, measure
from forensics.evaluation.resampling import group_draws
from forensics.evaluation.rows import Resample, Rows
from forensics.records.labelled_figures import Figure


def _rows(n: int = 400, seed: int = 5, distance: float = 1.5) -> Rows:
    random = np.random.default_rng(seed)
    truth = random.random(n) < 0.5
    # Rounded, so that ties are among the scores.
    manipulation_score = np.round(1 / (1 + np.exp(-random.normal(size=n) - distance * (truth - 0.5))), 2)
    return Rows(
        manipulation_score, truth, [f"g{index // 4}" for index in range(n)], manipulation_score >= 0.6
    )


def _by_name(figures: tuple[Figure, ...]) -> dict[str, Figure]:
    return {figure.name: figure for figure in figures}


def _one_per_row(n: int) -> list[str]:
    return [str(index) for index in range(n)]


@pytest.mark.parametrize("one", MEASURES, ids=lambda one: one.name)
def test_resampled_figure_is_the_figure_when_every_row_is_drawn_once(one: Measure) -> None:
    rows = _rows()
    assert one.resampled(Resample(rows, np.ones((2, rows.n_groups)))) == pytest.approx(
        [one.value(rows)] * 2, abs=1e-12
    )


@pytest.mark.parametrize(
    "name", ["auc", "average_precision", "accuracy", "precision", "recall", "f1", "log_loss", "brier"]
)
def test_resampled_figure_agrees_with_weighted_scikit_learn(name: str) -> None:
    rows = _rows()
    draws = next(group_draws(rows.n_groups, rows.n, n_resamples=3))
    weights = draws[:, rows.group_index]
    calls = {
        "accuracy": "accuracy_score",
        "precision": "precision_score",
        "recall": "recall_score",
        "f1": "f1_score",
    }
    scores = {"auc": "roc_auc_score", "average_precision": "average_precision_score"}
    scores |= {"log_loss": "log_loss", "brier": "brier_score_loss"}
    one = next(one for one in MEASURES if one.name == name)
    for place, drawn in enumerate(one.resampled(Resample(rows, draws))):
        said = rows.flagged if name in calls else rows.clipped
        expected = getattr(sk, (calls | scores)[name])(rows.manipulated, said, sample_weight=weights[place])
        assert drawn == pytest.approx(expected, abs=1e-10)


def test_small_case_by_hand() -> None:
    # Highest first: fake .9, pristine .8, fake .7, pristine .2; flagged from 0.75.
    manipulation_score, truth = np.array([0.9, 0.8, 0.7, 0.2]), np.array([True, False, True, False])
    found = _by_name(measure(Rows(manipulation_score, truth, _one_per_row(4), manipulation_score >= 0.75)))
    assert found["auc"].value == pytest.approx(3 / 4)
    assert found["average_precision"].value == pytest.approx((1 + 2 / 3) / 2)
    assert found["eer"].value == pytest.approx(0.5)
    assert found["accuracy"].value == found["precision"].value == found["recall"].value == pytest.approx(0.5)
    assert found["false_positive_rate"].value == pytest.approx(0.5)
    assert found["brier"].value == pytest.approx((0.01 + 0.64 + 0.09 + 0.04) / 4)
    assert found["auc"].n == 4


def test_equal_error_rate_lies_between_the_operating_points() -> None:
    # Distinct scores, 3 fakes and 2 pristine: (fpr, miss) goes (0, 1/3) to (1/2, 1/3), so both meet at 1/3.
    manipulation_score = [0.9, 0.8, 0.7, 0.6, 0.1]
    truth = [True, True, False, True, False]
    assert _by_name(measure(Rows(manipulation_score, truth, _one_per_row(5))))["eer"].value == pytest.approx(
        1 / 3
    )


def test_cllr_by_the_published_formula() -> None:
    # Ratios 10 for manipulated and 1/10 for pristine rows cost log2(1.1) on both sides; the reverse log2(11).
    right = cllr(np.array([10 / 11, 1 / 11]), np.array([True, False]))
    wrong = cllr(np.array([10 / 11, 1 / 11]), np.array([False, True]))
    assert right == pytest.approx(math.log2(1.1))
    assert wrong == pytest.approx(math.log2(11))
    assert cllr(np.full(4, 0.5), np.array([True, False, True, False])) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("of_pristine", "of_manipulated", "expected"),
    [
        ([1, 1], [1, 1], 1.0),
        ([3] * 20, [1 / 3] * 20, 2.0),
        ([1 / 3] * 2, [3] * 2, 0.4150374992788437),
        ([1 / 3] * 2, [1], 0.7075187496394219),
        ([1 / 100] * 100, [1], 0.507177646488535),
        ([1 / 100] * 100 + [100] * 2, [1], 0.5723134914863265),
        ([1 / 100] * 100 + [100] * 6, [1], 0.6952113122368764),
        ([2], [2] * 2, 1.0849625007211563),
        ([8], [8] * 8, 1.6699250014423126),
    ],
)
def test_cllr_of_published_examples(
    of_pristine: list[float], of_manipulated: list[float], expected: float
) -> None:
    # Ratios and costs as the Netherlands Forensic Institute's toolkit lir states them in its tests.
    ratios = np.array([*of_pristine, *of_manipulated])
    truth = np.arange(ratios.size) >= len(of_pristine)
    assert cllr(ratios / (1 + ratios), truth) == pytest.approx(expected, abs=1e-7)


def test_cllr_weighs_both_classes_alike_by_an_independent_formula() -> None:
    rows = _rows()
    fakes, pristine = rows.clipped[rows.manipulated], rows.clipped[~rows.manipulated]
    by_loop = sum(math.log2(1 + (1 - f) / f) for f in fakes) / len(fakes) / 2
    by_loop += sum(math.log2(1 + f / (1 - f)) for f in pristine) / len(pristine) / 2
    assert _by_name(measure(rows, ["cllr"]))["cllr"].value == pytest.approx(by_loop)


def test_cllr_min_by_hand_and_below_cllr() -> None:
    # Pooling leaves {fake}, {pristine, fake} and {pristine}: only the middle one costs, 1 bit per row.
    found = _by_name(measure(Rows([0.9, 0.8, 0.7, 0.2], [True, False, True, False], _one_per_row(4))))
    assert found["cllr_min"].value == pytest.approx(0.5)
    drawn = _by_name(measure(_rows(), ["cllr", "cllr_min"]))
    assert drawn["cllr_min"].value < drawn["cllr"].value


def test_cllr_min_ignores_how_the_scores_are_calibrated() -> None:
    rows = _rows()
    bent = Rows(rows.manipulation_score**3, rows.manipulated, _one_per_row(rows.n))
    names = ["cllr_min", "cllr"]
    straight, curved = _by_name(measure(rows, names)), _by_name(measure(bent, names))
    assert curved["cllr_min"].value == pytest.approx(straight["cllr_min"].value)
    assert curved["cllr"].value > straight["cllr"].value


def test_ece_is_small_for_calibrated_scores_and_large_for_shifted_ones() -> None:
    random = np.random.default_rng(11)
    manipulation_score = random.random(20_000)
    truth = random.random(20_000) < manipulation_score
    groups = [str(index % 500) for index in range(20_000)]
    calibrated = _by_name(measure(Rows(manipulation_score, truth, groups), ["ece"]))["ece"]
    shifted = _by_name(measure(Rows(np.clip(manipulation_score + 0.2, 0, 1), truth, groups), ["ece"]))["ece"]
    assert calibrated.value < 0.02
    assert shifted.value > 0.15


def test_shuffled_labels_give_an_auc_of_one_half_within_its_interval() -> None:
    rows = _rows(600)
    shuffled = np.random.default_rng(2).permutation(rows.manipulated)
    auc = _by_name(measure(Rows(rows.manipulation_score, shuffled, _one_per_row(600)), ["auc"]))["auc"]
    assert auc.lower is not None
    assert auc.upper is not None
    assert auc.lower < 0.5 < auc.upper


def test_interval_is_wider_by_group_when_the_rows_of_a_group_are_alike() -> None:
    base = _rows(60)
    manipulation_score, truth = np.repeat(base.manipulation_score, 10), np.repeat(base.manipulated, 10)
    tens = [str(index // 10) for index in range(600)]
    by_row = measure(Rows(manipulation_score, truth, _one_per_row(600)), ["auc"])[0]
    by_group = measure(Rows(manipulation_score, truth, tens), ["auc"])[0]
    assert by_row.value == pytest.approx(by_group.value)
    assert None not in (by_row.lower, by_row.upper, by_group.lower, by_group.upper)
    # Ten equal rows per group carry the information of one: about sqrt(10) times as wide.
    assert by_group.upper - by_group.lower > 2.5 * (by_row.upper - by_row.lower)


def test_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    true_auc = 0.5 * math.erfc(-1 / math.sqrt(2))  # Two unit normals sqrt(2) apart: Phi(1).
    inside = 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        truth = np.arange(150) % 2 == 0
        manipulation_score = 1 / (1 + np.exp(-random.normal(size=150) - math.sqrt(2) * truth))
        auc = measure(Rows(manipulation_score, truth, _one_per_row(150)), ["auc"], n_resamples=300)[0]
        inside += auc.lower <= true_auc <= auc.upper
    assert inside >= 51


def test_the_same_rows_give_the_same_interval() -> None:
    assert measure(_rows()) == measure(_rows())


def test_one_class_leaves_only_what_it_allows() -> None:
    rows = Rows([0.9, 0.3, 0.2], [True] * 3, _one_per_row(3), [True, False, False])
    found = _by_name(measure(rows))
    assert not {"auc", "cllr", "false_positive_rate"} & found.keys()
    assert found["recall"].value == pytest.approx(1 / 3)


def test_rows_that_allow_no_figure_give_none() -> None:
    assert measure(Rows([0.9] * 8, [True] * 8, _one_per_row(8))) == ()


def test_a_share_of_none_or_all_has_the_exact_interval_of_its_groups() -> None:
    # Resampling zero alarms gives zero alarms every time: without this, "0 of 7" would read as certainty.
    n_groups = 7
    groups = [f"g{number}" for number in range(n_groups) for _ in range(4)]
    manipulated = [False, False, True, True] * n_groups
    rows = Rows([0.2, 0.3, 0.9, 0.8] * n_groups, manipulated, groups, manipulated)
    figures = {figure.name: figure for figure in measure(rows, ["false_positive_rate", "recall"])}
    alarms, recall = figures["false_positive_rate"], figures["recall"]
    exact = binomtest(0, n_groups).proportion_ci(method="exact")
    assert (alarms.value, alarms.lower, alarms.upper) == (0.0, 0.0, pytest.approx(exact.high))
    assert (recall.value, recall.lower, recall.upper) == (1.0, pytest.approx(1 - exact.high), 1.0)


def test_classes_that_do_not_overlap_leave_no_interval() -> None:
    # Every resample has AUC 1, which says nothing about the next file: "1.000 to 1.000" would be certainty.
    n_groups = 7
    groups = [f"g{number}" for number in range(n_groups) for _ in range(2)]
    rows = Rows([0.2, 0.9] * n_groups, [False, True] * n_groups, groups)
    figures = _by_name(measure(rows, ["auc", "eer", "average_precision", "cllr_min"]))
    assert len(figures) == 4
    assert all((figure.lower, figure.upper) == (None, None) for figure in figures.values())


def test_few_groups_give_no_interval() -> None:
    rows = _rows()
    few = Rows(rows.manipulation_score, rows.manipulated, [str(index % 4) for index in range(rows.n)])
    auc = _by_name(measure(few, ["auc"]))["auc"]
    assert (auc.lower, auc.upper) == (None, None)


@pytest.mark.parametrize("manipulation_score", [[0.5, 1.2], [0.5, float("nan")], [0.5, -0.1], [0.5]])
def test_what_is_no_manipulation_score_is_refused(manipulation_score: list[float]) -> None:
    with pytest.raises(SettingsError) as caught:
        Rows(manipulation_score, [True, False], ["a", "b"])
    assert caught.value.hint


def test_chunks_of_resamples_add_up_and_draw_as_many_groups_as_there_are() -> None:
    chunks = list(group_draws(50, 50_000, n_resamples=100))
    assert len(chunks) > 1
    assert sum(len(chunk) for chunk in chunks) == 100
    assert all((chunk.sum(1) == 50).all() for chunk in chunks)


def test_chunks_do_not_change_the_draws() -> None:
    whole = np.concatenate(list(group_draws(9, 10, n_resamples=40)))
    assert (np.concatenate(list(group_draws(9, 500_000, n_resamples=40))) == whole).all()
