"""The page in German, in headless Chromium: from a file to its verdict, without a word of English."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="starlette is not installed (extra web)")
pytest.importorskip("uvicorn", reason="uvicorn is not installed (extra web)")
pytest.importorskip("selenium", reason="selenium is not installed (extra dev)")
from selenium.webdriver.common.by import By

from tests import axe, synthetic
from tests.chromium import NEEDS_CHROMIUM, started
from tests.report.test_languages import english_of, words_of
from tests.web.running import Running, until

pytestmark = NEEDS_CHROMIUM


def test_a_damaged_clip_is_told_in_german(tmp_path: Path) -> None:
    clip = synthetic.truncated_clip(tmp_path)
    with Running(tmp_path / "desk", "--language", "de") as server, started() as page:
        page.get(server.address)
        until(lambda: page.find_element(By.ID, "link").text == "Verbunden", "the page is connected")
        assert english_of(words_of(page.page_source)) == []
        page.find_element(By.ID, "files").send_keys(str(clip))
        until(lambda: page.find_elements(By.CSS_SELECTOR, "#detail-files .verdict"), "the verdict")
        told = words_of(page.page_source)
        assert told.language == "de"
        assert english_of(told) == []
        assert "Nicht untersucht" in told.said
        assert any("Der Index (moov), der an das Ende gehört, fehlt" in words for words in told.said)
        [case] = server.json("GET", "api/cases")
        assert "the index (moov) that belongs at its end is missing" in case["files"][0]["reason"]
        assert axe.findings(page) == []
        page.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": 400, "height": 900, "deviceScaleFactor": 1, "mobile": True},
        )
        assert page.execute_script("return document.documentElement.scrollWidth") <= 400
        page.switch_to.frame(page.find_element(By.ID, "report"))
        until(lambda: page.find_elements(By.ID, "title"), "the report")
        assert page.find_element(By.TAG_NAME, "html").get_attribute("lang") == "de"
        assert page.find_element(By.ID, "title").text == "1 Datei auf Anzeichen für Manipulation untersucht"
        page.switch_to.default_content()
        page.get(f"{server.address}{case['report']}")
        assert axe.findings(page) == []
        assert [entry for entry in page.get_log("browser") if entry["level"] == "SEVERE"] == []
