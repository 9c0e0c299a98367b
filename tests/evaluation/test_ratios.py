"""Likelihood ratios as reports state them, against labels."""

from __future__ import annotations

from dataclasses import replace

import pytest

from forensics.evaluation.cards import as_metrics, calibrated_card
from forensics.evaluation.labels import Label
from forensics.evaluation.ratios import NEITHER, NOT_STATED, ratio_figures, support_words
from forensics.records.model_card import LikelihoodBounds, ModelCard
from forensics.records.scan_result import ScanResult
from forensics.verdicts.likelihood import state
from tests.evaluation.made import CARD, labelled_scan, no_face, result


@pytest.fixture(scope="module")
def scan() -> tuple[list[ScanResult], dict[str, Label], ModelCard]:
    results, labels = labelled_scan(200, strength=3.0)
    return results, labels, calibrated_card(CARD, results, labels, data="made")[0]


def test_every_file_is_counted_once_by_its_words(
    scan: tuple[list[ScanResult], dict[str, Label], ModelCard],
) -> None:
    results, labels, card = scan
    silent = result("silent.mp4", abstentions=[no_face()])
    known = {**labels, "silent.mp4": Label("silent.mp4", True, "silent")}
    (found,) = ratio_figures([*results, silent], known, [card], n_resamples=50)
    assert found.scope == "face likelihood ratios"
    assert found.support is not None
    assert sum(found.support.manipulated.values()) == sum(found.support.pristine.values()) == 100
    assert list(found.support.manipulated) == list(found.support.pristine)
    assert (found.n_manipulated, found.n_pristine, found.n_abstained) == (100, 100, 1)
    assert found.subsets == {"nothing to score": 1}
    assert [curve.name for curve in found.curves] == ["tippett_pristine", "tippett_manipulated"]
    assert max(found.curves[1].x) <= card.likelihood.log10_highest
    misleading = {figure.name: figure.value for figure in found.figures}
    assert misleading["misleading_pristine"] < 0.2
    assert misleading["misleading_manipulated"] < 0.2
    assert misleading["cllr"] < 0.7


def test_ratios_that_mislead_are_counted_by_hand() -> None:
    card = replace(
        calibrated_card(CARD, *labelled_scan(200), data="made")[0],
        likelihood=LikelihoodBounds(-5.0, 5.0, "made"),
    )
    results, labels = labelled_scan(20)
    # Half of the labels the wrong way round.
    turned = {
        path: replace(label, manipulated=label.manipulated ^ (index < 10))
        for index, (path, label) in enumerate(labels.items())
    }
    (found,) = ratio_figures(results, turned, [card], n_resamples=20)
    pristine = [one for one in results if not turned[one.media.path].manipulated]
    wrong = sum((one.verdict.manipulation_score or 0) > 0.5 for one in pristine)
    value = next(figure.value for figure in found.figures if figure.name == "misleading_pristine")
    assert value == pytest.approx(wrong / len(pristine))


def test_a_card_without_calibration_states_nothing_and_says_why() -> None:
    (found,) = ratio_figures(*labelled_scan(20), [CARD], n_resamples=20)
    assert (found.figures, found.curves, found.n_abstained) == ((), (), 20)
    assert found.subsets == {"not stated, since face-model is not calibrated": 20}


def test_a_card_holds_no_figures_of_stated_ratios(
    scan: tuple[list[ScanResult], dict[str, Label], ModelCard],
) -> None:
    results, labels, card = scan
    assert as_metrics(ratio_figures(results, labels, [card], n_resamples=20), "made", "x") == ()


def test_words_for_tables() -> None:
    bounds = LikelihoodBounds(-8.0, 8.0, "made")
    assert support_words(state(0.99, bounds)) == "moderate support for manipulated"
    assert support_words(state(0.01, bounds)) == "moderate support for not manipulated"
    assert support_words(state(0.55, bounds)) == NEITHER
    assert support_words(replace(state(0.55, bounds), log10_ratio=None)) == NOT_STATED
