"""How often does the voice model see signs in pristine speech of corpora that set nothing of it?

    python benchmarks/voice_false_alarms.py --repositories REPOSITORIES

``lists/voice_pristine.csv`` names recordings in public repositories of pristine speech: repository, commit,
path, git blob, kind, at most 150 a repository, evenly spread over its paths. No weight has learned from them,
no threshold rests on them, and no choice between models. ``REPOSITORIES`` holds a clone of each one, as
``OWNER+NAME`` or ``OWNER/NAME``. Every recording is examined whole as in a scan; its score is the mean over
its windows. Prints for each repository how many recordings have no score (too little speech) and how many of
the others lie above the model's thresholds for signs and for no signs, with exact 95 % intervals (Clopper and
Pearson); speakers recur among the recordings of a repository, so that these are rather too narrow.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from git_blobs import contents, git_dir

from forensics import catalog
from forensics.detectors.detector import ModelForms
from forensics.detectors.voice import Voice
from forensics.engines.openvino_engine import CompiledNet
from forensics.errors import MediaError
from forensics.evaluation.shares import share_text
from forensics.media.decode import decode
from forensics.media.probe import probe
from forensics.records.findings import Score
from forensics.records.media import AudioChunk
from forensics.records.model_card import ModelCard

LIST = Path(__file__).parent / "lists" / "voice_pristine.csv"
ALL = "all"


@dataclass(frozen=True)
class Recording:
    """A row of the list."""

    repository: str
    kind: str
    path: str
    blob: str


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repositories", required=True, type=Path, metavar="FOLDER")
    parser.add_argument("--list", default=LIST, type=Path, metavar="CSV")
    parser.add_argument("--model", help="a voice model's id or folder, instead of the shipped one")
    given = parser.parse_args()
    card, folder = catalog.find(given.model) if given.model else catalog.default_model("voice")
    if card.thresholds is None:
        parser.error(f"{card.id} has no thresholds")
    detector = Voice([ModelForms(CompiledNet(card, folder, "f32"))])
    print(f"{card.id} {card.version}\n")
    print("| repository | kind | without a score | signs | no signs |\n|---|---|---|---|---|")
    everything = []
    for repository, rows in by_repository(given.list).items():
        clone = git_dir(given.repositories, repository)
        if clone is None:
            print(f"| {repository} | no clone; {len(rows)} recordings left out | | | |")
            continue
        scores = scored(detector, rows, contents(clone, sorted({row.blob for row in rows})))
        everything.append(scores)
        print(line(repository, rows[0].kind, scores, card), flush=True)
    print(line(ALL, "", np.concatenate(everything), card))


def by_repository(table: Path) -> dict[str, list[Recording]]:
    found: dict[str, list[Recording]] = defaultdict(list)
    with table.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found[row["repo"]].append(Recording(row["repo"], row["kind"], row["path"], row["blob"]))
    return found


def scored(detector: Voice, rows: Sequence[Recording], blobs: dict[str, bytes]) -> npt.NDArray[np.float64]:
    """float64[N] mean logit of every recording that the clone holds; NaN where there is no score."""
    means = []
    with tempfile.TemporaryDirectory() as folder:
        for number, row in enumerate(row for row in rows if row.blob in blobs):
            path = Path(folder) / f"{number}{Path(row.path).suffix.lower()}"
            path.write_bytes(blobs[row.blob])
            means.append(mean_logit(detector, path))
            path.unlink()
    return np.array(means)


def mean_logit(detector: Voice, path: Path) -> float:
    """Over the windows of a recording; NaN where the detector abstains or nothing can be decoded."""
    try:
        media = probe(path)
        examination = detector.begin(media, path)
        found = [
            item
            for chunk in decode(path, media, 1, video=False)
            if isinstance(chunk, AudioChunk) and not chunk.track
            for item in examination.observe(chunk)
        ]
    except MediaError:
        return np.nan
    found += examination.conclude()
    logits = [item.logit for item in found if isinstance(item, Score)]
    return float(np.mean(logits)) if logits else np.nan


def line(name: str, kind: str, scores: npt.NDArray[np.float64], card: ModelCard) -> str:
    assert card.thresholds is not None
    heard = [card.manipulation_score(float(score)) for score in scores if np.isfinite(score)]
    signs = sum(score >= card.thresholds.signs for score in heard)
    none = sum(score <= card.thresholds.no_signs for score in heard)
    cells = [name, kind, f"{scores.size - len(heard)} of {scores.size}"]
    return f"| {' | '.join([*cells, share_text(signs, len(heard)), share_text(none, len(heard))])} |"


if __name__ == "__main__":
    main()
