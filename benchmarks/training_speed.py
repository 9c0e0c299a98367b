"""What a training step costs: IPEX, oneDNN and a plain torch loop, for every trained net, at two sizes.

    python benchmarks/training_speed.py                  # about seven minutes on two quiet cores
    python benchmarks/training_speed.py --nets audio-cnn --rounds 3

Each of the three loops lives in a process of its own, since importing IPEX changes torch for the rest of a
process. They take turns (plain, oneDNN, IPEX, plain, ...), so that a machine that heats up or is shared slows
all of them. A backend runs in the layout that it finds the fastest, as ``forensics train`` does; the plain
loop is what a tutorial would write: fp32, contiguous, AdamW. Steps are timed whole: preparation, forward,
backward, update; data are ready in memory. Prints a Markdown table of medians over all steps.
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
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

VOICE_NET = "audio-cnn"
NETS = ("efficientnetv2-b0-autoatt", "efficientnet-autoatt-b4", VOICE_NET)
SIZES_PX = (128, 224)
VARIANTS = ("plain", "onednn", "ipex")
_ROOT = Path(__file__).resolve().parent.parent
# Threads of OpenMP go on spinning this long after a step, at the cost of whoever is next.
_SPIN_S = 0.3
_ANSWER = "answer: "
_WINDOW_S = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="turns of each loop")
    parser.add_argument("--seconds", type=float, default=3.0, help="about how long a turn is")
    parser.add_argument("--batch-size", type=int, default=8, help="of faces; sound takes four times as many")
    parser.add_argument("--nets", nargs="+", default=NETS)
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES_PX)
    parser.add_argument("--variants", nargs="+", default=VARIANTS)
    parser.add_argument("--precision", default="auto", choices=("auto", "fp32", "bf16"))
    parser.add_argument("--serve", metavar="VARIANT", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve)
        return
    loops = {variant: Loop(variant) for variant in arguments.variants}
    rows = []
    for net in arguments.nets:
        for size_px in (None,) if net == VOICE_NET else arguments.sizes:
            rows += measure(loops, net, size_px, arguments)
    for loop in loops.values():
        loop.close()
    print(table(rows, arguments))


class Loop:
    """The process of one variant, from the outside."""

    def __init__(self, variant: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--serve", variant],
            env=os.environ | {"PYTHONPATH": str(_ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **job: Any) -> dict[str, Any]:
        """Its answer to a job."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith(_ANSWER):
                time.sleep(_SPIN_S)
                answer: dict[str, Any] = json.loads(line.removeprefix(_ANSWER))
                return answer
        raise SystemExit(f"{job} ended with code {self._process.wait()}")

    def close(self) -> None:
        """Lets it end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def measure(
    loops: dict[str, Loop], net: str, size_px: int | None, arguments: argparse.Namespace
) -> list[dict[str, Any]]:
    """One line of the table per variant."""
    batch_size = arguments.batch_size * (1 if size_px else 4)
    opened = {
        variant: loop.ask(net=net, size_px=size_px, batch_size=batch_size, precision=arguments.precision)
        for variant, loop in loops.items()
    }
    steps_s: dict[str, list[float]] = defaultdict(list)
    for _ in range(arguments.rounds):
        for variant, loop in loops.items():
            if "error" not in opened[variant]:
                steps_s[variant] += loop.ask(seconds=arguments.seconds)["steps_s"]
    medians = {variant: median(values) for variant, values in steps_s.items()}
    return [
        {
            "net": net,
            "size": f"{size_px} px" if size_px else f"{_WINDOW_S} s",
            "batch_size": batch_size,
            "variant": variant,
            "layout": opened[variant].get("layout") or opened[variant]["error"],
            "n_steps": len(steps_s[variant]),
            "median_s": medians.get(variant),
            "plain_s": medians.get("plain"),
        }
        for variant in loops
    ]


def serve(variant: str) -> None:
    """Answers the parent: first a net to open, then turns of steps."""
    step: Callable[[], None] = _nothing
    for line in sys.stdin:
        job = json.loads(line)
        if "net" in job:
            answer, step = opened_step(variant, job)
        else:
            answer = {"steps_s": timed(step, job["seconds"])}
        print(_ANSWER + json.dumps(answer), flush=True)


def timed(step: Callable[[], None], seconds: float) -> list[float]:
    """Seconds of each step, after one that is not counted; at least two."""
    step()
    steps_s: list[float] = []
    while len(steps_s) < 2 or sum(steps_s) < seconds:
        started_s = time.perf_counter()
        step()
        steps_s.append(time.perf_counter() - started_s)
    return steps_s


def opened_step(variant: str, job: dict[str, Any]) -> tuple[dict[str, Any], Callable[[], None]]:
    """The layout, and a function that makes one step."""
    import torch

    from forensics.media.sound import RATE_HZ
    from forensics.training.nets import build_net

    torch.manual_seed(0)
    n, size_px = job["batch_size"], job["size_px"]
    if size_px:
        raw = torch.randint(0, 256, (n, size_px, size_px, 3), dtype=torch.uint8)
    else:
        raw = torch.randn(n, _WINDOW_S * RATE_HZ) * 0.1
    label = torch.arange(n).remainder(2).float()
    net = build_net(job["net"]).train()
    if variant != "plain":
        return backend_step(variant, job, net, raw, label)
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-4)

    def step() -> None:
        logit, _ = net(net.prepare(raw))
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logit, label)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return {"layout": "fp32 contiguous"}, step


def backend_step(
    variant: str, job: dict[str, Any], net: Any, raw: Any, label: Any
) -> tuple[dict[str, Any], Callable[[], None]]:
    import torch

    from forensics.errors import BackendUnavailable
    from forensics.training.autotune import fastest_step_config
    from forensics.training.backends import load_backend
    from forensics.training.loss import loss_of
    from forensics.training.training_run import TrainSettings

    try:
        backend = load_backend(variant)
    except BackendUnavailable as error:
        return {"error": error.message}, _nothing
    settings = TrainSettings(
        net=job["net"],
        data=(),
        out=Path(),
        backend=variant,
        precision=job["precision"],
        batch_size=job["batch_size"],
        size_px=job["size_px"] or SIZES_PX[0],
    )
    step_config = fastest_step_config(backend, settings, net)
    model, optimizer = backend.prepare(net, torch.optim.AdamW(net.parameters(), lr=1e-4), step_config)
    model.train()

    def step() -> None:
        loss = loss_of(model, net, backend, step_config, raw, label, settings.label_smoothing)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    return {"layout": str(step_config)}, step


def table(rows: list[dict[str, Any]], arguments: argparse.Namespace) -> str:
    """The Markdown table, with what it was measured on."""
    lines = [
        f"{machine()}; medians over all steps of {arguments.rounds} alternating turns.",
        "",
        "| net | size | batch | loop | layout | steps | s/step | samples/s | against plain |",
        "|---|---:|---:|---|---|---:|---:|---:|---:|",
    ]
    for row in rows:
        name = (
            f"| {row['net']} | {row['size']} | {row['batch_size']} | {row['variant']} | {row['layout']} "
            f"| {row['n_steps']} |"
        )
        if row["median_s"] is None:
            lines.append(f"{name} | | |")
            continue
        gain = f"{row['plain_s'] / row['median_s']:.2f}x" if row["plain_s"] else ""
        speed = row["batch_size"] / row["median_s"]
        lines.append(f"{name} {row['median_s']:.3f} | {speed:.1f} | {gain} |")
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


def _nothing() -> None:
    """The step of a loop that cannot run here."""


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


if __name__ == "__main__":
    main()
