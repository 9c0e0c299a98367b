"""MediaPipe's face mesh net, read by OpenVINO as it was published: no conversion, no mediapipe."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from forensics.engines.openvino_engine import one_thread, the_core
from forensics.errors import EngineError

INPUT_PX = 192
N_MESH_POINTS = 468
_HINT = (
    "Give model.xml of the model face-landmarks, which ships, or face_landmark.tflite out of the wheel "
    "mediapipe 0.10.21, from which it was made."
)


class LandmarkNet:
    """The 468-point face mesh of MediaPipe (Kartynnik et al. 2019), in f32 on one thread.

    Args:
        path: ``model.xml`` of ``face-landmarks``, or ``face_landmark.tflite``.

    Raises:
        EngineError: the file is missing, damaged, or another net.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise EngineError(f"There is no landmark model {path}", _HINT)
        try:
            model = the_core().read_model(path)
            sizes = sorted(int(np.prod(output.shape)) for output in model.outputs)
            fits = sizes == [1, 3 * N_MESH_POINTS] and list(model.input().shape) == [1, INPUT_PX, INPUT_PX, 3]
        except RuntimeError as error:
            raise EngineError(f"{path} is not a landmark model", _HINT) from error
        if not fits:
            raise EngineError(f"{path} is not the face mesh net of 468 points", _HINT)
        self._compiled = the_core().compile_model(model, "CPU", one_thread())

    def infer(self, crop: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.float32], float]:
        """Mesh points and how sure the net is that there is a face.

        Args:
            crop: uint8[192, 192, 3] RGB of a face with room around it.

        Returns:
            float32[468, 2] (x, y) in pixels of the crop; presence in [0, 1].
        """
        answers = self._compiled([crop[None].astype(np.float32) / np.float32(255)])
        points, presence = sorted((np.asarray(value) for value in answers.values()), key=np.size)[::-1]
        # The tflite graph leaves the sigmoid to its caller.
        sure = 1 / (1 + np.exp(-np.clip(float(presence.reshape(-1)[0]), -50, 50)))
        return np.asarray(points.reshape(N_MESH_POINTS, 3)[:, :2], np.float32), float(sure)
