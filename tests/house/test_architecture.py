"""ARCHITECTURE.md says what stands: its paths, its layers and its words are there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
PATHS = sorted({word for word in re.findall(r"`([\w./-]+)`", TEXT) if "/" in word or word.endswith(".py")})
LINKS = sorted(set(re.findall(r"\]\(([^)#:]+)\)", TEXT)))


@pytest.mark.parametrize("path", PATHS)
def test_a_path_that_it_names_is_there(path: str) -> None:
    assert any((base / path).exists() for base in (ROOT, ROOT / "forensics"))


def test_it_leads_to_the_glossary() -> None:
    assert "docs/glossary.md" in LINKS
    assert all((ROOT / link).is_file() for link in LINKS)
    assert "glossary.md" in (ROOT / "mkdocs.yml").read_text("utf-8")


def test_its_layers_are_those_that_the_linter_holds() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    [layers] = [one["layers"] for one in contracts if one["type"] == "layers"]
    held = [set(re.findall(r"\w+", layer)) - {"__main__"} for layer in layers]
    rows = re.findall(r"^\| (?:top|F\d) \| (.+?) \|", TEXT, re.MULTILINE)
    drawn = [set(re.findall(r"`(\w+)`", part)) for row in rows for part in row.split("; below them ")]
    assert drawn == held


def test_the_glossary_is_in_order_and_says_each_word_once() -> None:
    parts = (ROOT / "docs" / "glossary.md").read_text("utf-8").split("\n## ")
    words = [re.findall(r"^\*\*([^*]+)\*\*", part, re.MULTILINE) for part in parts]
    everything = [word for part in words for word in part]
    assert len(everything) == len(set(everything)) > 40
    assert all(part == sorted(part, key=str.lower) for part in words)
