"""dlib's face recognition net on OpenVINO: what a face looks like, in 128 numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from forensics import catalog
from forensics.engines.openvino_engine import one_thread, the_core
from forensics.errors import EngineError

CHIP_PX = 150
N_NUMBERS = 128


class DescriptorNet:
    """The net (D. E. King, public domain), in f32 on one thread; not to be shared between threads.

    Args:
        path: ``model.xml`` of ``face-descriptor``.

    Raises:
        EngineError: the file is missing, damaged, or another net.
    """

    def __init__(self, path: Path) -> None:
        hint = "Check the files: forensics models verify face-descriptor"
        if not path.is_file():
            raise EngineError(f"There is no face descriptor at {path}", hint)
        try:
            model = the_core().read_model(path)
            takes, gives = model.input().partial_shape, model.output().partial_shape
            fits = list(takes)[1:] == [CHIP_PX, CHIP_PX, 3] and list(gives)[1:] == [N_NUMBERS]
        except RuntimeError as error:
            raise EngineError(f"{path} is not a face descriptor", hint) from error
        if not fits:
            raise EngineError(f"{path} does not give {N_NUMBERS} numbers of a face", hint)
        self._compiled = the_core().compile_model(model, "CPU", one_thread())

    def describe(self, chips: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Descriptors of aligned faces, as the net gives them.

        Args:
            chips: uint8[N, 150, 150, 3] RGB, as ``faces.chips`` cuts them.

        Returns:
            float32[N, 128], of length 1.4 or so.

        Raises:
            EngineError: the runtime failed.
        """
        try:
            given = self._compiled([np.ascontiguousarray(chips)])
        except RuntimeError as error:
            raise EngineError(
                f"The face descriptor failed on {len(chips)} faces: {str(error).strip().splitlines()[0]}",
                "Run forensics doctor; if the model is sound, please report this.",
            ) from error
        return np.array(next(iter(given.values())), np.float32)

    def describe_both_ways(self, chips: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """float32[N, 128] of length 1: of each aligned face, the mean of it and its mirror image.

        Args:
            chips: as for ``describe``.

        Raises:
            EngineError: the runtime failed.
        """
        both = of_length_1(self.describe(np.concatenate([chips, chips[:, :, ::-1]])))
        return of_length_1(both[: len(chips)] + both[len(chips) :])


def of_length_1(vectors: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """Vectors float[..., N] at length 1."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32)


def load_descriptor_net(model_id: str) -> DescriptorNet:
    """A shipped net.

    Raises:
        ModelError: it is not installed.
        EngineError: it cannot be run.
    """
    card, folder = catalog.find(model_id)
    return DescriptorNet(folder / card.variants[0].xml)
