"""Names that fields had in earlier versions: in old case files and cards, and in JSON version 1."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final, TypeVar

import msgspec

from forensics.records.subject import (
    VOICE_OF_FILE,
    WHOLE_FILE,
    Subject,
    SubjectKind,
    other,
    speaker_in,
    voice_in,
)

_T = TypeVar("_T")

_NOW: Final = {
    "fakeness": "manipulation_score",
    "raw": "logit",
    "raw_lowest": "logit_lowest",
    "raw_highest": "logit_highest",
}
_EARLIER: Final = {now: before for before, now in _NOW.items()}
# In JSON a quotation mark within a text is escaped, so that only a key looks like this.
_MARKS: Final = (*(f'"{name}":'.encode() for name in _NOW), b'"subject":"')
_NUMBERED: Final = re.compile(r"(person|stream) (\d+)")
_TRACK: Final = "voice in "
_SPEAKER: Final = re.compile(r"voice of speaker (\d+)(?: in (.+))?")
_SUBJECTS: Final = frozenset({"subject", "source_subject", "copy_subject"})


def decode(payload: bytes, form: type[_T]) -> _T:
    """A record from JSON that this version or an earlier one wrote.

    Raises:
        msgspec.MsgspecError: it is no such record.
    """
    # Mypy does not take a class for hashable.
    if _has_renamed(form) and any(mark in payload for mark in _MARKS):  # type: ignore[arg-type]
        payload = msgspec.json.encode(_with_subjects(with_present_names(msgspec.json.decode(payload))))
    return msgspec.json.decode(payload, type=form)


@lru_cache
def _has_renamed(form: type[object]) -> bool:
    """Whether records of this form have a field that was called or written otherwise."""
    _, parts = msgspec.json.schema_components([form])
    names = {name for part in parts.values() for name in part.get("properties", ())}
    return not names.isdisjoint((*_EARLIER, *_SUBJECTS))


def with_present_names(value: Any) -> Any:
    """The same value; keys of mappings that had another name have today's."""
    return _renamed(value, _NOW)


def with_earlier_names(value: Any) -> Any:
    """The same value with the keys that JSON version 1 has, and subjects in words."""
    return _renamed(_in_words(value), _EARLIER)


def schema_with_earlier_names(schema: Any) -> Any:
    """A JSON schema for what ``with_earlier_names`` gives: required fields are renamed, too."""
    renamed = _renamed(_with_words(schema), _EARLIER)
    for definition in renamed["$defs"].values():
        if "required" in definition:
            definition["required"] = [_EARLIER.get(name, name) for name in definition["required"]]
    return renamed


def subject_from(words: str) -> Subject:
    """A subject as cases of before named it."""
    numbered = _NUMBERED.fullmatch(words)
    if numbered is not None:
        return Subject(SubjectKind(numbered[1]), int(numbered[2]))
    spoken = _SPEAKER.fullmatch(words)
    if spoken is not None:
        return speaker_in(spoken[2] or "", int(spoken[1]))
    if words.startswith(_TRACK):
        return voice_in(words.removeprefix(_TRACK))
    return {"voice": VOICE_OF_FILE, "file": WHOLE_FILE}.get(words) or other(words)


def _with_subjects(value: Any) -> Any:
    """Subjects that were stated in words as what they are; groups of exhibits without their subject."""
    if isinstance(value, list):
        return [_with_subjects(part) for part in value]
    if not isinstance(value, dict):
        return value
    found = {key: _with_subjects(part) for key, part in value.items()}
    words = value.get("subject")
    if isinstance(words, str):
        found["subject"] = msgspec.to_builtins(subject_from(words))
        if isinstance(value.get("group"), str):
            found["group"] = value["group"].removeprefix(f"{words}, ")
    return found


def _in_words(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_in_words(part) for part in value]
    if not isinstance(value, dict):
        return value
    found = {key: _in_words(part) for key, part in value.items()}
    for key in value.keys() & _SUBJECTS:
        if isinstance(value[key], dict):
            found[key] = str(msgspec.convert(value[key], Subject))
    if isinstance(value.get("group"), str) and isinstance(found.get("subject"), str):
        found["group"] = f"{found['subject']}, {value['group']}"
    return found


def _with_words(schema: Any) -> Any:
    """A JSON schema in which subjects are texts."""
    if isinstance(schema, list):
        return [_with_words(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("$ref") == "#/$defs/Subject":
        return {"type": "string"}
    return {key: _with_words(part) for key, part in schema.items() if key not in ("Subject", "SubjectKind")}


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {names.get(key, key): _renamed(part, names) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_renamed(part, names) for part in value]
    return value
