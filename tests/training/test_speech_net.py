"""The voice net with three ears: phases, a borrowed encoder that is trained on, and how slowly it moves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from forensics.errors import TrainingError
from forensics.media.sound import RATE_HZ
from forensics.training.conversion import parity, to_openvino
from forensics.training.initial import initialise
from forensics.training.nets import build_net
from forensics.training.nets.phase_coherence import HOP, N_BANDS, N_FFT, PhaseCoherence
from forensics.training.nets.speech_cnn import SpeechCnn
from forensics.training.recipes.sound_windows import voice_contract


def tone_and_noise(seed: int = 0, duration_s: float = 3.0) -> Tensor:
    """float32[1, samples]: harmonics of a gliding pitch below 2 kHz, noise everywhere, 30 dB lower."""
    rng = np.random.default_rng(seed)
    at_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    phase = 2 * np.pi * np.cumsum(180 + 10 * np.sin(2 * np.pi * at_s)) / RATE_HZ
    sound = sum(np.sin(k * phase) / k for k in range(1, 11)) + 0.03 * rng.standard_normal(at_s.size)
    return torch.from_numpy((0.06 * sound / sound.std()).astype(np.float32))[None]


def vad_weights() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(5)
    shapes = {
        "conv1.weight": (128, 129, 3),
        "conv1.bias": (128,),
        "conv2.weight": (64, 128, 3),
        "conv2.bias": (64,),
        "lstm_cell.weight_ih": (512, 128),
    }
    return {name: torch.randn(shape, generator=generator) / 10 for name, shape in shapes.items()}


@pytest.fixture
def weights_file(tmp_path: Path) -> Path:
    path = tmp_path / "vad.safetensors"
    save_file(vad_weights(), path)
    return path


def test_coherence_is_numpys():
    sound = tone_and_noise()
    got = PhaseCoherence()(sound)[0].numpy().reshape(6, N_BANDS)
    frames = np.lib.stride_tricks.sliding_window_view(sound[0].numpy().astype(np.float64), N_FFT)[::HOP]
    bins = np.fft.rfft(frames * np.hanning(N_FFT + 1)[:-1], axis=1)[:, 2:138]

    def direction(x: np.ndarray) -> np.ndarray:
        return x / (np.abs(x) + 1e-5)

    advance = direction(bins[1:] * bins[:-1].conj())
    delay = direction(bins[:, 1:] * bins[:, :-1].conj())
    held = direction(advance[1:] * advance[:-1].conj())[:, :135]
    shared = direction(delay[1:] * delay[:-1].conj())
    wanted = []
    for part in (held, shared):
        bands = part.reshape(len(part), N_BANDS, 15).mean(axis=2)
        length = np.abs(bands)
        wanted += [length.mean(axis=0), np.log(length.var(axis=0) + 1e-4), bands.real.mean(axis=0)]
    np.testing.assert_allclose(got, np.array(wanted), atol=2e-3)


def test_harmonics_keep_step_and_noise_does_not():
    coherence = PhaseCoherence()(tone_and_noise())[0, :N_BANDS]
    assert float(coherence[:2].min()) > float(coherence[4:].max()) + 0.1


def test_coherence_hears_neither_level_nor_colour():
    phases, sound = PhaseCoherence(), tone_and_noise()
    torch.testing.assert_close(phases(4 * sound), phases(sound), atol=0.02, rtol=0.02)
    echoless = torch.nn.functional.conv1d(sound[:, None], torch.tensor([[[0.5, 1.0, 0.5]]]), padding=1)[:, 0]
    low = slice(0, 3)
    torch.testing.assert_close(phases(echoless)[:, low], phases(sound)[:, low], atol=0.02, rtol=0.02)


def test_it_starts_from_the_encoder_that_it_is_given(weights_file: Path):
    net = build_net("audio-cnn-speech")
    assert isinstance(net, SpeechCnn)
    assert initialise(net, str(weights_file)) == "vad.safetensors"
    given, sound = vad_weights(), tone_and_noise()
    magnitude = torch.stft(
        sound, 256, 128, window=torch.hann_window(256), center=False, return_complex=True
    ).abs()
    first = torch.relu(torch.conv1d(magnitude, given["conv1.weight"], given["conv1.bias"]))
    wanted = torch.relu(torch.conv1d(first, given["conv2.weight"], given["conv2.bias"]))
    with torch.inference_mode():
        torch.testing.assert_close(net.heard(sound), wanted, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("change", [{"conv2.bias": torch.zeros(63)}, {"conv1.weight": torch.zeros(1)}])
def test_weights_of_another_net_are_refused(change: dict[str, Tensor], tmp_path: Path):
    path = tmp_path / "other.safetensors"
    save_file(vad_weights() | change, path)
    with pytest.raises(TrainingError, match="lacks conv"):
        initialise(build_net("audio-cnn-speech"), str(path))


def test_what_was_learned_before_moves_slowly_but_moves(weights_file: Path):
    torch.manual_seed(0)
    net = build_net("audio-cnn-speech")
    initialise(net, str(weights_file))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    raw = torch.cat([tone_and_noise(seed) for seed in range(4)])
    watched = net.first.weight, net.dense[1].weight
    before = [weight.detach().clone() for weight in watched]
    logit, _ = net(net.prepare(raw))
    torch.nn.functional.binary_cross_entropy_with_logits(logit, torch.tensor([0.0, 1, 0, 1])).backward()
    optimizer.step()
    encoder, head = (
        float((now.detach() - then).abs().max()) for now, then in zip(watched, before, strict=True)
    )
    # What acts is a thirtieth of what is kept.
    assert 0 < encoder / 30 < head / 20


def test_its_ir_says_the_same(weights_file: Path):
    net = build_net("audio-cnn-speech")
    initialise(net, str(weights_file))
    net.eval()
    batch = torch.cat([tone_and_noise(seed) for seed in range(3)]).numpy()
    assert parity(net, to_openvino(net, voice_contract()), [batch]) < 1e-3
