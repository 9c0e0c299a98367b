"""The voice net behind Whisper's encoder: its weights' file, its arithmetic, its frozen part, its IR."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np
import numpy.typing as npt
import pytest
import torch
from scipy.special import erf, softmax
from torch import Tensor

from forensics.errors import TrainingError
from forensics.media.sound import RATE_HZ
from forensics.training.conversion import parity, to_openvino
from forensics.training.ctranslate2_file import read_ctranslate2
from forensics.training.initial import initialise
from forensics.training.nets import build_net
from forensics.training.nets.whisper_encoder import WhisperEncoder
from forensics.training.nets.whisper_voice import WhisperVoice, moments
from forensics.training.recipes.sound_windows import voice_contract

Array = npt.NDArray[np.float64]
N_CHANNELS, N_LAYERS, N_HEADS = 384, 4, 6


def sound(seed: int = 0, duration_s: float = 1.0) -> npt.NDArray[np.float32]:
    """float32[1, samples]: a gliding voice in noise."""
    rng = np.random.default_rng(seed)
    at_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    phase = 2 * np.pi * np.cumsum(150 + 40 * np.sin(5 * at_s)) / RATE_HZ
    voice = sum(np.sin(k * phase) / k for k in range(1, 12)) + 0.1 * rng.standard_normal(at_s.size)
    return (0.06 * voice / voice.std()).astype(np.float32)[None]


@pytest.fixture(scope="module")
def tensors() -> dict[str, Array]:
    """Made weights under CTranslate2's names, of a size that keeps activations in range."""
    rng = np.random.default_rng(8)
    shapes: dict[str, tuple[int, ...]] = {
        "encoder/conv1/weight": (N_CHANNELS, 80, 3),
        "encoder/conv2/weight": (N_CHANNELS, N_CHANNELS, 3),
        "encoder/conv1/bias": (N_CHANNELS,),
        "encoder/conv2/bias": (N_CHANNELS,),
        "decoder/layer_norm/gamma": (N_CHANNELS,),
    }
    for layer in range(N_LAYERS):
        parts = {"self_attention/linear_0": 3, "self_attention/linear_1": 1, "ffn/linear_0": 4}
        for part, factor in parts.items():
            shapes[f"encoder/layer_{layer}/{part}/weight"] = (factor * N_CHANNELS, N_CHANNELS)
            shapes[f"encoder/layer_{layer}/{part}/bias"] = (factor * N_CHANNELS,)
        shapes[f"encoder/layer_{layer}/ffn/linear_1/weight"] = (N_CHANNELS, 4 * N_CHANNELS)
        shapes[f"encoder/layer_{layer}/ffn/linear_1/bias"] = (N_CHANNELS,)
        for part in ("self_attention", "ffn"):
            for name in ("gamma", "beta"):
                shapes[f"encoder/layer_{layer}/{part}/layer_norm/{name}"] = (N_CHANNELS,)
    made = {}
    for name, shape in shapes.items():
        values = rng.standard_normal(shape) / math.sqrt(np.prod(shape[1:]) if len(shape) > 1 else 100)
        made[name] = values + 1 if name.endswith("gamma") else values
    return {name: values.astype(np.float16).astype(np.float64) for name, values in made.items()}


def write_file(tensors: dict[str, Array], path: Path, version: int = 6) -> None:
    def text(word: str) -> bytes:
        return struct.pack("<H", len(word) + 1) + word.encode() + b"\0"

    parts = [struct.pack("<I", version), text("WhisperSpec"), struct.pack("<II", 3, len(tensors))]
    for name, values in tensors.items():
        data = values.astype("<f2").tobytes()
        parts += [text(name), struct.pack("<B", values.ndim), struct.pack(f"<{values.ndim}I", *values.shape)]
        parts += [struct.pack("<BI", 4, len(data)), data]
    path.write_bytes(b"".join([*parts, struct.pack("<I", 0)]))


@pytest.fixture(scope="module")
def weights_file(tensors: dict[str, Array], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whisper") / "model.bin"
    write_file(tensors, path)
    return path


def test_the_file_gives_back_what_was_written(weights_file: Path, tensors: dict[str, Array]):
    read = read_ctranslate2(weights_file)
    assert list(read) == list(tensors)
    for name, values in tensors.items():
        np.testing.assert_array_equal(read[name].numpy(), values)


@pytest.mark.parametrize(
    "damage", [lambda content: content[:1000], lambda content: b"\x09" + content[1:], lambda _: b""]
)
def test_a_damaged_file_is_refused(damage: Callable[[bytes], bytes], weights_file: Path, tmp_path: Path):
    path = tmp_path / "model.bin"
    path.write_bytes(damage(weights_file.read_bytes()))
    with pytest.raises(TrainingError, match=r"is no model\.bin"):
        read_ctranslate2(path)


def reference_spectrogram(samples: npt.NDArray[np.float32]) -> Array:
    """float64[80, frames] as OpenAI's code computes it, by librosa."""
    power = np.abs(librosa.stft(samples, n_fft=400, hop_length=160, pad_mode="reflect"))[:, :-1] ** 2
    levels = np.log10(np.maximum(librosa.filters.mel(sr=RATE_HZ, n_fft=400, n_mels=80) @ power, 1e-10))
    return (np.maximum(levels, levels.max() - 8) + 4) / 4


def reference_layers(spectrogram: Array, tensors: dict[str, Array]) -> list[Array]:
    """float64[frames, channels] behind the convolutions and every layer, written out in numpy."""

    def gelu(x: Array) -> Array:
        return x * 0.5 * (1 + erf(x / math.sqrt(2)))

    def convolved(x: Array, name: str, stride: int) -> Array:
        kernel = tensors[f"encoder/{name}/weight"]
        padded = np.pad(x, ((0, 0), (1, 1)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, 3, axis=1)[:, ::stride]
        return gelu(np.einsum("oik,itk->ot", kernel, windows) + tensors[f"encoder/{name}/bias"][:, None])

    def normed(x: Array, name: str) -> Array:
        spread = np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        shape = (x - x.mean(axis=1, keepdims=True)) / spread
        return shape * tensors[f"{name}/layer_norm/gamma"] + tensors[f"{name}/layer_norm/beta"]

    def linear(x: Array, name: str) -> Array:
        return x @ tensors[f"{name}/weight"].T + tensors[f"{name}/bias"]

    x = convolved(convolved(spectrogram, "conv1", 1), "conv2", 2).T
    rates = np.exp(-np.log(10_000) * np.arange(192) / 191)
    angles = np.arange(len(x))[:, None] * rates
    x = x + np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    found = [x]
    for layer in range(N_LAYERS):
        name = f"encoder/layer_{layer}"
        query, key, value = np.split(
            linear(normed(x, f"{name}/self_attention"), f"{name}/self_attention/linear_0"), 3, axis=1
        )
        heads = []
        for head in range(N_HEADS):
            own = slice(64 * head, 64 * (head + 1))
            attention = softmax(query[:, own] @ key[:, own].T / 8, axis=1)
            heads.append(attention @ value[:, own])
        x = x + linear(np.concatenate(heads, axis=1), f"{name}/self_attention/linear_1")
        x = x + linear(gelu(linear(normed(x, f"{name}/ffn"), f"{name}/ffn/linear_0")), f"{name}/ffn/linear_1")
        found.append(x)
    return found


def encoder_with(weights_file: Path) -> WhisperEncoder:
    net = WhisperVoice(n_layers=N_LAYERS)
    initialise(net, str(weights_file))
    return net.encoder.eval()


def test_the_spectrogram_is_whispers():
    samples = sound()
    got = WhisperEncoder(1).spectrogram(torch.from_numpy(samples))[0]
    np.testing.assert_allclose(got.numpy(), reference_spectrogram(samples[0]), atol=2e-4)


def test_the_encoder_is_the_one_written_out_in_numpy(weights_file: Path, tensors: dict[str, Array]):
    spectrogram = reference_spectrogram(sound()[0])
    with torch.inference_mode():
        got = encoder_with(weights_file)(torch.from_numpy(spectrogram[None]).float())
    wanted = reference_layers(spectrogram, tensors)
    assert len(got) == len(wanted) == N_LAYERS + 1
    for ours, theirs in zip(got, wanted, strict=True):
        np.testing.assert_allclose(ours[0].numpy().T, theirs, atol=2e-4 * np.abs(theirs).max())


def test_weights_of_another_size_are_refused(tensors: dict[str, Array], tmp_path: Path):
    path = tmp_path / "model.bin"
    write_file(tensors | {"encoder/conv2/bias": np.zeros(512)}, path)
    with pytest.raises(TrainingError, match=r"lacks the encoder's conv2\.bias") as caught:
        initialise(build_net("whisper-voice"), str(path))
    assert "tiny.en" in caught.value.hint


def test_moments_are_numpys():
    x = np.random.default_rng(2).standard_normal((2, 5, 40))
    wanted = np.concatenate([x.mean(axis=2), x.std(axis=2), np.abs(np.diff(x, axis=2)).mean(axis=2)], axis=1)
    np.testing.assert_allclose(moments(torch.from_numpy(x)).numpy(), wanted, atol=1e-6)


def voice_net(weights_file: Path) -> WhisperVoice:
    torch.manual_seed(1)
    net = build_net("whisper-voice")
    assert isinstance(net, WhisperVoice)
    initialise(net, str(weights_file))
    with torch.inference_mode():
        net.train()
        net(net.prepare(torch.from_numpy(np.concatenate([sound(seed, 3.0) for seed in range(4)]))))
    return net.eval()


def test_what_is_kept_is_judged_as_the_sound_itself(weights_file: Path):
    net, raw = voice_net(weights_file), torch.from_numpy(sound(7, 3.0))
    with torch.inference_mode():
        whole, _ = net(net.prepare(raw))
        torch.testing.assert_close(net.judge(net.condense(raw)), whole)


def test_the_encoder_does_not_learn_and_the_head_does(weights_file: Path):
    net = voice_net(weights_file).train()
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-2)
    before = {name: value.clone() for name, value in net.named_parameters()}
    raw = torch.from_numpy(np.concatenate([sound(seed) for seed in range(2)]))
    logit, _ = net(net.prepare(raw))
    torch.nn.functional.binary_cross_entropy_with_logits(logit, torch.tensor([0.0, 1.0])).backward()
    optimizer.step()
    moved = {name for name, value in net.named_parameters() if not torch.equal(value, before[name])}
    assert moved == {"dense.1.weight", "dense.1.bias"}


def test_nets_that_learn_as_a_whole_have_nothing_to_keep():
    net = build_net("audio-cnn")
    empty: Tensor = torch.zeros(1, 16_000)
    for part in (net.condense, net.judge):
        with pytest.raises(TrainingError, match="All of this net learns"):
            part(empty)


def test_its_ir_says_the_same(weights_file: Path):
    batch = np.concatenate([sound(seed, 3.0) for seed in range(3)])
    net = voice_net(weights_file)
    assert parity(net, to_openvino(net, voice_contract()), [batch]) < 1e-3
