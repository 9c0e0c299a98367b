"""From a training run to a model that a scan can load: IR, INT8 where it may, calibration, card.

Only validation rows choose anything here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov

from forensics import catalog
from forensics.errors import TrainingError
from forensics.records.input_contract import InputContract, contract_from
from forensics.records.model_card import ModelCard
from forensics.training.conversion import parity, run_openvino, to_onnx, to_openvino
from forensics.training.cut_outs import with_cut_outs
from forensics.training.data.samples import Sample, read_samples
from forensics.training.ir_metadata import stem_of, store
from forensics.training.prepared_fits import calibrated, calibration_rows
from forensics.training.quantise import Comparison, quantise
from forensics.training.recipes import load_recipe
from forensics.training.recipes.recipe import Recipe
from forensics.training.short_parts import with_short_parts
from forensics.training.stored_nets import Batch, StoredNet, StoredNets, batches_of
from forensics.training.training_run import finished_net

_N_PARITY_BATCHES = 4
ONNX_NAME = "model.onnx"
_N_RANGE_BATCHES = 20


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """Settings of ``forensics export``.

    Attributes:
        run: folder of a finished training run.
        out: the model's folder; its name becomes the model's id.
        data: prepared data sets; empty means those that the run was trained on.
        terms: under which terms the training data may be used, for the card.
        int8: try INT8.
        onnx: write ``model.onnx`` too, for other runtimes.
        calibrate: fit calibration, thresholds and domain, without which a model draws no verdict. A net whose
            scores do not rise with manipulation cannot be calibrated, but measured; it gets no INT8 form.
    """

    run: Path
    out: Path
    data: tuple[Path, ...] = ()
    version: str = "1"
    licence: str = "Apache-2.0 (weights); training data under their own terms"
    terms: str = ""
    int8: bool = True
    onnx: bool = False
    calibrate: bool = True


def export(settings: ExportSettings, on_note: Callable[[str], None] | None = None) -> ModelCard:
    """Writes ``model.xml``, ``model.bin``, INT8 beside them where the gate passes, and ``card.toml``.

    Args:
        on_note: called with one line for each thing measured on the way.

    Raises:
        TrainingError: the run is unfinished, its validation rows are gone, or parity fails.
    """
    note = on_note or (lambda _: None)
    net, record = finished_net(settings.run)
    contract = contract_from(record["contract"])
    folders = settings.data or tuple(Path(folder) for folder in record["settings"]["data"])
    recipe = load_recipe(net.recipe)
    samples = recipe.units([sample for folder in folders for sample in read_samples(folder)])
    rows = calibration_rows(samples)
    batches = batches_of(recipe.validation_set(rows, contract))
    model = to_openvino(net, contract)
    worst = parity(net, model, batches[:_N_PARITY_BATCHES])
    note(f"parity: worst difference of a logit between torch and the IR in f32 is {worst:.1e}")
    card = _card(settings, record, recipe, contract, samples, worst)
    card = replace(card, variants=(store(model, card, "f16", settings.out, recipe.reading),))
    if settings.onnx:
        to_onnx(net, contract, settings.out / ONNX_NAME)
        worst = parity(net, settings.out / ONNX_NAME, batches[:_N_PARITY_BATCHES])
        note(f"parity: worst difference of a logit between torch and ONNX is {worst:.1e}")
    if not settings.calibrate:
        note("not calibrated: its scores stand in reports, and it draws no verdict")
        catalog.write_card(card, settings.out)
        catalog.verify(card, settings.out)
        return card
    # Weights were rounded to half precision: what is calibrated is what was stored.
    nets = StoredNets([StoredNet(card.contract, settings.out / card.variants[0].xml)])
    logits = nets.logits((batches,))
    card = calibrated(card, recipe, rows, logits, batches, note)
    card = with_short_parts(card, recipe, rows, logits, (batches,), nets.logits, note)
    card = with_cut_outs(card, recipe, rows, logits, (batches,), nets.logits, note)
    for of_earlier_export in settings.out.glob(f"{stem_of('int8')}.*"):
        of_earlier_export.unlink()
    if settings.int8:
        card = _with_int8(card, recipe, settings.out, model, batches, rows, note)
    catalog.write_card(card, settings.out)
    catalog.verify(card, settings.out)
    return card


def _card(
    settings: ExportSettings,
    record: dict[str, Any],
    recipe: Recipe,
    contract: InputContract,
    samples: Sequence[Sample],
    worst: float,
) -> ModelCard:
    counts = Counter(
        (s.origin, "manipulated" if s.manipulated else "pristine") for s in samples if s.split == "train"
    )
    rows = "; ".join(f"{origin}: {n} {label}" for (origin, label), n in sorted(counts.items()))
    run = record["settings"]
    return ModelCard(
        id=settings.out.name,
        version=settings.version,
        task=recipe.detector,
        net=str(run["net"]),
        summary=f"{run['net']}, {_origin(record)}; torch and IR agree to {worst:.1e} in f32",
        licence=settings.licence,
        training_data=f"Training rows: {rows}. {settings.terms}".strip(),
        contract=contract,
        variants=(),
        limits=recipe.limits if any(s.manipulated for s in samples) else (*recipe.limits, _MADE_LIMIT),
    )


def _origin(record: dict[str, Any]) -> str:
    if "averaged" in record:
        return "mean of the weights of " + " and ".join(record["averaged"])
    run = record["settings"]
    return f"{run['n_steps']} steps of {run['batch_size']}, best of validation at step {record['best_step']}"


def _with_int8(
    card: ModelCard,
    recipe: Recipe,
    folder: Path,
    model: ov.Model,
    batches: list[Batch],
    rows: Sequence[Sample],
    note: Callable[[str], None],
) -> ModelCard:
    if card.calibration is None:
        raise TrainingError(f"{card.id} has no calibration", "Export again.")
    labels = np.array([row.manipulated for row in rows], np.bool_)
    plain = run_openvino(model, batches)
    comparison = Comparison(batches, labels, plain, card.calibration)
    ranges = batches[:: max(1, len(batches) // _N_RANGE_BATCHES)]
    found = quantise(model, ranges, comparison, note)
    card = replace(card, summary=f"{card.summary}. {found}")
    if found.kept:
        return replace(
            card, variants=(*card.variants, store(found.model, card, "int8", folder, recipe.reading))
        )
    note("INT8 is not kept: triage runs this model in bf16 or f32.")
    return card


_MADE_LIMIT = (
    "It has met no manipulated footage but pseudo-fakes made of pristine footage, in training as in "
    "validation: how often it misses other manipulations has not been measured."
)
