"""Celeb-DF v2 (Li et al. 2020)."""

from __future__ import annotations

import re
from pathlib import Path

from forensics.errors import TrainingError
from forensics.training.data.readers.reader import (
    PRISTINE,
    VIDEO_SUFFIXES,
    Reading,
    ReadOptions,
    Source,
    linked,
)

_FOLDERS = {"Celeb-real": False, "YouTube-real": False, "Celeb-synthesis": True}
_TEST_LIST = "List_of_testing_videos.txt"
_PERSON = re.compile(r"id\d+")


class CelebDf:
    """``Celeb-real``, ``YouTube-real``, ``Celeb-synthesis`` and the list of testing videos.

    ``id0_id1_0000.mp4`` shows person 0 with the face of person 1: both are its groups. The data set's own
    test list shares people with the rest; what shares a person with it, over other clips too, is left
    out of training, which leaves few manipulated clips: the data set serves best as a test.

    Clips may also lie in ``videos/`` within the three folders, as some projects keep them beside frames.
    """

    def recognises(self, dataset: Path) -> bool:
        """The folder of manipulated clips and one of pristine ones."""
        return all((dataset / name).is_dir() for name in ("Celeb-real", "Celeb-synthesis"))

    def read(self, dataset: Path, options: ReadOptions) -> Reading:
        """All clips of the three folders."""
        tested = _tested(dataset)
        sources = []
        for folder, manipulated in _FOLDERS.items():
            for path in _clips(dataset / folder):
                people = _PERSON.findall(path.stem) or [f"{folder}/{path.stem}"]
                sources.append(
                    Source(
                        path=path,
                        manipulated=manipulated,
                        method="celeb-df" if manipulated else PRISTINE,
                        groups=tuple(linked(person, options.link) for person in people),
                        split="test" if f"{folder}/{path.name}" in tested else None,
                    )
                )
        return Reading("celeb-df-v2", sources)


def _clips(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in (*folder.glob("*"), *folder.glob("videos/*"))
        if path.suffix.lower() in VIDEO_SUFFIXES
    )


def _tested(dataset: Path) -> set[str]:
    """``folder/name`` of the clips on the test list: lines such as ``1 YouTube-real/00170.mp4``.

    1 stands for pristine there, unlike elsewhere.

    Raises:
        TrainingError: a line of another form, or a label that contradicts the folder.
    """
    table = dataset / _TEST_LIST
    if not table.is_file():
        return set()
    tested = set()
    for number, line in enumerate(table.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        label, _, name = line.strip().partition(" ")
        name = name.strip()
        manipulated = _FOLDERS.get(name.partition("/")[0])
        if label not in {"0", "1"} or manipulated is None:
            raise TrainingError(f"{table}, line {number} cannot be read: {line!r}", "Fetch the list again.")
        if (label == "0") != manipulated:
            raise TrainingError(
                f"{table}, line {number} says {label} of {name}: 1 is pristine in this list, 0 manipulated",
                "Fetch the list again; it was changed.",
            )
        tested.add(name)
    return tested
