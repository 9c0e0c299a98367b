"""Every language is complete: each message of the sources is translated, and its values are all there."""

from __future__ import annotations

import re
from string import Formatter
from typing import Any

import pytest

pytest.importorskip("babel", reason="babel is not installed (extra dev)")

from forensics.languages import ENGLISH, LANGUAGES
from forensics.languages.retelling import CONTEXT
from tests.house import catalogues

OTHERS = [language for language in LANGUAGES if language != ENGLISH]


def values(message: str, *, is_page: bool) -> set[str]:
    """Names of the values in a message: of templates of pages ``%(name)s``, else ``{name}``."""
    if is_page:
        return set(re.findall(r"%\((\w+)\)s", message))
    return {name for _, name, _, _ in Formatter().parse(message) if name is not None}


def forms(message: Any) -> list[tuple[str, str]]:
    """Pairs of the English and the other wording; of a plural, both."""
    if isinstance(message.id, tuple):
        return list(zip(message.id, message.string, strict=True))
    return [(message.id, message.string)]


@pytest.mark.parametrize("language", OTHERS)
def test_it_holds_every_message_of_the_sources_and_no_other(language: str) -> None:
    wanted = {(one.context, one.id) for one in catalogues.messages() if one.id}
    held = {(one.context, one.id) for one in catalogues.read(language) if one.id}
    assert len(wanted) > 600
    assert sorted(map(str, wanted ^ held)) == []
    assert not catalogues.read(language).obsolete


@pytest.mark.parametrize("language", OTHERS)
def test_every_message_is_translated_for_certain(language: str) -> None:
    gaps = [
        one.id
        for one in catalogues.read(language)
        if one.id and (one.fuzzy or not all(said.strip() for _, said in forms(one)))
    ]
    assert gaps == []


@pytest.mark.parametrize("language", OTHERS)
def test_translations_keep_the_values_and_the_markup(language: str) -> None:
    differ = []
    for one in catalogues.read(language):
        if not one.id:
            continue
        is_page = any(path.endswith(".jinja") for path, _ in one.locations) and one.context != CONTEXT
        for english, said in forms(one):
            given, taken = (values(text, is_page=is_page) for text in (english, said))
            # A sentence that is put together from parts may have words among its values, such as "were".
            same_values = taken <= given if one.context == CONTEXT else taken == given
            same_markup = sorted(re.findall(r"<[^>]+>", english)) == sorted(re.findall(r"<[^>]+>", said))
            if not (same_values and same_markup and english.count("%%") == said.count("%%")):
                differ.append((english, said))
    assert differ == []


@pytest.mark.parametrize("language", OTHERS)
def test_the_files_are_as_the_chore_writes_them(language: str) -> None:
    po = catalogues.written(catalogues.renewed(language))
    assert catalogues.path_of(language).read_bytes() == po
    assert catalogues.path_of(language, ".mo").read_bytes() == catalogues.compiled(po, language)


def test_a_new_sentence_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogues, "_SAYING", (*catalogues._SAYING, "tests/house/test_catalogues.py"))
    added = {one.id for one in catalogues.messages() if one.id} - {
        one.id for one in catalogues.read("de") if one.id
    }
    assert "Every sentence {language} that nobody has translated." in added


def _never_called(language: str) -> str:
    return f"Every sentence {language} that nobody has translated."
