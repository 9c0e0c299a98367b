"""Does a training that is killed with SIGKILL and resumed end in the weights of an uninterrupted one?

    python benchmarks/kill_and_resume.py PREPARED        # about five minutes on two quiet cores

For every net and CPU backend at its real size: one run to the end, one that is killed at some moment within
an epoch after its first checkpoint and then resumed, both in fp32 and in processes of their own; then every
tensor of weights, average and optimizer is compared bit by bit. Leaves with exit code 1 if one differs.
Trains on a few rows of the prepared faces, so that validation takes seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SIZES_PX = {"efficientnetv2-b0-autoatt": 128, "efficientnet-autoatt-b4": 224}
_ROOT = Path(__file__).resolve().parent.parent
_N_ROWS = {"train": 64, "val": 8}
_STEPS = {"n_steps": 9, "evaluate_every": 3}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("prepared", type=Path, help="prepared faces")
    parser.add_argument("--nets", nargs="+", default=list(SIZES_PX))
    parser.add_argument("--backends", nargs="+", default=("onednn", "ipex"))
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1, help="of the moment of the kill")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        run_one(json.loads(arguments.one))
        return
    moments = random.Random(arguments.seed)
    all_same = True
    print(
        "| net | backend | killed after step | steps | tensors | different |\n|---|---|---:|---:|---:|---:|"
    )
    with tempfile.TemporaryDirectory() as work:
        data = few_rows(arguments.prepared, Path(work) / "data")
        for net in arguments.nets:
            for backend in arguments.backends:
                job = {
                    "net": net,
                    "backend": backend,
                    "data": str(data),
                    "size_px": SIZES_PX.get(net, 128),
                    "batch_size": arguments.batch_size,
                }
                all_same &= check(job, Path(work) / f"{net}-{backend}", moments)
    raise SystemExit(0 if all_same else 1)


def check(job: dict[str, Any], folder: Path, moments: random.Random) -> bool:
    """One line of the table; whether both runs ended alike."""
    started_s = time.monotonic()
    run_in_own_process(job | {"out": str(folder / "whole"), "resume": False})
    a_step_s = (time.monotonic() - started_s) / (2 * _STEPS["n_steps"])
    process = start(job | {"out": str(folder / "killed"), "resume": False})
    log = folder / "killed" / "log.jsonl"
    while process.poll() is None and not (log.is_file() and log.read_bytes().count(b"\n")):
        time.sleep(0.02)
    time.sleep(moments.uniform(0.0, 2 * a_step_s))
    process.send_signal(signal.SIGKILL)
    if process.wait() != -signal.SIGKILL:
        raise SystemExit(f"{job} ended with code {process.returncode} before it could be killed")
    killed_after = checkpoint(folder / "killed")["step"]
    run_in_own_process(job | {"out": str(folder / "killed"), "resume": True})
    whole, resumed = (tensors(checkpoint(folder / name)) for name in ("whole", "killed"))
    different = [name for name in whole if name not in resumed or not whole[name].equal(resumed[name])]
    print(
        f"| {job['net']}, {job['size_px']} px | {job['backend']} | {killed_after} | {_STEPS['n_steps']} "
        f"| {len(whole)} | {len(different)} |",
        flush=True,
    )
    return not different and set(whole) == set(resumed)


def few_rows(prepared: Path, out: Path) -> Path:
    """A manifest of a few rows of each label and split."""
    from forensics.training.data.samples import read_samples, write_samples

    left = {(split, label): n for split, n in _N_ROWS.items() for label in (False, True)}
    chosen = []
    for sample in read_samples(prepared):
        place = sample.split, sample.manipulated
        if left.get(place):
            left[place] -= 1
            chosen.append(sample)
    write_samples(out, chosen)
    return out


def start(job: dict[str, Any]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, __file__, job["data"], "--one", json.dumps(job)],
        env=os.environ | {"PYTHONPATH": str(_ROOT)},
        stdout=subprocess.DEVNULL,
    )


def run_in_own_process(job: dict[str, Any]) -> None:
    if start(job).wait():
        raise SystemExit(f"{job} failed")


def run_one(job: dict[str, Any]) -> None:
    """One training; in a process of its own."""
    from forensics.training import trainer
    from forensics.training.backends.backend import StepConfig
    from forensics.training.training_run import TrainSettings

    # Which layout is the fastest may differ from one timing to the next, and with it the last bits.
    trainer.fastest_step_config = lambda *_: StepConfig("fp32", channels_last=True)
    settings = TrainSettings(
        net=job["net"],
        data=(Path(job["data"]),),
        out=Path(job["out"]),
        backend=job["backend"],
        precision="fp32",
        init="none",
        batch_size=job["batch_size"],
        size_px=job["size_px"],
        **_STEPS,
    )
    trainer.train(settings, resume=job["resume"])


def checkpoint(run: Path) -> dict[str, Any]:
    import torch

    state: dict[str, Any] = torch.load(run / "last.pt", weights_only=True)
    return state


def tensors(state: Any, name: str = "") -> dict[str, Any]:
    """Every tensor of a nested state by its place."""
    import torch

    if isinstance(state, torch.Tensor):
        return {name: state}
    parts = state.items() if isinstance(state, dict) else enumerate(state) if isinstance(state, list) else ()
    return {place: value for key, part in parts for place, value in tensors(part, f"{name}/{key}").items()}


if __name__ == "__main__":
    main()
