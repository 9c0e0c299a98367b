"""How fast is a model in f32, bf16 and INT8 on this CPU, and in INT8 with the rest in bf16?

    python benchmarks/precision_speed.py models/face-v2b0-autoatt    # half a minute

One thread, batches of 32, made-up input; the forms take turns. Processor time is counted, so that other
programs disturb little. Prints a Markdown table of medians.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np
import openvino as ov

from forensics import catalog
from forensics.records.input_contract import SoundContract
from forensics.records.model_card import ModelCard

_BATCH = 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="id or folder")
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    card, folder = catalog.find(arguments.model)
    requests = dict(compiled_forms(card, folder))
    inputs = made_up(card)
    times_s: dict[str, list[float]] = {name: [] for name in requests}
    for index in range(arguments.rounds + 1):
        for name, request in requests.items():
            started_s = time.process_time()
            request.infer([inputs])
            if index:
                times_s[name].append(time.process_time() - started_s)
    medians_s = {name: median(values) for name, values in times_s.items()}
    print(f"{card.id}; one thread, batches of {_BATCH}, medians of {arguments.rounds} alternating runs.\n")
    print("| form | inputs per processor second | against f32 | against bf16 |\n|---|---:|---:|---:|")
    for name, value_s in medians_s.items():
        ratios = [f"{medians_s[other] / value_s:.2f}x" for other in ("f32", "bf16")]
        print(f"| {name} | {_BATCH / value_s:.0f} | {' | '.join(ratios)} |")


def compiled_forms(card: ModelCard, folder: Path) -> Iterator[tuple[str, ov.InferRequest]]:
    core = ov.Core()
    for stored, precision, name in (
        ("f16", "f32", "f32"),
        ("f16", "bf16", "bf16"),
        ("int8", "f32", "INT8, rest in f32"),
        ("int8", "bf16", "INT8, rest in bf16"),
    ):
        variant = card.variant(stored)
        if variant is not None:
            config = {
                "INFERENCE_PRECISION_HINT": precision,
                "INFERENCE_NUM_THREADS": 1,
                "NUM_STREAMS": 1,
                "PERFORMANCE_HINT": "LATENCY",
            }
            yield name, core.compile_model(folder / variant.xml, "CPU", config).create_infer_request()


def made_up(card: ModelCard) -> np.ndarray:
    rng = np.random.default_rng(0)
    contract = card.contract
    if not isinstance(contract, SoundContract):
        side_px = contract.size_px
        return rng.integers(0, 256, (_BATCH, side_px, side_px, 3), np.uint8)
    return rng.normal(0, 0.06, (_BATCH, contract.n_samples)).astype(np.float32)


if __name__ == "__main__":
    main()
