"""Reads the tensors of CTranslate2's ``model.bin``, without CTranslate2.

The format, as written by its ``ModelSpec._serialize`` (https://github.com/OpenNMT/CTranslate2, MIT licence):
little-endian; version u32, name of the specification, revision u32, number of tensors u32; then of each its
name (length u16, ends in a zero byte), rank u8, dimensions u32 each, type u8, size in bytes u32, data. What
follows (aliases) is not needed here.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from forensics.errors import TrainingError

_TYPES: dict[int, np.dtype[Any]] = {
    number: np.dtype(name) for number, name in enumerate(("<f4", "<i1", "<i2", "<i4", "<f2"))
}
_OLDEST_VERSION = 5
_NEWEST_VERSION = 6


def read_ctranslate2(path: Path) -> dict[str, Tensor]:
    """All tensors by their names in the file, in the file's types.

    Raises:
        TrainingError: there is no such file, it is of another format or version, or it ends too early.
    """
    if not path.is_file():
        raise TrainingError(f"There are no weights at {path}", "Check the path given with --init.")
    content = path.read_bytes()
    try:
        return _tensors(content)
    except (struct.error, UnicodeDecodeError, ValueError) as error:
        raise TrainingError(
            f"{path} is no model.bin of CTranslate2 that can be read: {error}",
            f"Expected is version {_OLDEST_VERSION} or {_NEWEST_VERSION} of the format, in f32 or f16.",
        ) from error


def _tensors(content: bytes) -> dict[str, Tensor]:
    version, at = _number("<I", content, 0)
    if not _OLDEST_VERSION <= version <= _NEWEST_VERSION:
        raise ValueError(f"its version is {version}")
    _, at = _text(content, at)
    _, at = _number("<I", content, at)
    n_tensors, at = _number("<I", content, at)
    tensors = {}
    for _ in range(n_tensors):
        name, at = _text(content, at)
        rank, at = _number("<B", content, at)
        shape = struct.unpack_from(f"<{rank}I", content, at)
        kind, at = _number("<B", content, at + 4 * rank)
        n_bytes, at = _number("<I", content, at)
        if kind not in _TYPES:
            raise ValueError(f"{name} is of the unknown type {kind}")
        values = np.frombuffer(content, _TYPES[kind], n_bytes // _TYPES[kind].itemsize, at)
        tensors[name] = torch.from_numpy(values.reshape(shape).copy())
        at += n_bytes
    return tensors


def _number(form: str, content: bytes, at: int) -> tuple[int, int]:
    (value,) = struct.unpack_from(form, content, at)
    return int(value), at + struct.calcsize(form)


def _text(content: bytes, at: int) -> tuple[str, int]:
    n_bytes, at = _number("<H", content, at)
    if at + n_bytes > len(content):
        raise ValueError("it ends within a name")
    return content[at : at + n_bytes].rstrip(b"\0").decode("ascii"), at + n_bytes
