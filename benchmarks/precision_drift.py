"""What do bf16 and INT8 change in a model's scores?

    python benchmarks/precision_drift.py voice-whisper --data prepared/audio

Needs the training environment. Prepared validation rows are scored in f32 and in bf16 by the engine of a
scan, and in INT8 as an export tries it: whole, then with the costliest quantisers taken out, until the gate
passes. Drift is the absolute difference of calibrated scores to f32; verdicts are those of the card's
thresholds. The gate is that of ``forensics export``. Test rows are not read.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
import openvino as ov
from sklearn.metrics import roc_auc_score

from forensics import catalog
from forensics.engines.openvino_engine import CompiledNet
from forensics.records.model_card import ModelCard
from forensics.training.data.samples import read_samples
from forensics.training.prepared_fits import calibration_rows
from forensics.training.quantise import Comparison, Gate, quantise
from forensics.training.stored_nets import Batches, stored_nets

Floats = npt.NDArray[np.float64]


def main() -> None:
    """Prints a row for each precision, and a line for each INT8 form that was tried."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", help="a single model's id or folder")
    parser.add_argument("--data", action="append", required=True, type=Path, metavar="FOLDER")
    parser.add_argument("--rows", type=int, default=0, help="at most, evenly spread; 0: all")
    options = parser.parse_args()
    card, folder = catalog.find(options.model)
    nets, recipe = stored_nets(card, folder)
    rows = calibration_rows(recipe.units([row for one in options.data for row in read_samples(one)]))
    rows = rows[:: max(1, len(rows) // options.rows)] if options.rows else rows
    [batches] = nets.inputs(recipe, rows)
    labels = np.array([row.manipulated for row in rows], np.bool_)
    exact = logits_in(card, folder, "f32", batches)
    print(f"{card.id} {card.version}, {labels.sum()} manipulated and {(~labels).sum()} pristine rows\n")
    print("| precision | AUC | drift: mean | 95th percentile | most | other verdicts | gate |")
    print("|---|---|---|---|---|---|---|")
    tell(card, "f32", exact, exact, labels)
    tell(card, "bf16", logits_in(card, folder, "bf16", batches), exact, labels)
    if card.calibration is None:
        return
    model = ov.Core().read_model(folder / card.variants[0].xml)
    tried: list[str] = []
    found = quantise(model, batches, Comparison(batches, labels, exact, card.calibration), tried.append)
    print("\nINT8: " + "\nINT8: ".join(tried))
    # With every quantiser taken out the gate passes, and nothing is gained.
    kept = found.gate.passed and found.n_in_f32 < found.n_quantisers
    print("kept" if kept else "refused: nothing of it that passes is in INT8")


def logits_in(card: ModelCard, folder: Path, precision: str, batches: Batches) -> npt.NDArray[np.float32]:
    """float32[N] as a scan computes them, without mirrored inputs."""
    net = CompiledNet(card, folder, precision)
    return np.concatenate([net.infer(batch).logits for batch in batches])


def tell(
    card: ModelCard,
    name: str,
    logits: npt.NDArray[np.float32],
    exact: npt.NDArray[np.float32],
    labels: npt.NDArray[np.bool_],
) -> None:
    """Prints a row of the table."""
    scores, before = (
        np.array([card.manipulation_score(one) for one in of.tolist()]) for of in (logits, exact)
    )
    drift = np.abs(scores - before)
    auc, auc_before = (float(roc_auc_score(labels, of)) for of in (logits, exact))
    at_95 = float(np.percentile(drift, 95))
    passed = Gate(auc_before - auc, at_95, labels.size).passed
    n_other = int((_verdicts(card, scores) != _verdicts(card, before)).sum())
    print(
        f"| {name} | {auc:.3f} | {drift.mean():.3f} | {at_95:.3f} | {drift.max():.3f} | {n_other} | "
        f"{'passed' if passed else 'failed'} |",
        flush=True,
    )


def _verdicts(card: ModelCard, scores: Floats) -> npt.NDArray[np.int64]:
    if card.thresholds is None:
        return np.zeros(scores.size, np.int64)
    return (scores >= card.thresholds.signs).astype(np.int64) - (scores <= card.thresholds.no_signs)


if __name__ == "__main__":
    main()
