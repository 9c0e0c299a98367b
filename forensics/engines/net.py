"""What a net is to those who use one, whatever runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from forensics.numerals import count_text
from forensics.records.model_card import ModelCard

# As fast as 8 on the shipped nets and with the same bits, and so small that a clip of ten seconds fills it:
# memory does not grow with the length of the sound.
DEFAULT_BATCH = 4
# Stored form of the weights that serves a precision of inference.
_STORED_AS = {"f32": "f16", "bf16": "f16", "int8": "int8"}

RUN_PRECISIONS = tuple(_STORED_AS)
"""Precisions of inference."""


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


@dataclass(frozen=True, slots=True)
class InferenceConfig:
    """How a net is run: it decides the speed, not the scores, but for their last bits.

    Attributes:
        n_batch: inputs per inference; mirrored copies come on top.
        n_threads: threads of all streams together.
        n_streams: inferences at the same time.
    """

    n_batch: int = DEFAULT_BATCH
    n_threads: int = 1
    n_streams: int = 1

    def __str__(self) -> str:
        threads = count_text(self.n_threads, "thread", "threads")
        streams = count_text(self.n_streams, "stream", "streams")
        return f"batches of {self.n_batch}, {threads}, {streams}"


class Net(Protocol):
    """A net that is ready to run."""

    card: ModelCard
    precision: str
    pace: InferenceConfig

    def infer(self, batch: npt.NDArray[Any]) -> NetOutput:
        """Runs one batch: uint8[N, S, S, 3] RGB for faces, float32[N, samples] for sound."""
        ...
