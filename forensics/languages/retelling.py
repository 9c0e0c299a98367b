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
from itertools import islice
from string import Formatter
from typing import Final

from forensics.languages import ENGLISH, catalogue, number, speaking, spoken

CONTEXT: Final = "said"
"""The context of templates in the catalogue."""

_BOUNDARY: Final = r"(?<! al)[.!?] (?=[A-Z0-9\"'(])"
_BETWEEN: Final = re.compile(_BOUNDARY)
_COUNT: Final = re.compile(r"\d[\d,]*")
_AMOUNT: Final = r"[<>]? ?[-+\N{MINUS SIGN}]?(?:1/)?\d[\d,]*(?:\.\d+)?"
_UNIT: Final = r"(?: ?(?:s|ms|min|h|px|Hz|kHz|MHz|%|kB|MB|GB|kbit/s|dB))?"
_CLOCK: Final = r"\d+:\d\d(?::\d\d)?(?:\.\d)?(?: (?:min|h))?"
_QUANTITY: Final = re.compile(rf"{_CLOCK}|{_AMOUNT}{_UNIT}")
_RANGE: Final = re.compile(rf"({_CLOCK}|{_AMOUNT}{_UNIT}) to ({_CLOCK}|{_AMOUNT}{_UNIT})")
_WORDED: Final = re.compile(rf"([A-Za-z ]+) ({_AMOUNT}{_UNIT})")
_PLACES: Final = re.compile(r"[{<]|%\(")
_NO_WORD: Final = re.compile(r"[^A-Za-z' -]")
_COMMAS: Final = re.compile(r"(; |, )")
_LISTS: Final = re.compile(r"(; | and |, |: | \(|\)$)")
_LISTED: Final = {" and ": {"de": " und "}}
_TO: Final = {"de": "bis"}
_PREDICATE: Final = re.compile(r" (?=(?:is|was|has|holds|leads|would|cannot|does|changed|shows|searched) )")
_LETTERS: Final = re.compile(r"[A-Za-z]")
# Templates with fewer letters of their own would fit anything.
_LEAST_LETTERS: Final = 3
# With fewer than these, only if every value is known, too.
_FEW_LETTERS: Final = 12
# More than any sentence that is recorded: metadata that somebody wrote, which nobody has a template for.
_LONGEST: Final = 4_000
_MOST_SENTENCES: Final = 40
_MOST_PREDICATES: Final = 8

Piece = tuple[str, bool]
"""Text, and whether it is English that could not be told otherwise."""


@dataclass(frozen=True, slots=True)
class _Template:
    """Attributes:
    literals: of the English: before the first value, between each two, and behind the last.
    names: of the values.
    told: the template in the other language.
    is_weak: it has so few words of its own that text may fit it by accident.
    """

    literals: tuple[str, ...]
    names: tuple[str, ...]
    told: tuple[tuple[str, str | None], ...]
    is_weak: bool

    def values(self, text: str) -> list[str] | None:
        """The values in a text that fits; None where it does not. Takes time in proportion to its length."""
        first, *between, last = self.literals
        end = len(text) - len(last)
        if not text.startswith(first) or not text.endswith(last) or end < len(first):
            return None
        at, found = len(first), []
        for literal in between:
            next_at = text.find(literal, at, end)
            if next_at < 0:
                return None
            found.append(text[at:next_at])
            at = next_at + len(literal)
        found.append(text[at:end])
        return found if all(map(self._fits, self.names, found)) and self._is_one(found, last) else None

    @staticmethod
    def _fits(name: str, value: str) -> bool:
        return name != "n" or _COUNT.fullmatch(value) is not None

    def _is_one(self, values: Sequence[str], last: str) -> bool:
        """What takes a whole further sentence for a value has mistaken two for one.

        Reasons and remedies of others stand at the end, sentences of their own.
        """
        within = values if last or self.is_weak else values[:-1]
        return not any(_BETWEEN.search(one) for one in within)


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
    if len(text) > _LONGEST or len(_BETWEEN.findall(text)) > _MOST_SENTENCES:
        return ((text, True),)
    try:
        with speaking(language):
            return _joined(_sentences(text, language))
    except RecursionError:  # so deeply nested that nobody has worded it
        return ((text, True),)


def _sentences(text: str, language: str) -> Iterator[Piece]:
    """One template for all of it, else for as many sentences as possible, and then for the rest."""
    cuts = [found.end() for found in _BETWEEN.finditer(text)]
    for end in (len(text), *reversed(cuts)):
        sentence = text[:end].rstrip()
        told = _with_its_subject(sentence, language) or _sentence(sentence, language)
        if told is None:
            continue
        yield from told
        if end < len(text):
            yield " ", False
            yield from _sentences(text[end:], language)
        return
    if not cuts and not text.endswith((".", "!", "?")):
        yield from _value(text, language)
        return
    end = cuts[0] if cuts else len(text)
    yield text[:end].rstrip(), _LETTERS.search(text[:end]) is not None
    if end < len(text):
        yield " ", False
        yield from _sentences(text[end:], language)


@lru_cache(maxsize=20_000)
def _sentence(text: str, language: str) -> tuple[Piece, ...] | None:
    """As a template has it, with a full stop that another one put behind it, or behind a path."""
    body, stop = (text[:-1], ".") if text.endswith(".") else (text, "")
    told = _fitted(text, language)
    if told is None and (without := (_fitted(body, language) if stop else None) or _listed(body, language)):
        told = [*without, (stop, False)]
    whose, colon, rest = text.partition(": ")
    if told is None and colon and (of := _fitted(whose, language)) is not None:
        said = _sentence(rest, language)
        told = None if said is None else [*of, (colon, False), *said]
    path, space, rest = text.partition(" ")
    if told is None and space and ("/" in path or "." in path) and (said := _sentence(rest, language)):
        told = [(path + space, False), *said]
    return None if told is None else tuple(told)


def _with_its_subject(text: str, language: str) -> Sequence[Piece] | None:
    """One sentence: a path or a name, which may have spaces, or a picture, and what is the matter with it."""
    if _BETWEEN.search(text):
        return None
    for found in islice(_PREDICATE.finditer(text), _MOST_PREDICATES):
        whose, what = text[: found.start()], text[found.end() :]
        known = _fitted(whose, language) if whose[:1].isupper() else None
        if known is None and _is_name(whose):
            known = [(whose, False)]
        if known is not None and (said := _stopped(what, language)) is not None:
            return [*known, (" ", False), *said]
    return None


def _stopped(text: str, language: str) -> Sequence[Piece] | None:
    """As a template has it, with or without a full stop."""
    told = _fitted(text, language)
    if told is None and text.endswith("."):
        body = _fitted(text[:-1], language)
        told = None if body is None else [*body, (".", False)]
    return told


def _is_name(text: str) -> bool:
    return "/" in text or "." in text or not _is_prose(text)


def _listed(text: str, language: str) -> list[Piece] | None:
    """Several things, or one and what it is of, where all are known: ``No sound (voice)``."""
    # What is listed may be called "Lips and sound": the fewer cuts that do, the better.
    return next((told for cuts in (_COMMAS, _LISTS) if (told := _cut(cuts, text, language))), None)


def _cut(cuts: re.Pattern[str], text: str, language: str) -> list[Piece] | None:
    parts = cuts.split(text)
    told: list[Piece] = []
    for index, part in enumerate(parts):
        if index % 2:
            told.append((_LISTED.get(part, {}).get(spoken(), part), False))
            continue
        known = (_amount(part) or _fitted(part, language)) if part else ()
        if known is None or len(parts) == 1:
            return None
        told.extend(known)
    return told


def _fitted(text: str, language: str) -> list[Piece] | None:
    """What a template makes of the text; None where it fits none."""
    grammar = _grammar(language)
    exact = grammar.exact.get(text)
    if exact is not None:
        return [(exact, False)]
    for template in grammar.templates:
        found = template.values(text)
        if found is None or (template.is_weak and not all(_is_known(said, language) for said in found)):
            continue
        values = {
            name: list(_value(said, language)) for name, said in zip(template.names, found, strict=True)
        }
        return [
            piece
            for literal, name in template.told
            for piece in ((literal, False), *(values[name] if name is not None else ()))
        ]
    return None


def _value(text: str, language: str) -> Iterator[Piece]:
    """A value: an amount, words of the catalogue, several of them, or a name that is the same everywhere."""
    bare = text.strip()
    told = ((text, False),) if not bare else _amount(bare) or _sentence(bare, language)
    if told is not None:
        before, _, after = text.partition(bare) if bare else ("", "", "")
        yield from ((before, False), *told, (after, False))
    elif _BETWEEN.search(bare):
        yield from _sentences(text, language)
    elif len(parts := _LISTS.split(text)) == 1:
        yield text, _is_prose(text)
    else:
        pieces: list[Piece] = []
        for index, part in enumerate(parts):
            if index % 2:
                pieces.append((_LISTED.get(part, {}).get(spoken(), part), False))
            else:
                pieces.extend(_value(part, language))
        # A sentence with commas is no list: none of its words is told by itself.
        yield from [(text, True)] if any(foreign for _, foreign in pieces) else pieces


def _is_known(text: str, language: str) -> bool:
    """Whether it can be told, or is no word."""
    bare = text.strip()
    if not bare or (" " not in bare and _NO_WORD.search(bare)):
        return True
    return _amount(bare) is not None or _sentence(bare, language) is not None


def _amount(bare: str) -> tuple[Piece, ...] | None:
    """``0.87``, ``10.0 to 11.5 s``, ``face size 70 px``."""
    if _QUANTITY.fullmatch(bare):
        return ((number(bare), False),)
    if (span := _RANGE.fullmatch(bare)) is not None:
        return ((f"{number(span[1])} {_TO[spoken()]} {number(span[2])}", False),)
    worded = _WORDED.fullmatch(bare)
    known = None if worded is None else _grammar(spoken()).exact.get(worded[1])
    return None if worded is None or known is None else ((f"{known} {number(worded[2])}", False),)


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
    literals = [literal for literal, _ in parts]
    if parts[-1][1] is not None:
        literals.append("")
    names = tuple(name for _, name in parts if name is not None)
    return _Template(tuple(literals), names, tuple(_parts(said)), is_weak)


def _parts(template: str) -> Iterator[tuple[str, str | None]]:
    """Literals, each with the name of the value behind it."""
    for literal, name, _, _ in Formatter().parse(template):
        yield literal, name
