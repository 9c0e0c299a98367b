"""Exhibits that are no pictures: a chart, a table and a text, each drawn in its way."""

from __future__ import annotations

import io
import re
from dataclasses import replace

from forensics.records.exhibit_content import CurveChart, CurveLine, Table, Text
from forensics.records.findings import Exhibit, ExhibitKind, Notice
from forensics.report.curves import MOST_POINTS, curve_chart
from forensics.report.redaction import blurred
from forensics.report.renderers.html import HtmlRenderer
from forensics.report.view import build_view
from tests.report.synthetic_case import examined

CHART = CurveChart(
    (
        CurveLine("lips", (0.0, 0.5, 1.0, 1.5, 2.0), (0.2, 0.3, None, 0.4, 0.1)),
        CurveLine("<sound>", (0.0,), (1.0,)),
    ),
    "Time, s",
    "Opening",
    marked=((0.5, 1.0),),
)
SHOWN = (
    Exhibit(ExhibitKind.CURVE, CHART, "Lips over time", "person 1", "person 1, lips", 0.5),
    Exhibit(
        ExhibitKind.TABLE,
        Table(("Box", "Bytes"), (("moov", "1,024"), ("<mdat>", "99")), marked=(1,)),
        "Boxes of the container",
        "file",
        "file, container",
    ),
    Exhibit(ExhibitKind.TEXT, Text("First.\n\nSecond."), "What it means", "file", "file, container"),
    Exhibit(ExhibitKind.TEXT, Text("a  b\n<c>", as_typed=True), "As it stands", "file", "file, container"),
)


def page() -> str:
    result = examined("clips/a.mp4", (0.9,), None, 1)
    view = build_view([], [(2, result)], lambda _: SHOWN)
    out = io.BytesIO()
    HtmlRenderer().render(view, out)
    return out.getvalue().decode()


def test_each_form_is_drawn_in_its_way() -> None:
    html = page()
    curve, table, *texts = re.findall(r'<figure class="e-(?:curve|table|text)">.*?</figure>', html, re.DOTALL)
    assert "<svg" in curve
    assert "<title>Lips over time</title>" in curve
    assert "&lt;sound&gt;" in curve
    assert '<th scope="col">Box</th>' in table
    assert re.search(r'<tr class="differs"><td>&lt;mdat&gt;</td><td>99</td></tr>', table)
    assert "<tr><td>moov</td>" in table
    assert "<p>First.</p><p>Second.</p>" in texts[0]
    assert "<code>a  b</code><code>&lt;c&gt;</code>" in texts[1]
    assert all(one.caption in html for one in SHOWN)


def test_what_has_no_time_and_no_subject_of_its_own_stands_under_its_name() -> None:
    html = page()
    [moment] = re.findall(r"<h5>Container.*?</h5>", html, re.DOTALL)
    assert " at " not in moment
    assert '<section class="subject" aria-label="file">' in html


def test_what_a_table_says_is_not_said_again_among_the_notices() -> None:
    told = Table(
        ("What", "Finding"), (("Times", "It was written anew."), ("EXIF", "There is none.")), marked=(0,)
    )
    exhibit = Exhibit(ExhibitKind.TABLE, told, "What the file says", "file", "file, stills")
    notices = (
        Notice("stills", "It was written anew. A camera writes it once."),
        Notice("stills", "Something that the table had no room for."),
        Notice("decode", "It was written anew."),
    )
    result = replace(examined("a.jpg", (0.9,), None, 1), notices=notices)
    for shown, n_said in (((exhibit,), 2), ((), 3)):
        out = io.BytesIO()
        HtmlRenderer().render(build_view([], [(2, result)], lambda _, shown=shown: shown), out)
        html = out.getvalue().decode()
        assert html[html.index("<h4>Notices</h4>") :].count('<span class="stage">') == n_said
        assert "It was written anew." in html


def test_a_gap_cuts_the_line_and_a_single_point_is_a_dot() -> None:
    drawn = str(curve_chart(CHART, "Lips"))
    plotted = drawn[drawn.index('class="interval"') :]
    lines = re.findall(r'class="series first" d="M([^"]+)"', plotted)
    assert [line.count("L") + 1 for line in lines[:2]] == [2, 2]
    assert 'class="point"' in plotted


def test_a_long_curve_keeps_its_peaks() -> None:
    n = 50_000
    y = [0.0] * n
    y[31_234] = 9.0
    line = CurveLine("", tuple(float(i) for i in range(n)), tuple(y))
    chart = CurveChart((line,), "Time, s", "Level", y_range=(0.0, 9.0))
    drawn = str(curve_chart(chart, "Level"))
    [points] = re.findall(r'class="series first" d="M([^"]+)"', drawn)
    heights = [float(point.split()[1]) for point in points.split("L")]
    assert len(heights) <= MOST_POINTS + 2
    assert min(heights) == 34.0  # the top edge


def test_redaction_leaves_numbers_and_words() -> None:
    assert [blurred(one) for one in SHOWN] == list(SHOWN)
