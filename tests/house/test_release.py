"""A release says one thing: version and date are the same in the package, CITATION.cff and CHANGELOG.md."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import forensics

ROOT = Path(__file__).resolve().parents[2]
HEADINGS = re.findall(
    r"^## \[(.+?)\](?: - (\S+))?$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE
)
CITATION = dict(
    re.findall(
        r"^(version|date-released): \"?([^\"\n]+)\"?$",
        (ROOT / "CITATION.cff").read_text("utf-8"),
        re.MULTILINE,
    )
)


def test_the_newest_heading_is_the_version_of_the_package() -> None:
    assert HEADINGS[0] == ("Unreleased", "")
    newest, day = HEADINGS[1]
    assert newest == forensics.__version__
    assert date.fromisoformat(day) <= date.today()  # noqa: DTZ011 - a day, wherever it is


def test_the_citation_names_the_same_version_and_day() -> None:
    assert (CITATION["version"], CITATION["date-released"]) == HEADINGS[1]


def test_the_versions_go_down_and_none_is_there_twice() -> None:
    numbers = [tuple(map(int, name.split("."))) for name, _ in HEADINGS[1:]]
    assert numbers == sorted(set(numbers), reverse=True)


def test_no_entry_and_no_heading_of_a_version_stands_twice() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    for part in text.split("\n## ")[1:]:
        named = re.findall(r"^### (.+)$", part, re.MULTILINE)
        assert len(named) == len(set(named))
    entries = re.findall(r"^- (.+)$", text, re.MULTILINE)
    assert [one for one in set(entries) if entries.count(one) > 1] == []
