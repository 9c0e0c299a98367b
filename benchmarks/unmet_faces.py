"""How do face models do on origins that trained nothing, and how small a difference can these rows show?

    python benchmarks/unmet_faces.py --model face-v2b0-autoatt --model face-autoatt-b4 \
        prepared/unseen-*

Needs the training environment. The rows are those of ``unseen_faces.py``, prepared. Told are, for each model
and for the mean of all models' logits:

- AUC of each method, and of each origin that has manipulated rows, against the pristine rows of all origins,
  where every origin weighs the same; the mean over methods with ten rows or more; standard errors by
  bootstrap of groups, and of the differences to the first model from the same resamples;
- the smallest difference of that mean that is more than two standard errors;
- false alarms and rows found at each card's own thresholds, all of them and those that may decide a verdict
  by the card (neither blurred nor like a cut-out), and at the threshold that the validation rows of
  these origins ask for (2 % in the worst origin), with exact 95 % intervals.

Validation rows are told unless ``--split test`` is given; the threshold is fitted on validation rows always.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from lost_verdicts import measured
from sklearn.metrics import roc_auc_score

from forensics import catalog
from forensics.evaluation.resampling import group_draws
from forensics.evaluation.shares import share_text
from forensics.evaluation.thresholds import MAX_FALSE_POSITIVE_RATE, signs_bounds
from forensics.records.model_card import ModelCard
from forensics.training.data.face_samples import crop_spec
from forensics.training.data.samples import Sample, read_samples
from forensics.training.prepared_fits import unmet_rows
from forensics.training.stored_nets import stored_nets

N_RESAMPLES = 100
FEWEST_ROWS = 10
BOTH = "mean of logits"

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Part:
    """Rows that are ranked together: all pristine ones, weighed by origin, and some manipulated ones."""

    name: str
    chosen: Bools
    is_method: bool


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--model", action="append", required=True, metavar="MODEL", help="an id or a folder")
    parser.add_argument("--split", choices=("val", "test"), default="val")
    parser.add_argument("--kept", type=Path, metavar="FILE", help="logits are kept here and not made again")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = [
        row for folder in options.data for row in read_samples(folder) if row.split in ("val", options.split)
    ]
    cards = [catalog.find(name)[0] for name in options.model]
    for card in cards:
        unmet_rows(card, rows)
    columns = _logits(options.model, rows, options.kept)
    if len(columns) > 1:
        columns[BOTH] = np.mean(list(columns.values()), axis=0)
    told = np.array([row.split == options.split for row in rows])
    _tell_auc([row for row in rows if row.split == options.split], {k: v[told] for k, v in columns.items()})
    _tell_alarms(rows, told, columns, cards)


def _logits(names: Sequence[str], rows: list[Sample], kept: Path | None) -> dict[str, Floats]:
    """float64[rows] by model; those of rows that were scored before are read."""
    known: dict[str, float] = {}
    if kept is not None and kept.is_file():
        with np.load(kept) as stored:
            known = dict(zip(stored["keys"].tolist(), stored["logits"].tolist(), strict=True))
    for name in names:
        card, folder = catalog.find(name)
        digest = card.variants[0].xml_sha256 if card.variants else card.id
        missing = [row for row in rows if f"{digest} {row.sha256}" not in known]
        if missing:
            nets, recipe = stored_nets(card, folder)
            logits = nets.logits(nets.inputs(recipe, missing))
            known |= {f"{digest} {row.sha256}": float(x) for row, x in zip(missing, logits, strict=True)}
            if kept is not None:
                np.savez(kept, keys=np.array(list(known)), logits=np.array(list(known.values())))
    found = {}
    for name in names:
        card = catalog.find(name)[0]
        digest = card.variants[0].xml_sha256 if card.variants else card.id
        found[f"{card.id} {card.version}"] = np.array([known[f"{digest} {row.sha256}"] for row in rows])
    return found


def _tell_auc(rows: Sequence[Sample], columns: dict[str, Floats]) -> None:
    manipulated = np.array([row.manipulated for row in rows])
    origins = np.array([row.origin for row in rows])
    weights = np.ones(len(rows))
    for origin in np.unique(origins[~manipulated]):
        own = ~manipulated & (origins == origin)
        weights[own] = 1 / own.sum()
    groups = np.unique([f"{row.origin} {row.group}" for row in rows], return_inverse=True)[1]
    draws = np.concatenate(list(group_draws(int(groups.max()) + 1, len(rows), n_resamples=N_RESAMPLES)))
    parts = list(_parts(rows))
    # float64[models, parts, 1 + resamples]: the rows as they are, then resampled.
    values = np.array(
        [
            [
                [
                    _auc(part.chosen | ~manipulated, manipulated, column, weights * weight)
                    for weight in (np.ones(len(rows)), *(draw[groups] for draw in draws))
                ]
                for part in parts
            ]
            for column in columns.values()
        ]
    )
    print(f"| manipulated rows against {(~manipulated).sum()} pristine ones | n | {' | '.join(columns)} |")
    print("|---" * (len(columns) + 2) + "|")
    for place, part in enumerate(parts):
        print(f"| {part.name} | {part.chosen.sum()} | " + " | ".join(_cells(values[:, place])) + " |")
    methods = np.array([part.is_method for part in parts])
    means = np.nanmean(values[:, methods], axis=1)
    print(f"| **mean of the {methods.sum()} methods** | | " + " | ".join(_cells(means)) + " |")
    for name, mean in list(zip(columns, means, strict=True))[1:]:
        least = 2 * float((mean - means[0])[1:].std())
        print(
            f"smallest difference of {name} to the first that is more than two standard errors: {least:.3f}"
        )


def _parts(rows: Sequence[Sample]) -> Iterator[Part]:
    manipulated = np.array([row.manipulated for row in rows])
    for is_method, of in ((False, [row.origin for row in rows]), (True, [row.method for row in rows])):
        names = np.array(of)
        for name in np.unique(names[manipulated]):
            chosen = manipulated & (names == name)
            if chosen.sum() >= FEWEST_ROWS:
                yield Part(str(name), chosen, is_method)


def _may_decide(rows: Sequence[Sample], asked: Bools, card: ModelCard) -> Bools:
    """bool[rows]: of the rows that are asked for, those with all that the card needs for a verdict."""
    spec = crop_spec(card.contract)
    may = np.zeros(len(rows), np.bool_)
    for place in np.flatnonzero(asked):
        may[place] = not card.domain.failed_by(measured(rows[place], spec))
    return may


def _auc(chosen: Bools, truth: Bools, column: Floats, weights: Floats) -> float:
    used = chosen & (weights > 0)
    if truth[used].all() or not truth[used].any():
        return float("nan")
    return float(roc_auc_score(truth[used], column[used], sample_weight=weights[used]))


def _cells(values: Floats) -> Iterator[str]:
    """One cell for each model; ``values`` is float64[models, 1 + resamples]."""
    yield f"{values[0, 0]:.3f} ± {np.nanstd(values[0, 1:]):.3f}"
    for value in values[1:]:
        gain = value - values[0]
        yield f"{value[0]:.3f} ({gain[0]:+.3f} ± {np.nanstd(gain[1:]):.3f})"


def _tell_alarms(
    rows: Sequence[Sample], told: Bools, columns: dict[str, Floats], cards: Sequence[ModelCard]
) -> None:
    manipulated = np.array([row.manipulated for row in rows])
    origins = np.array([row.origin for row in rows])
    methods = np.array([row.method for row in rows])
    validation = np.array([row.split == "val" for row in rows])
    bounds: dict[str, Floats] = {}
    for card, (name, column) in zip([*cards, None], columns.items(), strict=False):
        calibration = (card or cards[0]).manipulation_score
        scores = np.array([calibration(float(x)) for x in column])
        if card is not None and card.thresholds is not None:
            called = scores >= card.thresholds.signs
            bounds[f"{name}, card: {card.thresholds.signs:.3f}"] = called
            bounds[f"{name}, card, as a scan judges"] = called & _may_decide(rows, called & told, card)
        by_origin = signs_bounds(
            scores[validation], manipulated[validation], origins[validation], MAX_FALSE_POSITIVE_RATE
        )
        careful = max(by_origin, key=by_origin.__getitem__)
        signs = by_origin[careful]
        bounds[f"{name}, {careful} decides: {signs:.3f}"] = scores >= signs
    print(f"\n| signs | {' | '.join(bounds)} |")
    print("|---" * (len(bounds) + 1) + "|")
    parts = [("pristine", ~manipulated)]
    parts += [(f"pristine, {name}", ~manipulated & (origins == name)) for name in np.unique(origins)]
    parts += [("manipulated", manipulated)]
    parts += [(name, manipulated & (methods == name)) for name in np.unique(methods[manipulated])]
    for name, part in parts:
        chosen = part & told
        if chosen.sum() >= FEWEST_ROWS:
            cells = [share_text(int(called[chosen].sum()), int(chosen.sum())) for called in bounds.values()]
            print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
