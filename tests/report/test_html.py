"""The page: safe against its contents, complete in itself, small enough, and saying what it must."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from forensics.errors import ReportError
from forensics.records.exhibit_content import Filmstrip, Picture
from forensics.records.findings import Exhibit, Notice
from forensics.records.scan_result import ScanResult
from forensics.report.renderers.html import HtmlRenderer
from forensics.report.renderers.json import JsonRenderer
from forensics.report.view import ReportView
from tests.report.drawn import drawn, page_of
from tests.report.page_reader import read
from tests.report.synthetic_case import (
    HOSTILE_NAMES,
    Case,
    examined,
    labelled_figures,
    large_case,
    unexamined,
    view_of,
)

MOST_BYTES = 25_000_000
GOLDEN = Path(__file__).parent / "golden" / "small.html"


def test_long_lists_are_capped_on_the_page_and_whole_in_json() -> None:
    many = tuple(Notice("find", f"link {number} leads out") for number in range(14_496))
    result = replace(examined("a.mp4", (0.9,), None, 1), notices=many[:500])
    view = view_of(plain_case(result), notices=many)
    page = page_of(view)
    assert len(page) < len(page_of(view_of(plain_case(replace(result, notices=()))))) + 60_000
    assert "And 14,396 more notices" in page
    assert "And 475 more notices" in page
    whole = json.loads(drawn(JsonRenderer(), view))
    assert len(whole["notices"]) >= 14_496
    assert len(whole["files"][0]["notices"]) == 500


def plain_case(*results: ScanResult) -> Case:
    return Case(list(enumerate(results, start=1)), {})


def test_hostile_names_stay_text(rich_page: str) -> None:
    page = read(rich_page)
    assert len(page.all("script")) == 2
    assert len(page.all("style")) == 1
    assert not [element for element in page.all("img") if element.attributes["src"] == "x"]
    assert "&lt;script&gt;alert(&#34;1&#34;)" in rich_page
    assert "{{ 7 * 7 }}" in rich_page
    assert r"line\nbreak\tand tab.mp4" in rich_page
    assert r"evil\u202e4pm.exe" in rich_page
    assert "\u202e" not in rich_page
    assert r"not-utf8-\xff\xfe.mp4" in rich_page


@pytest.mark.parametrize(
    "hostile", ['<img src=x onerror="alert(1)">', "'\"><script>alert(1)</script>", "\ud800\x00\x1b[2J"]
)
def test_hostile_metadata_stays_text(hostile: str) -> None:
    result = examined("a.mp4", (0.9,), None, 1)
    result = replace(
        result,
        media=replace(result.media, facts={hostile: hostile}, container=hostile),
        verdict=replace(result.verdict, reason=hostile, limits=(hostile,), policy=hostile),
    )
    page = read(page_of(view_of(plain_case(result), labels={"a.mp4": hostile}, case=hostile)))
    assert len(page.all("script")) == 2
    assert not page.all("img")
    assert not any(name.startswith("on") for element in page.elements for name in element.attributes)


def test_policy_allows_exactly_the_style_and_script_of_the_page(rich_page: str) -> None:
    page = read(rich_page)
    policy = next(e.attributes["content"] for e in page.all("meta") if "http-equiv" in e.attributes)
    assert policy is not None
    for directive, tag in (("style-src", "style"), ("script-src", "script")):
        contents = re.findall(f"<{tag}>(.*?)</{tag}>", rich_page, re.DOTALL)
        digests = [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in contents]
        hashes = " ".join(f"'sha256-{one}'" for one in digests)
        assert f"{directive} {hashes};" in policy
    assert policy.startswith("default-src 'none'; img-src data:; ")
    assert "unsafe" not in policy


def test_page_needs_nothing_but_itself(rich_page: str) -> None:
    assert not re.search(r"(https?:)?//[a-z0-9-]+\.[a-z]", re.sub(r"base64,[^\"]+", "", rich_page))
    page = read(rich_page)
    assert not {"link", "iframe", "object", "embed", "base", "form-action"} & {e.tag for e in page.elements}
    for element in page.elements:
        assert "style" not in element.attributes
        assert not any(name.startswith("on") for name in element.attributes)
        for name in ("src", "href", "xlink:href", "srcset", "action"):
            value = element.attributes.get(name)
            assert value is None or value.startswith(("#", "data:image/jpeg;base64,"))


def test_every_link_and_label_has_its_target(rich_page: str) -> None:
    page = read(rich_page)
    ids = [e.attributes["id"] for e in page.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    wanted = [e.attributes["href"] for e in page.elements if "href" in e.attributes]
    wanted += [
        f"#{e.attributes['aria-labelledby']}" for e in page.elements if "aria-labelledby" in e.attributes
    ]
    assert {one for one in wanted if one} <= {f"#{one}" for one in ids}


def test_every_file_has_a_row_and_an_article(rich_page: str, rich_view: ReportView) -> None:
    page = read(rich_page)
    rows = [e.attributes["data-f"] for e in page.all("tr") if "data-f" in e.attributes]
    articles = [
        e.attributes["id"] for e in page.all("article") if (e.attributes.get("id") or "").startswith("f")
    ]
    assert len(rows) == rich_view.n_files
    assert articles == [f"f{row}" for row in rows]


def test_files_that_need_attention_come_first(rich_page: str) -> None:
    order = re.findall(r'<tr class="v-(\w+)"', rich_page)
    assert order == sorted(order, key=["signs", "inconclusive", "none", "unexamined"].index)


def test_evidence_is_there(rich_page: str) -> None:
    for words in (
        "Where the net looked",
        "Mel spectrogram",
        "Strongest for manipulation",
        "Strongest against manipulation",
        "decides the verdict",
        "signs 0.81",
        "Header and content disagree",
        "not a clean bill of health",
        "The file has zero bytes. Copy it again from the source.",
        "The file has no audio stream.",
        "The folder clips/locked cannot be read",
        "0.952 to 0.969",
        "weights",
        "avx512_bf16",
    ):
        assert words in rich_page, words


def test_the_word_real_is_no_verdict(rich_page: str) -> None:
    assert not re.search(r"\breal\b|\bgenuine\b", re.sub(r"base64,[^\"]+", "", rich_page), re.IGNORECASE)


def test_labels_bring_figures_and_mark_errors(rich_page: str) -> None:
    for words in (
        "Against the known labels",
        "Verdicts by label",
        "0.871 to 0.977",
        "false alarm",
        "Broken down",
        "file, method=FaceSwap",
        "log10 likelihood",
    ):
        assert words in rich_page, words
    assert "Against the known labels" not in page_of(view_of(plain_case(examined("a.mp4", (0.9,), 0.1, 1))))


def test_error_rates_name_the_class_and_leave_out_small_sets(rich_page: str) -> None:
    rates = rich_page.partition("How often the models are wrong")[2].partition("</section>")[0]
    assert '<td class="num n">1,000 pristine</td>' in rates
    assert '<td class="num n">1,000 manipulated, 1,000 pristine</td>' in rates
    assert "0.934" not in rates
    assert "also measured on 25 FaceForensics videos (18 manipulated, 7 pristine)" in rates


def test_rates_and_curves_are_drawn_only_where_n_carries_them() -> None:
    case = plain_case(examined("a.mp4", (0.9,), 0.1, 1))
    few = replace(labelled_figures(), n_manipulated=70, n_pristine=19)
    page = page_of(
        view_of(
            case,
            figures=(few, replace(few, scope="file, method=FaceSwap", part="method=FaceSwap")),
            labelled=True,
        )
    )
    assert "With fewer than 20 rows of a class" in page
    assert "0.871 to 0.977" not in page
    assert "0.934" not in page.partition("Against the known labels")[2].partition('id="evidence"')[0]
    assert "ROC" not in page.partition("Against the known labels")[2].partition('id="evidence"')[0]
    assert "Verdicts by label" in page


def test_the_first_scope_is_open_and_the_others_tell_their_figure(rich_page: str) -> None:
    scopes = re.findall(r'<details class="scope"( open)?>\s*<summary>(.*?)</summary>', rich_page)
    assert [opened for opened, _ in scopes] == [" open"] + [""] * (len(scopes) - 1)
    assert len(scopes) > 1
    assert all("AUC 0." in summary for _, summary in scopes)


def test_no_files_and_no_cards() -> None:
    page = page_of(view_of(plain_case(), cards=(), notices=(), chain_head="", case=None))
    assert "0 files searched" in page
    assert "No file was found" in page
    assert "Treat every score as unverified" in page


def test_five_thousand_files_stay_small() -> None:
    page = page_of(view_of(large_case(5_000)))
    assert len(page.encode()) < MOST_BYTES
    assert len(re.findall(r'<tr class="v-', page)) == 5_000
    assert page.count("data:image/jpeg") > 100
    assert "forensics report briefing.case --only PATH --report one-file.html" in page


def test_broken_template_is_a_report_error(tmp_path: Path, rich_view: ReportView) -> None:
    with pytest.raises(ReportError, match="missing") as caught:
        HtmlRenderer(tmp_path).render(rich_view, io.BytesIO())
    assert "Install" in caught.value.hint
    for name in ("report.css", "evidence.css", "early.js", "report.js"):
        (tmp_path / name).write_text("")
    (tmp_path / "report.html.jinja").write_text("{{ view.nothing_of_the_kind }}")
    with pytest.raises(ReportError, match="does not fit"):
        HtmlRenderer(tmp_path).render(rich_view, io.BytesIO())


def test_exhibits_carry_their_bytes(rich_page: str, rich_view: ReportView) -> None:
    shown: list[Exhibit] = [
        exhibit for file in rich_view.files for s in file.subjects for g in s.groups for exhibit in g.exhibits
    ]
    assert shown
    first = next(one.content for one in shown if isinstance(one.content, Picture))
    n_small = sum(len(one.content.frames) for one in shown if isinstance(one.content, Filmstrip))
    n_faces = sum(file.face is not None for file in rich_view.files)
    n_large = sum(isinstance(one.content, Picture) for one in shown)
    assert rich_page.count("data:image/jpeg;base64,") == n_large + n_small + n_faces
    assert n_small > n_faces > 0
    assert base64.b64encode(first.jpeg).decode() in rich_page


def scrubbed(page: str) -> str:
    """Without what changes for other reasons than the page's structure."""
    page = re.sub(r"<(style|script)>.*?</\1>", r"<\1></\1>", page, flags=re.DOTALL)
    page = re.sub(r"sha256-[A-Za-z0-9+/=]+", "sha256-X", page)
    return "\n".join(line.rstrip() for line in page.splitlines() if line.strip()) + "\n"


def test_golden() -> None:
    case = plain_case(
        examined(HOSTILE_NAMES[1], (0.93,), 0.3, 1), unexamined("empty.mp4", "The file has zero bytes.")
    )
    page = scrubbed(page_of(view_of(case)))
    if os.environ.get("FORENSICS_UPDATE_GOLDENS"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(page, "utf-8")
    assert page == GOLDEN.read_text("utf-8"), "if intended: FORENSICS_UPDATE_GOLDENS=1 pytest tests/report"
