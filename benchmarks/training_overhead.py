"""What ``forensics train`` adds to the best loop that one would write by hand on the same backend.

    python benchmarks/training_overhead.py --data PREPARED        # about four minutes on two quiet cores

Same net, batch, backend and layout; three loops take turns within one process per backend:

- bare: forward, smoothed loss, backward, AdamW;
- by hand: the same with clipped gradients and a moving average of the weights by torch's own tools, which is
  what ``forensics train`` does in a step;
- ours: the step of ``forensics train``.

With --data, the input pipeline is timed as well: whole steps of ``forensics train``, with its loaders,
against its steps on data that are ready. Prints a Markdown table of medians. The goal is ours / by hand of at
most 1.05.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from training_speed import NETS, VOICE_NET, machine, timed

_ROOT = Path(__file__).resolve().parent.parent
_N_PIPELINE_STEPS = 12


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nets", nargs="+", default=NETS)
    parser.add_argument("--backends", nargs="+", default=("onednn", "ipex"))
    parser.add_argument("--data", type=Path, nargs="+", default=[], help="prepared faces, for the pipeline")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="about how long a turn is")
    parser.add_argument("--loaders", type=int, default=2, help="as forensics train has")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(run_one(json.loads(arguments.one))))
        return
    print(f"{machine()}; medians over all steps of {arguments.rounds} alternating turns.\n")
    print(
        "| net | backend | layout | bare s | by hand s | ours s | ours / by hand | ours / bare | pipeline |"
    )
    print("|---|---|---|---:|---:|---:|---:|---:|---:|")
    for net in arguments.nets:
        for backend in arguments.backends:
            print(line(in_own_process(net, backend, arguments)), flush=True)


def line(row: dict[str, Any]) -> str:
    if "error" in row:
        return f"| {row['net']} | {row['backend']} | {row['error']} | | | | | | |"
    bare, by_hand, ours = (median(row[name]) for name in ("bare", "by hand", "ours"))
    pipeline = f"{median(row['pipeline']) / ours:.2f}x" if row["pipeline"] else ""
    return (
        f"| {row['net']} | {row['backend']} | {row['layout']} | {bare:.3f} | {by_hand:.3f} | {ours:.3f} "
        f"| {ours / by_hand:.3f} | {ours / bare:.3f} | {pipeline} |"
    )


def in_own_process(net: str, backend: str, arguments: argparse.Namespace) -> dict[str, Any]:
    job = {
        "net": net,
        "backend": backend,
        "data": [] if net == VOICE_NET else [str(folder.absolute()) for folder in arguments.data],
        "size_px": arguments.size,
        "batch_size": arguments.batch_size,
        "n_rounds": arguments.rounds,
        "seconds": arguments.seconds,
        "n_loaders": arguments.loaders,
    }
    ended = subprocess.run(
        [sys.executable, __file__, "--one", json.dumps(job)],
        env=os.environ | {"PYTHONPATH": str(_ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return answer | {"net": net, "backend": backend}


def run_one(job: dict[str, Any]) -> dict[str, Any]:
    """Times the three loops of one net on one backend; in a process of its own."""
    import torch

    from forensics.errors import BackendUnavailable
    from forensics.training.autotune import fastest_step_config
    from forensics.training.backends import load_backend
    from forensics.training.nets import build_net
    from forensics.training.training_run import TrainSettings

    try:
        backend = load_backend(job["backend"])
    except BackendUnavailable as error:
        return {"error": error.message}
    settings = TrainSettings(
        net=job["net"],
        data=tuple(Path(folder) for folder in job["data"]),
        out=Path(tempfile.mkdtemp()),
        backend=job["backend"],
        batch_size=job["batch_size"],
        size_px=job["size_px"],
        n_steps=1_000_000,
        n_loaders=job["n_loaders"],
    )
    torch.manual_seed(0)
    step_config = fastest_step_config(backend, settings, build_net(job["net"]))
    raw, label = batch(job)
    trainer, ours = course_step(settings, backend, step_config, raw, label)
    steps = {
        "bare": hand_step(settings, backend, step_config, raw, label, whole=False),
        "by hand": hand_step(settings, backend, step_config, raw, label, whole=True),
        "ours": ours,
    }
    steps_s: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(job["n_rounds"]):
        for name, step in steps.items():
            steps_s[name] += timed(step, job["seconds"])
    return steps_s | {"layout": str(step_config), "pipeline": pipeline_steps(trainer, settings)}


def batch(job: dict[str, Any]) -> tuple[Any, Any]:
    import torch

    n, size_px = job["batch_size"], job["size_px"]
    if job["net"] == VOICE_NET:
        raw = torch.randn(n, 48_000) * 0.1
    else:
        raw = torch.randint(0, 256, (n, size_px, size_px, 3), dtype=torch.uint8)
    return raw, torch.arange(n).remainder(2).float()


def course_step(
    settings: Any, backend: Any, step_config: Any, raw: Any, label: Any
) -> tuple[Any, Callable[[], None]]:
    from forensics.training.nets import build_net
    from forensics.training.trainer import Trainer

    trainer = Trainer(settings, backend, step_config, build_net(settings.net), "fresh weights")
    return trainer, lambda: trainer._learn(raw, label)


def hand_step(
    settings: Any, backend: Any, step_config: Any, raw: Any, label: Any, *, whole: bool
) -> Callable[[], None]:
    """A step as one would write it with torch's own tools; ``whole`` adds clipping and the average."""
    import torch
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

    from forensics.training.nets import build_net

    net = build_net(settings.net)
    model, optimizer = backend.prepare(net, torch.optim.AdamW(net.parameters(), lr=1e-4), step_config)
    model.train()
    average = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(settings.ema)) if whole else None
    target = label * (1 - settings.label_smoothing) + settings.label_smoothing / 2

    def step() -> None:
        x = net.prepare(raw)
        if x.ndim == 4:
            x = x.contiguous(memory_format=step_config.memory_format)
        with backend.autocast(step_config):
            logit, _ = model(x)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logit.float(), target)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if average is not None:
            torch.nn.utils.clip_grad_norm_(model.parameters(), settings.gradient_norm)
        optimizer.step()
        if average is not None:
            average.update_parameters(net)
        loss.item()

    return step


def pipeline_steps(trainer: Any, settings: Any) -> list[float]:
    """Seconds of whole steps, batches drawn by the loaders of ``forensics train``; none without data."""
    if not settings.data:
        return []
    from forensics.training.datasets import open_datasets
    from forensics.training.recipes import load_recipe
    from forensics.training.trainer import _batches

    steps_s = []
    batches = iter(_batches(open_datasets(load_recipe(trainer.net.recipe), settings).train, settings, 0))
    for index in range(_N_PIPELINE_STEPS + 4):
        started_s = time.perf_counter()
        trainer._learn(*next(batches))
        # The loaders had time to run ahead before the first steps.
        if index >= 4:
            steps_s.append(time.perf_counter() - started_s)
    return steps_s


if __name__ == "__main__":
    main()
