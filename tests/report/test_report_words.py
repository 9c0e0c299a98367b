"""Words and amounts as a reader sees them, and container facts side by side."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from forensics import numerals
from forensics.cli.card_text import card_text
from forensics.cli.figure_table import table
from forensics.detectors import spec_of
from forensics.records.findings import AbstentionReason
from forensics.records.labelled_figures import Figure, LabelledFigures
from forensics.records.model_card import Metric
from forensics.records.subject import person
from forensics.records.verdict import Verdict, VerdictLabel
from forensics.report import figures, report_words
from forensics.report.container_facts import container_facts
from forensics.verdicts.verdict_words import reason_for_verdict
from tests.report.synthetic_case import basis_of, cards, scores_of, video


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (numerals.score_text(0.999), "> 0.99"),
        (numerals.score_text(0.0), "< 0.01"),
        (numerals.score_text(0.5), "0.50"),
        (numerals.score_text(None), ""),
        (numerals.interval_text(0.1, 0.2), "0.10 to 0.20"),
        (numerals.figure_interval_text(0.1, 0.2), "0.100 to 0.200"),
        (numerals.figure_interval_text(None, None), "not stated"),
        (numerals.interval_text(0.1, None), ""),
        (numerals.duration_text(59.94), "59.9 s"),
        (numerals.duration_text(185), "3:05 min"),
        (numerals.duration_text(3729), "1:02:09 h"),
        (numerals.moment_text(7.44), "7.4 s"),
        (numerals.moment_text(59.97), "1:00.0"),
        (numerals.moment_text(3729), "1:02:09.0"),
        (numerals.size_text(812), "812 bytes"),
        (numerals.size_text(4_200_000), "4.2 MB"),
        (numerals.size_text(7_000_000_000_000), "7000.0 GB"),
        (numerals.count_text(1, "file", "files"), "1 file"),
        (numerals.count_text(5000, "file", "files"), "5,000 files"),
        (report_words.metric_words("face tracks: auc"), "AUC (area under the ROC curve), face tracks"),
        (report_words.metric_words("new_measure"), "new measure"),
        (numerals.share_text(1, 0), ""),
    ],
)
def test_amounts(said: str, expected: str) -> None:
    assert said == expected


@pytest.mark.parametrize(
    ("manipulation_score", "said"),
    [(0.993, "0.99"), (0.9951, "> 0.99"), (0.0049, "< 0.01"), (0.006, "0.01"), (0.5, "0.50")],
)
def test_a_manipulation_score_is_written_alike_in_the_reason_the_table_and_the_interval(
    manipulation_score: float, said: str
) -> None:
    one = replace(
        basis_of(scores_of(person(1), "face", 0.5, 10.0, random.Random(1))),
        manipulation_score=manipulation_score,
    )
    verdict = Verdict(one.label, "", "worst-subject/2", manipulation_score, basis=(one,))
    reason = reason_for_verdict(VerdictLabel.INCONCLUSIVE, one, (), (), {"face": spec_of("face")})
    assert reason.startswith(f"The face of person 1 scores {said} over ")
    assert report_words.verdict_score(verdict) == report_words.highest_score(verdict, "face") == said
    assert numerals.interval_text(manipulation_score, manipulation_score) == said


def test_intervals_are_written_alike_on_the_terminal_and_in_the_report() -> None:
    figure = Figure("auc", 0.9123, 100, 0.8714, 0.9441)
    scope = LabelledFigures("file", 60, 40, 0, (figure,))
    said = "0.912 (0.871 to 0.944)"
    assert figures.figure_in(scope, "auc") == said
    assert any(said in line for line in table((scope,)))
    card = replace(cards()[0], metrics=(Metric("face: auc", "made", 100, 0.9123, 0.8714, 0.9441),))
    assert said in card_text(card, Path("models"))


def test_error_rates_are_headlines_only_where_each_class_has_twenty_rows() -> None:
    card = replace(
        cards()[0],
        metrics=(
            Metric("face: auc", "many", 540, 0.9, n_manipulated=40, n_pristine=500),
            Metric("face: recall", "many", 540, 0.9, n_manipulated=40, n_pristine=500),
            Metric("face: false_positive_rate", "many", 540, 0.9, n_manipulated=40, n_pristine=500),
            Metric("face: auc", "few", 119, 1.0, n_manipulated=100, n_pristine=19),
            Metric("face: auc", "older", 1000, 1.0),
        ),
    )
    said = [(metric.data_set, report_words.n_words(metric)) for metric in report_words.headline(card)]
    assert said == [
        ("many", "40 manipulated, 500 pristine"),
        ("many", "40 manipulated"),
        ("many", "500 pristine"),
    ]
    assert report_words.left_out(card) == (
        ("few", "100 manipulated, 19 pristine"),
        ("older", "n = 1,000, how many of each class is not stated"),
    )


def test_invisible_characters_become_visible() -> None:
    assert report_words.visible("a\nb\u202ec\u200bd\ud800e") == r"a\nb\u202ec\u200bd\ud800e"
    assert report_words.visible("Zoë 東京 naïve.mp4") == "Zoë 東京 naïve.mp4"


def test_every_label_and_reason_has_words() -> None:
    assert (
        set(report_words.VERDICT_WORDS)
        == set(report_words.VERDICT_MEANING)
        == set(report_words.VERDICT_ORDER)
        == set(VerdictLabel)
    )
    assert set(report_words.WHY_WORDS) == set(AbstentionReason)


@pytest.mark.parametrize(("lost_frames", "differs"), [(0, False), (2, False), (38, True)])
def test_header_and_content_are_compared(lost_frames: int, differs: bool) -> None:
    facts = {fact.name: fact for fact in container_facts(video("a.mp4", 12.0, lost_frames))}
    assert facts["Video stream 0: frames"].differs is differs
    assert facts["Video stream 0: duration"].differs is differs
    assert facts["Video stream 0: frames"].header == "300"
    assert facts["Video stream 0: frames"].content == str(300 - lost_frames)
    assert "44,100 Hz, 2 channels" in facts["Audio stream 1"].header
    assert facts["Tag: encoder"].header == "Lavf60.3.100"
