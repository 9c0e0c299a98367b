"""The nets behind wav2vec 2.0 and WavLM: arithmetic and names against transformers, frozen part, IR.

``wav2vec_reference.json`` holds what transformers 5.24 says for made weights of a small size, under its
names, so that the arithmetic is compared where transformers is not installed. Where it is, it is asked.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from forensics.errors import TrainingError
from forensics.training.conversion import parity, to_openvino
from forensics.training.initial import initialise
from forensics.training.nets import build_net
from forensics.training.nets.wav2vec_encoder import EncoderShape, Wav2VecEncoder
from forensics.training.nets.wav2vec_names import own_name, own_weights
from forensics.training.nets.wav2vec_voice import Wav2VecVoice
from forensics.training.recipes.sound_windows import voice_contract

REFERENCE = Path(__file__).with_name("wav2vec_reference.json")
KINDS = ("wav2vec2", "wavlm")
SIZES = {"n_filters": 16, "n_channels": 32, "n_layers": 2, "n_heads": 4, "n_feed_forward": 48}
SMALL = {
    "wav2vec2": partial(EncoderShape, **SIZES, position_width=16, n_position_groups=4),
    "wavlm": partial(
        EncoderShape,
        **SIZES,
        position_width=16,
        n_position_groups=4,
        gated_distances=True,
        n_buckets=16,
        furthest=30,
    ),
}


def small(kind: str) -> Wav2VecVoice:
    torch.manual_seed(4)
    return Wav2VecVoice(SMALL[kind](), f"the weights of {kind}")


def made(name: str, shape: list[int]) -> Tensor:
    """A tensor of made values that its name and shape alone decide."""
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "little")
    values = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    if len(shape) == 1 and name.endswith("weight"):
        return torch.from_numpy(1 + 0.1 * values)
    fan_in = float(np.prod(shape[1:])) if len(shape) > 1 else 100.0
    return torch.from_numpy(values / np.float32(np.sqrt(fan_in)))


def sound() -> Tensor:
    """float32[2, 8000]."""
    return torch.from_numpy(np.random.default_rng(7).normal(0, 0.1, (2, 8_000)).astype(np.float32))


def reference_of(kind: str) -> tuple[dict[str, list[int]], list[Tensor]]:
    """transformers itself: names and shapes of its tensors, and its activations float[N, frames, C]."""
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    sizes = {
        "conv_dim": [16] * 7,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 48,
        "num_conv_pos_embeddings": 16,
        "num_conv_pos_embedding_groups": 4,
        "layerdrop": 0.0,
    }
    model: Any
    if kind == "wav2vec2":
        model = transformers.Wav2Vec2Model(transformers.Wav2Vec2Config(**sizes))
    else:
        model = transformers.WavLMModel(
            transformers.WavLMConfig(**sizes, num_buckets=16, max_bucket_distance=30)
        )
    shapes = {name: list(value.shape) for name, value in model.state_dict().items()}
    model.load_state_dict({name: made(name, shape) for name, shape in shapes.items()})
    model.eval()
    with torch.inference_mode():
        return shapes, list(model(sound(), output_hidden_states=True).hidden_states)


def encoded(kind: str, weights: dict[str, Tensor]) -> list[Tensor]:
    encoder = Wav2VecEncoder(SMALL[kind]()).eval()
    encoder.load_state_dict(own_weights(weights))
    with torch.inference_mode():
        return [one.transpose(1, 2) for one in encoder(sound())]


@pytest.mark.parametrize("kind", KINDS)
def test_activations_are_those_of_transformers(kind: str) -> None:
    shapes, expected = reference_of(kind)
    found = encoded(kind, {name: made(name, shape) for name, shape in shapes.items()})
    assert len(found) == len(expected) == 3
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_activations_are_those_that_transformers_once_gave(kind: str) -> None:
    stored = json.loads(REFERENCE.read_text(encoding="utf-8"))[kind]
    found = encoded(kind, {name: made(name, shape) for name, shape in stored["shapes"].items()})
    for ours, theirs in zip(found, stored["activations"], strict=True):
        torch.testing.assert_close(ours[:, ::6, ::8], torch.tensor(theirs), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_level_of_the_sound_does_not_matter(kind: str) -> None:
    net = small(kind).eval()
    with torch.inference_mode():
        torch.testing.assert_close(net.condense(sound()), net.condense(3 * sound()), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_the_ir_says_what_the_net_says(kind: str, tmp_path: Path) -> None:
    net = small(kind)
    stored = json.loads(REFERENCE.read_text(encoding="utf-8"))[kind]
    weights = {f"{kind}.{name}": made(name, shape) for name, shape in stored["shapes"].items()}
    save_file(weights, tmp_path / "model.safetensors")
    assert initialise(net, str(tmp_path / "model.safetensors")) == "model.safetensors"
    raw = np.random.default_rng(1).normal(0, 0.06, (3, 48_000)).astype(np.float32)
    assert parity(net, to_openvino(net, voice_contract()), [raw]) < 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_head_and_the_weights_of_layers_learn(kind: str) -> None:
    net = small(kind)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    condensed = net.condense(sound())
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-2)
    label, losses = torch.tensor([0.0, 1.0]), []
    for _ in range(20):
        loss = torch.nn.functional.binary_cross_entropy_with_logits(net.judge(condensed), label)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert min(losses[-5:]) < 0.75 * losses[0]
    changed = {name for name, value in net.state_dict().items() if not torch.equal(before[name], value)}
    assert {name.split(".")[0] for name in changed} == {"layer_weights", "dense", "norm"}
    net.eval()
    with torch.inference_mode():
        torch.testing.assert_close(net(sound())[0], net.judge(net.condense(sound())))


def _fairseq(name: str) -> str:
    """The name that fairseq, or WavLM's own code, has for a tensor of transformers."""
    changes = (
        (r"conv_layers\.0\.layer_norm\.", "conv_layers.0.2."),
        (r"(conv_layers\.\d+)\.conv\.", r"\1.0."),
        (r"feature_projection\.projection\.", "post_extract_proj."),
        (r"feature_projection\.", ""),
        (r"pos_conv_embed\.conv\.", "pos_conv.0."),
        (r"parametrizations\.weight\.original0", "weight_g"),
        (r"parametrizations\.weight\.original1", "weight_v"),
        (r"(layers\.\d+\.)layer_norm\.", r"\1self_attn_layer_norm."),
        (r"attention\.gru_rel_pos_linear", "self_attn.grep_linear"),
        (r"attention\.gru_rel_pos_const", "self_attn.grep_a"),
        (r"attention\.rel_attn_embed", "self_attn.relative_attention_bias"),
        (r"\.attention\.", ".self_attn."),
        (r"feed_forward\.intermediate_dense", "fc1"),
        (r"feed_forward\.output_dense", "fc2"),
    )
    for pattern, replacement in changes:
        name = re.sub(pattern, replacement, name)
    return name


@pytest.mark.parametrize("kind", KINDS)
def test_names_of_fairseq_are_understood_too(kind: str) -> None:
    names = json.loads(REFERENCE.read_text(encoding="utf-8"))[kind]["shapes"]
    for name in names:
        assert (
            own_name(f"w2v_encoder.w2v_model.{_fairseq(name)}")
            == own_name(name)
            == own_name(f"{kind}.{name}")
        )
    assert own_name("masked_spec_embed") is own_name("mask_emb") is own_name("quantizer.vars") is None


@pytest.mark.parametrize(("kind", "address"), [("wav2vec2", "wav2vec2-base"), ("wavlm", "wavlm-base-plus")])
def test_the_weights_that_are_needed_are_named(kind: str, address: str, tmp_path: Path) -> None:
    net = build_net(kind)
    with pytest.raises(TrainingError) as caught:
        initialise(net, "imagenet")
    assert "https://huggingface.co/" in caught.value.hint
    assert address in caught.value.hint
    save_file({"encoder.layer_norm.weight": torch.ones(1024)}, tmp_path / "large.safetensors")
    with pytest.raises(TrainingError, match="lacks the encoder's") as caught:
        initialise(net, str(tmp_path / "large.safetensors"))
    assert address in caught.value.hint
