"""The languages of what people read: English in the sources, others from gettext's catalogues beside this.

``speaking`` sets the language for what is drawn within it; everywhere else, so also in case files and in
exports for programs, English is written. The locale of the machine is never asked: a report must not change
its language with the machine that draws it.
"""

from __future__ import annotations

import gettext as gnu
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, Final

from forensics.errors import SettingsError

ENGLISH: Final = "en"
LANGUAGES: Final[Mapping[str, str]] = {ENGLISH: "English", "de": "Deutsch"}
"""By the code that ``--language`` takes and pages carry, each in its own words."""

VARIABLE: Final = "FORENSICS_LANGUAGE"
DOMAIN: Final = "forensics"
_FOLDER: Final = Path(__file__).resolve().parent
_SEPARATORS: Final = {"de": str.maketrans(",.", ".,")}
_SCRIPT_WORD: Final = re.compile(r'\b_\("([^"]+)"')
_SPOKEN: ContextVar[str] = ContextVar("language", default=ENGLISH)


class Catalogue(gnu.GNUTranslations):
    """A catalogue that also lists what it holds."""

    def __init__(self, file: BinaryIO) -> None:
        self.messages: dict[Any, str] = {}
        super().__init__(file)

    def _parse(self, fp: Any) -> None:
        super()._parse(fp)
        self.messages = dict(vars(self)["_catalog"])


def chosen(name: str | None) -> str:
    """The language that was asked for, else that of ``FORENSICS_LANGUAGE``, else English.

    Raises:
        SettingsError: there is none of this name.
    """
    wanted = name or os.environ.get(VARIABLE, "") or ENGLISH
    if wanted not in LANGUAGES:
        known = ", ".join(f"{code} ({words})" for code, words in LANGUAGES.items())
        where = "--language" if name else VARIABLE
        raise SettingsError(f"{where} is {wanted!r}, and there is no such language", f"There are {known}.")
    return wanted


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Within it, words and numbers are written in this language."""
    token = _SPOKEN.set(language)
    try:
        yield
    finally:
        _SPOKEN.reset(token)


def spoken() -> str:
    """The code of the language that is written at the moment."""
    return _SPOKEN.get()


@cache
def catalogue(language: str) -> Catalogue | None:
    """The catalogue of a language; None for English."""
    if language == ENGLISH:
        return None
    with (_FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as file:
        return Catalogue(file)


def gettext(message: str) -> str:
    """A message in the language that is written at the moment."""
    known = catalogue(spoken())
    return message if known is None or not message else known.gettext(message)


def ngettext(one: str, many: str, n: int) -> str:
    """One of two messages, by how many there are, in the language that is written at the moment."""
    known = catalogue(spoken())
    if known is None:
        return one if n == 1 else many
    return known.ngettext(one, many, n)


def later(message: str) -> str:
    """The message as it is: marked for the catalogues, and translated where it is shown."""
    return message


def script_words(script: str, others: Iterable[str] = ()) -> str:
    """JSON of what a script says, by its English; empty in English, and without a script.

    Args:
        script: its words stand as ``_("words")``.
        others: words that the script shows and that come to it later.
    """
    if spoken() == ENGLISH or not script:
        return ""
    words = {english: gettext(english) for english in (*_SCRIPT_WORD.findall(script), *others)}
    return json.dumps(words, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")


def number(text: str) -> str:
    """A number as English writes it, ``1,234.5``, with the separators of the language of the moment."""
    table = _SEPARATORS.get(spoken())
    return text if table is None else text.translate(table)


def in_a_sentence(words: str) -> str:
    """Words of a heading within a sentence: English writes them small, German keeps its nouns."""
    return words.lower() if spoken() == ENGLISH else words


def at_start(words: str) -> str:
    """Words as a line begins with them: English writes the rest small."""
    return words.capitalize() if spoken() == ENGLISH else words[:1].upper() + words[1:]
