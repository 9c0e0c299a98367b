"""Celeb-DF v2 (Li et al. 2020)."""

from __future__ import annotations

from pathlib import Path

from forensics.errors import SettingsError, TrainingError
from forensics.evaluation.data_sets import CELEB_DF_FOLDERS, CELEB_DF_TESTS, celeb_df_tests, people_in
from forensics.training.data.readers.reader import (
    PRISTINE,
    VIDEO_SUFFIXES,
    Reading,
    ReadOptions,
    Source,
    linked,
)


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
        for folder, manipulated in CELEB_DF_FOLDERS.items():
            for path in _clips(dataset / folder):
                people = people_in(path.stem) or (f"{folder}/{path.stem}",)
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
    """``folder/name`` of the clips on the data set's test list.

    Raises:
        TrainingError: it was changed.
    """
    table = dataset / CELEB_DF_TESTS
    if not table.is_file():
        return set()
    try:
        return {clip.path for clip in celeb_df_tests(table.read_text(encoding="utf-8"), str(table))}
    except SettingsError as error:
        raise TrainingError(error.message, error.hint) from error
