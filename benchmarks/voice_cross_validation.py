"""How well does the voice recipe tell synthesis by sources, generators and speakers that it has not met?

    python benchmarks/voice_cross_validation.py ../shared/data/audio/manifest.csv runs/cv -- --net ...
    python benchmarks/voice_cross_validation.py ... runs/cv-families --by family -- --net ...

Needs the training environment. Everything behind ``--`` goes to ``forensics train``. The manifest's training
rows are parted into folds by source; a fold's net learns from no clip of the fold's sources, generators or
speakers, LJ Speech's reader alone excepted (she speaks in twelve sources; without her too little is left).
``--by family`` is harder: of a fold's manipulated clips only those of one kind of vocoder are held out, and
none of that kind is learned from, from whatever source; the mean is then over kinds. Copies by Griffin-Lim
and linear prediction are of the classic kind, which must be borne in mind. The last weights are scored, not
the best of the fold. Test rows are not read. Prints the AUC of every fold, with and without that reader's
clips, and the EER of every source with both labels, otherwise of its manipulated clips against the fold's
pristine ones.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score, roc_curve
from voice_families import FAMILIES, families_of

from forensics.training.data.samples import Sample, write_samples
from forensics.training.nets import build_net
from forensics.training.recipes import load_recipe
from forensics.training.recipes.sound_windows import voice_contract
from forensics.training.training_run import CHECKPOINT_NAME, load
from forensics.training.validate import logits_of

# By source; by family every fold is divided once more, so that fewer leave enough of each kind.
N_FOLDS = {"source": 6, "family": 3}
# Fewer manipulated clips say nothing.
FEWEST = 3
EVERYWHERE = "LJSpeech"
# Less than this holds no window of speech once its silent edges are off.
SHORTEST_S = 1.0


@dataclass(frozen=True)
class Clip:
    """A training row of the manifest."""

    path: Path
    manipulated: bool
    source: str
    method: str
    speaker: str


@dataclass(frozen=True)
class Fold:
    """What is held out and what is learned from.

    Attributes:
        kind: of vocoder, or empty where all are held out.
    """

    name: str
    kind: str
    held: list[Clip]
    learned: list[Clip]


def main() -> None:
    own, _, passed_on = " ".join(sys.argv[1:]).partition(" -- ")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("out", type=Path, help="folder for the folds' manifests and runs")
    parser.add_argument("--by", choices=sorted(N_FOLDS), default="source")
    parser.add_argument("--seed", type=int, default=0, help="of the partition")
    arguments = parser.parse_args(own.split())
    clips = training_clips(arguments.manifest)
    measured: dict[str, list[tuple[float, float, int]]] = {}
    for fold in folds(clips, arguments.by, arguments.seed):
        data, run = arguments.out / f"fold-{fold.name}", arguments.out / f"run-{fold.name}"
        write_samples(data, rows_of(fold.held, fold.learned))
        command = [sys.executable, "-c", "from forensics.cli.main import main; main()", "train"]
        subprocess.run([*command, "--data", str(data), "--out", str(run), *passed_on.split()], check=True)
        scores = scores_of(run, fold.held)
        whole, strict = auc(fold.held, scores), auc(fold.held, scores, without=EVERYWHERE)
        # A fold counts as much as another, a kind's part as much as it holds of the kind.
        weight = sum(clip.manipulated for clip in fold.held) if fold.kind else 1
        measured.setdefault(fold.kind or fold.name, []).append((whole, strict, weight))
        print(f"{fold.name}: AUC {whole:.3f}, without {EVERYWHERE} {strict:.3f}, n = {len(fold.held)}")
        for line in eer_lines(fold.held, scores):
            print(f"    {line}")
    whole, strict = np.nanmean([weighted(parts) for parts in measured.values()], axis=0)
    print(f"mean by {arguments.by}: AUC {whole:.3f}, without {EVERYWHERE} {strict:.3f}")


def weighted(parts: list[tuple[float, float, int]]) -> list[float]:
    """Means of both AUCs, each over the parts that have one."""
    values = np.array(parts)
    means = []
    for column in (0, 1):
        known = np.isfinite(values[:, column])
        shares = values[known, 2]
        means.append(float(np.average(values[known, column], weights=shares)) if known.any() else np.nan)
    return means


def folds(clips: list[Clip], by: str, seed: int) -> Iterator[Fold]:
    """All folds, those without enough manipulated clips left out."""
    parts = folds_of(clips, seed, N_FOLDS[by])
    for index in range(N_FOLDS[by]):
        part = [clip for clip in clips if parts[clip.source] == index]
        if by == "source":
            yield Fold(str(index), "", part, learned_beside(part, clips))
            continue
        sources = {clip.source for clip in part}
        others = [clip for clip in clips if clip.source not in sources]
        for kind in FAMILIES:
            held = [clip for clip in part if not clip.manipulated or families_of(clip.method)[0] == kind]
            strangers = [
                clip for clip in others if not clip.manipulated or kind not in families_of(clip.method)
            ]
            if sum(clip.manipulated for clip in held) >= FEWEST:
                yield Fold(f"{index}-{kind}", kind, held, learned_beside(held, strangers))


def training_clips(manifest: Path) -> list[Clip]:
    with manifest.open(newline="", encoding="utf-8") as file:
        return [
            Clip(
                (manifest.parent / row["path"]).absolute(),
                row["label"] == "fake",
                row["source_repo"],
                row["method"],
                row["group"],
            )
            for row in csv.DictReader(file)
            if row["split"] == "train" and float(row["seconds"]) >= SHORTEST_S
        ]


def folds_of(clips: list[Clip], seed: int, n_folds: int) -> dict[str, int]:
    """Each source's fold: the largest first, each to where it evens out both labels most."""
    rng = np.random.default_rng(seed)
    counts = {
        source: np.array(
            [sum(c.source == source and c.manipulated is label for c in clips) for label in (False, True)]
        )
        for source in sorted({clip.source for clip in clips})
    }
    # Chance changes the order of sources of like size, so that another seed gives another partition.
    order = sorted(counts, key=lambda source: -(counts[source].sum() + 12 * rng.random()))
    total = sum(counts.values())
    filled = np.zeros((n_folds, 2))
    folds = {}
    for source in order:
        gain = (((filled + counts[source]) / total) ** 2 - (filled / total) ** 2).sum(axis=1)
        folds[source] = int(gain.argmin())
        filled[folds[source]] += counts[source]
    return folds


def learned_beside(held: list[Clip], clips: list[Clip]) -> list[Clip]:
    """The clips that share no source, generator or speaker with the held-out ones."""
    sources = {clip.source for clip in held}
    methods = {clip.method for clip in held if clip.manipulated}
    speakers = {clip.speaker for clip in held} - {EVERYWHERE}
    return [
        clip
        for clip in clips
        if clip.source not in sources and clip.method not in methods and clip.speaker not in speakers
    ]


def rows_of(held: list[Clip], learned: list[Clip]) -> list[Sample]:
    return [
        Sample(str(clip.path), clip.manipulated, clip.source, "audio", f"{split}: {clip.source}", split)
        for split, clips in (("train", learned), ("val", held))
        for clip in clips
    ]


def scores_of(run: Path, clips: list[Clip]) -> np.ndarray:
    """The averaged weights of the last step on the clips."""
    state = load(run / CHECKPOINT_NAME)
    net = build_net(state["settings"]["net"])
    net.load_state_dict(state["ema"])
    data = load_recipe(net.recipe).validation_set(rows_of(clips, []), voice_contract())
    return logits_of(net, data, batch_size=32, n_loaders=0)


def auc(clips: list[Clip], scores: np.ndarray, without: str = "") -> float:
    labels = np.array([clip.manipulated for clip in clips])
    kept = np.array([clip.speaker != without for clip in clips])
    return float(roc_auc_score(labels[kept], scores[kept])) if len(set(labels[kept])) == 2 else float("nan")


def eer_lines(clips: list[Clip], scores: np.ndarray) -> list[str]:
    labels = np.array([clip.manipulated for clip in clips])
    sources = np.array([clip.source for clip in clips])
    lines = []
    for source in sorted(set(sources[labels])):
        own = sources == source
        against = own & ~labels if (own & ~labels).any() else ~labels
        chosen = (own & labels) | against
        missed = 1 - (rates := roc_curve(labels[chosen], scores[chosen]))[1]
        at = int(np.abs(rates[0] - missed).argmin())
        eer = (rates[0][at] + missed[at]) / 2
        beside = "its own" if (own & ~labels).any() else "the fold's"
        n_manipulated, n_pristine = (own & labels).sum(), against.sum()
        lines.append(
            f"{source}: EER {eer:.2f}, {n_manipulated} manipulated, {n_pristine} pristine ({beside})"
        )
    return lines


if __name__ == "__main__":
    main()
