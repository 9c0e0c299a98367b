"""Names that fields had in earlier versions: in old case files and cards, and in JSON version 1."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec

_T = TypeVar("_T")

_NOW: Final = {
    "fakeness": "manipulation_score",
    "raw": "logit",
    "raw_lowest": "logit_lowest",
    "raw_highest": "logit_highest",
}
_EARLIER: Final = {now: before for before, now in _NOW.items()}
# In JSON a quotation mark within a text is escaped, so that only a key looks like this.
_MARKS: Final = tuple(f'"{name}":'.encode() for name in _NOW)


def decode(payload: bytes, form: type[_T]) -> _T:
    """A record from JSON that this version or an earlier one wrote.

    Raises:
        msgspec.MsgspecError: it is no such record.
    """
    if any(mark in payload for mark in _MARKS):
        payload = msgspec.json.encode(with_present_names(msgspec.json.decode(payload)))
    return msgspec.json.decode(payload, type=form)


def with_present_names(value: Any) -> Any:
    """The same value; keys of mappings that had another name have today's."""
    return _renamed(value, _NOW)


def with_earlier_names(value: Any) -> Any:
    """The same value with the keys that JSON version 1 has."""
    return _renamed(value, _EARLIER)


def schema_with_earlier_names(schema: Any) -> Any:
    """A JSON schema for what ``with_earlier_names`` gives: required fields are renamed, too."""
    renamed = _renamed(schema, _EARLIER)
    for definition in renamed["$defs"].values():
        if "required" in definition:
            definition["required"] = [_EARLIER.get(name, name) for name in definition["required"]]
    return renamed


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {names.get(key, key): _renamed(part, names) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_renamed(part, names) for part in value]
    return value
