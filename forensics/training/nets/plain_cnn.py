"""The textbook net for sound: convolution, ReLU and max pooling on a spectrogram, flatten, dense layers.

It sees the log-mel spectrogram (or its cepstra, MFCC) as a picture and learns everything else itself, where
the other voice nets are told what to measure. The last layer's sigmoid stands in the loss and in the
calibration.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from forensics.training.nets.audio_cnn import N_MELS, AudioCnn, cosines

N_MFCC = 40
_N_CHANNELS = (16, 32, 64, 64)
# What is left of bands and time in front of the dense layers, whatever the window's length.
_N_BANDS_LEFT = 5
_N_TIMES_LEFT = 8
_N_HIDDEN = 64
_SMALLEST_VARIANCE = 1e-5


class PlainCnn(AudioCnn):
    """Four blocks of convolution, ReLU and max pooling, and two dense layers to one logit."""

    mel_cosines: Tensor

    def __init__(self, *, cepstral: bool, drop_rate: float = 0.4) -> None:
        super().__init__()
        self.cepstral = cepstral
        self._keep("mel_cosines", cosines(N_MFCC, N_MELS)[:, :, None])
        blocks: list[nn.Module] = []
        for n_in, n_out in zip((1, *_N_CHANNELS), _N_CHANNELS, strict=False):
            blocks += [nn.Conv2d(n_in, n_out, 3, padding=1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU()]
            blocks.append(nn.MaxPool2d(2))
        self.blocks = nn.Sequential(*blocks, nn.AdaptiveMaxPool2d((_N_BANDS_LEFT, _N_TIMES_LEFT)))
        del self.norm
        self.dense = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(drop_rate),
            nn.Linear(_N_CHANNELS[-1] * _N_BANDS_LEFT * _N_TIMES_LEFT, _N_HIDDEN),
            nn.ReLU(),
            nn.Dropout(drop_rate),
            nn.Linear(_N_HIDDEN, 1),
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logit float[N] and the log-mel spectrogram."""
        mel = x[:, 0, :N_MELS]
        seen = nn.functional.conv1d(mel, self.mel_cosines) if self.cepstral else mel
        # Each band against its own mean over time, so that the microphone's colour is not seen first.
        level = seen.mean(dim=2, keepdim=True)
        moved = seen - level
        spread = torch.sqrt(moved.square().mean(dim=(1, 2), keepdim=True) + _SMALLEST_VARIANCE)
        logit: Tensor = self.dense(self.blocks((moved / spread).unsqueeze(1)))
        return logit.flatten(), x[:, :, :N_MELS]


def audio_cnn_mel() -> PlainCnn:
    """On the log-mel spectrogram, 80 bands."""
    return PlainCnn(cepstral=False)


def audio_cnn_mfcc() -> PlainCnn:
    """On 40 mel-frequency cepstral coefficients."""
    return PlainCnn(cepstral=True)
