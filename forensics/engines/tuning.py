"""Find out by measurement how a net runs fastest on this processor, and remember it in the cache.

What is found belongs to one net, one precision, one processor and one OpenVINO: the name of the entry covers
them all, so that a finding is never taken for another machine's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from forensics import cache
from forensics.engines.net import InferenceConfig, Net, stored_form
from forensics.processor import cpu_isa, cpu_name
from forensics.records.input_contract import ClipContract, FlowContract, SoundContract
from forensics.records.model_card import ModelCard

N_ROUNDS = 3
ROUND_S = 0.4
MOST_CHANGE = 1e-3
"""In logits: how far a pace may move an answer. Another number of threads adds up in another order."""

_BATCHES_PER_STREAM = (4, 8, 16)
_MOST_IN_A_BATCH = 32
# A pace is preferred to the default if it is faster by more than the noise of such a measurement.
_WORTH_IT = 1.03


@dataclass(frozen=True, slots=True)
class Timing:
    """How fast one pace is.

    Attributes:
        per_s: inputs per second, median of the rounds.
        change: largest difference from the default pace's logits.
    """

    pace: InferenceConfig
    per_s: float
    change: float


def candidates(n_cores: int) -> Iterator[InferenceConfig]:
    """The paces worth trying on this many cores, the default first."""
    default = InferenceConfig()
    yield default
    threads = sorted({1, *(2**power for power in range(1, 8) if 2**power < n_cores), n_cores})
    for n_threads in threads:
        for n_streams in sorted({1, n_threads}):
            for n_each in _BATCHES_PER_STREAM:
                pace = InferenceConfig(n_each * n_streams, n_threads, n_streams)
                if pace.n_batch <= _MOST_IN_A_BATCH and pace != default:
                    yield pace


def tune(
    card: ModelCard,
    folder: Path,
    precision: str,
    n_cores: int,
    on_timing: Callable[[Timing], object] = lambda _: None,
) -> tuple[Timing, ...]:
    """Measures every candidate in turn, several times round, and remembers what came of it.

    Args:
        card: the model's card.
        folder: where its files lie.
        precision: ``f32``, ``bf16`` or ``int8``.
        n_cores: cores that may be used.
        on_timing: takes each result.

    Returns:
        All paces that give the same answers, the fastest first.

    Raises:
        EngineError: the net cannot be run.
    """
    # Who merely asks for a pace runs no net, and need not wait for OpenVINO.
    from forensics.engines.openvino_engine import CompiledNet

    paces = list(candidates(n_cores))
    inputs = _inputs(card, max(pace.n_batch for pace in paces))
    nets = [CompiledNet(card, folder, precision, pace) for pace in paces]
    expected = nets[0].infer(inputs).logits
    rates: list[list[float]] = [[] for _ in nets]
    for _ in range(N_ROUNDS):  # in turn, so that other load on the machine meets all of them
        for net, measured in zip(nets, rates, strict=True):
            measured.append(_per_s(net, inputs[: net.pace.n_batch]))
    timings = []
    for net, measured in zip(nets, rates, strict=True):
        change = float(np.abs(net.infer(inputs).logits - expected).max())
        timing = Timing(net.pace, median(measured), change)
        on_timing(timing)
        if change <= MOST_CHANGE:
            timings.append(timing)
    timings.sort(key=lambda one: -one.per_s)
    cache.keep(_name(card, precision), msgspec.json.encode(timings))
    return tuple(timings)


def pace_for(card: ModelCard, precision: str, n_threads: int) -> InferenceConfig | None:
    """The fastest pace that was measured with at most this many threads; None where none was.

    Args:
        card: the model's card.
        precision: ``f32``, ``bf16`` or ``int8``.
        n_threads: what one worker may use.
    """
    kept = cache.recall(_name(card, precision))
    if kept is None:
        return None
    try:
        timings = msgspec.json.decode(kept, type=tuple[Timing, ...])
    except msgspec.MsgspecError:
        return None
    return fastest(timings, n_threads)


def fastest(timings: tuple[Timing, ...], n_threads: int) -> InferenceConfig | None:
    """The fastest within ``n_threads``; the default pace unless another one is clearly faster."""
    within = [one for one in timings if one.pace.n_threads <= n_threads]
    if not within:
        return None
    best = max(within, key=lambda one: one.per_s)
    default = next((one for one in within if one.pace == InferenceConfig()), None)
    return best.pace if default is None or best.per_s > _WORTH_IT * default.per_s else default.pace


def _name(card: ModelCard, precision: str) -> str:
    variant = card.variant(stored_form(precision))
    weights = "" if variant is None else variant.bin_sha256
    key = cache.key_of(weights, precision, version("openvino"), cpu_name(), cpu_isa())
    return f"pace-{key}.json"


def _inputs(card: ModelCard, n: int) -> npt.NDArray[Any]:
    """Made-up inputs: what is in them does not change how long a net takes."""
    noise = np.random.default_rng(0)
    contract = card.contract
    if isinstance(contract, SoundContract):
        return np.asarray(noise.normal(0, 0.05, (n, contract.n_samples)), np.float32)
    side = contract.size_px
    shape: tuple[int, ...] = (side, side, 3)
    if isinstance(contract, ClipContract):
        shape = (contract.clip_frames, *shape)
    elif isinstance(contract, FlowContract):
        shape = (contract.clip_frames - 1, side, side, 2)
    return noise.integers(0, 256, (n, *shape), dtype=np.uint8)


def _per_s(net: Net, batch: npt.NDArray[Any]) -> float:
    net.infer(batch)
    n_done, began_s = 0, time.perf_counter()
    while (spent_s := time.perf_counter() - began_s) < ROUND_S:
        net.infer(batch)
        n_done += len(batch)
    return n_done / spent_s
