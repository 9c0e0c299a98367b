"""Reads dlib's face recognition net from its ``.dat`` file and builds it anew for OpenVINO, without dlib.

The file is a stream of tagged layers, the first layer first (``dlib/serialize.h`` and ``dlib/dnn`` of
https://github.com/davisking/dlib, Boost licence). A whole number is one byte whose low four bits count the
bytes that follow, little-endian, and whose top bit is its sign; a text is its length and its characters; a
tensor is the number 2, four dimensions and float32 values. A convolution's tensor holds its weights and then
its offsets, an affine layer's its factors and then its offsets.

The net (D. E. King, 2017): a residual net of 29 convolutions on 150 px, the mean over the last maps, and 128
numbers of a layer without offsets. Strided convolutions have no padding; where the two sides of a sum differ
in size, dlib fills the smaller one up with zeros.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import openvino as ov
from openvino import opset13 as ops

from forensics.errors import TrainingError

SIDE_PX = 150
N_NUMBERS = 128
# What dlib takes off each of red, green and blue, before it divides by 256.
MEANS = (122.782, 117.001, 104.298)
_SCALE = 256.0
# (channels, blocks, whether the first of them halves the picture), from the input on.
_LEVELS = ((32, 3, False), (64, 4, True), (128, 3, True), (256, 3, True), (256, 1, True))
_FIRST_KERNEL_PX = 7
_KERNEL_PX = 3
_LEAST_HALF = 2.0**-24
_TENSOR_VERSION = 2
_TAGS = {"convolution": b"\x01\x05con_4", "affine": b"\x01\x07affine_", "last": b"\x01\x04fc_2"}

Weights = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FaceNetWeights:
    """All numbers of the net.

    Attributes:
        convolutions: weights float32[out, in, k, k] and offsets float32[out], the affine layer that follows
            each worked in; in the order of the net.
        last: float32[256, 128].
    """

    convolutions: tuple[tuple[Weights, Weights], ...]
    last: Weights


def read_face_net(path: Path) -> FaceNetWeights:
    """The weights in ``dlib_face_recognition_resnet_model_v1.dat``.

    Raises:
        TrainingError: there is no such file, or it holds another net.
    """
    if not path.is_file():
        raise TrainingError(
            f"There are no weights at {path}", "Give dlib_face_recognition_resnet_model_v1.dat."
        )
    content = path.read_bytes()
    try:
        return _weights(content)
    except (ValueError, IndexError) as error:
        raise TrainingError(
            f"{path} is not dlib's face recognition net: {error}",
            "Give dlib_face_recognition_resnet_model_v1.dat, not packed.",
        ) from error


def build_face_net(weights: FaceNetWeights) -> ov.Model:
    """The net as a graph: uint8[N, 150, 150, 3] RGB to float32[N, 128]."""
    waiting = list(weights.convolutions)
    pictures = ops.parameter([-1, SIDE_PX, SIDE_PX, 3], np.uint8, name="pictures")
    x = ops.transpose(ops.convert(pictures, np.float32), np.array([0, 3, 1, 2]))
    means = np.array(MEANS, np.float32).reshape(1, 3, 1, 1)
    x = ops.divide(ops.subtract(x, means), np.float32(_SCALE))
    x = ops.relu(_convolution(x, waiting.pop(0), stride=2))
    x = ops.max_pool(x, [2, 2], [1, 1], [0, 0], [0, 0], [3, 3]).output(0)
    for _, n_blocks, halves in _LEVELS:
        for block in range(n_blocks):
            x = _block(x, waiting.pop(0), waiting.pop(0), halves=halves and block == 0)
    pooled = ops.reduce_mean(x, np.array([2, 3]), keep_dims=False)
    descriptor = ops.matmul(pooled, weights.last, transpose_a=False, transpose_b=False)
    descriptor.output(0).set_names({"descriptor"})
    return ov.Model([descriptor], [pictures], "dlib-face-recognition")


def _weights(content: bytes) -> FaceNetWeights:
    found = list(_layers(content))
    expected = 2 * len(_outputs()) + 1
    if len(found) != expected:
        raise ValueError(f"it has {len(found)} layers with numbers, expected are {expected}")
    layers = iter(found)
    convolutions = []
    n_in, kernel_px = 3, _FIRST_KERNEL_PX
    for n_out in _outputs():
        kernel, factors = next(layers), next(layers)
        n_weights = n_out * n_in * kernel_px**2
        if kernel.size != n_weights + n_out or factors.size != 2 * n_out:
            raise ValueError(f"a convolution has {kernel.size} numbers, expected are {n_weights + n_out}")
        factor, offset = factors[:n_out], factors[n_out:]
        weights = kernel[:n_weights].reshape(n_out, n_in, kernel_px, kernel_px)
        convolutions.append((weights * factor[:, None, None, None], kernel[n_weights:] * factor + offset))
        n_in, kernel_px = n_out, _KERNEL_PX
    last = next(layers)
    if last.size != n_in * N_NUMBERS:
        raise ValueError("it does not end in 128 numbers")
    return FaceNetWeights(tuple(convolutions), last.reshape(n_in, N_NUMBERS))


def _outputs() -> list[int]:
    """Channels that each convolution gives."""
    of_blocks = [channels for channels, n_blocks, _ in _LEVELS for _ in range(2 * n_blocks)]
    return [_LEVELS[0][0], *of_blocks]


def _layers(content: bytes) -> Any:
    """Tensors of the layers that have numbers, in the order of the file."""
    at = 0
    while True:
        found = {kind: content.find(tag, at) for kind, tag in _TAGS.items()}
        places = {kind: place for kind, place in found.items() if place >= 0}
        if not places:
            return
        kind = min(places, key=lambda name: places[name])
        at = places[kind] + len(_TAGS[kind])
        if kind == "last":  # it states its size first
            for _ in range(2):
                _, at = _number(content, at)
        tensor, at = _tensor(content, at)
        yield tensor


def _number(content: bytes, at: int) -> tuple[int, int]:
    """A whole number, and where it ends."""
    control = content[at]
    end = at + 1 + (control & 0x0F)
    value = int.from_bytes(content[at + 1 : end], "little")
    return (-value if control & 0x80 else value), end


def _tensor(content: bytes, at: int) -> tuple[Weights, int]:
    """A tensor's numbers in a row, and where it ends."""
    header = []
    for _ in range(5):
        value, at = _number(content, at)
        header.append(value)
    version, *shape = header
    n = math.prod(shape)
    if version != _TENSOR_VERSION or not 0 < 4 * n <= len(content) - at:
        raise ValueError(f"a tensor of version {version} and shape {shape}")
    return np.frombuffer(content, "<f4", n, at).astype(np.float32), at + 4 * n


def _convolution(x: Any, layer: tuple[Weights, Weights], *, stride: int) -> Any:
    weights, offsets = layer
    padding = 0 if stride > 1 else weights.shape[-1] // 2
    along = [padding, padding]
    # Most of the last convolution is too small for half precision, and is kept in f32 unless it is nought.
    heard = np.where(np.abs(weights) < _LEAST_HALF, np.float32(0), weights)
    y = ops.convolution(x, heard, [stride, stride], along, along, [1, 1])
    return ops.add(y, offsets.reshape(1, -1, 1, 1))


def _block(x: Any, first: tuple[Weights, Weights], second: tuple[Weights, Weights], *, halves: bool) -> Any:
    y = ops.relu(_convolution(x, first, stride=2 if halves else 1))
    y = _convolution(y, second, stride=1).output(0)
    if halves:
        x = ops.avg_pool(x, [2, 2], [0, 0], [0, 0], [2, 2], exclude_pad=True).output(0)
    sizes = [_sizes(one) for one in (x, y)]
    filled = [max(pair) for pair in zip(*sizes, strict=True)]
    return ops.relu(ops.add(_filled(x, sizes[0], filled), _filled(y, sizes[1], filled))).output(0)


def _sizes(x: Any) -> list[int]:
    """Channels, height and width."""
    return [int(x.get_partial_shape()[axis].get_length()) for axis in (1, 2, 3)]


def _filled(x: Any, sizes: Sequence[int], wanted: Sequence[int]) -> Any:
    missing = [more - less for more, less in zip(wanted, sizes, strict=True)]
    if not any(missing):
        return x
    return ops.pad(x, np.zeros(4, np.int64), np.array([0, *missing]), "constant", np.float32(0))
