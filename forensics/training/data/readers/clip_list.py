"""Clips of speech rebuilt from a list of public repositories."""

from __future__ import annotations

from pathlib import Path

from forensics.training.data.readers.manifest import columns, known_split, rows, table_of
from forensics.training.data.readers.reader import Reading, ReadOptions, Source, is_manipulated, linked

_TABLE = "manifest.csv"
_WANTED = {"repo", "commit", "file", "label", "method", "split"}


class ClipList:
    """``manifest.csv`` with repo, commit, file, label, method and split.

    Every repository is an origin and a group of its own: draws are balanced by it, figures are averaged over
    it and intervals drawn by it. The table parts by repository; readers of public corpora (VCTK, LibriSpeech,
    LJ Speech) recur in several with either label, so that knowing a voice does not tell it apart.
    """

    def recognises(self, dataset: Path) -> bool:
        """By the table's columns."""
        table = table_of(dataset, (_TABLE,))
        return table is not None and set(columns(table)) >= _WANTED

    def read(self, dataset: Path, options: ReadOptions) -> Reading:
        """All rows but sealed ones."""
        table = table_of(dataset, (_TABLE,))
        assert table is not None, "read after recognises"
        sources = [
            Source(
                path=(options.media or table.parent) / row["file"],
                manipulated=is_manipulated(row["label"], where),
                method=row["method"],
                groups=(linked(row["repo"], options.link),),
                split=known_split(row["split"], where),
                origin=row["repo"],
            )
            for where, row in rows(table)
        ]
        return Reading(table.parent.resolve().name, sources)
