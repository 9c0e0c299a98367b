"""OpenVINO on the CPU, with precision and threads said aloud.

The CPU plug-in's own default is bf16 wherever the CPU has it, which moves logits by up to 0.1, silently.
So the precision is always set here, and recorded in the manifest by whoever calls.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import openvino as ov

from forensics import cache
from forensics.engines.net import InferenceConfig, NetOutput, stored_form
from forensics.errors import EngineError
from forensics.processor import cpu_isa, cpu_name
from forensics.records.model_card import ModelCard, Variant

LOGIT_OUTPUT = "logit"
MAP_OUTPUT = "map"


@functools.cache
def the_core() -> ov.Core:
    """OpenVINO's entry, one for the life of the process.

    The CPU plug-in of every Core replaces the thread's alternative signal stack, and puts back the one before
    when it goes. If Cores do not go in the reverse order of their coming, that one is unmapped already, and
    the next signal that Python handles kills the process: Ctrl-C, in a command that has compiled two nets.
    """
    return ov.Core()


def one_thread(precision: str = "f32") -> dict[str, Any]:
    """How a small net is compiled that a worker runs beside the scoring nets: threads on top get in the way.

    Args:
        precision: of the inference.
    """
    return {
        "INFERENCE_PRECISION_HINT": precision,
        "INFERENCE_NUM_THREADS": 1,
        "ENABLE_CPU_PINNING": False,  # threads bound to cores wait for whatever else runs there
    }


class CompiledNet:
    """A net ready to run in this process; not to be shared between threads.

    Compiled nets are kept in the user's cache folder. A net from there gives the same bits: the key covers
    the files' digests, the configuration, OpenVINO and the processor, and the entry has a digest of its own.

    Args:
        card: the model's card.
        folder: where its files lie.
        precision: ``f32``, ``bf16`` or ``int8``.
        pace: batch, threads and streams. The default, one thread, makes results independent of how many
            workers share the machine.

    Raises:
        EngineError: the card has no such variant, or OpenVINO cannot read or compile it.
    """

    def __init__(
        self, card: ModelCard, folder: Path, precision: str, pace: InferenceConfig | None = None
    ) -> None:
        variant = card.variant(stored_form(precision))
        if variant is None:
            raise EngineError(
                f"{card.id} has no variant for {precision}",
                "Choose --profile examination, or export the model with INT8.",
            )
        self.card = card
        self.precision = precision
        self.pace = pace or InferenceConfig()
        try:
            compiled = _compiled(folder, variant, _configuration(precision, self.pace))
            self._outputs = compiled.output(LOGIT_OUTPUT), compiled.output(MAP_OUTPUT)
        except RuntimeError as error:
            raise EngineError(
                f"OpenVINO cannot run {card.id} in {precision}: {str(error).strip().splitlines()[0]}",
                f"Check the files: forensics models verify {card.id}",
            ) from error
        self._requests = [compiled.create_infer_request() for _ in range(self.pace.n_streams)]

    def infer(self, batch: npt.NDArray[Any]) -> NetOutput:
        """Runs one batch, parted among the streams.

        Args:
            batch: uint8[N, S, S, 3] RGB for faces, float32[N, samples] for sound.

        Raises:
            EngineError: the runtime failed.
        """
        parts = [part for part in np.array_split(batch, len(self._requests)) if len(part)]
        try:
            results = self._run([np.ascontiguousarray(part) for part in parts])
        except RuntimeError as error:
            raise EngineError(
                f"{self.card.id} failed on a batch of shape {batch.shape}: "
                f"{str(error).strip().splitlines()[0]}",
                "Run forensics doctor; if the model is sound, please report this.",
            ) from error
        logits = np.concatenate([logit.reshape(-1) for logit, _ in results])
        maps = np.concatenate([where.reshape(-1, *where.shape[-2:]) for _, where in results])
        return NetOutput(logits, maps)

    def _run(self, parts: Sequence[npt.NDArray[Any]]) -> list[tuple[npt.NDArray[np.float32], ...]]:
        busy = self._requests[: len(parts)]
        if len(parts) == 1:
            busy[0].infer([parts[0]], share_inputs=True)
        else:
            for request, part in zip(busy, parts, strict=True):
                request.start_async([part], share_inputs=True)
            for request in busy:
                request.wait()
        return [
            tuple(np.array(request.get_tensor(port).data, np.float32) for port in self._outputs)
            for request in busy
        ]


def _configuration(precision: str, pace: InferenceConfig) -> dict[str, Any]:
    return {
        "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32",
        "INFERENCE_NUM_THREADS": pace.n_threads,
        "NUM_STREAMS": pace.n_streams,
        "PERFORMANCE_HINT": "LATENCY" if pace.n_streams == 1 else "THROUGHPUT",
        "ENABLE_CPU_PINNING": False,
    }


def _compiled(folder: Path, variant: Variant, configuration: dict[str, Any]) -> ov.CompiledModel:
    core = the_core()
    if not (variant.xml_sha256 and variant.bin_sha256):  # nothing to recognise the files by
        return core.compile_model(folder / variant.xml, "CPU", configuration)
    settings = [f"{name}={value}" for name, value in sorted(configuration.items())]
    key = cache.key_of(
        variant.xml_sha256, variant.bin_sha256, ov.get_version(), cpu_name(), cpu_isa(), *settings
    )
    name = f"{variant.bin_sha256[:12]}-{key}.net"
    kept = cache.recall(name)
    if kept is not None:
        try:
            return core.import_model(kept, "CPU", configuration)
        except RuntimeError:
            pass  # of a build of OpenVINO that calls itself the same: compiled anew below
    compiled = core.compile_model(folder / variant.xml, "CPU", configuration)
    cache.keep(name, compiled.export_model().getvalue())
    return compiled
