"""What a training step costs: IPEX, oneDNN and a plain torch loop, both face nets, two sizes.

    python benchmarks/training_speed.py --steps 10 --rounds 3

Every run is a process of its own, since importing IPEX changes torch for the rest of a process. The runs
alternate (plain, oneDNN, IPEX, plain, ...), so that a machine that heats up or is shared slows all of them.
A backend runs in the layout that it finds the fastest, as ``forensics train`` does; the plain loop is what
a tutorial would write: fp32, contiguous, AdamW. Steps are timed whole: preparation, forward, backward,
update; data are ready in memory. Prints a Markdown table of medians.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections import defaultdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

NETS = ("efficientnetv2-b0-autoatt", "efficientnet-autoatt-b4")
SIZES_PX = (128, 224)
VARIANTS = ("plain", "onednn", "ipex")
_ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=10, help="timed steps per run")
    parser.add_argument("--rounds", type=int, default=3, help="runs per line of the table")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--nets", nargs="+", default=NETS)
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES_PX)
    parser.add_argument("--variants", nargs="+", default=VARIANTS)
    parser.add_argument("--precision", default="auto", choices=("auto", "fp32", "bf16"))
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(run_one(json.loads(arguments.one))))
        return
    rows = []
    for net in arguments.nets:
        for size_px in arguments.sizes:
            rows += measure(net, size_px, arguments)
    print(table(rows, arguments))


def measure(net: str, size_px: int, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """One line of the table per variant."""
    steps_s: dict[str, list[float]] = defaultdict(list)
    layouts: dict[str, str] = {}
    for _ in range(arguments.rounds):
        for variant in arguments.variants:
            job = {
                "net": net,
                "size_px": size_px,
                "variant": variant,
                "n_steps": arguments.steps,
                "batch_size": arguments.batch_size,
                "precision": arguments.precision,
                "layout": layouts.get(variant),
            }
            answer = in_own_process(job)
            if "error" in answer:
                layouts[variant] = answer["error"]
                continue
            layouts[variant] = answer["layout"]
            steps_s[variant] += answer["steps_s"]
    plain_s = median(steps_s["plain"]) if steps_s["plain"] else None
    return [
        {
            "net": net,
            "size_px": size_px,
            "variant": variant,
            "layout": layouts[variant],
            "median_s": median(steps_s[variant]) if steps_s[variant] else None,
            "plain_s": plain_s,
        }
        for variant in arguments.variants
    ]


def in_own_process(job: dict[str, Any]) -> dict[str, Any]:
    ended = subprocess.run(
        [sys.executable, __file__, "--one", json.dumps(job)],
        env=os.environ | {"PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise SystemExit(f"{job} failed:\n{ended.stderr}")
    answer: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return answer


def run_one(job: dict[str, Any]) -> dict[str, Any]:
    """Times the steps of one variant; in a process of its own."""
    import torch

    torch.manual_seed(0)
    raw = torch.randint(0, 256, (job["batch_size"], job["size_px"], job["size_px"], 3), dtype=torch.uint8)
    label = torch.arange(job["batch_size"]).remainder(2).float()
    if job["variant"] == "plain":
        return {"layout": "fp32 contiguous", "steps_s": plain_steps(job, raw, label)}
    return backend_steps(job, raw, label)


def plain_steps(job: dict[str, Any], raw: Any, label: Any) -> list[float]:
    import torch

    from forensics.training.nets import build_net

    net = build_net(job["net"]).train()
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-4)
    steps_s = []
    for _ in range(job["n_steps"] + 1):
        started_s = time.perf_counter()
        logit, _ = net(net.prepare(raw))
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logit, label)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        steps_s.append(time.perf_counter() - started_s)
    return steps_s[1:]


def backend_steps(job: dict[str, Any], raw: Any, label: Any) -> dict[str, Any]:
    import torch

    from forensics.errors import BackendUnavailable
    from forensics.training.backends import load_backend
    from forensics.training.loss import loss_of
    from forensics.training.nets import build_net
    from forensics.training.run import TrainSettings
    from forensics.training.timing import fastest_layout

    try:
        backend = load_backend(job["variant"])
    except BackendUnavailable as error:
        return {"error": error.message}
    net = build_net(job["net"])
    settings = TrainSettings(
        net=job["net"],
        data=(),
        out=Path(),
        backend=job["variant"],
        precision=job["precision"],
        batch_size=job["batch_size"],
        size_px=job["size_px"],
    )
    known = {str(layout): layout for layout in backend.layouts(job["precision"])}
    layout = known.get(job["layout"]) or fastest_layout(backend, settings, net)
    model, optimizer = backend.prepare(net, torch.optim.AdamW(net.parameters(), lr=1e-4), layout)
    model.train()
    steps_s = []
    for _ in range(job["n_steps"] + 1):
        started_s = time.perf_counter()
        loss = loss_of(model, net, backend, layout, raw, label, settings.label_smoothing)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        steps_s.append(time.perf_counter() - started_s)
    return {"layout": str(layout), "steps_s": steps_s[1:]}


def table(rows: list[dict[str, Any]], arguments: argparse.Namespace) -> str:
    """The Markdown table, with what it was measured on."""
    lines = [
        f"{machine()}; batches of {arguments.batch_size}; medians of {arguments.rounds} alternating runs of "
        f"{arguments.steps} steps.",
        "",
        "| net | size | loop | layout | s/step | images/s | against plain |",
        "|---|---:|---|---|---:|---:|---:|",
    ]
    for row in rows:
        name = f"| {row['net']} | {row['size_px']} px | {row['variant']} | {row['layout']} |"
        if row["median_s"] is None:
            lines.append(f"{name} | | |")
            continue
        gain = f"{row['plain_s'] / row['median_s']:.2f}x" if row["plain_s"] else ""
        speed = arguments.batch_size / row["median_s"]
        lines.append(f"{name} {row['median_s']:.2f} | {speed:.1f} | {gain} |")
    return "\n".join(lines)


def machine() -> str:
    cpu = platform.processor() or platform.machine()
    facts = Path("/proc/cpuinfo")
    if facts.is_file():
        named = [line for line in facts.read_text().splitlines() if line.startswith("model name")]
        cpu = named[0].partition(":")[2].strip() if named else cpu
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    versions = ", ".join(
        f"{name} {known}" for name in ("torch", "intel-extension-for-pytorch") if (known := _version(name))
    )
    return f"{cpu}, {n_cores} cores, {versions}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


if __name__ == "__main__":
    main()
