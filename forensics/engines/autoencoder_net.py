"""An autoencoder of pictures, read by OpenVINO: what generators put around their latent space."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import openvino as ov

from forensics.engines.openvino_engine import one_thread, the_core
from forensics.errors import EngineError
from forensics.records.media import RgbImage

_HINT = "Give the two halves of an autoencoder, as OpenVINO IR or ONNX: float32[1, 3, H, W] in 0..1 and back."
# Below it a scale says nothing: a latent space of zeros.
_LEAST_SCALE = 1e-6


class AutoencoderNet:
    """An encoder and its decoder, on one thread.

    Args:
        encoder: float32[1, 3, H, W] RGB in 0..1 -> float32[1, C, h, w] latents.
        decoder: the way back.
        precision: ``f32``, or ``bf16`` on a processor that has it: twice as fast, other bits.

    Raises:
        EngineError: a file is missing or damaged, or one half does not fit the other.
    """

    def __init__(self, encoder: Path, decoder: Path, precision: str = "f32") -> None:
        self._encoder, self._decoder = _compiled(encoder, precision), _compiled(decoder, precision)

    def through(self, image: RgbImage, noise: float, rng: np.random.Generator) -> RgbImage:
        """The picture as the decoder draws it from its latents, noise added.

        Args:
            image: uint8[S, S, 3] RGB; S a multiple of the encoder's step, usually 8.
            noise: its deviation, in deviations of the picture's latents; 0 for the plain reconstruction.
            rng: of the noise.

        Returns:
            uint8[S, S, 3] RGB.

        Raises:
            EngineError: the nets do not take such a picture, or give back another size.
        """
        picture = np.ascontiguousarray(image.transpose(2, 0, 1)[None], np.float32) / np.float32(255)
        try:
            latents = np.asarray(self._encoder(picture)[0])
            scale = max(float(latents.std()), _LEAST_SCALE)
            drawn = rng.standard_normal(latents.shape, dtype=np.float32)
            decoded = np.asarray(self._decoder(latents + np.float32(noise * scale) * drawn)[0])
        except RuntimeError as error:
            raise EngineError(f"The autoencoder does not take pictures of {len(image)} px", _HINT) from error
        if decoded.shape != picture.shape:
            raise EngineError(f"The autoencoder gives {decoded.shape} back for {picture.shape}", _HINT)
        return _bytes(decoded[0])


def _bytes(planes: npt.NDArray[np.float32]) -> RgbImage:
    return np.asarray((planes.transpose(1, 2, 0).clip(0, 1) * 255).round(), np.uint8)


def _compiled(path: Path, precision: str) -> ov.CompiledModel:
    if not path.is_file():
        raise EngineError(f"There is no model {path}", _HINT)
    try:
        model = the_core().read_model(path)
        if len(model.inputs) != 1 or len(model.input().partial_shape) != 4:
            raise EngineError(f"{path} does not take one picture", _HINT)
        return the_core().compile_model(model, "CPU", one_thread(precision))
    except RuntimeError as error:
        raise EngineError(f"{path} is not a model that OpenVINO reads", _HINT) from error
