from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from forensics.errors import TrainingError
from forensics.training.page import write_page


def entry(step: int, auc: float) -> dict[str, object]:
    return {
        "step": step,
        "loss": 0.7 - step / 100,
        "training_loss": 0.6,
        "trained_s": step * 1.5,
        "score": auc,
        "auc": {"dfdc": auc, "faces <wild>": auc - 0.1},
        "f1": 0.5,
    }


@pytest.fixture
def run(tmp_path: Path) -> Path:
    lines = [json.dumps(entry(step, auc)) for step, auc in ((5, 0.6), (10, 0.9), (5, 0.61), (15, 0.8))]
    (tmp_path / "log.jsonl").write_text("\n".join(lines) + '\n{"step": 20, "lo')
    return tmp_path


def test_curves_and_facts_are_there_and_nothing_is_loaded(run: Path):
    (run / "record.json").write_text(
        json.dumps({"best_step": 10, "settings": {"net": "<b>x</b>", "data": ["a", "b"]}})
    )
    html = write_page(run).read_text()
    assert html.count("<svg") == 2
    assert "Best validation at step 10: AUC dfdc 0.900, faces &lt;wild&gt; 0.800" in html
    assert "&lt;b&gt;x&lt;/b&gt;" in html
    assert "settings.data</th><td>a, b</td>" in html
    assert "<script" not in html
    assert "<b>x" not in html
    assert not re.search(r"(?:src|href)=|url\(|http", html.replace("http-equiv", ""))
    for drawing in re.findall(r"<svg.*?</svg>", html, re.DOTALL):
        assert len(ET.fromstring(drawing)) > 5


def test_the_policy_allows_the_page_its_own_style_and_nothing_else(run: Path):
    html = write_page(run).read_text()
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL).group(1)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in html
    assert " style=" not in html


def test_a_running_run_has_a_page_too(run: Path):
    html = write_page(run).read_text()
    assert "there is no record yet" in html
    assert "15 steps" in html


def test_a_single_validation_can_be_drawn(tmp_path: Path):
    (tmp_path / "log.jsonl").write_text(json.dumps(entry(5, 0.6)) + "\n")
    assert "<svg" in write_page(tmp_path).read_text()


def test_a_folder_without_a_run_is_refused(tmp_path: Path):
    with pytest.raises(TrainingError, match=r"There is no .*log\.jsonl"):
        write_page(tmp_path)
    (tmp_path / "log.jsonl").touch()
    with pytest.raises(TrainingError, match="no validation yet"):
        write_page(tmp_path)
