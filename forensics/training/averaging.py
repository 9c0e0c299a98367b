"""The mean of several runs' weights: one net, no dearer than each of them.

Nets that were fine-tuned from one another lie in one basin, where the mean of their weights keeps what
the later one learned and loses less of what the earlier one knew about other data: Wortsman et al.,
"Robust fine-tuning of zero-shot models", CVPR 2022, and "Model soups", ICML 2022. Nets that were trained
apart do not, and their mean is worth nothing: the validation rows tell.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from forensics.errors import TrainingError
from forensics.records.input_contract import contract_from
from forensics.training.data.samples import make_folder, read_samples
from forensics.training.datasets import validation_rows
from forensics.training.nets import build_net
from forensics.training.recipes import load_recipe
from forensics.training.training_run import BEST_NAME, RECORD_NAME, load, read_record, save, write_record
from forensics.training.validate import ValidationResult, logits_of, validate

_BATCH = 32


def average(sources: Sequence[Path], out: Path) -> tuple[dict[str, Any], ValidationResult]:
    """Writes a run's folder whose best weights are the mean of those of other runs.

    Args:
        sources: folders of finished runs, of which the best weights count, or checkpoints in them.
        out: the new run's folder; ``forensics export`` takes it like any other.

    Returns:
        The new run's record, and its figures on the validation rows of the last source.

    Raises:
        TrainingError: fewer than two sources, an unfinished one, or nets and inputs that differ.
    """
    if len(sources) < 2:
        raise TrainingError("One run has no mean with itself", "Name two runs or more.")
    if (out / RECORD_NAME).exists():
        raise TrainingError(f"{out} holds a run already", "Give another --out.")
    for source in sources:
        if not source.exists():
            raise TrainingError(f"There is no run at {source}", "Check the path.")
    started = time.monotonic()
    checkpoints = [source / BEST_NAME if source.is_dir() else source for source in sources]
    records = [read_record(checkpoint.parent) for checkpoint in checkpoints]
    for record, checkpoint in zip(records[1:], checkpoints[1:], strict=True):
        if (record["settings"]["net"], contract_from(record["contract"])) != (
            records[0]["settings"]["net"],
            contract_from(records[0]["contract"]),
        ):
            raise TrainingError(
                f"{checkpoint.parent} trained another net, or on other inputs, than {checkpoints[0].parent}",
                "Average runs of one --net and one --size.",
            )
    make_folder(out)
    states = [load(checkpoint) for checkpoint in checkpoints]
    net = build_net(records[-1]["settings"]["net"])
    net.load_state_dict(mean_of([state["ema"] for state in states]))
    contract = contract_from(records[-1]["contract"])
    folders = [Path(folder) for folder in records[-1]["settings"]["data"]]
    recipe = load_recipe(net.recipe)
    rows = validation_rows(recipe.units([row for folder in folders for row in read_samples(folder)]))
    logits = logits_of(net, recipe.validation_set(rows, contract), batch_size=_BATCH, n_loaders=0)
    figures = validate(logits, rows)
    save({"ema": net.state_dict(), "step": int(states[-1]["step"])}, out / BEST_NAME)
    record = records[-1] | {
        "trained_s": time.monotonic() - started,
        "best_step": int(states[-1]["step"]),
        "best_score": figures.score,
        "n_validation": len(rows),
        "averaged": [
            f"{checkpoint.parent.name}/{checkpoint.name} (step {state['step']})"
            for checkpoint, state in zip(checkpoints, states, strict=True)
        ],
        "validation": asdict(figures),
    }
    write_record(out, record)
    return record, figures


def mean_of(states: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of each tensor, batch statistics too; counters are the first one's.

    Args:
        states: of nets of one architecture.
    """
    return {
        name: torch.stack([state[name].double() for state in states]).mean(dim=0).to(first.dtype)
        if first.is_floating_point()
        else first
        for name, first in states[0].items()
    }
