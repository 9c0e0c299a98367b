"""The manifest of a prepared data set: ``samples.csv``, one row per picture or clip."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import MISSING, dataclass, fields
from pathlib import Path

from forensics.errors import TrainingError

MANIFEST_NAME = "samples.csv"
SPLITS = ("train", "val", "test")
# Of no method that a manifest would name.
PSEUDO_FAKE = "(pseudo-fake made when it is read)"


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture of a face or one clip of a voice.

    Attributes:
        path: the file, absolute or relative to the manifest's folder.
        manipulated: the label.
        method: how it was manipulated, or what kind of pristine material it is.
        origin: the data set that it comes from.
        group: what must stay within one split: the pristine source, the speaker, the generator.
        split: ``train``, ``val`` or ``test``; ``sealed`` rows never enter a manifest.
        left, top, width, height: the finder's box in the picture, as fractions of its width and
            height; empty (None) for sound.
        sha256: digest of the file when it was prepared.
        clip: the video that a picture is a frame of; empty where it is the only one of its video.
        at_s: when the picture is shown, in seconds from the video's beginning.
        track: number of the person within the video.
        burst: number of the burst of consecutive pictures that it is of, from 0; None for one by itself.
        spread: whether it is among the pictures that are spread over the video; if not, it is there for its
            burst alone.
    """

    path: str
    manipulated: bool
    method: str
    origin: str
    group: str
    split: str
    left: float | None = None
    top: float | None = None
    width: float | None = None
    height: float | None = None
    sha256: str = ""
    clip: str = ""
    at_s: float | None = None
    track: int | None = None
    burst: int | None = None
    spread: bool = True

    @property
    def is_pseudo_fake(self) -> bool:
        """Whether the file is pristine and a pseudo-fake is made of it when it is read."""
        return self.manipulated and self.method == PSEUDO_FAKE


@dataclass(frozen=True, slots=True)
class Tally:
    """How many samples one origin has in one split."""

    origin: str
    split: str
    n_pristine: int
    n_manipulated: int
    n_groups: int


def tally(samples: Iterable[Sample]) -> list[Tally]:
    """Counts samples by origin and split, in the order in which they first occur."""
    rows: Counter[tuple[str, str, bool]] = Counter()
    groups: dict[tuple[str, str], set[str]] = {}
    for sample in samples:
        rows[sample.origin, sample.split, sample.manipulated] += 1
        groups.setdefault((sample.origin, sample.split), set()).add(sample.group)
    return [
        Tally(origin, split, rows[origin, split, False], rows[origin, split, True], len(names))
        for (origin, split), names in groups.items()
    ]


def read_samples(folder: Path) -> list[Sample]:
    """All rows of a prepared data set, paths made absolute.

    Raises:
        TrainingError: no manifest, a damaged row, an unknown split or a group in two splits.
    """
    manifest = folder / MANIFEST_NAME
    if not manifest.is_file():
        raise TrainingError(
            f"{folder} holds no {MANIFEST_NAME}",
            f"Prepare the data first: forensics prepare DATASET --out {folder}",
        )
    samples = []
    with manifest.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        lacking = [name for name in _NEEDED if name not in (rows.fieldnames or ())]
        if lacking:
            raise TrainingError(
                f"{manifest} lacks the column{'s' if len(lacking) > 1 else ''} {', '.join(lacking)}",
                f"Make the manifest again: forensics prepare DATASET --out {folder}",
            )
        for number, row in enumerate(rows, start=2):
            try:
                samples.append(_sample(row, folder))
            except (KeyError, TypeError, ValueError) as error:
                raise TrainingError(
                    f"{manifest}, line {number} cannot be read: {error}",
                    "Make the manifest again with forensics prepare.",
                ) from error
    refuse_leaks(samples, str(manifest))
    return samples


# Columns without a default. Older manifests have neither hashes nor clips: without clips, every picture
# counts as a clip of its own.
_NEEDED = tuple(field.name for field in fields(Sample) if field.default is MISSING)


def make_folder(folder: Path) -> None:
    """Makes the folder that a command writes into, before the work whose result it takes.

    Raises:
        TrainingError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(
            f"The folder {folder} cannot be made ({error.strerror})",
            "Give a place that you may write to with --out.",
        ) from error


def write_samples(folder: Path, samples: list[Sample]) -> Path:
    """Writes the manifest in one step and returns its path.

    Raises:
        TrainingError: a group stands in two splits.
    """
    refuse_leaks(samples, str(folder))
    make_folder(folder)
    draft = folder / f".{MANIFEST_NAME}.part"
    names = [field.name for field in fields(Sample)]
    with draft.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        for sample in samples:
            writer.writerow([_cell(getattr(sample, name)) for name in names])
    return draft.replace(folder / MANIFEST_NAME)


def refuse_leaks(samples: list[Sample], where: str) -> None:
    """Raises TrainingError if a group of one origin stands in two splits."""
    seen: dict[tuple[str, str], str] = {}
    for sample in samples:
        first = seen.setdefault((sample.origin, sample.group), sample.split)
        if first != sample.split:
            raise TrainingError(
                f"{where}: group {sample.group} stands in {first} and in {sample.split}",
                "A person or source in two splits makes the figures worthless. Split by group.",
            )


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return f"{value:.6g}"
    return "" if value is None else str(value)


def _sample(row: dict[str, str], folder: Path) -> Sample:
    if row["split"] not in SPLITS:
        raise ValueError(f"split is {row['split']!r}, not one of {', '.join(SPLITS)}")
    box = [float(row[name]) if row.get(name) else None for name in ("left", "top", "width", "height")]
    return Sample(
        path=str((folder / row["path"]).absolute()),
        manipulated={"0": False, "1": True}[row["manipulated"]],
        method=row["method"],
        origin=row["origin"],
        group=row["group"],
        split=row["split"],
        left=box[0],
        top=box[1],
        width=box[2],
        height=box[3],
        sha256=row.get("sha256") or "",
        clip=row.get("clip") or "",
        at_s=float(row["at_s"]) if row.get("at_s") else None,
        track=int(row["track"]) if row.get("track") else None,
        burst=int(row["burst"]) if row.get("burst") else None,
        spread={"0": False, "1": True}[row.get("spread") or "1"],
    )
