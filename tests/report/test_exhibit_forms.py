"""Exhibits that are no single pictures: a strip, a sound, a chart, a table and a text."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace

from PIL import Image

from forensics.records.exhibit_content import (
    CurveChart,
    CurveLine,
    Filmstrip,
    SoundClip,
    StripFrame,
    Table,
    Text,
)
from forensics.records.findings import Abstention, AbstentionReason, Exhibit, ExhibitKind, Notice
from forensics.records.subject import VOICE_OF_FILE, WHOLE_FILE, person
from forensics.report.curve_charts import MOST_POINTS, curve_chart
from forensics.report.evidence import encoded_bytes, image_budget, spend
from forensics.report.redaction import blurred, redacted
from forensics.report.view import build_view
from tests.report.drawn import page_of
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
    Exhibit(ExhibitKind.CURVE, CHART, "Lips over time", person(1), "lips", 0.5),
    Exhibit(
        ExhibitKind.TABLE,
        Table(("Box", "Bytes"), (("moov", "1,024"), ("<mdat>", "99")), marked=(1,)),
        "Boxes of the container",
        WHOLE_FILE,
        "container",
    ),
    Exhibit(ExhibitKind.TEXT, Text("First.\n\nSecond."), "What it means", WHOLE_FILE, "container"),
    Exhibit(ExhibitKind.TEXT, Text("a  b\n<c>", as_typed=True), "As it stands", WHOLE_FILE, "container"),
)


def page() -> str:
    result = examined("clips/a.mp4", (0.9,), None, 1)
    view = build_view([], [(2, result)], lambda _: SHOWN)
    return page_of(view)


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
    exhibit = Exhibit(ExhibitKind.TABLE, told, "What the file says", WHOLE_FILE, "stills")
    notices = (
        Notice("stills", "It was written anew. A camera writes it once."),
        Notice("stills", "Something that the table had no room for."),
        Notice("decode", "It was written anew."),
    )
    result = replace(examined("a.jpg", (0.9,), None, 1), notices=notices)
    for shown, n_said in (((exhibit,), 2), ((), 3)):
        html = page_of(build_view([], [(2, result)], lambda _, shown=shown: shown))
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


def film(values: tuple[float, ...], at_s: tuple[float, ...]) -> Exhibit:
    frames = tuple(
        StripFrame(tiny(i), at, value) for i, (at, value) in enumerate(zip(at_s, values, strict=True))
    )
    strip = Filmstrip(frames, len(frames))
    words = f"{len(frames)} sampled frames, in order of time"
    return Exhibit(ExhibitKind.FILMSTRIP, strip, words, person(1), "all sampled frames")


def tiny(number: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), (number * 20, 9, 9)).save(out, "JPEG")
    return out.getvalue()


def test_the_dots_of_the_timeline_lead_to_their_frames() -> None:
    result = examined("clips/a.mp4", (0.9,), None, 1)
    shown = tuple(score.span.start_s for score in result.scores[:5])
    strip = film(tuple(score.manipulation_score for score in result.scores[:5]), shown)
    html = page_of(build_view([], [(2, result)], lambda _: (strip,)))
    links = re.findall(r'<a href="#(m1-1-\d+)" tabindex="-1" aria-label="([^"]+)">', html)
    assert [link for link, _ in links] == [f"m1-1-{number}" for number in range(1, 6)]
    for number, (link, words) in enumerate(links):
        [frame] = re.findall(rf'<li id="{link}"[^>]*>(.*?)</li>', html)
        assert base64.b64encode(tiny(number)).decode() in frame
        assert words.split(" at ")[0] in frame
    assert len(re.findall(r'<li id="m1-1-\d+" class="strongest">', html)) == 1
    chart = html[html.index('class="chart time"') :]
    assert 'role="group"' in chart[: chart.index(">")]


def test_a_file_is_known_by_the_face_with_the_highest_score() -> None:
    result = examined("clips/a.mp4", (0.9,), None, 1)
    strip = film((0.2, 0.95, 0.4), (0.0, 1.0, 2.0))
    html = page_of(build_view([], [(2, result)], lambda _: (strip,)))
    [face] = re.findall(r'<img class="face" src="data:image/jpeg;base64,([^"]+)" alt=""', html)
    assert base64.b64decode(face) == tiny(1)
    assert 'class="face"' not in page_of(build_view([], [(2, result)], lambda _: ()))


def test_faces_of_thousands_of_files_stay_within_the_page() -> None:
    result = examined("clips/a.mp4", (0.9,), None, 1)
    heavy = replace(film((0.5,), (0.0,)), content=Filmstrip((StripFrame(bytes(6_000), 0.0, 0.5),), 1))
    rows = [(number, result) for number in range(2, 5_002)]
    spent = spend(rows, lambda _: (heavy,))
    weight = sum(4 * len(face.jpeg) / 3 for face in spent.faces.values())
    assert 0 < len(spent.faces) < len(rows)
    assert weight + sum(encoded_bytes(one) for kept in spent.kept.values() for one in kept) <= image_budget(
        len(rows)
    )


def test_a_sound_is_within_the_page_and_not_in_a_redacted_one() -> None:
    clip = Exhibit(ExhibitKind.SOUND, SoundClip(b"fLaC7"), "The sound", VOICE_OF_FILE, "strongest", 1.0, 0.9)
    strip = film((0.2, 0.3), (0.0, 1.0))
    result = examined("clips/a.mp4", (0.9,), 0.9, 1)
    html = page_of(build_view([], [(2, result)], lambda _: (clip, strip)))
    assert f'src="data:audio/flac;base64,{base64.b64encode(b"fLaC7").decode()}"' in html
    assert "media-src data:" in html
    assert redacted((clip, strip)) == []


def test_why_scores_carry_less_stands_with_the_person() -> None:
    result = examined("clips/a.mp4", (0.9, 0.2), None, 1)
    notice = Notice("faces", "Person 1: 3 of 32 faces are smaller than 60 px", subject=person(1))
    unlike = Abstention("face", AbstentionReason.OUT_OF_DOMAIN, "Person 2 is not judged: blurred", person(2))
    result = replace(result, notices=(notice,), abstentions=(*result.abstentions, unlike))
    html = page_of(build_view([], [(2, result)], lambda _: ()))
    one, two = re.findall(r'<section class="subject".*?</section>', html, re.DOTALL)
    assert "3 of 32 faces are smaller" in one
    assert "not judged" not in one
    assert "Person 2 is not judged: blurred" in two
