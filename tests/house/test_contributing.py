"""CONTRIBUTING's recipes name what is there: folders, tables, seams, examples."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
# A recipe is a paragraph that begins with its name in bold.
RECIPES = dict(re.findall(r"^\*\*([^*]+?)\.\*\*(.*?)(?=^\*\*|^## )", TEXT, re.MULTILINE | re.DOTALL))
# Recipe to the suite over its whole table.
SUITES = {
    "A face finder": "test_finders.py",
    "A detector": "test_detectors.py",
    "A net": "test_tables.py",
    "A recipe": "test_tables.py",
    "A training backend": "test_tables.py",
    "A reader of a data set": "test_readers.py",
    "A report format": "test_renderers.py",
    "An executor": "test_executors.py",
}


def paths_in(text: str) -> list[str]:
    return [word for word in re.findall(r"`([\w./<>-]+)`", text) if "/" in word]


def found(word: str) -> bool:
    """Whether it is there, from the root, from the package, or from where a recipe's own file would lie."""
    if "<name>" in word:
        word = str(Path(word).parent)
    return any((base / word).exists() for base in (ROOT, ROOT / "forensics", ROOT / "forensics" / "training"))


def test_the_recipes_are_those_of_the_seams() -> None:
    assert set(SUITES) <= set(RECIPES)


@pytest.mark.parametrize("name", list(RECIPES))
def test_what_a_recipe_names_is_there(name: str) -> None:
    missing = [word for word in paths_in(RECIPES[name]) if not found(word)]
    assert not missing, missing


@pytest.mark.parametrize("name", list(SUITES))
def test_every_seam_has_its_suite(name: str) -> None:
    assert (ROOT / "tests" / "conformance" / SUITES[name]).is_file()


def test_every_example_of_a_recipe_declares_its_entry_point() -> None:
    examples = {word for text in RECIPES.values() for word in paths_in(text) if word.startswith("examples/")}
    assert examples
    for example in examples:
        declared = (ROOT / example / "pyproject.toml").read_text("utf-8")
        assert re.search(r'entry-points\."?forensics\.(detectors|renderers)', declared), example
