"""Files that say which media are manipulated: CSV tables and the lists of public data sets."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from forensics.errors import SettingsError
from forensics.evaluation.data_sets import (
    FAKEAVCELEB_TABLE,
    celeb_df_tests,
    fakeavceleb_clip,
    folder_label,
    is_celeb_df_list,
    is_fakeavceleb_table,
    people_in,
)

PRISTINE_WORDS = frozenset(
    {"real", "pristine", "original", "originals", "authentic", "genuine", "untouched", "0", "0.0", "false"}
    | {"bonafide", "bona-fide", "bona_fide", "bona fide"}
)
MANIPULATED_WORDS = frozenset(
    {
        "fake",
        "fakes",
        "manipulated",
        "spoof",
        "spoofed",
        "deepfake",
        "deepfakes",
        "forged",
        "tampered",
        "synthetic",
        "true",
        "1",
        "1.0",
    }
)

PATH_COLUMNS = ("path", "name", "file", "filename", "file_name", "video", "clip_path")
LABEL_COLUMNS = ("label", "class", "target")

TABLES_OF_DATA_SETS = ("metadata.json", FAKEAVCELEB_TABLE)
"""Names under which data sets (the DFDC, FakeAVCeleb) carry their labels beside their clips."""

# The largest public label tables hold about 100,000 rows of about 100 bytes.
MAX_LABELS_BYTES = 256 * 1024 * 1024
_MAX_NAMED = 5


@dataclass(frozen=True, slots=True)
class LabelRow:
    r"""One row as written.

    Attributes:
        where: place in the labels file, for messages: ``line 12`` or ``entry abc.mp4``.
        path: as written, with bytes that are not UTF-8 shown as ``\xNN``.
        group: rows that share a person or a source; None where the file names none.
        split: lower case; None where the file has no such column.
        facts: every other column with something in it, by lower-case name.
    """

    where: str
    path: str
    manipulated: bool
    group: str | None = None
    method: str | None = None
    split: str | None = None
    facts: dict[str, str] = field(default_factory=dict)


def read_rows(source: Path) -> tuple[LabelRow, ...]:
    """Every row of a labels file.

    Args:
        source: ``.json`` as the DFDC writes it; Celeb-DF's list of testing videos; FakeAVCeleb's
            ``meta_data.csv``; anything else is read as a table with a header, its columns parted by comma,
            semicolon or tab.

    Raises:
        SettingsError: the file cannot be read, lacks a column or holds a label that is not one.
    """
    text = _text_of(source)
    if source.suffix.lower() == ".json":
        rows = _json_rows(text, source)
    elif is_celeb_df_list(text):
        rows = _celeb_df_rows(text, source)
    else:
        rows = _table_rows(text, source)
    if not rows:
        raise SettingsError(
            f"{source} holds no labels", "Give one row per file: path,label[,group][,method]."
        )
    return rows


def read_label(word: str) -> bool | None:
    """True for a word that means manipulated, False for pristine, None for neither."""
    lowered = word.strip().lower()
    if lowered in MANIPULATED_WORDS:
        return True
    return False if lowered in PRISTINE_WORDS else None


def named(items: list[str]) -> str:
    """The first few of many, and how many more there are."""
    rest = len(items) - _MAX_NAMED
    return "; ".join(items[:_MAX_NAMED]) + (f"; and {rest} more" if rest > 0 else "")


def _text_of(source: Path) -> str:
    try:
        n_bytes = source.stat().st_size
        if n_bytes > MAX_LABELS_BYTES:
            raise SettingsError(
                f"{source} is {n_bytes:,} bytes, which is no table of labels",
                "Give a CSV file with the columns path,label.",
            )
        content = source.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"The labels {source} cannot be read: {error.strerror}", "Check the path after --labels."
        ) from error
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in content:
        raise SettingsError(f"{source} is not UTF-8 text", "Save it as CSV in UTF-8 (not as a spreadsheet).")
    # File names need not be UTF-8: such bytes are kept and shown as the scan shows them.
    return content.decode("utf-8-sig", errors="backslashreplace")


def _table_rows(text: str, source: Path) -> tuple[LabelRow, ...]:
    header_line = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(",;\t", key=header_line.count)
    reader = csv.DictReader(io.StringIO(text.lstrip("\r\n"), newline=""), delimiter=delimiter)
    try:
        columns = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
        if is_fakeavceleb_table(frozenset(columns)):
            return tuple(_checked(_fakeavceleb_entries(reader), source))
        path_column = next((columns[name] for name in PATH_COLUMNS if name in columns), None)
        label_column = next((columns[name] for name in LABEL_COLUMNS if name in columns), None)
        if path_column is None or label_column is None:
            missing = "path" if path_column is None else "label"
            raise SettingsError(
                f"{source} has no column {missing}; it has {', '.join(filter(None, columns)) or 'none'}",
                "Begin it with a header such as path,label,group,method.",
            )
        lines = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise SettingsError(
            f"{source} is not a table: line {reader.line_num}: {error}", "Save it as CSV, one row per file."
        ) from error
    return tuple(_checked(_table_entries(lines, path_column, label_column), source))


def _celeb_df_rows(text: str, source: Path) -> tuple[LabelRow, ...]:
    return tuple(
        LabelRow(
            where=f"line {clip.line}",
            path=clip.path,
            manipulated=clip.manipulated,
            group=next(iter(people_in(PurePath(clip.path).stem)), None),
            method=PurePath(clip.path).parts[0],
            split="test",
        )
        for clip in celeb_df_tests(text, str(source))
    )


def _fakeavceleb_entries(
    reader: csv.DictReader[str | Any],
) -> Iterator[tuple[str, str, str, dict[str, str]]]:
    for row in reader:
        # Without a comma at its end, the header has no name for the folder's cell.
        beyond = row.get(reader.restkey) or [""]
        cells = {
            (key or "").strip().lower(): (value or "").strip()
            for key, value in row.items()
            if key is not None
        }
        if not any(cells.values()):
            continue
        clip = fakeavceleb_clip(cells, beyond[0].strip())
        kept = ("category", "type", "race", "gender")
        facts = {name: cells[name] for name in kept if cells.get(name)}
        if clip.people:
            facts["group"] = clip.people[0]
        if clip.method is not None:
            facts["method"] = clip.method
        yield f"line {reader.line_num}", clip.path, clip.kind, facts


def _table_entries(
    lines: list[tuple[int, dict[str | Any, str | Any]]], path_column: str, label_column: str
) -> Iterator[tuple[str, str, str, dict[str, str]]]:
    for line, row in lines:
        # Cells beyond the header stand under the key None; they name nothing.
        cells = {
            key: value.strip()
            for key, value in row.items()
            if isinstance(key, str) and isinstance(value, str)
        }
        if not any(cells.values()):
            continue
        path, label = cells.pop(path_column, ""), cells.pop(label_column, "")
        facts = {key.strip().lower(): value for key, value in cells.items() if value}
        yield f"line {line}", path, label, facts


def _json_rows(text: str, source: Path) -> tuple[LabelRow, ...]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SettingsError(
            f"{source} is not JSON: {error}", "Give the metadata.json of the data set."
        ) from error
    if not isinstance(content, dict) or not all(isinstance(entry, dict) for entry in content.values()):
        raise SettingsError(
            f"{source} does not map file names to labels",
            'Give {"a.mp4": {"label": "FAKE", "original": "b.mp4"}, ...}, as the DFDC writes it.',
        )
    return tuple(_checked(_json_entries(content), source))


def _json_entries(content: dict[str, dict[str, object]]) -> Iterator[tuple[str, str, str, dict[str, str]]]:
    for name, entry in content.items():
        facts = {str(key).lower(): str(value) for key, value in entry.items() if value is not None}
        # In the DFDC a manipulated clip belongs with the clip that it was made from.
        facts.setdefault("group", facts.get("original", name))
        yield f"entry {name}", name, facts.pop("label", ""), facts


def _checked(entries: Iterator[tuple[str, str, str, dict[str, str]]], source: Path) -> Iterator[LabelRow]:
    wrong: list[str] = []
    for where, path, label, facts in entries:
        manipulated = read_label(label)
        if manipulated is None:
            manipulated = folder_label(label)
        if not path or PurePath(path).name in ("", ".."):
            wrong.append(f"{where} names no file")
        elif manipulated is None:
            wrong.append(f"{where} says {label[:40]!r}")
        else:
            group, method = facts.pop("group", None), facts.pop("method", None)
            split = facts.pop("split", "").lower() or None
            yield LabelRow(where, path, manipulated, group, method, split, facts)
    if wrong:
        raise SettingsError(
            f"{source} has {len(wrong)} rows that are no label: {named(wrong)}",
            "Write real or fake (or pristine/manipulated, bonafide/spoof, 0/1) in the column label.",
        )
