"""Does the shipped voice model tell more than AASIST, trained on ASVspoof 2019, on the same clips?

    python benchmarks/voice_beside_aasist.py ../shared/data/audio/manifest.csv \
        --weights ../shared/data/weights/aasist.safetensors ../shared/data/weights/aasist-l.safetensors

    python benchmarks/voice_beside_aasist.py prepared/voice_list_test/manifest.csv

Needs the training environment. The second form tells the figures of our model alone, here on clips rebuilt
from a list of repositories. Clips are the manifest's test rows; a clip's score is the mean over its windows
as in a scan for the voice model, and the first 64,600 samples (shorter clips repeated), not levelled, for
AASIST, as its authors publish it. Prints AUC and EER with 95 % intervals, resampled by the manifest's
groups, in all, as the mean over the sources with both labels (resampled by source), and per source: within
a source where it has both labels, otherwise its manipulated clips against the pristine ones of all sources.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from aasist_net import load_aasist, spoof_logits

from forensics import catalog
from forensics.detectors.detector import ModelForms
from forensics.detectors.voice import Voice
from forensics.engines.openvino_engine import CompiledNet
from forensics.evaluation.metrics import measure
from forensics.evaluation.rows import Rows
from forensics.media.decode import decode
from forensics.media.probe import probe
from forensics.records.findings import Score
from forensics.records.media import AudioChunk


@dataclass(frozen=True)
class Clip:
    """A row of the manifest.

    Attributes:
        source: the collection that it comes from.
        group: clips that are resampled together.
    """

    path: Path
    manipulated: bool
    source: str
    group: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--weights", type=Path, nargs="+", default=[], help="aasist*.safetensors")
    parser.add_argument("--model", help="a voice model's id or folder, instead of the shipped one")
    arguments = parser.parse_args()
    clips = test_clips(arguments.manifest)
    ours, scores = voice_scores(clips, arguments.model)
    columns = {ours: scores}
    heard = [clip for clip, score in zip(clips, scores, strict=True) if np.isfinite(score)]
    if len(heard) < len(clips):
        print(f"{len(clips) - len(heard)} clips on which {ours} abstains are left out of all columns.\n")
        columns = {ours: scores[np.isfinite(scores)]}
    sounds = [np.concatenate([chunk.samples for chunk in chunks(clip.path)]) for clip in heard]
    for weights in arguments.weights:
        columns[weights.stem] = spoof_logits(load_aasist(weights), sounds)
    print(table(heard, columns))


def test_clips(manifest: Path) -> list[Clip]:
    with manifest.open(newline="", encoding="utf-8") as file:
        return [
            Clip(manifest.parent / row["path"], row["label"] == "fake", row["source_repo"], row["group"])
            if "source_repo" in row
            else Clip(manifest.parent / row["file"], row["label"] == "fake", row["repo"], row["repo"])
            for row in csv.DictReader(file)
            if row["split"] == "test"
        ]


def chunks(path: Path) -> list[AudioChunk]:
    items = decode(path, probe(path), 1, video=False)
    return [item for item in items if isinstance(item, AudioChunk) and not item.track]


def voice_scores(clips: list[Clip], model: str | None) -> tuple[str, np.ndarray]:
    """The model's id, and float64[N] the mean logit of every clip; NaN where it abstains."""
    card, folder = catalog.find(model) if model else catalog.default_model("voice")
    detector = Voice([ModelForms(CompiledNet(card, folder, "f32"))])
    means = []
    for clip in clips:
        examination = detector.begin(probe(clip.path), clip.path)
        found = [item for chunk in chunks(clip.path) for item in examination.observe(chunk)]
        found += examination.conclude()
        logits = [item.logit for item in found if isinstance(item, Score)]
        means.append(float(np.mean(logits)) if logits else np.nan)
    return card.id, np.array(means)


def table(clips: list[Clip], columns: dict[str, np.ndarray]) -> str:
    lines = [
        f"| source | clips | {' | '.join(f'{name}: AUC | EER' for name in columns)} |",
        f"|---|---|{'---|---|' * len(columns)}",
    ]
    manipulated = np.array([clip.manipulated for clip in clips])
    sources = np.array([clip.source for clip in clips])
    parts = [("all", np.full(len(clips), True))]
    for source in sorted({clip.source for clip in clips if clip.manipulated}):
        own = sources == source
        alone = not (own & ~manipulated).any()
        parts.append((f"{source}{' *' if alone else ''}", own | (~manipulated if alone else False)))
    for name, chosen in parts:
        n_manipulated = int((chosen & manipulated).sum())
        cells = [cell for scores in columns.values() for cell in figures(clips, scores, chosen)]
        lines.append(
            f"| {name} | {n_manipulated} + {int(chosen.sum()) - n_manipulated} | {' | '.join(cells)} |"
        )
    cells = [cell for scores in columns.values() for cell in mean_figures(clips, scores)]
    lines.insert(3, f"| mean of sources with both | | {' | '.join(cells)} |")
    return "\n".join(
        [*lines, "", "Manipulated + pristine clips. * has no pristine clips: against all of them."]
    )


def mean_figures(clips: list[Clip], scores: np.ndarray) -> list[str]:
    """Mean AUC and EER over the sources that have both labels, with intervals resampled by source."""
    manipulated = np.array([clip.manipulated for clip in clips])
    sources = np.array([clip.source for clip in clips])
    found = []
    for source in np.unique(sources):
        own = sources == source
        if manipulated[own].any() and not manipulated[own].all():
            rows = Rows(
                1 / (1 + np.exp(-scores[own])), manipulated[own], [str(i) for i in np.flatnonzero(own)]
            )
            found.append([figure.value for figure in measure(rows, ["auc", "eer"], n_resamples=2)])
    values = np.array(found)
    drawn = np.random.default_rng(0).integers(len(values), size=(2000, len(values)))
    lowest, highest = np.percentile(values[drawn].mean(axis=1), [2.5, 97.5], axis=0)
    return [
        f"{mean:.2f} ({low:.2f} to {high:.2f}, {len(values)} sources)"
        for mean, low, high in zip(values.mean(axis=0), lowest, highest, strict=True)
    ]


def figures(clips: list[Clip], scores: np.ndarray, chosen: np.ndarray) -> list[str]:
    """AUC and EER of the chosen clips, with their intervals where groups allow one."""
    some = [clip for clip, used in zip(clips, chosen, strict=True) if used]
    rows = Rows(
        1 / (1 + np.exp(-scores[chosen])), [clip.manipulated for clip in some], [clip.group for clip in some]
    )
    words = []
    for figure in measure(rows, ["auc", "eer"]):
        span = "" if figure.lower is None else f" ({figure.lower:.2f} to {figure.upper:.2f})"
        words.append(f"{figure.value:.2f}{span}")
    return words


if __name__ == "__main__":
    main()
