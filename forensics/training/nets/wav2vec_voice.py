"""Voice nets behind an encoder that learned from unlabelled speech: wav2vec 2.0 or WavLM, frozen.

The mean, the deviation and the mean step over time of every layer's channels; layers are weighed by a learned
softmax, as is usual for probes of such encoders (Yang et al., "SUPERB", 2021), and one linear layer on them
is all else that is trained. The published weights are brought along by whoever trains.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from forensics.errors import TrainingError
from forensics.training.nets.audio_cnn import N_MELS, AudioCnn
from forensics.training.nets.wav2vec_encoder import EncoderShape, Wav2VecEncoder
from forensics.training.nets.wav2vec_names import own_weights
from forensics.training.nets.whisper_voice import moments

_N_MOMENTS = 3


class Wav2VecVoice(AudioCnn):
    """Statistics of a frozen encoder's layers, weighed; one linear layer to one logit.

    Args:
        shape: of the encoder.
        needs: where its published weights are, for errors.
    """

    def __init__(self, shape: EncoderShape, needs: str, drop_rate: float = 0.5) -> None:
        n_statistics = _N_MOMENTS * shape.n_channels
        super().__init__(n_statistics=n_statistics)
        self.needed_weights = needs
        self.encoder = Wav2VecEncoder(shape).requires_grad_(False)
        self.layer_weights = nn.Parameter(torch.zeros(shape.n_layers + 1))
        self.dense = nn.Sequential(nn.Dropout(drop_rate), nn.Linear(n_statistics, 1))

    def prepare(self, raw: Tensor) -> Tensor:
        """float32[N, samples] as they are."""
        return raw

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logit float[N] and the log-mel spectrogram."""
        return self.judge(self.condense(x)), super().prepare(x)[:, :, :N_MELS]

    def condense(self, raw: Tensor) -> Tensor:
        """float32[N, samples] to float32[N, layers * statistics]; nothing in it learns."""
        with torch.autocast(raw.device.type, enabled=False):
            return torch.cat([moments(one) for one in self.encoder(raw)], dim=1)

    def judge(self, condensed: Tensor) -> Tensor:
        """Logit float[N]."""
        layers = condensed.unflatten(1, (self.layer_weights.numel(), -1))
        weighed = (layers * torch.softmax(self.layer_weights, dim=0)[None, :, None]).sum(dim=1)
        logit: Tensor = self.dense(self.norm(weighed))
        return logit.flatten()

    def adopt(self, weights: dict[str, Tensor], origin: str) -> None:
        """Takes the encoder from published weights.

        Args:
            weights: by the names of transformers or of fairseq; more may be among them.
            origin: what to call them in an error.

        Raises:
            TrainingError: one is missing, or of another shape, as those of larger models are.
        """
        given = own_weights(weights)
        for name, own in self.encoder.state_dict().items():
            if name not in given or given[name].shape != own.shape:
                raise TrainingError(
                    f"{origin} lacks the encoder's {name} of shape {tuple(own.shape)}",
                    f"Give {self.needed_weights}.",
                )
        self.encoder.load_state_dict({name: given[name] for name in self.encoder.state_dict()})


def wav2vec2() -> Wav2VecVoice:
    """Behind wav2vec 2.0 base."""
    return Wav2VecVoice(
        EncoderShape(),
        "model.safetensors of wav2vec 2.0 base (https://huggingface.co/facebook/wav2vec2-base, or fairseq's "
        "wav2vec_small.pt saved as safetensors)",
    )


def wavlm() -> Wav2VecVoice:
    """Behind WavLM base or base+."""
    return Wav2VecVoice(
        EncoderShape(gated_distances=True),
        "model.safetensors of WavLM base or base+ (https://huggingface.co/microsoft/wavlm-base-plus, or "
        "Microsoft's WavLM-Base+.pt saved as safetensors)",
    )
