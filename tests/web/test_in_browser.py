"""The page in headless Chromium: from files to verdicts, by keyboard, in two tabs, light, dark and narrow."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="starlette is not installed (extra web)")
pytest.importorskip("uvicorn", reason="uvicorn is not installed (extra web)")
pytest.importorskip("selenium", reason="selenium is not installed (extra dev)")
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests import axe, synthetic
from tests.chromium import NEEDS_CHROMIUM, started
from tests.web.running import Running, until

pytestmark = NEEDS_CHROMIUM
HOSTILE = '<img src=x onerror=alert(1)> it\'s "quoted" & co.mp4'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(tmp_path_factory.mktemp("served") / "desk", "--limit", "2") as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with started() as driver:
        driver.set_script_timeout(60)
        yield driver


@pytest.fixture
def page(browser: Any, server: Running) -> Iterator[Any]:
    """The page, freshly loaded and without cases; afterwards no message on the console."""
    for case in server.json("GET", "api/cases"):
        server.json("DELETE", f"api/cases/{case['id']}")
    until(lambda: server.json("GET", "api/cases") == [], "no case is left")
    browser.get("about:blank")
    browser.get_log("browser")
    browser.get(server.address)
    until(lambda: browser.find_element(By.ID, "link").text == "Connected", "the page is connected")
    yield browser
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def text(page: Any, selector: str) -> str:
    return str(
        page.execute_script("return document.querySelector(arguments[0])?.textContent ?? ''", selector)
    )


def titles(page: Any) -> list[str]:
    script = "return [...document.querySelectorAll('#cases b')].map(one => one.textContent)"
    found: list[str] = page.execute_script(script)
    return found


def in_frame(page: Any, name: str) -> bool:
    """The driver is within the report and has found this element; the frame may still be loading."""
    page.switch_to.default_content()
    page.switch_to.frame(page.find_element(By.ID, "report"))
    return bool(page.find_elements(By.ID, name))


def triage(page: Any) -> None:
    page.find_element(By.ID, "profile").send_keys("triage")


def slow_upload(page: Any, bytes_per_s: int) -> None:
    page.execute_cdp_cmd("Network.enable", {})
    page.execute_cdp_cmd(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_s},
    )


def test_a_clip_with_a_hostile_name_comes_to_a_verdict(page: Any, tmp_path: Path) -> None:
    clip = synthetic.normal_clip(tmp_path)
    hostile = clip.rename(tmp_path / HOSTILE)
    triage(page)
    page.find_element(By.ID, "files").send_keys(str(hostile))
    until(lambda: page.find_elements(By.CSS_SELECTOR, "#detail-files .verdict"), "the verdict")
    assert titles(page) == [HOSTILE]
    assert HOSTILE in text(page, "#detail-files li")
    assert page.find_elements(By.CSS_SELECTOR, "main img") == []
    assert " is done: " in text(page, "#said")
    frame = page.find_element(By.ID, "report")
    assert frame.get_attribute("sandbox") == "allow-scripts"
    until(lambda: in_frame(page, "title"), "the report")
    assert page.execute_script("return self.origin") == "null"
    assert HOSTILE in page.find_element(By.CSS_SELECTOR, "#table tbody a").text
    page.find_element(By.CSS_SELECTOR, "#table tbody a").send_keys(Keys.ENTER)
    assert page.find_element(By.ID, "viewer").is_displayed()
    page.switch_to.default_content()


def test_deleting_asks_first(page: Any, server: Running) -> None:
    case_id = server.new_case("to be deleted")
    until(lambda: titles(page) == ["to be deleted"], "the case is listed")
    page.find_element(By.CSS_SELECTOR, "#cases button").send_keys(Keys.ENTER)
    page.find_element(By.CSS_SELECTOR, "#detail-actions .grave").send_keys(Keys.ENTER)
    dialog = page.find_element(By.ID, "confirm")
    assert dialog.is_displayed()
    assert page.switch_to.active_element.text == "Keep it"
    page.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert not dialog.is_displayed()
    assert [case["id"] for case in server.json("GET", "api/cases")] == [case_id]
    page.find_element(By.CSS_SELECTOR, "#detail-actions .grave").send_keys(Keys.ENTER)
    page.switch_to.active_element.send_keys(Keys.TAB)
    page.switch_to.active_element.send_keys(Keys.ENTER)
    until(lambda: titles(page) == [], "the case is gone")
    assert server.json("GET", "api/cases") == []


def test_an_upload_can_be_cancelled(page: Any, server: Running, tmp_path: Path) -> None:
    large = tmp_path / "large.bin"
    large.write_bytes(b"x" * 1_900_000)
    slow_upload(page, 100_000)
    try:
        page.find_element(By.ID, "files").send_keys(str(large))
        until(lambda: page.find_elements(By.CSS_SELECTOR, "#uploads progress"), "the upload is under way")
        until(lambda: server.json("GET", "api/cases"), "its case is there")
        time.sleep(1)
        page.find_element(By.CSS_SELECTOR, "#uploads button").send_keys(Keys.ENTER)
        until(lambda: server.json("GET", "api/cases") == [], "the case is gone with its only file")
        assert "was cancelled" in text(page, "#said")
        assert page.find_elements(By.CSS_SELECTOR, "#uploads li") == []
    finally:
        slow_upload(page, -1)


def test_a_file_above_the_limit_is_refused_in_words(page: Any, server: Running, tmp_path: Path) -> None:
    large = tmp_path / "large.bin"
    large.write_bytes(b"x" * 2_100_000)
    page.find_element(By.ID, "files").send_keys(str(large))
    until(lambda: text(page, "#uploads .bad"), "the refusal")
    assert "larger than 2.0 MB" in text(page, "#uploads .bad")
    until(lambda: server.json("GET", "api/cases") == [], "no empty case is left")


def test_two_tabs_see_the_same(page: Any, server: Running, tmp_path: Path) -> None:
    first = page.current_window_handle
    page.switch_to.new_window("tab")
    try:
        page.get(server.address)
        until(lambda: text(page, "#link") == "Connected", "the second tab is connected")
        triage(page)
        page.find_element(By.ID, "title").send_keys("from the second")
        page.find_element(By.ID, "files").send_keys(str(synthetic.normal_clip(tmp_path)))
        until(lambda: titles(page) == ["from the second"], "the second tab lists it")
        page.switch_to.window(first)
        until(lambda: titles(page) == ["from the second"], "the first tab lists it")
        until(lambda: "Examining" in text(page, "#cases") or "found" in text(page, "#cases"), "its progress")
        case = server.examined(server.json("GET", "api/cases")[0]["id"])
        for handle in page.window_handles:
            page.switch_to.window(handle)
            until(lambda: text(page, "#cases .quiet") not in ("", "Being examined"), "the verdict")
            assert case["title"] in text(page, "#cases")
    finally:
        for handle in page.window_handles:
            if handle != first:
                page.switch_to.window(handle)
                page.close()
        page.switch_to.window(first)


def test_everything_has_a_name_and_can_be_reached(page: Any, server: Running) -> None:
    case_id = server.new_case("reached")
    server.upload(case_id, "a.mp4", b"no film")
    until(lambda: titles(page) == ["reached"], "the case is listed")
    page.find_element(By.CSS_SELECTOR, "#cases button").click()
    unnamed = page.execute_script(
        """const all = 'button, input, select, a, iframe, progress, dialog, section, ul';
          return [...document.querySelectorAll(all)]
          .filter(e => e.checkVisibility())
          .filter(e => !(e.getAttribute('aria-label') || e.getAttribute('aria-labelledby') || e.title
                         || e.labels?.[0]?.textContent.trim() || e.textContent.trim()))
          .map(e => e.outerHTML)"""
    )
    assert unnamed == []
    page.execute_script("document.querySelector('.skip').focus()")
    reached = []
    for _ in range(16):
        reached.append(
            page.execute_script("return document.activeElement.id || document.activeElement.textContent")
        )
        ActionChains(page).send_keys(Keys.TAB).perform()
    n_models = len(page.find_elements(By.CSS_SELECTOR, "select.model"))
    assert reached[:3] == ["Skip to the cases", "title", "profile"]
    assert reached[3 + n_models] == "files"
    assert any("reached" in one for one in reached)
    assert {"Examine", "Delete"} <= set(reached)


def test_models_and_known_truth_are_chosen(page: Any, server: Running, tmp_path: Path) -> None:
    triage(page)
    fields = page.find_elements(By.CSS_SELECTOR, "select.model")
    installed = server.json("GET", "api/desk")["models"]
    chosen = next(model["id"] for model in installed if model["task"] == "face")
    [field] = [field for field in fields if field.get_attribute("name") == "face"]
    field.send_keys(chosen)
    page.find_element(By.ID, "files").send_keys(str(synthetic.normal_clip(tmp_path)))
    until(lambda: page.find_elements(By.CSS_SELECTOR, "#detail-files .verdict"), "the verdict")
    case = server.json("GET", "api/cases")[0]
    assert case["models"] == [chosen]
    drawn = page.find_element(By.ID, "report").get_attribute("src")
    page.find_element(By.CSS_SELECTOR, "#detail-files select").send_keys("pristine")
    until(
        lambda: page.find_element(By.ID, "report").get_attribute("src") != drawn, "the report is drawn again"
    )
    until(lambda: in_frame(page, "figures"), "figures against the truth")
    assert "pristine" in page.find_element(By.CSS_SELECTOR, "#table tbody .c-label").text
    page.switch_to.default_content()
    assert server.json("GET", "api/cases")[0]["files"][0]["label"] == "pristine"


def test_a_zip_gets_verdicts_for_its_members(page: Any, tmp_path: Path) -> None:
    clip = synthetic.normal_clip(tmp_path)
    packed = tmp_path / "exhibits.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(clip, "a/first.mp4")
        archive.writestr("<b>second</b>.mp4", clip.read_bytes()[:400])
        archive.writestr("notes.txt", "no media")
    triage(page)
    page.find_element(By.ID, "files").send_keys(str(packed))
    until(lambda: page.find_elements(By.CSS_SELECTOR, ".members .verdict"), "the verdicts of the members")
    shown = [one.text for one in page.find_elements(By.CSS_SELECTOR, ".members li")]
    assert len(shown) == 2
    assert any("a/first.mp4" in one for one in shown)
    assert any("<b>second</b>.mp4" in one and "Not examined" in one for one in shown)
    assert "Not examined: 1" in text(page, "#cases")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_the_page_and_on_its_report(
    page: Any, server: Running, tmp_path: Path, scheme: str
) -> None:
    set_scheme(page, scheme)
    try:
        case_id = server.new_case("looked at")
        server.upload(case_id, "clip.mp4", synthetic.normal_clip(tmp_path).read_bytes())
        server.upload(case_id, "broken.mp4", b"no film")
        server.json("POST", f"api/cases/{case_id}/examine")
        case = server.examined(case_id)
        until(lambda: "Not examined" in text(page, "#cases"), "the verdict")
        assert axe.findings(page) == []
        page.find_element(By.CSS_SELECTOR, "#cases button").click()
        assert axe.findings(page) == []
        page.find_element(By.CSS_SELECTOR, "#detail-actions .grave").click()
        assert axe.findings(page) == []
        page.get(f"{server.address}{case['report']}")
        assert page.find_elements(By.CSS_SELECTOR, "#table")
        assert axe.findings(page) == []
        page.find_element(By.CSS_SELECTOR, "#table tbody a").send_keys(Keys.ENTER)
        assert page.find_element(By.ID, "viewer").is_displayed()
        assert axe.findings(page) == []
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def set_scheme(page: Any, scheme: str) -> None:
    page.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 420, 1280])
def test_colours_have_contrast_and_no_width_scrolls_sideways(
    page: Any, server: Running, scheme: str, width: int
) -> None:
    case_id = server.new_case("an-unbroken-name-" * 12)
    server.upload(case_id, "another_unbroken_name_" * 10, b"no film")
    set_scheme(page, scheme)
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    try:
        until(lambda: titles(page), "the case is listed")
        page.find_element(By.CSS_SELECTOR, "#cases button").send_keys(Keys.ENTER)
        assert page.execute_script("return document.documentElement.scrollWidth") <= width
        assert page.execute_script(CONTRAST) == []
        ground = page.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(19, 21, 24)") == (scheme == "dark")
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


CONTRAST = """
    const lum = ([r, g, b]) => [r, g, b].map(v => v / 255)
      .map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
      .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
    const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
    const ground = (e) => { for (; e; e = e.parentElement) {
      const c = rgb(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; };
    const poor = [];
    for (const e of document.querySelectorAll('h1,h2,h3,p,li,a,button,label,span,b,strong,input,select')) {
      if (!e.textContent.trim() || !e.checkVisibility()) continue;
      const a = lum(rgb(getComputedStyle(e).color)), b = lum(ground(e));
      const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
      if (ratio < 4.5) poor.push(e.tagName + ' ' + e.className + ' ' + ratio.toFixed(2));
    }
    return [...new Set(poor)];"""
