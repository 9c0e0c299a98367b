"""What is written into model cards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from forensics.errors import SettingsError
from forensics.evaluation.cards import as_metrics, calibrated_card, with_metrics
from forensics.records.labelled_figures import Figure, LabelledFigures
from forensics.records.model_card import Metric
from tests.evaluation.made import CARD, labelled_scan


def test_a_calibrated_card_holds_all_that_a_verdict_needs() -> None:
    results, labels = labelled_scan(200)
    stale = replace(CARD, metrics=(Metric("face: auc", "old", 1, 0.5),))
    card, fit = calibrated_card(stale, results, labels, data="made clips")
    assert card.calibration == fit.calibration
    assert card.thresholds is not None
    assert card.likelihood is not None
    assert card.likelihood.log10_lowest < 0 < card.likelihood.log10_highest
    assert "made clips" in card.likelihood.rule
    assert card.metrics == ()
    false = [
        one
        for one in results
        if not labels[one.media.path].manipulated
        and card.manipulation_score(one.verdict.basis[0].logit) >= card.thresholds.signs
    ]
    assert len(false) <= 2


def test_scores_of_another_model_do_not_calibrate_this_one() -> None:
    with pytest.raises(SettingsError, match="come from face-model, not from face-other") as caught:
        calibrated_card(replace(CARD, id="face-other"), *labelled_scan(100), data="made")
    assert "--model face-other" in caught.value.hint


def test_new_metrics_replace_those_on_the_same_data_only() -> None:
    old = replace(CARD, metrics=(Metric("face: auc", "a", 1, 0.5), Metric("face: auc", "b", 1, 0.6)))
    new = with_metrics(old, [Metric("face: auc", "b", 9, 0.9)])
    assert [(metric.data_set, metric.value) for metric in new.metrics] == [("a", 0.5), ("b", 0.9)]


def test_figures_belong_to_their_detector_and_not_by_their_name() -> None:
    """A property may be called like a detector, and its value may hold commas."""
    one = LabelledFigures("face, method=voice, cut", 30, 30, 0, (Figure("auc", 0.9, 60),))
    of_face = replace(one, detector="face", part="method=voice, cut")
    ratios = replace(of_face, scope="face likelihood ratios", part="", of_ratios=True)
    assert as_metrics([one, ratios], "data", "command", detector="face") == ()
    assert [metric.name for metric in as_metrics([of_face, ratios], "data", "command", detector="face")] == [
        "face, method=voice, cut: auc"
    ]
    by_property = replace(of_face, part="codec=h264")
    assert as_metrics([by_property], "data", "command") == (), "cards hold the methods alone"
