"""The short form: three pages for the case and one for each file, whatever is in them."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from forensics.errors import SettingsError
from forensics.records.findings import Abstention, AbstentionReason, Notice
from forensics.records.scan_result import ScanResult
from forensics.records.verdict import VerdictLabel
from forensics.report.brief import MOST_ROWS, plain_summary
from forensics.report.condition import CaseCondition
from forensics.report.renderers import write_report
from forensics.report.report_words import BROKEN_TITLE
from forensics.report.view import ReportView
from forensics.workflows.drawing import check_brief
from tests.report.drawn import page_of
from tests.report.synthetic_case import Case, examined, large_case, rich_case, unexamined, view_of

CHROMIUM = shutil.which("chromium")
printed = pytest.mark.skipif(
    CHROMIUM is None, reason="chromium is missing (Debian: apt-get install chromium)"
)


def n_printed(view: ReportView, folder: Path) -> int:
    """Pages of the report as Chromium prints it."""
    page, pdf = folder / "brief.html", folder / "brief.pdf"
    write_report(view, page)
    subprocess.run(
        [
            str(CHROMIUM),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--print-to-pdf={pdf}",
            page.as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes()))


def talkative_case() -> Case:
    """The rich case, with more to say of each file than a page takes."""
    case = rich_case()
    words = "Something happened that takes many words to tell, again and again. " * 8
    rows = []
    for row_id, result in case.rows:
        media = replace(
            result.media, path=result.media.path + "/long-name" * 30 + ".mp4", place="/there" * 60
        )
        rows.append(
            (
                row_id,
                replace(
                    result,
                    media=media,
                    verdict=replace(result.verdict, reason=words, limits=(words,) * 9),
                    abstentions=(Abstention("face", AbstentionReason.DAMAGED, words, "the rest"),) * 9,
                    notices=(Notice("decode", words),) * 9,
                ),
            )
        )
    return Case(rows, case.exhibits)


@printed
def test_three_pages_for_the_case_and_one_for_each_file(tmp_path: Path) -> None:
    view = view_of(rich_case(), labelled=True, brief=True)
    assert n_printed(view, tmp_path) == 3 + view.n_files


@printed
def test_however_much_there_is_to_say(tmp_path: Path) -> None:
    notices = tuple(Notice("find", "A folder could not be read. " * 30) for _ in range(40))
    broken = CaseCondition(
        intact=False, n_rows=9, problems=("row 3: it is not what its hash sealed " * 9,) * 9
    )
    view = view_of(talkative_case(), labelled=True, brief=True, notices=notices, condition=broken)
    assert n_printed(view, tmp_path) == 3 + view.n_files


@printed
@pytest.mark.browser
def test_nothing_runs_into_the_foot_of_a_page(tmp_path: Path) -> None:
    driver = shutil.which("chromedriver")
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed (extra dev)")
    if driver is None:
        pytest.skip("chromedriver is missing (Debian: apt-get install chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu"):
        options.add_argument(argument)
    page = tmp_path / "brief.html"
    write_report(view_of(talkative_case(), labelled=True, brief=True), page)
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        browser.get(page.as_uri())
        room_px = browser.execute_script(
            "return [...document.querySelectorAll('.sheet')].map(sheet => "
            "sheet.querySelector('.foot').getBoundingClientRect().top - Math.max("
            "...[...sheet.querySelectorAll(':scope > *:not(.foot)')]"
            ".map(part => part.getBoundingClientRect().bottom)))"
        )
    finally:
        browser.quit()
    assert min(room_px) >= 0, room_px


@printed
def test_more_files_than_the_table_holds(tmp_path: Path) -> None:
    view = view_of(large_case(60), brief=True)
    assert n_printed(view, tmp_path) == 63
    assert f"And {60 - MOST_ROWS} files more, each with its page below." in page_of(view)


def test_the_page_runs_nothing_and_shows_every_file(rich_view: ReportView) -> None:
    page = page_of(view_of(rich_case(), labelled=True, brief=True))
    assert "<script" not in page.split("<body", 1)[1].replace("&lt;script", "")
    assert "script-src &#39;none&#39;" in page
    assert page.count('<article class="sheet') == rich_view.n_files
    for file in rich_view.files:
        assert (file.result.media.sha256 or "not computed") in page


def test_a_broken_case_is_marked_on_every_sheet() -> None:
    condition = CaseCondition(intact=False, n_rows=9, problems=("row 3: it is not what its hash sealed",))
    view = view_of(rich_case(), brief=True, condition=condition)
    assert page_of(view).split("<body", 1)[1].count(BROKEN_TITLE) == 3 + view.n_files


def sentences(text: str) -> list[str]:
    return re.findall(r"[^.]+(?:\.(?!\s|$)[^.]*)*\.(?=\s|$)", text)


def test_the_summary_is_three_sentences_in_plain_words() -> None:
    view = view_of(rich_case())
    numbers = {count.label: count.n for count in view.counts}
    said = plain_summary(view)
    assert [len(sentences(one)) for one in said] == [1, 1, 1]
    assert said[0].startswith(f"In {numbers[VerdictLabel.SIGNS_OF_MANIPULATION]} of {view.n_files} files")
    assert f"For {numbers[VerdictLabel.INCONCLUSIVE]} files the result is open" in said[1]
    assert f"{numbers[VerdictLabel.NOT_EXAMINED]} files could not be examined" in said[1]
    assert "no proof" in said[2]


@pytest.mark.parametrize(
    ("results", "first", "second"),
    [
        ((unexamined("a/b.mp4", "Zero bytes."),), "The file b.mp4 could not be examined.", "The reason, and"),
        (
            (examined("a.mp4", (0.05,), 0.1, 1),),
            "The models found no signs of manipulation in the one",
            "Every",
        ),
        (
            (examined("a.mp4", (0.05,), 0.1, 1), examined("b.mp4", (0.5,), 0.1, 2)),
            "The models found no signs of manipulation in any of the 2 files",
            "For 1 file the result is open: each may be manipulated or not.",
        ),
    ],
)
def test_the_summary_of_small_cases(results: tuple[ScanResult, ...], first: str, second: str) -> None:
    said = plain_summary(view_of(Case(list(enumerate(results, start=1)), {})))
    assert len(said) == 3
    assert said[0].startswith(first)
    assert said[1].startswith(second)


def test_a_case_without_files_says_so() -> None:
    assert plain_summary(view_of(Case([], {}))) == ["No file was found in what was given to scan."]


def test_a_short_form_without_a_page_is_refused() -> None:
    with pytest.raises(SettingsError, match="--brief"):
        check_brief([Path("a.json"), Path("a.csv")], brief=True)
    check_brief([Path("a.json"), Path("a.HTML")], brief=True)
    check_brief([], brief=False)
