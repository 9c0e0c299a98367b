"""Any data set that comes with a table."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from forensics.errors import TrainingError
from forensics.training.data.readers.reader import (
    PRISTINE,
    SEALED,
    Reading,
    ReadOptions,
    Source,
    is_manipulated,
    linked,
    margin_of,
    split_of,
)

_NAMES = ("manifest.csv", "metadata.csv", "labels.csv")


class CsvManifest:
    """A CSV file with ``path`` and ``label``, and with ``method``, ``group`` and ``split`` if there are any.

    Paths are relative to the file's folder, or to ``--media``. Without a group, a file's name without
    the ending is its group.
    """

    def recognises(self, dataset: Path) -> bool:
        """A CSV file, or a folder with one of the usual names in it, that has the two columns."""
        table = table_of(dataset, _NAMES)
        return table is not None and {"path", "label"} <= set(columns(table))

    def read(self, dataset: Path, options: ReadOptions) -> Reading:
        """All rows but sealed ones."""
        table = table_of(dataset, _NAMES)
        if table is None:
            raise TrainingError(f"{dataset} holds no CSV file", f"Expected is one of {', '.join(_NAMES)}.")
        folder = options.media or table.parent
        sources = []
        for where, row in rows(table):
            path = folder / row["path"]
            manipulated = is_manipulated(row["label"], where)
            sources.append(
                Source(
                    path=path,
                    manipulated=manipulated,
                    method=row.get("method") or ("manipulated" if manipulated else PRISTINE),
                    groups=(linked(row.get("group") or path.stem, options.link),),
                    split=known_split(row.get("split") or "", where),
                    crop_margin=margin_of(path, options),
                )
            )
        return Reading(table.parent.resolve().name, sources)


def table_of(dataset: Path, names: tuple[str, ...]) -> Path | None:
    """The CSV file itself, or the first of these names in a folder."""
    if dataset.is_file():
        return dataset if dataset.suffix.lower() == ".csv" else None
    return next((dataset / name for name in names if (dataset / name).is_file()), None)


def columns(table: Path) -> list[str]:
    """The names in the first line."""
    with table.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        return next(csv.reader(file), [])


def rows(table: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """("FILE, line N", row) for every row that is not sealed.

    Raises:
        TrainingError: a row is shorter than the header, or the file is no text.
    """
    with table.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        try:
            for row in reader:
                where = f"{table}, line {reader.line_num}"
                if None in row or None in row.values():
                    raise TrainingError(
                        f"{where}: the row has more or fewer cells than the header", "Mend it."
                    )
                if (row.get("split") or "").strip().lower() != SEALED:
                    yield where, row
        except (UnicodeDecodeError, csv.Error) as error:
            raise TrainingError(f"{table} cannot be read: {error}", "Save it as CSV in UTF-8.") from error


def known_split(word: str, where: str) -> str | None:
    """The split that a cell names; None for an empty one.

    Raises:
        TrainingError: a word that is no split.
    """
    if not word.strip():
        return None
    split = split_of(word)
    if split is None:
        raise TrainingError(
            f"{where}: the split {word!r} is not known", "Splits are train, val and test, or empty."
        )
    return split
