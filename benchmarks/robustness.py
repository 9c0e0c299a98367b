"""How well a finished run holds against PGD on its validation rows, whether it was trained for it or not.

python benchmarks/robustness.py RUN --epsilon 2
"""

from __future__ import annotations

import argparse
from pathlib import Path

from forensics.records.input_contract import contract_from
from forensics.training.adversarial import RECIPES_WITH_PIXELS, robustness
from forensics.training.data.samples import read_samples
from forensics.training.datasets import validation_rows
from forensics.training.recipes import load_recipe
from forensics.training.training_run import finished_net


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--epsilon", type=float, default=2.0, help="grey levels")
    given = parser.parse_args()
    net, record = finished_net(given.run)
    if net.recipe not in RECIPES_WITH_PIXELS:
        parser.error(f"{record['settings']['net']} takes no pixels")
    recipe = load_recipe(net.recipe)
    folders = record["settings"]["data"]
    rows = validation_rows(recipe.units([row for folder in folders for row in read_samples(Path(folder))]))
    data = recipe.validation_set(rows, contract_from(record["contract"]))
    labels = [row.manipulated for row in rows]
    print(robustness(net, data, labels, given.epsilon, batch_size=16, seed=record["settings"]["seed"]))


if __name__ == "__main__":
    main()
