"""Folders named after the labels, ``real/`` and ``fake/``, below folders named after splits or not."""

from __future__ import annotations

from pathlib import Path

from forensics.evaluation.label_files import read_label
from forensics.training.data.readers.reader import (
    PRISTINE,
    Reading,
    ReadOptions,
    Source,
    linked,
    margin_of,
    media_below,
    split_of,
)


class LabelFolders:
    """``[split/]label/[method/].../file``.

    The group of a file is its name without the ending, so that ``real/007.mp4`` and
    ``fake/FaceSwap/007.mp4`` stay together. Where files are named otherwise, give ``--link`` an expression
    that finds the group in the path below the data set's folder.
    """

    def recognises(self, dataset: Path) -> bool:
        """A folder of pristine media at the top or within the split folders; manipulated ones need not be."""
        return any(read_label(folder.name) is False for folder in _label_folders(dataset))

    def read(self, dataset: Path, options: ReadOptions) -> Reading:
        """All media below the label folders."""
        sources = []
        for folder in _label_folders(dataset):
            manipulated = bool(read_label(folder.name))
            for path in media_below(folder):
                inner = path.relative_to(folder).parts[:-1]
                relative = path.relative_to(dataset).as_posix()
                sources.append(
                    Source(
                        path=path,
                        manipulated=manipulated,
                        method=(inner[0] if inner else folder.name) if manipulated else PRISTINE,
                        groups=(linked(relative, options.link) if options.link else path.stem,),
                        split=None if folder.parent == dataset else split_of(folder.parent.name),
                        crop_margin=margin_of(path, options),
                    )
                )
        return Reading(dataset.resolve().name, sources)


def _label_folders(dataset: Path) -> list[Path]:
    if not dataset.is_dir():
        return []
    tops = sorted(path for path in dataset.iterdir() if path.is_dir())
    within = [path for top in tops if split_of(top.name) for path in sorted(top.iterdir()) if path.is_dir()]
    return [path for path in (*tops, *within) if read_label(path.name) is not None]
