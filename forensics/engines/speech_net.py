"""Silero VAD on OpenVINO: how likely somebody speaks, for every 32 ms of sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from forensics import catalog
from forensics.engines.openvino_engine import one_thread, the_core
from forensics.errors import EngineError
from forensics.records.media import Samples
from forensics.records.model_card import ModelCard

# The end of the frame before, which the net sees in front of each frame.
_CONTEXT = 64
_STATE = (1, 1, 128)
_OUTPUT = "speech_probs"


class SpeechNet:
    """The net (Silero Team, MIT licence), in f32 on one thread; not to be shared between threads.

    Args:
        card: its card.
        folder: where its files lie.

    Raises:
        EngineError: it cannot be read, or is another net.
    """

    frame = 512
    """Samples at 16 kHz that one answer is for."""

    def __init__(self, card: ModelCard, folder: Path) -> None:
        try:
            compiled = the_core().compile_model(folder / card.variants[0].xml, "CPU", one_thread())
            self._output = compiled.output(_OUTPUT)
        except RuntimeError as error:
            raise EngineError(
                f"OpenVINO cannot run {card.id}: {str(error).strip().splitlines()[0]}",
                f"Check the files: forensics models verify {card.id}",
            ) from error
        self._request = compiled.create_infer_request()

    def speaking(self, samples: Samples) -> npt.NDArray[np.float32]:
        """How likely somebody speaks.

        Args:
            samples: float32[N] mono at 16 kHz; heard from a fresh state.

        Returns:
            float32[ceil(N / 512)] in [0, 1].

        Raises:
            EngineError: the runtime failed.
        """
        n_frames = -(-samples.size // self.frame)
        if not n_frames:
            return np.zeros(0, np.float32)
        heard = np.zeros(_CONTEXT + n_frames * self.frame, np.float32)
        heard[_CONTEXT : _CONTEXT + samples.size] = samples
        frames = np.lib.stride_tricks.sliding_window_view(heard, _CONTEXT + self.frame)[:: self.frame]
        state = np.zeros(_STATE, np.float32)
        try:
            self._request.infer({"input": np.ascontiguousarray(frames), "h": state, "c": state})
        except RuntimeError as error:
            raise EngineError(
                f"The speech net failed on {samples.size} samples: {str(error).strip().splitlines()[0]}",
                "Run forensics doctor; if the model is sound, please report this.",
            ) from error
        return np.array(self._request.get_tensor(self._output).data, np.float32).reshape(-1)


def load_speech_net(model_id: str) -> SpeechNet:
    """A shipped net.

    Raises:
        ModelError: it is not installed.
        EngineError: it cannot be run.
    """
    return SpeechNet(*catalog.find(model_id))
