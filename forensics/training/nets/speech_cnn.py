"""The audio CNN with a second ear: the first layers of a net that learned to tell speech from all else.

Six hundred clips are too few to learn from what natural speech sounds like. Silero VAD (Silero Team,
https://github.com/snakers4/silero-vad, MIT licence) heard thousands of hours of it; the two first
convolutions of its encoder are where this net starts from (``--init silero_vad_16k.safetensors``, a file of
the wheel ``silero-vad``), and they are trained on with everything else. The same statistics are taken of
their activations as of the cepstra. ``benchmarks/accuracy`` holds what that brings in cross-validation, layer
by layer, that the same layers with their weights shuffled bring nothing, and that nothing of it shows on
the test rows.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from forensics.errors import TrainingError
from forensics.training.nets.audio_cnn import N_CEPSTRA, N_MELS, N_ORDERS, AudioCnn, fourier, log_variances
from forensics.training.nets.phase_coherence import N_STATISTICS, PhaseCoherence

N_EAR_FFT = 256
_EAR_HOP = 128
N_EAR_BINS = N_EAR_FFT // 2 + 1
# Channels behind the two convolutions: Silero VAD's.
_N_FIRST, _N_HEARD = 128, 64
# Optimisers of Adam's kind take steps of one size, whatever the gradient's. What was learned from far more
# than a run's data is to move less than what starts from nothing: it is kept this many times as large as it
# acts, so that a step changes it this many times less.
_SLOWNESS = 30.0
_NAMES = {"first": "conv1", "second": "conv2"}


class SpeechCnn(AudioCnn):
    """Log variances over time of cepstra and of an encoder's activations, coherence of phases; two dense
    layers.
    """

    ear: Tensor

    def __init__(self) -> None:
        super().__init__(n_statistics=N_ORDERS * (N_CEPSTRA + _N_HEARD) + N_STATISTICS)
        self._keep("ear", fourier(N_EAR_FFT)[:, None])
        self.first = _Slow(N_EAR_BINS, _N_FIRST)
        self.second = _Slow(_N_FIRST, _N_HEARD)
        self.phases = PhaseCoherence()

    def prepare(self, raw: Tensor) -> Tensor:
        """float32[N, samples] as they are: the two ears hear at different rates."""
        return raw

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logit float[N] and the log-mel spectrogram."""
        with torch.autocast(x.device.type, enabled=False):
            levels = super().prepare(x)
            parts = [
                log_variances(self.cepstra(levels[:, 0, N_MELS:])),
                log_variances(self.heard(x)),
                self.phases(x),
            ]
            logit: Tensor = self.dense(self.norm(torch.cat(parts, dim=1)))
        return logit.flatten(), levels[:, :, :N_MELS]

    def adopt(self, weights: dict[str, Tensor], origin: str) -> None:
        """Starts from Silero VAD's first two convolutions.

        Args:
            weights: by the names of its 16 kHz safetensors file.
            origin: what to call them in an error.

        Raises:
            TrainingError: they are not there, or of another shape.
        """
        for own, theirs in _NAMES.items():
            layer: _Slow = getattr(self, own)
            for part in ("weight", "bias"):
                value, wanted = weights.get(f"{theirs}.{part}"), layer.get_parameter(part)
                if value is None or value.shape != wanted.shape:
                    raise TrainingError(
                        f"{origin} lacks {theirs}.{part} of shape {tuple(wanted.shape)}",
                        "Give silero_vad/data/silero_vad_16k.safetensors of the wheel silero-vad 6.2.3.",
                    )
                with torch.no_grad():
                    wanted.copy_(value.float() * _SLOWNESS)

    def heard(self, raw: Tensor) -> Tensor:
        """float32[N, samples] to activations float32[N, 64, frames], a frame every 8 ms."""
        spectrum = nn.functional.conv1d(raw.unsqueeze(1), self.ear, stride=_EAR_HOP)
        power = spectrum[:, :N_EAR_BINS] ** 2 + spectrum[:, N_EAR_BINS:] ** 2
        first = torch.relu(self.first(torch.sqrt(power)))
        return torch.relu(self.second(first))


class _Slow(nn.Conv1d):
    """A convolution over three frames that learns ``_SLOWNESS`` times more slowly than its neighbours."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__(n_in, n_out, kernel_size=3)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.mul_(_SLOWNESS)

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.conv1d(x, self.weight / _SLOWNESS, self.get_parameter("bias") / _SLOWNESS)
