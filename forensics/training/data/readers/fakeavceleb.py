"""FakeAVCeleb (Khalid et al. 2021)."""

from __future__ import annotations

from pathlib import Path

from forensics.errors import SettingsError, TrainingError
from forensics.evaluation.data_sets import FAKEAVCELEB_FOLDERS, FAKEAVCELEB_TABLE, people_in
from forensics.evaluation.label_files import LabelRow, read_rows
from forensics.training.data.readers.reader import (
    PRISTINE,
    VIDEO_SUFFIXES,
    Reading,
    ReadOptions,
    Source,
    linked,
    media_below,
)

_SOUND_ALONE = "RealVideo-FakeAudio"


class FakeAvCeleb:
    """``RealVideo-RealAudio`` and the three folders of manipulated clips, with ``meta_data.csv`` if there.

    People are the groups: whose clip it is and, by the clip's name, whose face or voice went into it. Clips
    give faces; where the sound alone is manipulated (``RealVideo-FakeAudio``) the faces are pristine, and the
    clips are left out.
    """

    def recognises(self, dataset: Path) -> bool:
        """The folder of pristine clips and one of manipulated ones."""
        there = {name for name in FAKEAVCELEB_FOLDERS if (dataset / name).is_dir()}
        return {FAKEAVCELEB_FOLDERS[name] for name in there} == {True, False}

    def read(self, dataset: Path, options: ReadOptions) -> Reading:
        """All clips of the four folders."""
        methods = _methods(dataset)
        sources = []
        for folder, manipulated in FAKEAVCELEB_FOLDERS.items():
            for path in media_below(dataset / folder, VIDEO_SUFFIXES):
                relative = path.relative_to(dataset).as_posix()
                people = people_in(relative) or (relative,)
                sources.append(
                    Source(
                        path=path,
                        manipulated=manipulated,
                        method=methods.get(relative, folder) if manipulated else PRISTINE,
                        groups=tuple(linked(person, options.link) for person in people),
                        unfit="its sound alone is manipulated" if folder == _SOUND_ALONE else None,
                    )
                )
        return Reading("fakeavceleb", sources)


def _methods(dataset: Path) -> dict[str, str]:
    """Path to the type and the method that the data set's table names."""
    table = dataset / FAKEAVCELEB_TABLE
    if not table.is_file():
        return {}
    try:
        rows = read_rows(table)
    except SettingsError as error:
        raise TrainingError(error.message, error.hint) from error
    return {row.path: _method(row) for row in rows}


def _method(row: LabelRow) -> str:
    return "/".join(filter(None, (row.facts.get("type"), row.method)))
