"""What does each part of what the voice net sees tell of repositories that it has not met?

    python benchmarks/voice_layers.py runs/voice

Needs the training environment, and a run that was trained with ``--keep`` on a data set of many repositories.
The kept items (each clip on its random way through packages, noise and codecs) are parted by repository into
folds; a fold's head, ridge logistic regression, learns from no item of the fold's repositories. Prints for
each set of parts the mean over repositories with both labels of the AUC within them, the AUC over all items,
the share of pristine items of repositories of pristine speech alone that lie above the bound that 2 % of the
other pristine items reach (mean and worst), and the same mean on the run's validation rows, undegraded, where
the head has learned from all items. Test rows are not read.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from scipy.optimize import minimize
from sklearn.metrics import roc_auc_score

from forensics.training.conversion import compiled_front
from forensics.training.data.balanced_sampler import BalancedSampler
from forensics.training.data.samples import read_samples
from forensics.training.datasets import validation_rows
from forensics.training.kept import KEPT_NAME
from forensics.training.nets.audio_cnn import N_CEPSTRA, N_LINEAR, N_ORDERS
from forensics.training.nets.phase_coherence import N_STATISTICS
from forensics.training.nets.whisper_encoder import N_CHANNELS
from forensics.training.nets.whisper_voice import WhisperVoice
from forensics.training.recipes import load_recipe
from forensics.training.recipes.sound_windows import voice_contract
from forensics.training.training_run import finished_net

N_FOLDS = 8
# Fewer clips of a label say nothing of a repository.
FEWEST = 5
MOMENTS = ("mean", "deviation", "step")
Floats = npt.NDArray[np.float32]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--parts", nargs="+", help="sets of parts, each like layer0+phases")
    parser.add_argument("--ridge", type=float, nargs="+", default=[1e-2])
    arguments = parser.parse_args()
    net, record = finished_net(arguments.run)
    assert isinstance(net, WhisperVoice), "the run is of another net"
    with np.load(arguments.run / KEPT_NAME) as stored:
        items, labels = stored["condensed"], stored["labels"] > 0.5
    samples = [row for folder in record["settings"]["data"] for row in read_samples(Path(folder))]
    origins = origins_of(samples, record["settings"], len(labels))
    rows = validation_rows(samples)
    shown = validation_items(net, rows, arguments.run)
    truth, places = np.array([r.manipulated for r in rows]), np.array([r.origin for r in rows])
    parts = parts_of(net)
    print(f"{len(labels)} items of {len(set(origins))} repositories; {len(rows)} validation rows\n")
    print("| parts | n | ridge | repositories | all items | pristine alone: mean, worst | validation |")
    print("|---|---|---|---|---|---|---|")
    for name in arguments.parts or usual(parts):
        chosen = np.concatenate([parts[part] for part in name.split("+")])
        for ridge in arguments.ridge:
            held = held_out(items[:, chosen], labels, origins, ridge)
            alarms = false_alarms(held, labels, origins)
            head = Head(items[:, chosen], labels, ridge)
            on_rows = mean_auc(head(shown[:, chosen]), truth, places)
            print(
                f"| {name} | {chosen.size} | {ridge:g} | {mean_auc(held, labels, origins):.3f} | "
                f"{roc_auc_score(labels, held):.3f} | "
                f"{np.mean(alarms):.1%}, {np.max(alarms):.1%} | {on_rows:.3f} |",
                flush=True,
            )


def origins_of(samples: Sequence, settings: dict, n_items: int) -> npt.NDArray[np.str_]:
    """The repository of every kept item, by drawing once more as the run drew."""
    mix = BalancedSampler([row for row in samples if row.split == "train"], settings["pseudo_fakes"])
    pairs = [mix.pair(np.random.default_rng((settings["seed"], pair, 0))) for pair in range(n_items // 2)]
    return np.array([draw.sample.origin for pair in pairs for draw in pair])


def validation_items(net: WhisperVoice, rows: Sequence, run: Path) -> Floats:
    path = run / "validation_items.npy"
    if path.exists() and len(found := np.load(path)) == len(rows):
        return found
    data = load_recipe("sound-windows").validation_set(list(rows), voice_contract())
    condense = compiled_front(net, torch.zeros(2, 48_000))
    found = np.concatenate([condense(data[index][0][None].numpy()) for index in range(len(rows))])
    np.save(path, found)
    return found


def parts_of(net: WhisperVoice) -> dict[str, npt.NDArray[np.int64]]:
    """Columns of each part of what ``WhisperVoice.condense`` gives."""
    parts, start = {}, 0
    for layer in range(len(net.encoder.layers) + 1):
        for moment in MOMENTS:
            parts[f"layer{layer}.{moment}"] = np.arange(start, start + N_CHANNELS)
            start += N_CHANNELS
        parts[f"layer{layer}"] = np.arange(start - len(MOMENTS) * N_CHANNELS, start)
    parts["encoder"] = np.arange(start)
    n_order = N_CEPSTRA + N_LINEAR
    parts["cepstra"] = np.concatenate(
        [np.arange(start + k * n_order, start + k * n_order + N_CEPSTRA) for k in range(N_ORDERS)]
    )
    parts["bands"] = np.concatenate(
        [np.arange(start + k * n_order + N_CEPSTRA, start + (k + 1) * n_order) for k in range(N_ORDERS)]
    )
    start += N_ORDERS * n_order
    parts["phases"] = np.arange(start, start + N_STATISTICS)
    return parts


def usual(parts: dict[str, npt.NDArray[np.int64]]) -> list[str]:
    layers = [name for name in parts if name.startswith("layer") and "." not in name]
    return [
        "cepstra+bands+phases",
        *layers,
        *(f"encoder.{m}" for m in MOMENTS if f"encoder.{m}" in parts),
        "encoder",
        "encoder+phases",
        "encoder+cepstra+phases",
        "encoder+cepstra+bands+phases",
    ]


class Head:
    """Ridge logistic regression on standardised columns, every item weighing the same."""

    def __init__(self, items: Floats, labels: npt.NDArray[np.bool_], ridge: float) -> None:
        self.mean, self.spread = items.mean(axis=0), items.std(axis=0) + 1e-6
        x = (items - self.mean) / self.spread
        sign = np.where(labels, 1, -1).astype(np.float32)

        def loss(weights: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
            slopes, shift = weights[:-1].astype(np.float32), np.float32(weights[-1])
            margin = sign * (x @ slopes + shift)
            pull = -sign / (1 + np.exp(margin)) / len(sign)
            value = float(np.logaddexp(0, -margin).mean()) + ridge / 2 * float(slopes @ slopes)
            return value, np.append(x.T @ pull + np.float32(ridge) * slopes, pull.sum()).astype(np.float64)

        found = minimize(
            loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 100}
        )
        self.weights = found.x

    def __call__(self, items: Floats) -> npt.NDArray[np.float64]:
        """float64[n] logits of rows of columns."""
        return np.asarray(((items - self.mean) / self.spread) @ self.weights[:-1] + self.weights[-1])


def held_out(
    items: Floats, labels: npt.NDArray[np.bool_], origins: npt.NDArray[np.str_], ridge: float
) -> npt.NDArray[np.float64]:
    """float64[n]: scores of heads that have not met an item's repository."""
    names = np.unique(origins)
    np.random.default_rng(0).shuffle(names)
    scores = np.zeros(len(labels))
    for fold in range(N_FOLDS):
        out = np.isin(origins, names[fold::N_FOLDS])
        scores[out] = Head(items[~out], labels[~out], ridge)(items[out])
    return scores


def mean_auc(scores: Floats, labels: npt.NDArray[np.bool_], origins: npt.NDArray[np.str_]) -> float:
    """Mean over repositories that have enough of both labels of the AUC within them."""
    aucs = []
    for name in np.unique(origins):
        here = origins == name
        if min(labels[here].sum(), (~labels[here]).sum()) >= FEWEST:
            aucs.append(roc_auc_score(labels[here], scores[here]))
    return float(np.mean(aucs))


def false_alarms(
    scores: npt.NDArray[np.float64], labels: npt.NDArray[np.bool_], origins: npt.NDArray[np.str_]
) -> list[float]:
    mixed = set(origins[labels])
    alone = np.array([name not in mixed for name in origins])
    bound = np.quantile(scores[~labels & ~alone], 0.98)
    return [
        float((scores[origins == name] > bound).mean())
        for name in np.unique(origins[alone])
        if (origins == name).sum() >= 4 * FEWEST
    ]


if __name__ == "__main__":
    main()
