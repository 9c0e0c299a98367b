"""The speaker encoder, with made weights, against librosa's mel and torch's own LSTM; and its conversion."""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import openvino as ov
import pytest
import torch
from torch import nn

from forensics.errors import TrainingError
from forensics.training.speaker_encoder import (
    N_NUMBERS,
    N_SAMPLES,
    SpeakerEncoder,
    read_encoder,
    to_openvino,
)
from tests import synthetic

RATE_HZ = 16_000


def made_net() -> SpeakerEncoder:
    """Of weights that let the sound through: as they are drawn, mel power of 1e-3 hardly moves the states."""
    torch.manual_seed(3)
    net = SpeakerEncoder()
    for name, weights in net.lstm.named_parameters():
        weights.data *= 100 if name == "weight_ih_l0" else 2
    return net.eval()


def sounds() -> np.ndarray:
    """float32[3, 25600] of RMS 0.03."""
    made = np.stack(
        [synthetic.talk(1.6, seed=seed, pitch_hz=pitch) for seed, pitch in enumerate((90, 140, 240))]
    )
    return np.asarray(made * 0.03 / np.sqrt((made**2).mean(axis=1, keepdims=True)), np.float32)


def reference(net: SpeakerEncoder, sound: np.ndarray) -> np.ndarray:
    """As the published package computes it: librosa's mel power, the last state of an LSTM."""
    mel = librosa.feature.melspectrogram(y=sound, sr=RATE_HZ, n_fft=400, hop_length=160, n_mels=40)
    lstm, linear = nn.LSTM(40, 256, 3, batch_first=True), nn.Linear(256, 256)
    lstm.load_state_dict(net.lstm.state_dict())
    linear.load_state_dict(net.linear.state_dict())
    with torch.inference_mode():
        _, (hidden, _) = lstm(torch.from_numpy(mel.astype(np.float32).T[None, :160]))
        numbers = torch.relu(linear(hidden[-1]))
        return (numbers / numbers.norm(dim=1, keepdim=True)).numpy()[0]


def test_net_and_ir_agree_with_the_reference() -> None:
    net = made_net()
    expected = np.stack([reference(net, sound) for sound in sounds()])
    assert np.abs(expected[0] - expected[2]).max() > 0.05
    with torch.inference_mode():
        given = net(torch.from_numpy(sounds())).numpy()
    assert np.abs(given - expected).max() < 1e-5
    compiled = ov.Core().compile_model(to_openvino(net), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    assert np.abs(compiled([sounds()])[compiled.output("speaker")] - expected).max() < 1e-5


def test_the_published_names_are_read_and_others_refused(tmp_path: Path) -> None:
    net = made_net()
    weights = dict(net.state_dict()) | {"similarity_weight": torch.ones(1), "similarity_bias": torch.ones(1)}
    torch.save({"model_state": weights}, tmp_path / "pretrained.pt")
    read = read_encoder(tmp_path / "pretrained.pt")
    silent = torch.zeros(1, N_SAMPLES)
    assert torch.equal(read(silent), net(silent))
    assert read(silent).shape == (1, N_NUMBERS)
    weights.pop("linear.bias")
    torch.save({"model_state": weights}, tmp_path / "less.pt")
    torch.save({"state": {}}, tmp_path / "other.pt")
    for name in ("less.pt", "other.pt"):
        with pytest.raises(TrainingError, match="does not hold the weights"):
            read_encoder(tmp_path / name)
