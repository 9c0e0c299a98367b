"""Transport streams of H.264 whose fields are coded as pictures of their own, which no encoder here makes.

Every macroblock is stored as it is (I_PCM), so that a few header fields of ITU-T H.264 are all it takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

Luma = npt.NDArray[np.uint8]

_MAIN, _LEVEL = 77, 30
_SEQUENCE, _PICTURE, _IDR, _OTHER = 0x67, 0x68, 0x65, 0x61
_DELIMITER = b"\0\0\0\1\x09\x10"
_I_SLICES, _I_PCM = 7, 25
_GROUP = 10
_GREY = bytes([128]) * 128


class _Bits:
    def __init__(self) -> None:
        self._text: list[str] = []

    def u(self, n_bits: int, value: int) -> _Bits:
        self._text.append(format(value, f"0{n_bits}b"))
        return self

    def ue(self, *values: int) -> _Bits:
        for value in values:
            code = bin(value + 1)[2:]
            self._text.append("0" * (len(code) - 1) + code)
        return self

    def stored(self, data: bytes) -> None:
        self._text.append("0" * (-sum(map(len, self._text)) % 8))
        self._text.append("".join(format(byte, "08b") for byte in data))

    def unit(self, head: int) -> bytes:
        text = "".join(self._text) + "1"
        text += "0" * (-len(text) % 8)
        content, n_zeros = bytearray(), 0
        for byte in int(text, 2).to_bytes(len(text) // 8, "big"):
            if n_zeros >= 2 and byte <= 3:
                content.append(3)
                n_zeros = 0
            content.append(byte)
            n_zeros = n_zeros + 1 if byte == 0 else 0
        return b"\0\0\0\1" + bytes([head]) + bytes(content)


def _parameters(width_px: int, height_px: int) -> bytes:
    sequence = _Bits().u(8, _MAIN).u(8, 0).u(8, _LEVEL).ue(0, 0, 0, 4, 1).u(1, 0)
    sequence.ue(width_px // 16 - 1, height_px // 32 - 1).u(5, 0b00100)
    picture = _Bits().ue(0, 0).u(2, 0).ue(0, 0, 0).u(3, 0).ue(0, 0, 0).u(3, 0b100)
    return sequence.unit(_SEQUENCE) + picture.unit(_PICTURE)


def _field(luma: Luma, index: int, *, bottom: bool) -> bytes:
    number = index % _GROUP
    is_idr = number == 0 and not bottom
    bits = _Bits().ue(0, _I_SLICES, 0).u(4, number).u(1, 1).u(1, bottom)
    if is_idr:
        bits.ue(index // _GROUP % 2)
    bits.u(8, 2 * number + bottom).u(2 if is_idr else 1, 0).ue(0, 1)
    for top in range(0, luma.shape[0], 16):
        for left in range(0, luma.shape[1], 16):
            bits.ue(_I_PCM)
            bits.stored(luma[top : top + 16, left : left + 16].tobytes() + _GREY)
    return bits.unit(_IDR if is_idr else _OTHER)


def _pairs(images: Iterable[Luma]) -> Iterator[tuple[bytes, bytes]]:
    for index, image in enumerate(images):
        head = _parameters(image.shape[1], image.shape[0]) if index % _GROUP == 0 else b""
        first, second = (_field(image[row::2], index, bottom=bool(row)) for row in (0, 1))
        yield _DELIMITER + head + first, _DELIMITER + second


def write_fields(path: Path, images: Iterable[Luma], *, every_field_timed: bool) -> Path:
    """Pictures of uint8[H, W] brightness, sides in multiples of 32, as pairs of field pictures, 25 a second.

    Args:
        every_field_timed: each field has a time of its own, not only the first of a pair.
    """
    raw = path.with_suffix(".h264")
    pairs = list(_pairs(images))
    raw.write_bytes(b"".join(first + second for first, second in pairs))
    with av.open(str(raw)) as source, av.open(str(path), "w", format="mpegts") as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        for index, pair in enumerate(pairs):
            for at, data in enumerate(pair if every_field_timed else (b"".join(pair),)):
                packet = av.Packet(data)
                packet.stream, packet.time_base = stream, Fraction(1, 90_000)
                packet.pts = packet.dts = 3600 * index + 1800 * at
                output.mux(packet)
    raw.unlink()
    return path
