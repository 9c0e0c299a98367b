"""Charts: well-formed, bounded, readable without colour, and honest about bundling."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from forensics.records.findings import Score, Span
from forensics.records.labelled_figures import Curve, LabelledFigures
from forensics.records.subject import VOICE_OF_FILE, other
from forensics.report import svg
from forensics.report.figures import charts, confusion_columns, confusion_rows
from forensics.report.subjects import SubjectView
from forensics.report.timeline import MOST_MARKS, describe, score_chart, thin
from forensics.report.view import ReportView
from tests.report.synthetic_case import labelled_figures


def test_every_chart_is_drawn_and_well_formed() -> None:
    drawn = charts(labelled_figures())
    assert [chart.name for chart in drawn] == [
        "histogram",
        "roc",
        "precision_recall",
        "det",
        "reliability",
        "tippett",
    ]
    for chart in drawn:
        root = ET.fromstring(str(chart.markup))
        assert root.find("title") is not None
        assert root.find("desc") is not None
        assert "n = " in chart.caption
        assert not any("style" in element.attrib for element in root.iter())


def test_figures_are_named_with_value_interval_and_n() -> None:
    captions = {chart.name: chart.caption for chart in charts(labelled_figures())}
    assert "0.934 (0.871 to 0.977), n = 130" in captions["roc"]
    assert "Average precision 0.941" in captions["precision_recall"]
    assert "Expected calibration error 0.054" in captions["reliability"]


def test_lines_differ_without_colour() -> None:
    tippett = next(chart for chart in charts(labelled_figures()) if chart.name == "tippett")
    assert "stroke-dasharray" in re.search(r'<path class="series second"[^>]*>', tippett.markup)[0]  # type: ignore[index]
    assert "stroke-dasharray" not in re.search(r'<path class="series first"[^>]*>', tippett.markup)[0]  # type: ignore[index]


def test_det_survives_rates_of_zero_and_one() -> None:
    figures = replace(labelled_figures(), curves=(Curve("det", (0.0, 0.5, 1.0), (1.0, 0.2, 0.0)),))
    assert any(chart.name == "det" for chart in charts(figures))


def test_confusion_counts_and_shares() -> None:
    figures = labelled_figures()
    assert next(name for name, _ in confusion_columns(figures)) == "SIGNS_OF_MANIPULATION"
    manipulated, pristine = confusion_rows(figures)
    assert manipulated.n == 72
    assert manipulated.cells[0] == (51, "71%")
    assert pristine.cells[0] == (1, "2%")
    assert confusion_rows(replace(figures, confusion=None)) == []


def test_counts_of_close_bins_do_not_cover_each_other() -> None:
    xs = tuple(0.4 + 0.01 * index for index in range(8))
    curve = Curve("reliability", xs, (0.5, 0.52) * 4, (240,) * 8)
    figures = LabelledFigures("file", 960, 960, 0, curves=(curve,))
    (chart,) = (one for one in charts(figures) if one.name == "reliability")
    drawn = [
        (float(text.get("x", "0")), float(text.get("y", "0")))
        for text in ET.fromstring(str(chart.markup)).iter("text")
        if text.get("class") == "count"
    ]
    assert len(drawn) == 8
    assert all(
        abs(x - other_x) > 14 or abs(y - other_y) > 8
        for index, (x, y) in enumerate(drawn)
        for other_x, other_y in drawn[:index]
    )


def test_score_chart_shows_thresholds_interval_and_scores(rich_view: ReportView) -> None:
    subject = rich_view.files[0].subjects[0]
    chart = str(score_chart(subject, 10.0))
    ET.fromstring(chart)
    assert "signs 0.81" in chart
    assert "no signs 0.22" in chart
    assert 'class="interval"' in chart
    assert chart.count("h0") == len(subject.scores)
    assert "32 scores" in describe(subject)


def subject_of(scores: tuple[Score, ...], name: str = "voice") -> SubjectView:
    return SubjectView(other(name), "voice", False, None, None, scores, None, ())


def test_hours_of_sound_are_bundled_and_say_so() -> None:
    scores = tuple(
        Score("voice", "m", VOICE_OF_FILE, Span(i, i + 3), 0.0, 0.9 if i == 777 else 0.1)
        for i in range(3_600)
    )
    marks, bundled = thin(scores)
    assert len(marks) <= MOST_MARKS
    assert max(mark.manipulation_score for mark in marks) == 0.9
    chart = str(score_chart(subject_of(scores), 3_603.0))
    assert f"highest of {bundled} neighbouring scores" in chart
    assert len(chart) < 40_000


def test_names_are_escaped() -> None:
    scores = tuple(Score("voice", "m", VOICE_OF_FILE, Span(at, at + 3), 0.0, 0.4) for at in (0, 3))
    assert "<script>" not in str(score_chart(subject_of(scores, "<script>"), 6.0))
    assert svg.text((0, 0), "a<b&c") == '<text x="0" y="0">a&lt;b&amp;c</text>'
    assert svg.element("g", class_='"x') == '<g class="&quot;x"/>'


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (0, 1, 6, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0, 10.4, 7, [0, 2, 4, 6, 8, 10]),
        (-2.5, 2.5, 7, [-2, -1, 0, 1, 2]),
        (3, 3, 5, [3]),
    ],
)
def test_ticks_are_round(low: float, high: float, most: int, expected: list[float]) -> None:
    assert svg.nice_ticks(low, high, most) == expected
