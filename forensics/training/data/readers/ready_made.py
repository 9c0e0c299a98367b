"""Collections of ready-made face crops and voice clips, each with a table of its own form."""

from __future__ import annotations

import re
from pathlib import Path

from forensics.errors import TrainingError
from forensics.training.data.readers.manifest import columns, known_split, rows, table_of
from forensics.training.data.readers.reader import (
    PRISTINE,
    Reading,
    ReadOptions,
    Source,
    is_manipulated,
    linked,
)

# dlib's HOG box is 0.96 of the width of these crops.
_DFDC_MARGIN = 1 / 0.96
_WIDE_MARGIN = 1.8
# All actors of Google's DFD are linked by the swaps; takes of one DeepFaceLab model show one person.
_WIDE_LINK = re.compile(r"(dfd)_actor|^(dfl_[A-Z]\w+?)_(?:twitch_example_)?\d$")
# Shorter training clips hold no judgeable speech. Test clips stay: abstaining is part of the measurement.
_MIN_CLIP_S = 0.8


class DfdcCrops:
    """Tight DFDC face crops: ``split.csv`` with name, label, group (the pristine video), split and here.

    The crops lie in ``--media``, or in ``<split>/<label>/`` beside the table, or flat beside it. Rows
    whose ``here`` is 0 lie elsewhere and count only with ``--media``.
    """

    def recognises(self, dataset: Path) -> bool:
        """By the table's columns."""
        return _has(dataset, "split.csv", {"name", "label", "group", "split", "here"})

    def read(self, dataset: Path, options: ReadOptions) -> Reading:
        """All rows at hand but sealed ones."""
        table = _table(dataset, "split.csv")
        sources = []
        for where, row in rows(table):
            if options.media is None and row["here"] != "1":
                continue
            manipulated = is_manipulated(row["label"], where)
            within = table.parent / row["split"] / row["label"] / row["name"]
            if options.media is not None:
                path = options.media / row["name"]
            else:
                path = within if within.parent.is_dir() else table.parent / row["name"]
            sources.append(
                Source(
                    path=path,
                    manipulated=manipulated,
                    method="dfdc" if manipulated else PRISTINE,
                    groups=(linked(row["group"], options.link),),
                    split=known_split(row["split"], where),
                    crop_margin=options.crop_margin or _DFDC_MARGIN,
                )
            )
        return Reading("dfdc", sources)


class WideCrops:
    """Wide face crops of many origins: ``manifest.csv`` with path, label, method, group, clip and face_px."""

    def recognises(self, dataset: Path) -> bool:
        """By the table's columns."""
        return _has(dataset, "manifest.csv", {"path", "label", "method", "group", "face_px"})

    def read(self, dataset: Path, options: ReadOptions) -> Reading:
        """All rows; few groups, so that they are parted in training and validation only."""
        table = _table(dataset, "manifest.csv")
        sources = [
            Source(
                path=(options.media or table.parent) / row["path"],
                manipulated=is_manipulated(row["label"], where),
                method=row["method"],
                groups=(linked(row["group"], options.link or _WIDE_LINK),),
                split=known_split(row.get("split") or "", where),
                crop_margin=options.crop_margin or _WIDE_MARGIN,
                clip=row.get("clip", ""),
            )
            for where, row in rows(table)
        ]
        return Reading(table.parent.resolve().name, sources, shares=(80, 20, 0))


class VoiceClips:
    """Clips of speech of many sources: ``manifest.csv`` with path, label, source_repo, split and seconds.

    Method and group are the source: it stands for speaker, generator and recording at once, and what
    tells sources apart must not help in validation. The table's test split stays; some sources stand in
    both parts, with other speakers and other generators, and are told apart by a suffix.
    """

    def recognises(self, dataset: Path) -> bool:
        """By the table's columns."""
        wanted = {"path", "label", "split", "source_repo", "seconds", "native_rate_hz"}
        return _has(dataset, "manifest.csv", wanted)

    def read(self, dataset: Path, options: ReadOptions) -> Reading:
        """All rows; validation is parted from the training rows by source."""
        table = _table(dataset, "manifest.csv")
        sources = []
        for where, row in rows(table):
            tested = known_split(row["split"], where) == "test"
            short = float(row["seconds"]) < _MIN_CLIP_S and not tested
            group = linked(row["source_repo"], options.link)
            sources.append(
                Source(
                    path=(options.media or table.parent) / row["path"],
                    manipulated=is_manipulated(row["label"], where),
                    method=row["source_repo"],
                    groups=(f"{group} (test)" if tested else group,),
                    split="test" if tested else None,
                    unfit=f"shorter than {_MIN_CLIP_S} s" if short else None,
                )
            )
        return Reading(table.parent.resolve().name, sources, shares=(80, 20, 0))


def _has(dataset: Path, name: str, wanted: set[str]) -> bool:
    table = table_of(dataset, (name,))
    return table is not None and wanted <= set(columns(table))


def _table(dataset: Path, name: str) -> Path:
    table = table_of(dataset, (name,))
    if table is None:
        raise TrainingError(f"{dataset} holds no {name}", "Check the path, or give another --kind.")
    return table
