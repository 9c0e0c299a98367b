"""Resemblyzer's encoder on OpenVINO: what a speaker sounds like, in 256 numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from forensics import catalog
from forensics.engines.openvino_engine import one_thread, the_core
from forensics.errors import EngineError
from forensics.records.model_card import ModelCard

N_HEARD = 25_600
"""Samples at 16 kHz that the net hears at a time: 1.6 s."""
N_NUMBERS = 256
_OUTPUT = "speaker"
# The net was trained on speech of -30 dBFS.
_TRAINED_RMS = 10 ** (-30 / 20)


class SpeakerNet:
    """The net (Corentin Jemine, Apache licence), in f32 on one thread; not to be shared between threads.

    Args:
        card: its card.
        folder: where its files lie.

    Raises:
        EngineError: it cannot be read, or is another net.
    """

    def __init__(self, card: ModelCard, folder: Path) -> None:
        hint = f"Check the files: forensics models verify {card.id}"
        try:
            model = the_core().read_model(folder / card.variants[0].xml)
            takes, gives = model.input().partial_shape, model.output(_OUTPUT).partial_shape
            fits = list(takes)[1:] == [N_HEARD] and list(gives)[1:] == [N_NUMBERS]
            self._compiled = the_core().compile_model(model, "CPU", one_thread())
        except RuntimeError as error:
            raise EngineError(
                f"OpenVINO cannot run {card.id}: {str(error).strip().splitlines()[0]}", hint
            ) from error
        if not fits:
            raise EngineError(f"{card.id} does not give {N_NUMBERS} numbers of a voice", hint)

    def describe(self, windows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """float32[N, S, 256] of length 1: what each of as many stretches as cover a window sounds like.

        The nearer the product of two is to 1, the more alike they are.

        Args:
            windows: float32[N, samples] at 16 kHz, 1.6 s or longer, as ``media.sound.level`` gives them.

        Raises:
            EngineError: the runtime failed.
        """
        n_windows, n_samples = windows.shape
        starts = np.linspace(0, n_samples - N_HEARD, -(-n_samples // N_HEARD)).round().astype(int)
        parts = np.stack([windows[:, start : start + N_HEARD] for start in starts], axis=1)
        levels = np.sqrt(np.mean(windows**2, axis=1))[:, None, None]
        parts = parts * (_TRAINED_RMS / np.maximum(levels, np.finfo(np.float32).tiny))
        sound = np.asarray(parts.reshape(-1, N_HEARD), np.float32)
        try:
            given = np.array(self._compiled([sound])[0], np.float32)
        except RuntimeError as error:
            raise EngineError(
                f"The speaker net failed on {n_windows} windows: {str(error).strip().splitlines()[0]}",
                "Run forensics doctor; if the model is sound, please report this.",
            ) from error
        return given.reshape(n_windows, len(starts), N_NUMBERS)


def load_speaker_net(model_id: str) -> SpeakerNet:
    """A shipped net.

    Raises:
        ModelError: it is not installed.
        EngineError: it cannot be run.
    """
    return SpeakerNet(*catalog.find(model_id))
