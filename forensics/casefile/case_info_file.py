"""Case data from a TOML file: checked before any work starts, so that a typing error costs seconds."""

from __future__ import annotations

import difflib
import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from forensics.errors import SettingsError
from forensics.records.case_info import CaseExhibit, CaseInfo

_MOST_BYTES: Final = 1_000_000
_MOST_CHARACTERS: Final = 4_000
_TEXTS: Final = tuple(field.name for field in fields(CaseInfo) if field.name != "exhibits")
_OF_EXHIBITS: Final = tuple(field.name for field in fields(CaseExhibit))


@dataclass(frozen=True, slots=True)
class GivenCaseInfo:
    """Case data as they were given.

    Attributes:
        sha256: of the file, hexadecimal.
    """

    info: CaseInfo
    sha256: str


def read_case_info(path: Path) -> GivenCaseInfo:
    """Reads and checks case data.

    Raises:
        SettingsError: the file cannot be read, or says what nobody could print.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"The case data {path} cannot be read: {error.strerror or error}", "Check the path."
        ) from error
    if len(content) > _MOST_BYTES:
        raise SettingsError(f"The case data {path} are too long to be case data", "Check the path.")
    try:
        table = tomllib.loads(content.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The case data {path} are not TOML: {error}",
            'Write one line for each, as in case_number = "2026-0815"; docs/how-to.md has an example.',
        ) from error
    return GivenCaseInfo(_case_info(table, path), hashlib.sha256(content).hexdigest())


def _case_info(table: Mapping[str, Any], path: Path) -> CaseInfo:
    _check_names(table, (*_TEXTS, "exhibits"), path)
    texts = {name: _text(table[name], name, path) for name in _TEXTS if name in table}
    if not texts.get("case_number"):
        raise SettingsError(
            f"The case data {path} have no case_number", 'Add a line such as case_number = "2026-0815".'
        )
    if texts.get("received"):
        _check_date(texts["received"], path)
    if texts.get("time_zone"):
        _check_zone(texts["time_zone"], path)
    return CaseInfo(**texts, exhibits=_exhibits(table.get("exhibits", []), path))


def _exhibits(given: object, path: Path) -> tuple[CaseExhibit, ...]:
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise SettingsError(
            f"The exhibits in {path} are no list of tables",
            'Begin each with a line [[exhibits]], then id = "A-1" and files = "phone/*.mp4".',
        )
    exhibits = tuple(_exhibit(one, path) for one in given)
    ids = [one.id for one in exhibits]
    twice = next((one for one in ids if ids.count(one) > 1), None)
    if twice is not None:
        raise SettingsError(
            f"The exhibit {twice} stands in {path} more than once",
            "Give each exhibit one table; files takes a list of paths and patterns.",
        )
    return exhibits


def _exhibit(table: Mapping[str, Any], path: Path) -> CaseExhibit:
    _check_names(table, _OF_EXHIBITS, path)
    name = _text(table.get("id", ""), "id", path)
    if not name:
        raise SettingsError(f"An exhibit in {path} has no id", 'Add a line such as id = "A-1".')
    given = table.get("files", [])
    wanted = [given] if isinstance(given, str) else given
    if not isinstance(wanted, list) or not wanted or not all(isinstance(one, str) and one for one in wanted):
        raise SettingsError(
            f"The exhibit {name} in {path} names no files",
            'Give files = "clip.mp4", or a list of paths and patterns such as ["phone/*.mp4"].',
        )
    return CaseExhibit(name, tuple(wanted), _text(table.get("description", ""), "description", path))


def _check_names(table: Mapping[str, Any], known: tuple[str, ...], path: Path) -> None:
    for name in table:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise SettingsError(
                f"The case data {path} hold {name!r}, which is not known",
                f"Did you mean {near[0]}?" if near else f"There are {', '.join(known)}.",
            )


def _text(value: object, name: str, path: Path) -> str:
    """One line: how a text was wrapped in the file says nothing."""
    if isinstance(value, date):
        return value.isoformat()
    if not isinstance(value, str):
        raise SettingsError(
            f"In the case data {path}, {name} is not a text", f'Put it in quotes: {name} = "{value}".'
        )
    text = " ".join(value.split())
    if len(text) > _MOST_CHARACTERS:
        raise SettingsError(
            f"In the case data {path}, {name} has {len(text):,} characters",
            f"Shorten it to {_MOST_CHARACTERS:,}; a report is no place for whole documents.",
        )
    return text


def _check_date(text: str, path: Path) -> None:
    try:
        date.fromisoformat(text[:10])
    except ValueError as error:
        raise SettingsError(
            f"In the case data {path}, received is {text!r}, which is not a date",
            "Write it as 2026-11-30.",
        ) from error


def _check_zone(name: str, path: Path) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise SettingsError(
            f"In the case data {path}, time_zone is {name!r}, which this machine does not know",
            'Give a name such as "Europe/Berlin"; where none is known, pip install tzdata.',
        ) from error
