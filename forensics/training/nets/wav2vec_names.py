"""Published weights of wav2vec 2.0 and WavLM under this encoder's names.

The names of HuggingFace's transformers and of fairseq (WavLM's own code has fairseq's) are understood, bare
or under what a model around the encoder puts before them. What only pre-training needs is left aside.
"""

from __future__ import annotations

import re

import torch
from torch import Tensor

_BEFORE = re.compile(r"^(?:w2v_encoder\.|w2v_model\.|model\.|wav2vec2\.|wavlm\.)+")
_POSITIONS = r"encoder\.(?:pos_conv_embed\.conv|pos_conv\.0)\."
# Each a pattern of a published name and the name here.
_NAMES = tuple(
    (re.compile(f"^{pattern}$"), own)
    for pattern, own in (
        (r"feature_extractor\.conv_layers\.(\d+)\.(?:conv|0)\.(weight)", r"convolutions.\1.\2"),
        (r"feature_extractor\.conv_layers\.0\.(?:layer_norm|2)\.(weight|bias)", r"first_norm.\1"),
        (r"(?:feature_projection\.)?layer_norm\.(weight|bias)", r"filters_norm.\1"),
        (r"(?:feature_projection\.projection|post_extract_proj)\.(weight|bias)", r"projection.\1"),
        (_POSITIONS + r"(?:weight_g|parametrizations\.weight\.original0)", "positions.length"),
        (_POSITIONS + r"(?:weight_v|parametrizations\.weight\.original1)", "positions.direction"),
        (_POSITIONS + r"(weight|bias)", r"positions.\1"),
        (r"encoder\.layer_norm\.(weight|bias)", r"norm.\1"),
        (
            r"encoder\.layers\.0\.(?:attention\.rel_attn_embed|self_attn\.relative_attention_bias)\.(weight)",
            r"distances.\1",
        ),
    )
)
_LAYER = re.compile(r"^encoder\.layers\.(\d+)\.(.+)$")
_IN_LAYER = tuple(
    (re.compile(f"^{pattern}$"), own)
    for pattern, own in (
        (r"(?:attention|self_attn)\.q_proj\.(weight|bias)", r"query.\1"),
        (r"(?:attention|self_attn)\.k_proj\.(weight|bias)", r"key.\1"),
        (r"(?:attention|self_attn)\.v_proj\.(weight|bias)", r"value.\1"),
        (r"(?:attention|self_attn)\.out_proj\.(weight|bias)", r"out.\1"),
        (r"(?:attention\.gru_rel_pos_linear|self_attn\.grep_linear)\.(weight|bias)", r"gate.\1"),
        (r"(?:attention\.gru_rel_pos_const|self_attn\.grep_a)", "gate_scale"),
        (r"(?:layer_norm|self_attn_layer_norm)\.(weight|bias)", r"attention_norm.\1"),
        (r"(?:feed_forward\.intermediate_dense|fc1)\.(weight|bias)", r"wide.\1"),
        (r"(?:feed_forward\.output_dense|fc2)\.(weight|bias)", r"narrow.\1"),
        (r"final_layer_norm\.(weight|bias)", r"norm.\1"),
    )
)


def own_name(name: str) -> str | None:
    """This encoder's name of a published tensor; None for one that it has not.

    The two parts of the weight-normalised convolution are ``positions.length`` and ``positions.direction``.
    """
    bare = _BEFORE.sub("", name)
    layer = _LAYER.match(bare)
    if layer:
        for pattern, own in _IN_LAYER:
            found = pattern.match(layer[2])
            if found:
                return f"layers.{layer[1]}.{found.expand(own)}"
    for pattern, own in _NAMES:
        found = pattern.match(bare)
        if found:
            return found.expand(own)
    return None


def own_weights(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Published weights under this encoder's names, in float32, the weight normalisation multiplied out."""
    given = {own: value.float() for name, value in weights.items() if (own := own_name(name))}
    length, direction = given.pop("positions.length", None), given.pop("positions.direction", None)
    if length is not None and direction is not None:
        norm = torch.linalg.vector_norm(direction, dim=(0, 1), keepdim=True)
        given["positions.weight"] = direction * (length / norm)
    return given
