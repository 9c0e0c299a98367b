"""ASVspoof 2019, logical access (Wang et al. 2020)."""

from __future__ import annotations

from pathlib import Path

from forensics.errors import TrainingError
from forensics.training.data.readers.reader import (
    PRISTINE,
    Reading,
    ReadOptions,
    Source,
    is_manipulated,
    linked,
)

_PROTOCOLS = "ASVspoof2019_LA_cm_protocols"
_PARTS = {
    "train": ("ASVspoof2019.LA.cm.train.trn.txt", "ASVspoof2019_LA_train"),
    "val": ("ASVspoof2019.LA.cm.dev.trl.txt", "ASVspoof2019_LA_dev"),
    "test": ("ASVspoof2019.LA.cm.eval.trl.txt", "ASVspoof2019_LA_eval"),
}


class AsvSpoof2019:
    """Protocol files (``speaker file - attack key``) and FLAC files; the data set's own three splits.

    The group is the speaker. Attacks A01 to A06 stand in training and development by design; those of
    evaluation are others.
    """

    def recognises(self, dataset: Path) -> bool:
        """The folder of protocols, here or in ``LA/``."""
        return _root(dataset) is not None

    def read(self, dataset: Path, options: ReadOptions) -> Reading:
        """All rows of the protocols that are there."""
        root = _root(dataset)
        if root is None:
            raise TrainingError(f"{dataset} holds no {_PROTOCOLS}", "Give the folder LA of the data set.")
        sources = []
        for split, (protocol, folder) in _PARTS.items():
            table = root / _PROTOCOLS / protocol
            if not table.is_file():
                continue
            for number, line in enumerate(table.read_text(encoding="ascii").splitlines(), start=1):
                cells = line.split()
                if not cells:
                    continue
                if len(cells) != 5:
                    raise TrainingError(
                        f"{table}, line {number} has {len(cells)} cells instead of 5",
                        "Fetch the protocols again.",
                    )
                speaker, name, _, attack, key = cells
                manipulated = is_manipulated(key, f"{table}, line {number}")
                sources.append(
                    Source(
                        path=root / folder / "flac" / f"{name}.flac",
                        manipulated=manipulated,
                        method=attack if manipulated else PRISTINE,
                        groups=(linked(speaker, options.link),),
                        split=split,
                    )
                )
        return Reading("asvspoof2019-la", sources)


def _root(dataset: Path) -> Path | None:
    return next((path for path in (dataset, dataset / "LA") if (path / _PROTOCOLS).is_dir()), None)
