"""Sound for training: the stream of windows, copies of pristine speech, and what the voice net measures."""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile
import torch
from scipy.fft import dct

from forensics.media.sound import RATE_HZ, level
from forensics.records.media import Samples
from forensics.training.data import voice_samples
from forensics.training.data.balanced_sampler import BalancedSampler
from forensics.training.data.copy_synthesis import (
    Way,
    copy_synthesise,
    invented_phase,
    smoothed_magnitude,
    source_and_filter,
)
from forensics.training.data.samples import Sample
from forensics.training.data.voice_samples import TrainingVoices, read_sound
from forensics.training.nets.audio_cnn import (
    N_CEPSTRA,
    N_FFT,
    N_LINEAR,
    N_MELS,
    AudioCnn,
    cosines,
    linear_bands,
    mel_bands,
)
from forensics.training.recipes.sound_windows import voice_contract

WAYS = [invented_phase, smoothed_magnitude, source_and_filter]


def vowels(seed: int = 0, duration_s: float = 1.5) -> Samples:
    """Harmonics of a gliding pitch, with a changing timbre, pauses and breath."""
    rng = np.random.default_rng(seed)
    at_s = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    phase = 2 * np.pi * np.cumsum(120 + 30 * np.sin(2 * np.pi * 1.3 * at_s)) / RATE_HZ
    sound = sum(
        np.sin(k * phase) * (1 + np.sin(2 * np.pi * (1 + k / 7) * at_s + rng.uniform(0, 6))) / k
        for k in range(1, 30)
    )
    loud = 0.03 + (np.sin(2 * np.pi * 2.1 * at_s) > -0.5)
    return np.asarray(0.05 * sound * loud + 0.002 * rng.standard_normal(at_s.size), np.float32)


@pytest.fixture
def clips(tmp_path: Path) -> list[Sample]:
    rows = []
    for index, manipulated in enumerate([False, False, True]):
        path = tmp_path / f"{index}.wav"
        soundfile.write(path, vowels(index, 4.0), RATE_HZ)
        rows.append(Sample(str(path), manipulated, f"m{index}", "o", f"g{index}", "train"))
    return rows


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_says_the_same_in_another_way(way: Way):
    original = vowels()
    copy = np.asarray(way(original, np.random.default_rng(4)), np.float32)
    assert copy.shape == original.shape
    assert np.isfinite(copy).all()
    energy = [(x[: 1200 * 20].reshape(-1, 1200) ** 2).sum(axis=1) for x in (original, copy)]
    assert np.corrcoef(*energy)[0, 1] > 0.8
    assert np.abs(copy - original).max() > 0.1 * np.abs(original).max()


def test_a_copy_is_as_loud_as_the_original_and_repeatable():
    original = vowels()
    for seed in range(6):
        copy = copy_synthesise(original, np.random.default_rng(seed))
        assert copy.dtype == np.float32
        assert copy.std() == pytest.approx(original.std(), rel=1e-3)
        np.testing.assert_array_equal(copy, copy_synthesise(original, np.random.default_rng(seed)))


@pytest.mark.parametrize("seed", range(6))
def test_silence_is_copied_without_a_fault(seed: int):
    copy = copy_synthesise(np.zeros(RATE_HZ, np.float32), np.random.default_rng(seed))
    assert np.isfinite(copy).all()


def test_an_item_of_the_stream_depends_on_seed_and_index_alone(clips: list[Sample]):
    stream, again, other = (
        TrainingVoices(BalancedSampler(clips, 0.5), voice_contract(), seed) for seed in (1, 1, 2)
    )
    for index in (0, 1, 6, 7):
        window, label = stream[index]
        torch.testing.assert_close(window, again[index][0], rtol=0, atol=0)
        assert not torch.equal(window, other[index][0])
        assert label == index % 2


def test_half_of_the_pairs_are_heard_as_they_are(clips: list[Sample], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(voice_samples, "degrade_sound", lambda samples, rng: samples[::-1].copy())
    stream = TrainingVoices(BalancedSampler(clips, 0.5), voice_contract(), 5)
    originals = [level(read_sound(clip.path)[: stream.n_window], stream.n_window) for clip in clips]
    monkeypatch.setattr(voice_samples, "_stretch_of", lambda sound, n_window, rng: sound[:n_window])
    monkeypatch.setattr(voice_samples, "_copied", lambda path, variant: read_sound(path))
    untouched = [
        any(np.array_equal(stream[2 * pair + member][0].numpy(), one) for one in originals)
        for pair in range(60)
        for member in (0, 1)
    ]
    assert untouched[::2] == untouched[1::2]
    assert 15 <= sum(untouched[::2]) <= 45


def test_a_pseudo_fake_goes_the_way_of_its_original(clips: list[Sample], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(voice_samples, "_copied", lambda path, variant: read_sound(path))
    stream = TrainingVoices(BalancedSampler(clips, 1.0), voice_contract(), 3)
    for pair in range(4):
        original, copy = stream[2 * pair][0], stream[2 * pair + 1][0]
        torch.testing.assert_close(original, copy, rtol=0, atol=0)


def test_its_mel_bands_are_librosas():
    theirs = librosa.filters.mel(sr=RATE_HZ, n_fft=N_FFT, n_mels=N_MELS, fmin=60.0, fmax=7_000.0)
    np.testing.assert_allclose(mel_bands(), theirs, atol=1e-5)


def test_its_linear_bands_weigh_alike_and_its_cosines_are_scipys():
    np.testing.assert_allclose(linear_bands().sum(axis=1), 1)
    np.testing.assert_allclose(
        cosines(N_CEPSTRA, N_LINEAR), dct(np.eye(N_LINEAR), axis=0, norm="ortho")[:N_CEPSTRA], atol=1e-12
    )


def test_where_the_energy_lies_is_not_heard():
    torch.manual_seed(0)
    net = AudioCnn().eval()
    x = net.prepare(torch.from_numpy(vowels())[None])
    coloured = x + torch.linspace(-3, 3, x.shape[2])[None, None, :, None]
    with torch.inference_mode():
        torch.testing.assert_close(net(x)[0], net(coloured)[0], rtol=1e-3, atol=1e-4)
        assert abs(float(net(x)[0] - net(x.flip(2))[0])) > 1e-3


def test_its_statistics_are_the_same_under_autocast():
    net = AudioCnn().eval()
    x = net.prepare(torch.from_numpy(vowels())[None])
    with torch.inference_mode():
        plain, _ = net(x)
        with torch.autocast("cpu", torch.bfloat16):
            mixed, _ = net(x)
    torch.testing.assert_close(plain, mixed.float(), rtol=0.02, atol=0.02)
