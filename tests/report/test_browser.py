"""The page in headless Chromium: sorts, filters, searches, opens evidence, asks the network for nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from forensics.report.renderers import write_report
from forensics.report.view import build_view
from tests import axe
from tests.chromium import NEEDS_CHROMIUM, started
from tests.copies import swapped_case
from tests.report.synthetic_case import large_case, rich_case, view_of

selenium = pytest.importorskip("selenium", reason="selenium is not installed (extra dev)")
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

pytestmark = NEEDS_CHROMIUM
SHOWN = "[...document.querySelectorAll('#table tbody tr')].filter(row => !row.hidden)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with started("--force-prefers-reduced-motion", performance="ALL") as driver:
        yield driver


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "rich.html"
    write_report(view_of(rich_case(), labelled=True), path)
    return path


@pytest.fixture
def page(browser: Any, report: Path) -> Iterator[Any]:
    """The rich report, freshly loaded; afterwards no console message and no request but the page itself."""
    browser.get("about:blank")
    browser.get_log("browser")
    browser.get_log("performance")
    browser.get(report.as_uri())
    yield browser
    assert browser.get_log("browser") == []
    asked = [
        message["params"]["request"]["url"]
        for entry in browser.get_log("performance")
        if (message := json.loads(entry["message"])["message"])["method"] == "Network.requestWillBeSent"
    ]
    assert {url.split("#")[0] for url in asked if not url.startswith("data:")} <= {report.as_uri()}


def column(page: Any, selector: str) -> list[str]:
    texts: list[str] = page.execute_script(
        f"return {SHOWN}.map(row => row.querySelector(arguments[0]).textContent.trim())", selector
    )
    return texts


def n_shown(page: Any) -> int:
    count: int = page.execute_script(f"return {SHOWN}.length")
    return count


def header(page: Any, words: str) -> Any:
    return page.find_element(By.XPATH, f"//table[@id='table']/thead//button[text()='{words}']")


def chip(page: Any, verdict: str) -> Any:
    return page.find_element(By.CSS_SELECTOR, f".chip[data-verdict='{verdict}']")


def test_sorts_by_number_with_empty_cells_last(page: Any) -> None:
    def scores() -> list[float]:
        return [float(text) for text in column(page, ".c-total b, .c-total:empty") if text]

    header(page, "Score").click()
    assert scores() == sorted(scores(), reverse=True)
    cell = page.find_element(By.CSS_SELECTOR, "th.c-total")
    assert cell.get_attribute("aria-sort") == "descending"
    assert column(page, ".c-verdict")[-2:] == ["Not examined", "Not examined"]
    header(page, "Score").click()
    assert scores() == sorted(scores())
    assert cell.get_attribute("aria-sort") == "ascending"
    assert column(page, ".c-verdict")[-2:] == ["Not examined", "Not examined"]


def test_sorts_by_name_from_the_keyboard(page: Any) -> None:
    header(page, "File and reason").send_keys(Keys.ENTER)
    names = column(page, "a")
    in_order = page.execute_script(
        "const c = new Intl.Collator(undefined, {numeric: true, sensitivity: 'base'});"
        "return arguments[0].every((name, i, all) => !i || c.compare(all[i - 1], name) <= 0)",
        names,
    )
    assert in_order
    assert len(page.find_elements(By.CSS_SELECTOR, "[aria-sort]")) == 1


def test_filters_by_verdict(page: Any) -> None:
    n_all, n_signs = n_shown(page), column(page, ".c-verdict").count("Signs of manipulation")
    assert 0 < n_signs < n_all
    chip(page, "signs").click()
    assert n_shown(page) == n_all - n_signs
    assert chip(page, "signs").get_attribute("aria-pressed") == "false"
    assert page.find_element(By.ID, "shown").text == f"{n_all - n_signs} of {n_all} files"
    chip(page, "signs").send_keys(Keys.SPACE)
    assert n_shown(page) == n_all


def test_searches_names_reasons_and_digests(page: Any) -> None:
    field = page.find_element(By.ID, "search")
    page.find_element(By.TAG_NAME, "body").send_keys("/")
    assert page.switch_to.active_element == field
    digest = view_of(rich_case()).files[0].result.media.sha256
    for words, expected in (
        ("IMG_2041", 1),
        ("zero bytes", 1),
        (digest, 1),
        ("<script>", 1),
        ("nothing so named", 0),
    ):
        field.clear()
        field.send_keys(words)
        page.execute_async_script("setTimeout(arguments[0], 30)")
        assert n_shown(page) == expected, words


def test_opens_a_files_evidence_and_steps_on(page: Any) -> None:
    first, second = column(page, "a")[:2]
    page.find_element(By.CSS_SELECTOR, "#table tbody a").send_keys(Keys.ENTER)
    viewer = page.find_element(By.ID, "viewer")

    def title() -> str:
        return cast(str, viewer.find_element(By.CSS_SELECTOR, "article h3").text)

    assert viewer.is_displayed()
    assert title() == first
    page.execute_async_script(
        "const done = arguments[0], images = [...document.querySelectorAll('#viewer img')];"
        "images.forEach(image => { image.loading = 'eager'; });"
        "Promise.all(images.map(image => image.decode())).then(() => done())"
    )
    widths = page.execute_script(
        "return [...document.querySelectorAll('#viewer img')].map(i => i.naturalWidth)"
    )
    assert len(widths) >= 3
    assert all(widths)
    assert viewer.find_element(By.CSS_SELECTOR, "svg.chart").is_displayed()
    page.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    assert title() == second
    assert page.find_element(By.ID, "viewer-place").text.startswith("File 2 of ")
    page.switch_to.active_element.send_keys(Keys.ARROW_LEFT)
    assert title() == first
    page.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert not viewer.is_displayed()
    assert page.switch_to.active_element.text == first
    assert page.execute_script("return document.querySelectorAll('#evidence article').length") == n_shown(
        page
    )


def test_address_opens_a_file(page: Any) -> None:
    page.execute_script("location.hash = '#f3'")
    page.execute_async_script("setTimeout(arguments[0], 50)")
    assert page.find_element(By.ID, "viewer").is_displayed()
    assert page.find_element(By.CSS_SELECTOR, "#viewer article").get_attribute("id") == "f3"


def test_hostile_names_do_nothing(page: Any) -> None:
    assert page.title.startswith("Media examination: 25 files")
    assert page.execute_script("return document.scripts.length") == 2
    assert any("<script>" in name for name in column(page, "a"))


def test_style_is_allowed_by_the_policy(page: Any) -> None:
    assert page.execute_script("return getComputedStyle(document.querySelector('.tally')).display") == "grid"


def test_a_dot_of_the_timeline_leads_to_its_frame(page: Any) -> None:
    page.find_element(By.CSS_SELECTOR, "#table tbody a").send_keys(Keys.ENTER)
    dots = page.find_elements(By.CSS_SELECTOR, "#viewer .chart a")
    assert len(dots) >= 32
    dot = dots[20]
    words = dot.get_attribute("aria-label")
    wanted = page.execute_script("return arguments[0].getAttribute('href')", dot)
    page.execute_script("arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))", dot)
    target = page.execute_script("return document.querySelector(':target')")
    assert target.get_attribute("id") == wanted.removeprefix("#")
    assert target.is_displayed()
    assert words.split(" at ")[0] in target.text
    assert words.split(" at ")[1] in target.text
    assert page.execute_script(
        "const box = arguments[0].getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight",
        target,
    )
    assert page.find_element(By.ID, "viewer").is_displayed()


def test_the_address_of_a_frame_opens_its_file(page: Any) -> None:
    page.execute_script("location.hash = '#m3-1-9'")
    page.execute_async_script("setTimeout(arguments[0], 50)")
    assert page.find_element(By.CSS_SELECTOR, "#viewer article").get_attribute("id") == "f3"
    assert page.find_element(By.ID, "m3-1-9").is_displayed()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Any, tmp_path: Path, theme: str) -> None:
    case = rich_case()
    path = tmp_path / "few.html"
    write_report(view_of(replace(case, rows=case.rows[:4]), labelled=True), path)
    browser.get(path.as_uri())
    browser.execute_script("document.documentElement.dataset.theme = arguments[0]", theme)
    assert axe.findings(browser) == []
    browser.find_element(By.CSS_SELECTOR, "#table tbody a").send_keys(Keys.ENTER)
    assert axe.findings(browser) == []


def test_theme_switches(page: Any) -> None:
    paper = "return getComputedStyle(document.body).backgroundColor"
    before = page.execute_script(paper)
    page.find_element(By.ID, "theme").click()
    assert page.execute_script(paper) != before


@pytest.mark.parametrize("width", [360, 390, 768, 1280])
def test_no_width_scrolls_sideways(page: Any, width: int) -> None:
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    try:
        assert page.execute_script("return document.documentElement.scrollWidth") <= width
        page.find_element(By.CSS_SELECTOR, "#table tbody a").send_keys(Keys.ENTER)
        content = page.find_element(By.ID, "viewer-content")
        assert page.execute_script("return arguments[0].scrollWidth <= arguments[0].clientWidth", content)
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_colours_have_contrast(page: Any) -> None:
    """WCAG AA: 4.5 to 1 for text on what it stands on, light and dark."""
    script = """
    const lum = ([r, g, b]) => [r, g, b].map(v => v / 255)
      .map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
      .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
    const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
    const ground = (e) => { for (; e; e = e.parentElement) {
      const c = rgb(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; };
    const poor = [];
    const texts = 'h1,h2,h3,p,dt,dd,th,td,li,a,button,label,.verdict,.quiet,small,figcaption';
    for (const e of document.querySelectorAll(texts)) {
      if (!e.textContent.trim() || e.disabled) continue;
      const a = lum(rgb(getComputedStyle(e).color)), b = lum(ground(e));
      const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
      if (ratio < 4.5) poor.push(e.tagName + ' ' + e.className + ' ' + ratio.toFixed(2));
    }
    return [...new Set(poor)];"""
    for theme in ("light", "dark"):
        page.execute_script("document.documentElement.dataset.theme = arguments[0]", theme)
        assert page.execute_script(script) == []


def test_prints_every_full_file(page: Any) -> None:
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        hidden = page.execute_script(
            "const full = [...document.querySelectorAll('#evidence article.full')];"
            "return full.filter(article => !article.offsetHeight).length"
        )
        assert hidden == 0
        assert not page.find_element(By.ID, "controls").is_displayed()
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_reads_without_script(browser: Any, report: Path) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(report.as_uri())
        assert browser.find_element(By.ID, "evidence").is_displayed()
        assert not browser.find_element(By.ID, "controls").is_displayed()
        assert browser.find_element(By.ID, "f1").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_five_thousand_files_are_sorted_and_filtered(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "large.html"
    write_report(view_of(large_case(5_000)), path)
    browser.get(path.as_uri())
    browser.set_script_timeout(60)  # a page that freezes gives no answer at all
    browser.execute_async_script(
        "const done = arguments[0];"
        "document.querySelector('th.c-total button').click();"
        "requestAnimationFrame(() => setTimeout(done))"
    )
    assert n_shown(browser) == 5_000
    chip(browser, "none").click()
    assert n_shown(browser) < 5_000


def test_duplicates_fit_a_narrow_window(browser: Any, tmp_path: Path) -> None:
    rows, exhibits = swapped_case()
    path = tmp_path / "duplicates.html"
    write_report(build_view([], rows, lambda row_id: exhibits[row_id]), path)
    browser.set_window_size(500, 1000)
    try:
        browser.get(path.as_uri())
        section = browser.find_element(By.ID, "duplicates")
        assert "swapped.mp4" in section.find_element(By.CSS_SELECTOR, ".derivation ul").text
        wide = browser.execute_script(
            "return [...arguments[0].querySelectorAll('*')].filter("
            "one => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1).length",
            section,
        )
        assert wide == 0
        assert len(section.find_elements(By.CSS_SELECTOR, ".faces img")) == 3
        assert axe.findings(browser) == []
        section.find_element(By.LINK_TEXT, "swapped.mp4").click()
        assert browser.find_element(By.ID, "viewer").is_displayed()
        assert browser.get_log("browser") == []
    finally:
        browser.set_window_size(1280, 1000)
