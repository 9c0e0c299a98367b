"""Sentences that were written in English, in a case file or a view, told again in another language.

A case file records sentences, not their templates, and its hashes protect them as they are. The catalogue
holds their templates (context ``said``): a sentence that fits one is told in the other language, its values
likewise. What fits none stays as it was recorded, and is known as English. So cases of every version can be
told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from string import Formatter
from typing import Final

from forensics.languages import ENGLISH, catalogue, number, speaking, spoken

CONTEXT: Final = "said"
"""The context of templates in the catalogue."""

_BOUNDARY: Final = r"(?<! al)[.!?] (?=[A-Z0-9\"'(])"
# Within one sentence: what takes a whole further sentence for a value has mistaken two for one.
_VALUE: Final = rf"((?:(?!{_BOUNDARY}).)*?)"
_COUNT: Final = r"(\d[\d,]*)"
_AMOUNT: Final = r"[<>]? ?[-+\N{MINUS SIGN}]?(?:1/)?\d[\d,]*(?:\.\d+)?"
_UNIT: Final = r"(?: ?(?:s|ms|min|h|px|Hz|kHz|MHz|%|kB|MB|GB|kbit/s|dB))?"
_CLOCK: Final = r"\d+:\d\d(?::\d\d)?(?:\.\d)?(?: (?:min|h))?"
_QUANTITY: Final = re.compile(rf"{_CLOCK}|{_AMOUNT}{_UNIT}")
_RANGE: Final = re.compile(rf"({_CLOCK}|{_AMOUNT}{_UNIT}) to ({_CLOCK}|{_AMOUNT}{_UNIT})")
_WORDED: Final = re.compile(rf"([A-Za-z ]+) ({_AMOUNT}{_UNIT})")
_BEHIND_A_PATH: Final = re.compile(r"(\S*[./]\S* )(.+)", re.DOTALL)
_PLACES: Final = re.compile(r"[{<]|%\(")
_NO_WORD: Final = re.compile(r"[^A-Za-z' -]")
_LISTS: Final = re.compile(r"(; | and |, |: | \(|\)$)")
_LISTED: Final = {" and ": {"de": " und "}}
_TO: Final = {"de": "bis"}
_LETTERS: Final = re.compile(r"[A-Za-z]")
# Templates with fewer letters of their own would fit anything.
_LEAST_LETTERS: Final = 3
# With fewer than these, only if every value is known, too.
_FEW_LETTERS: Final = 12
# Longer than any sentence that is recorded: dumps of metadata, which nobody has a template for.
_LONGEST: Final = 4_000

Piece = tuple[str, bool]
"""Text, and whether it is English that could not be told otherwise."""


@dataclass(frozen=True, slots=True)
class _Template:
    """Attributes:
    literals: of the English, in order.
    pattern: what fits it; a group for each value.
    is_weak: it has so few words of its own that text may fit it by accident.
    names: of the values, in the order of the groups.
    told: the template in the other language.
    """

    literals: tuple[str, ...]
    pattern: re.Pattern[str]
    names: tuple[str, ...]
    told: tuple[tuple[str, str | None], ...]
    is_weak: bool


@dataclass(frozen=True, slots=True)
class _Grammar:
    exact: Mapping[str, str]
    templates: tuple[_Template, ...]


def retold(text: str) -> tuple[Piece, ...]:
    """Sentences in the language of the moment, what is left in English marked; in English, as they are."""
    if spoken() == ENGLISH or not text:
        return ((text, False),)
    return _retold(text, spoken())


def retold_plainly(text: str) -> str:
    """The same as one text, without marks."""
    return "".join(said for said, _ in retold(text))


@lru_cache(maxsize=20_000)
def _retold(text: str, language: str) -> tuple[Piece, ...]:
    if len(text) > _LONGEST:
        return ((text, True),)
    with speaking(language):
        return _joined(_sentences(text, _grammar(language)))


def _sentences(text: str, grammar: _Grammar) -> Iterator[Piece]:
    """One template for all of it, else for as many sentences as possible, and then for the rest."""
    cuts = [found.end() for found in re.finditer(_BOUNDARY, text)]
    for end in (len(text), *reversed(cuts)):
        told = _sentence(text[:end].rstrip(), grammar)
        if told is None:
            continue
        yield from told
        if end < len(text):
            yield " ", False
            yield from _sentences(text[end:], grammar)
        return
    if not cuts and not text.endswith((".", "!", "?")):
        yield from _value(text, grammar)
        return
    end = cuts[0] if cuts else len(text)
    yield text[:end].rstrip(), True
    if end < len(text):
        yield " ", False
        yield from _sentences(text[end:], grammar)


def _sentence(text: str, grammar: _Grammar) -> list[Piece] | None:
    """As a template has it, with a full stop that another one put behind it, or behind a path."""
    told = _fitted(text, grammar)
    if told is None and text.endswith("."):
        told = _fitted(text[:-1], grammar)
        told = None if told is None else [*told, (".", False)]
    if told is None:
        told = _listed(text.removesuffix("."), grammar)
        told = [*told, (".", False)] if told is not None and text.endswith(".") else told
    whose, colon, rest = text.partition(": ")
    if told is None and colon and (of := _fitted(whose, grammar)) is not None:
        said = _sentence(rest, grammar)
        told = None if said is None else [*of, (colon, False), *said]
    if told is None and (found := _BEHIND_A_PATH.fullmatch(text)) is not None:
        told = _sentence(found[2], grammar)
        told = None if told is None else [(found[1], False), *told]
    return told


def _listed(text: str, grammar: _Grammar) -> list[Piece] | None:
    """Several things, or one and what it is of, where all are known: ``No sound (voice)``."""
    parts = _LISTS.split(text)
    told: list[Piece] = []
    for index, part in enumerate(parts):
        if index % 2:
            told.append((_LISTED.get(part, {}).get(spoken(), part), False))
            continue
        known = _amount(part, grammar) or _fitted(part, grammar) if part else []
        if known is None or len(parts) == 1:
            return None
        told.extend(known)
    return told


def _fitted(text: str, grammar: _Grammar) -> list[Piece] | None:
    """What a template makes of the text; None where it fits none."""
    exact = grammar.exact.get(text)
    if exact is not None:
        return [(exact, False)]
    for template in grammar.templates:
        if not all(one in text for one in template.literals):
            continue
        found = template.pattern.fullmatch(text)
        if found is None:
            continue
        if template.is_weak and not all(_is_known(said, grammar) for said in found.groups()):
            continue
        values = {
            name: list(_value(said, grammar))
            for name, said in zip(template.names, found.groups(), strict=True)
        }
        return [
            piece
            for literal, name in template.told
            for piece in ((literal, False), *(values[name] if name is not None else ()))
        ]
    return None


def _value(text: str, grammar: _Grammar) -> Iterator[Piece]:
    """A value: an amount, words of the catalogue, several of them, or a name that is the same everywhere."""
    bare = text.strip()
    told = [(text, False)] if not bare else _amount(bare, grammar) or _sentence(bare, grammar)
    if told is not None:
        before, _, after = text.partition(bare) if bare else ("", "", "")
        yield from ((before, False), *told, (after, False))
    elif re.search(_BOUNDARY, bare):
        yield from _sentences(text, grammar)
    elif len(parts := _LISTS.split(text)) == 1:
        yield text, _is_prose(text)
    else:
        pieces: list[Piece] = []
        for index, part in enumerate(parts):
            if index % 2:
                pieces.append((_LISTED.get(part, {}).get(spoken(), part), False))
            else:
                pieces.extend(_value(part, grammar))
        # A sentence with commas is no list: none of its words is told by itself.
        yield from [(text, True)] if any(foreign for _, foreign in pieces) else pieces


def _is_known(text: str, grammar: _Grammar) -> bool:
    """Whether it can be told, or is no word."""
    bare = text.strip()
    if not bare or (" " not in bare and _NO_WORD.search(bare)):
        return True
    return _amount(bare, grammar) is not None or _sentence(bare, grammar) is not None


def _amount(bare: str, grammar: _Grammar) -> list[Piece] | None:
    """``0.87``, ``10.0 to 11.5 s``, ``face size 70 px``."""
    if _QUANTITY.fullmatch(bare):
        return [(number(bare), False)]
    if (span := _RANGE.fullmatch(bare)) is not None:
        return [(f"{number(span[1])} {_TO[spoken()]} {number(span[2])}", False)]
    worded = _WORDED.fullmatch(bare)
    if worded is not None and worded[1] in grammar.exact:
        return [(f"{grammar.exact[worded[1]]} {number(worded[2])}", False)]
    return None


def _is_prose(text: str) -> bool:
    """Whether it is made of words, rather than a name, a path or a code."""
    return len(re.findall(r"(?:^| )[A-Za-z][a-z']{2,}(?=[ .,;:]|$)", text)) > 1


def _joined(pieces: Iterator[Piece]) -> tuple[Piece, ...]:
    joined: list[Piece] = []
    for said, foreign in pieces:
        if joined and joined[-1][1] == foreign:
            joined[-1] = joined[-1][0] + said, foreign
        elif said:
            joined.append((said, foreign))
    return tuple(joined)


@cache
def _grammar(language: str) -> _Grammar:
    known = catalogue(language)
    messages = {} if known is None else known.messages
    prefix = f"{CONTEXT}\x04"
    exact: dict[str, str] = {}
    templates = []
    for key, said in messages.items():
        if isinstance(key, str) and key and "\x04" not in key and not _PLACES.search(key):
            exact.setdefault(key, said)
        if not isinstance(key, str) or not key.startswith(prefix):
            continue
        english = key.removeprefix(prefix)
        parts = list(_parts(english))
        if all(name is None for _, name in parts):
            exact[english] = said
        elif (n_letters := sum(len(_LETTERS.findall(literal)) for literal, _ in parts)) >= _LEAST_LETTERS:
            templates.append(_template(parts, said, is_weak=n_letters < _FEW_LETTERS))
    # The most words of its own first: the less of the text is then a value.
    templates.sort(key=lambda one: -sum(map(len, one.literals)))
    return _Grammar(exact, tuple(templates))


def _template(parts: Sequence[tuple[str, str | None]], said: str, *, is_weak: bool) -> _Template:
    pattern, names = "", []
    for literal, name in parts:
        pattern += re.escape(literal)
        if name is not None:
            pattern += _COUNT if name == "n" else _VALUE
            names.append(name)
    # Reasons and remedies of others stand at the end, sentences of their own.
    if pattern.endswith(_VALUE) and not is_weak:
        pattern = pattern.removesuffix(_VALUE) + "(.*)"
    literals = tuple(literal for literal, _ in parts if literal)
    return _Template(literals, re.compile(pattern, re.DOTALL), tuple(names), tuple(_parts(said)), is_weak)


def _parts(template: str) -> Iterator[tuple[str, str | None]]:
    """Literals, each with the name of the value behind it."""
    for literal, name, _, _ in Formatter().parse(template):
        yield literal, name
