"""The Deepfake Detection Challenge: parts with a ``metadata.json`` each (Dolhansky et al. 2020)."""

from __future__ import annotations

from pathlib import Path

import msgspec

from forensics.errors import TrainingError
from forensics.training.data.readers.reader import (
    PRISTINE,
    Reading,
    ReadOptions,
    Source,
    is_manipulated,
    linked,
)

_NAME = "metadata.json"


class _Entry(msgspec.Struct):
    label: str
    original: str | None = None


class Dfdc:
    """``dfdc_train_part_N/metadata.json``: clip -> label and the clip that it was made from.

    The group is the pristine clip. The data set's own ``split`` says ``train`` throughout and is not used.
    """

    def recognises(self, dataset: Path) -> bool:
        """A metadata.json here or one folder below."""
        return bool(_tables(dataset))

    def read(self, dataset: Path, options: ReadOptions) -> Reading:
        """All clips named in the tables."""
        sources = []
        for table in _tables(dataset):
            try:
                entries = msgspec.json.decode(table.read_bytes(), type=dict[str, _Entry])
            except msgspec.MsgspecError as error:
                raise TrainingError(
                    f"{table} is no DFDC table: {error}", "Fetch it again, or give another --kind."
                ) from error
            for name, entry in sorted(entries.items()):
                manipulated = is_manipulated(entry.label, f"{table}, {name}")
                sources.append(
                    Source(
                        path=table.parent / name,
                        manipulated=manipulated,
                        method="dfdc" if manipulated else PRISTINE,
                        groups=(linked(entry.original or name, options.link),),
                    )
                )
        return Reading("dfdc", sources)


def _tables(dataset: Path) -> list[Path]:
    if not dataset.is_dir():
        return []
    here = dataset / _NAME
    return [here] if here.is_file() else sorted(dataset.glob(f"*/{_NAME}"))
