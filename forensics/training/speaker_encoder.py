"""The net that tells speakers apart, as its weights were published, for conversion to OpenVINO.

L. Wan, Q. Wang, A. Papir, I. Lopez Moreno: "Generalized End-to-End Loss for Speaker Verification", ICASSP
2018; implemented, trained and published by Corentin Jemine as Resemblyzer (Resemble AI, Apache licence 2.0).
Mel power, 40 bands and no logarithm, 1.6 s at a time, through an LSTM of three layers; of its last state 256
numbers, none below nought, of length 1.
"""

from __future__ import annotations

from pathlib import Path

import openvino as ov
import torch
from torch import Tensor, nn

from forensics.errors import TrainingError
from forensics.training.nets.audio_cnn import fourier, mel_bands

N_SAMPLES = 25_600
"""1.6 s at 16 kHz, which is what the net was trained on and all that it hears at a time."""
N_NUMBERS = 256
_N_FFT = 400
_HOP = 160
_N_BANDS = 40
_N_LAYERS = 3
_HIGHEST_HZ = 8_000.0
# Where the last layer gives nought throughout there is no direction; the published net divides by nought.
_LEAST_LENGTH = 1e-6
_OF_THE_LOSS = {"similarity_weight", "similarity_bias"}


class SpeakerEncoder(nn.Module):
    """float32[N, 25600] at 16 kHz, of RMS 0.03 or so, to float32[N, 256] of length 1."""

    fourier: Tensor
    bands: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name, values in (
            ("fourier", fourier(_N_FFT)[:, None]),
            ("bands", mel_bands(_N_FFT, 0.0, _HIGHEST_HZ, _N_BANDS)),
        ):
            self.register_buffer(name, torch.from_numpy(values).float(), persistent=False)
        self.lstm = nn.LSTM(_N_BANDS, N_NUMBERS, _N_LAYERS, batch_first=True)
        self.linear = nn.Linear(N_NUMBERS, N_NUMBERS)

    def forward(self, raw: Tensor) -> Tensor:
        """What each stretch sounds like."""
        padded = nn.functional.pad(raw.unsqueeze(1), (_N_FFT // 2, _N_FFT // 2))
        spectrum = nn.functional.conv1d(padded, self.fourier, stride=_HOP)[:, :, :-1]
        half = _N_FFT // 2 + 1
        power = torch.matmul(self.bands, spectrum[:, :half] ** 2 + spectrum[:, half:] ** 2)
        states, _ = self.lstm(power.transpose(1, 2))
        numbers = torch.relu(self.linear(states[:, -1]))
        return numbers / numbers.norm(dim=1, keepdim=True).clamp(min=_LEAST_LENGTH)


def read_encoder(checkpoint: Path) -> SpeakerEncoder:
    """The net with the published weights.

    Args:
        checkpoint: ``pretrained.pt`` of Resemblyzer.

    Raises:
        TrainingError: it is another file.
    """
    net = SpeakerEncoder()
    try:
        weights = torch.load(checkpoint, map_location="cpu", weights_only=True)["model_state"]
        net.load_state_dict({name: one for name, one in weights.items() if name not in _OF_THE_LOSS})
    except (KeyError, TypeError, RuntimeError) as error:
        raise TrainingError(
            f"{checkpoint} does not hold the weights of Resemblyzer's encoder",
            "Give pretrained.pt of the package Resemblyzer 0.1.4.",
        ) from error
    return net.eval()


def to_openvino(net: SpeakerEncoder) -> ov.Model:
    """The net as an OpenVINO model with a dynamic batch: ``sound`` float32[N, 25600] to ``speaker``."""
    with torch.inference_mode():
        model = ov.convert_model(net, example_input=torch.zeros(2, N_SAMPLES), input=[[-1, N_SAMPLES]])
    model.inputs[0].get_tensor().set_names({"sound"})
    model.outputs[0].get_tensor().set_names({"speaker"})
    return model
