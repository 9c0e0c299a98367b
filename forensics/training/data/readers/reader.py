"""The seam of data set readers. Adding one: a file beside this one and a line in the table of ``readers``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from forensics.errors import TrainingError
from forensics.evaluation.label_files import read_label

PRISTINE = "pristine"
VIDEO_SUFFIXES = frozenset({".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".flv"})
PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
SOUND_SUFFIXES = frozenset({".flac", ".wav", ".mp3", ".m4a", ".ogg", ".opus", ".aac", ".wma"})
MEDIA_SUFFIXES = VIDEO_SUFFIXES | PICTURE_SUFFIXES | SOUND_SUFFIXES

_SPLIT_WORDS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
    "eval": "test",
}
# Rows of this split are somebody's final exam.
SEALED = "sealed"


@dataclass(frozen=True, slots=True)
class Source:
    """One file of a data set, before anything was done with it.

    Attributes:
        method: how it was manipulated, or ``pristine`` or another kind of pristine material.
        groups: everything that it shares with other files and that must not stand in two splits: its
            pristine source or sources, its speaker, its actors. Sources that share one are linked.
        split: the data set's own, None where it has none for this file.
        crop_margin: the file is a ready-made face crop, this many face boxes wide; None for files in
            which faces are still to be found, and for sound.
        clip: the video that a ready-made crop is a frame of, where that is known.
        unfit: why the file cannot be used, if the data set itself says so.
        origin: where the file comes from, in a data set of many origins; otherwise the data set's.
    """

    path: Path
    manipulated: bool
    method: str
    groups: tuple[str, ...]
    split: str | None = None
    crop_margin: float | None = None
    clip: str = ""
    unfit: str | None = None
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A data set as its reader understood it.

    Attributes:
        origin: name of the data set in the manifest.
        shares: parts (train, validation, test) for what has no split of its own, unless the user asks
            for others.
    """

    origin: str
    sources: list[Source]
    shares: tuple[int, int, int] = (70, 20, 10)


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the user says about a data set.

    Attributes:
        link: groups (for folders: relative paths) that it matches take the text of its first group
            that took part in the match, or of the whole match.
        media: where the files lie, if not within the data set.
        crop_margin: pictures are ready-made face crops, this many face boxes wide.
    """

    link: re.Pattern[str] | None = None
    media: Path | None = None
    crop_margin: float | None = None


class Reader(Protocol):
    """Knows one layout of a data set."""

    def recognises(self, dataset: Path) -> bool:
        """Whether the folder (or file) has this layout; cheap, reads at most one small file."""
        ...

    def read(self, dataset: Path, options: ReadOptions) -> Reading:
        """All usable rows; rows whose split is ``sealed`` are left out unread.

        Raises:
            TrainingError: the data set contradicts its layout.
        """
        ...


def linked(name: str, link: re.Pattern[str] | None) -> str:
    """The group that ``name`` belongs to after linking."""
    match = link.search(name) if link else None
    if match is None:
        return name
    return next((part for part in match.groups() if part is not None), match.group(0))


def is_manipulated(word: str, where: str) -> bool:
    """The label that a word stands for.

    Raises:
        TrainingError: neither label.
    """
    label = read_label(word)
    if label is None:
        raise TrainingError(
            f"{where}: the label {word!r} is not known",
            "Labels are real, pristine, original, bonafide or 0, and fake, manipulated, spoof or 1.",
        )
    return label


def split_of(word: str) -> str | None:
    """``train``, ``val`` or ``test``; None for a word that is no split."""
    return _SPLIT_WORDS.get(word.strip().lower())


def margin_of(path: Path, options: ReadOptions) -> float | None:
    """The crop margin for a file: only pictures can be ready-made face crops."""
    return options.crop_margin if path.suffix.lower() in PICTURE_SUFFIXES else None


def media_below(folder: Path, suffixes: frozenset[str] = MEDIA_SUFFIXES) -> list[Path]:
    """Media files anywhere below ``folder``, by their names' endings, in a fixed order; hidden ones not."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in suffixes
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
