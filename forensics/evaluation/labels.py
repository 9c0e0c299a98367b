"""Which of the scanned files are manipulated, from a labels file or from the folders' names.

Rows and folders of the split ``sealed`` are never used: they are kept for a final exam.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

from forensics.errors import SettingsError
from forensics.evaluation.data_sets import folder_label, people_in
from forensics.evaluation.label_files import LabelRow, named, read_label, read_rows
from forensics.records.findings import Notice

SEALED = "sealed"
_FOLDER_SUFFIXES = ("_sequences", "_videos", "_audio", "_images", "_clips", "_faces")


@dataclass(frozen=True, slots=True)
class Label:
    """What is known of one file.

    Attributes:
        path: the file's display path, as its scan shows it.
        group: files that share a person or a source; intervals resample groups. The file's own path where
            nothing says more.
        method: how it was manipulated (or, for pristine files, what kind it is), None if unknown.
        facts: the labels file's other columns.
    """

    path: str
    manipulated: bool
    group: str
    method: str | None = None
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LabelSet:
    """Labels by display path (and by key, see ``by_key``), and what did not fit."""

    labels: dict[str, Label]
    notices: tuple[Notice, ...] = ()


def read_labels(
    source: Path | None, files: Iterable[str], roots: Sequence[Path] = (), *, split: str | None = None
) -> LabelSet:
    """Labels of these files.

    Call it before a scan to choose the files that are worth scanning (files without a label and sealed ones
    are not among ``labels``), or after it with the results' paths.

    Args:
        source: a labels file (see ``label_files``); None reads the names of the folders under ``roots``.
        files: display paths.
        roots: the files and folders that were asked for.
        split: keep rows of this split only; None keeps all but the sealed.

    Raises:
        SettingsError: the labels are unreadable, contradict each other, fit several files, or fit none.
    """
    if split is not None and split.strip().lower() == SEALED:
        raise SettingsError(
            "The split 'sealed' is not for measuring: its rows are never read",
            "Choose another, for example test.",
        )
    paths = sorted(set(files))
    if source is None:
        if split is not None:
            raise SettingsError("--split needs a labels file", "Add --labels labels.csv with a column split.")
        return _by_folder(paths, roots)
    return _by_rows(source, paths, roots, split)


def by_key(known: LabelSet, keys: Iterable[tuple[str, str]]) -> LabelSet:
    """The labels of files by their key as well, which tells apart what has the same display path.

    Args:
        keys: display path and ``MediaFile.key`` of each file.
    """
    keyed = {key: known.labels[path] for path, key in keys if path in known.labels}
    return replace(known, labels=known.labels | keyed)


def _by_rows(source: Path, paths: list[str], roots: Sequence[Path], split: str | None) -> LabelSet:
    rows = read_rows(source)
    anchors = [source.parent, *(root if root.is_dir() else root.parent for root in roots)]
    index = _Index(paths, anchors)
    wanted, sealed = _of_split(rows, split, source)
    ambiguous: list[str] = []
    contradicted: list[str] = []
    unmatched: list[str] = []
    found: dict[str, tuple[LabelRow, Label]] = {}
    for row in wanted:
        matches = index.find(row.path)
        if not matches:
            unmatched.append(f"{row.where} ({row.path})")
        elif len(matches) > 1:
            ambiguous.append(f"{row.where} ({row.path}) fits {' and '.join(matches[:2])}")
        elif (earlier := found.get(matches[0])) is None:
            found[matches[0]] = (row, _label(row, matches[0]))
        elif earlier[1].manipulated != row.manipulated:
            contradicted.append(f"{earlier[0].where} and {row.where} ({row.path})")
    if ambiguous:
        raise SettingsError(
            f"{source}: {len(ambiguous)} rows fit several files: {named(ambiguous)}",
            "Write longer paths into the labels, or scan one folder at a time.",
        )
    if contradicted:
        raise SettingsError(
            f"{source}: {len(contradicted)} files have two labels: {named(contradicted)}",
            "Keep one row per file.",
        )
    # Where a sealed row and another fit the same file, the file is sealed.
    sealed_paths = {path for row in sealed for path in index.find(row.path)}
    labels = {path: label for path, (_, label) in found.items() if path not in sealed_paths}
    notices = _notices(source, paths, labels, unmatched, sealed_paths)
    return LabelSet(_required(labels, f"{source} has no row for any of the {len(paths)} files"), notices)


def _of_split(
    rows: tuple[LabelRow, ...], split: str | None, source: Path
) -> tuple[list[LabelRow], list[LabelRow]]:
    sealed = [row for row in rows if row.split == SEALED]
    open_rows = [row for row in rows if row.split != SEALED]
    if split is None:
        return open_rows, sealed
    known = sorted({row.split for row in open_rows if row.split is not None})
    wanted = [row for row in open_rows if row.split == split.strip().lower()]
    if not wanted:
        has = f"its splits are {', '.join(known)}" if known else "it has no column split"
        raise SettingsError(
            f"{source} has no rows of split {split!r}; {has}", "Choose one of them, or leave out --split."
        )
    return wanted, sealed


def _label(row: LabelRow, path: str) -> Label:
    facts = dict(row.facts)
    if row.split is not None:
        facts["split"] = row.split
    return Label(path, row.manipulated, row.group or path, row.method, facts)


def _notices(
    source: Path, paths: list[str], labels: dict[str, Label], unmatched: list[str], sealed: set[str]
) -> tuple[Notice, ...]:
    messages = []
    if unmatched:
        messages.append(f"{len(unmatched)} rows of {source.name} fit no file: {named(unmatched)}")
    bare = [path for path in paths if path not in labels and path not in sealed]
    if bare:
        messages.append(f"{len(bare)} files have no label and are not counted: {named(bare)}")
    if sealed:
        messages.append(f"{len(sealed)} files belong to the sealed split and are left out")
    splits = sorted({label.facts["split"] for label in labels.values() if "split" in label.facts})
    if len(splits) > 1:
        messages.append(f"Splits {', '.join(splits)} are taken together; choose one with --split")
    if labels and all(label.group == label.path for label in labels.values()):
        messages.append("No groups are known: every file counts as its own, so intervals may be too narrow")
    return tuple(Notice("find", message) for message in messages)


def _by_folder(paths: list[str], roots: Sequence[Path]) -> LabelSet:
    tops = [_full(root if root.is_dir() else root.parent) for root in roots]
    labels: dict[str, Label] = {}
    torn: list[str] = []
    sealed: set[str] = set()
    for path in paths:
        folders = _folders(path, tops)
        says = [_folder_says(folder) for folder in folders]
        if SEALED in (folder.lower() for folder in folders):
            sealed.add(path)
        elif True in says and False in says:
            torn.append(path)
        elif True in says or False in says:
            manipulated = True in says
            place = says.index(manipulated)
            labels[path] = _label_of_folder(path, manipulated, folders[place], folders[place + 1 :])
    if torn:
        raise SettingsError(
            f"{len(torn)} files lie in folders of both labels: {named(torn)}",
            "Write a labels file (path,label) and give it with --labels.",
        )
    _required(labels, f"No folder of these {len(paths)} files is called real or fake")
    return LabelSet(labels, _notices(Path("the folders"), paths, labels, [], sealed))


def _folders(path: str, tops: list[Path]) -> list[str]:
    """The folders that may speak: from the root that was asked for downwards, its own name included."""
    parent = _full(Path(path)).parent
    for top in tops:
        if parent.is_relative_to(top):
            return [top.name, *parent.relative_to(top).parts]
    return list(parent.parts[-2:])


def _label_of_folder(path: str, manipulated: bool, folder: str, below: Sequence[str]) -> Label:
    if folder_label(folder) is None:
        return Label(path, manipulated, path, below[0] if below else None)
    # Data sets that name their folders so name people in those below, or in the clips.
    people = people_in("/".join((*below, Path(path).stem)))
    return Label(path, manipulated, people[0] if people else path, folder)


def _folder_says(folder: str) -> bool | None:
    label = folder_label(folder)
    return read_label(_folder_word(folder)) if label is None else label


def _folder_word(folder: str) -> str:
    word = re.sub(r"^[01][_-]", "", folder.lower())
    return next((word.removesuffix(end) for end in _FOLDER_SUFFIXES if word.endswith(end)), word)


def _required(labels: dict[str, Label], message: str) -> dict[str, Label]:
    if not labels:
        raise SettingsError(
            message,
            "Give --labels labels.csv with paths relative to it or to the scanned folder, or file names.",
        )
    return labels


class _Index:
    """Finds the scanned files that a written path can mean."""

    def __init__(self, paths: list[str], anchors: list[Path]) -> None:
        self._anchors = anchors
        self._by_full = {_full(Path(path)): path for path in paths}
        self._by_name: dict[str, list[Path]] = {}
        for full in self._by_full:
            self._by_name.setdefault(full.name, []).append(full)

    def find(self, written: str) -> list[str]:
        """Display paths, best reading first: relative to an anchor; else by the end of the path."""
        # A table from Windows parts folders by backslashes, but \xNN stands for a byte in a name.
        for reading in (PurePath(written), PurePath(written.replace("\\", "/"))):
            candidates = self._by_name.get(reading.name, [])
            if not candidates:
                continue
            for anchor in self._anchors:
                full = _full(anchor / reading)
                if full in self._by_full:
                    return [self._by_full[full]]
            tail = tuple(part for part in reading.parts if part not in (reading.anchor, ".", ".."))
            return [self._by_full[full] for full in candidates if full.parts[-len(tail) :] == tail]
        return []


def _full(path: Path) -> Path:
    """Absolute and without ``..``; links stay as they are, since results show them so."""
    return Path(os.path.normpath(path.absolute()))
