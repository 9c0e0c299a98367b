"""What each net of the table costs: parameters, and CPU time of its IR in f32.

    python benchmarks/net_cost.py --size 128 [NET ...]

With fresh weights, on noise: what a net has learned changes nothing about that. CPU time is that of the
process, on one thread, for one item: a picture, or a clip of ten.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import openvino as ov
import torch

from forensics.engines.openvino_engine import the_core
from forensics.training.conversion import to_openvino
from forensics.training.nets import NETS, build_net
from forensics.training.recipes import load_recipe
from forensics.training.training_run import TrainSettings

_N_TIMED = 6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("nets", nargs="*", help="default: all of faces")
    parser.add_argument("--size", type=int, default=128)
    given = parser.parse_args()
    for name in given.nets or [name for name in NETS if build_net(name).recipe.startswith("face")]:
        print(cost(name, given.size), flush=True)


def cost(name: str, size_px: int) -> str:
    torch.manual_seed(0)
    net = build_net(name)
    recipe = load_recipe(net.recipe)
    contract = recipe.contract(TrainSettings(net=name, data=(), out=Path("unused"), size_px=size_px))
    shape = recipe.example(contract, 1).shape[1:]
    items = [np.random.default_rng(seed).integers(1, 256, (1, *shape), np.uint8) for seed in range(_N_TIMED)]
    model = to_openvino(net, contract)
    n_parameters = sum(value.numel() for value in net.parameters())
    return f"{name}: {n_parameters / 1e6:.1f} M, {1000 * seconds(model, items):.1f} ms"


def seconds(model: ov.Model, items: list[np.ndarray]) -> float:
    """CPU seconds of one item, the best of several."""
    compiled = the_core().compile_model(
        model,
        "CPU",
        {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1, "ENABLE_CPU_PINNING": False},
    )
    compiled([items[0]])
    spent = []
    for item in items:
        began = time.process_time()
        compiled([item])
        spent.append(time.process_time() - began)
    return min(spent)


if __name__ == "__main__":
    main()
