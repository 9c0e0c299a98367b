"""OpenVINO on the CPU, with precision and threads said aloud.

The CPU plug-in's own default is bf16 wherever the CPU has it, which moves logits by up to 0.1, silently.
So the precision is always set here, and recorded in the manifest by whoever calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import openvino as ov

from forensics.errors import EngineError
from forensics.records.model_card import ModelCard

LOGIT_OUTPUT = "logit"
MAP_OUTPUT = "map"
# Stored form of the weights that serves a precision of inference.
_STORED_AS = {"f32": "f16", "bf16": "f16", "int8": "int8"}


def stored_form(precision: str) -> str:
    """The stored form of a model (``Variant.precision``) that is run for a precision of inference."""
    return _STORED_AS.get(precision, precision)


@dataclass(frozen=True, slots=True)
class NetOutput:
    """What a net gives for a batch.

    Attributes:
        logits: float32[N], positive for manipulated.
        maps: float32[N, h, w]: attention or activation in [0, 1] for faces, log-mel for sound.
    """

    logits: npt.NDArray[np.float32]
    maps: npt.NDArray[np.float32]


class CompiledNet:
    """A net ready to run in this process; not to be shared between threads.

    Args:
        card: the model's card.
        folder: where its files lie.
        precision: ``f32``, ``bf16`` or ``int8``.
        n_threads: threads that one inference may use. One makes results independent of how many
            workers share the machine.

    Raises:
        EngineError: the card has no such variant, or OpenVINO cannot read or compile it.
    """

    def __init__(self, card: ModelCard, folder: Path, precision: str, n_threads: int = 1) -> None:
        variant = card.variant(stored_form(precision))
        if variant is None:
            raise EngineError(
                f"{card.id} has no variant for {precision}",
                "Choose --profile examination, or export the model with INT8.",
            )
        config: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32",
            "INFERENCE_NUM_THREADS": n_threads,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
            "ENABLE_CPU_PINNING": False,
        }
        try:
            compiled = ov.Core().compile_model(folder / variant.xml, "CPU", config)
            self._outputs = compiled.output(LOGIT_OUTPUT), compiled.output(MAP_OUTPUT)
        except RuntimeError as error:
            raise EngineError(
                f"OpenVINO cannot run {card.id} in {precision}: {str(error).strip().splitlines()[0]}",
                f"Check the files: forensics models verify {card.id}",
            ) from error
        self.card = card
        self.precision = precision
        self._request = compiled.create_infer_request()

    def infer(self, batch: npt.NDArray[Any]) -> NetOutput:
        """Runs one batch.

        Args:
            batch: uint8[N, S, S, 3] RGB for faces, float32[N, samples] for sound.

        Raises:
            EngineError: the runtime failed.
        """
        try:
            results = self._request.infer([np.ascontiguousarray(batch)], share_inputs=True)
        except RuntimeError as error:
            raise EngineError(
                f"{self.card.id} failed on a batch of shape {batch.shape}: "
                f"{str(error).strip().splitlines()[0]}",
                "Run forensics doctor; if the model is sound, please report this.",
            ) from error
        logit, where = (np.array(results[port], np.float32) for port in self._outputs)
        return NetOutput(logit.reshape(-1), where.reshape(len(batch), *where.shape[-2:]))
