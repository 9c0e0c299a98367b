"""What a coded picture's first bytes tell: whether others refer to it, whether decoding can begin at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from forensics.media.h264_fields import FieldPairs

# ITU-T H.264, table 7-1: types 1 to 5 carry pictures, 5 is an IDR picture.
_H264_IDR = 5
_H264_PICTURES = range(1, 6)
_H264_SEQUENCE = 7
# ITU-T H.265, table 7-1: types below 32 carry pictures, 16 to 23 are random access points; of those
# below 16 the even ones are not referred to within their own temporal layer.
_HEVC_PICTURES = range(32)
_HEVC_RANDOM_ACCESS = range(16, 24)
_HEVC_N_SUBLAYER = range(0, 16, 2)
# ISO/IEC 14496-15: where the configuration records hold the size of the units' lengths.
_AVC_RECORD_LENGTH_AT = 4
_AVC_RECORD_SETS_AT = 5
_HEVC_RECORD_LENGTH_AT = 21


@dataclass(frozen=True, slots=True)
class CodedPicture:
    """One coded picture.

    Attributes:
        random_access: decoding can begin here.
        reference: other pictures of the same temporal layer may be predicted from this one.
        completes: the second field of the picture before it, not a picture of its own.
        layer: temporal layer; pictures of higher layers may always be predicted from lower ones.
    """

    random_access: bool
    reference: bool
    layer: int = 0
    completes: bool = False


Reader = Callable[[memoryview, bool], CodedPicture]


def reader_of(codec: str, extradata: bytes | None) -> Reader:
    """The way to read this codec's packets.

    For H.264 and HEVC the coded data itself is read, since containers call pictures key frames at which
    decoding cannot begin cleanly. For other codecs the container is believed and nothing is skipped.

    Args:
        codec: FFmpeg's name of the codec.
        extradata: the stream's configuration record, which says how its units are delimited.

    Returns:
        A function of a packet's bytes and of the container's key frame flag.
    """
    if codec == "h264":
        avc_length_bytes = _length_bytes(extradata, _AVC_RECORD_LENGTH_AT)
        pairs = FieldPairs()
        for unit in _sequences(extradata, avc_length_bytes):
            pairs.learn(unit)
        return lambda data, is_key: _h264(data, avc_length_bytes, pairs, is_key)
    if codec == "hevc":
        hevc_length_bytes = _length_bytes(extradata, _HEVC_RECORD_LENGTH_AT)
        return lambda data, is_key: _hevc(data, hevc_length_bytes, is_key)
    return lambda _, is_key: CodedPicture(is_key, reference=True)


def _length_bytes(extradata: bytes | None, at: int) -> int:
    """Bytes of the length before each unit, 0 where start codes delimit them."""
    if extradata is None or len(extradata) <= at or extradata[0] != 1:
        return 0
    return (extradata[at] & 3) + 1


def _sequences(extradata: bytes | None, length_bytes: int) -> Iterator[bytes]:
    """The sequence parameter sets of a configuration record, or of units with start codes."""
    if not extradata:
        return
    if not length_bytes:
        starts = [unit for unit in _units(memoryview(extradata), 0) if extradata[unit] & 31 == _H264_SEQUENCE]
        yield from (extradata[unit:] for unit in starts)
        return
    at = _AVC_RECORD_SETS_AT + 1
    for _ in range(extradata[_AVC_RECORD_SETS_AT] & 31 if len(extradata) > at else 0):
        size = int.from_bytes(extradata[at : at + 2], "big")
        yield extradata[at + 2 : at + 2 + size]
        at += 2 + size


def _h264(data: memoryview, length_bytes: int, pairs: FieldPairs, is_key: bool) -> CodedPicture:
    random_access, reference, n_pictures, completes = True, False, 0, False
    for unit in _units(data, length_bytes):
        kind = data[unit] & 31
        if kind == _H264_SEQUENCE:
            pairs.learn(data[unit:])
        elif kind in _H264_PICTURES:
            if pairs.is_second(data[unit:]):
                # The second field of an IDR picture is none itself.
                completes |= n_pictures == 0
                random_access &= n_pictures > 0
            else:
                random_access &= kind == _H264_IDR
            n_pictures += 1
            reference |= data[unit] & 0x60 != 0
    if n_pictures == 0:
        return CodedPicture(is_key, reference=True)
    return CodedPicture(random_access, reference, completes=completes)


def _hevc(data: memoryview, length_bytes: int, is_key: bool) -> CodedPicture:
    random_access, reference, n_pictures, layer = True, False, 0, 0
    for unit in _units(data, length_bytes):
        kind = data[unit] >> 1 & 63
        if kind in _HEVC_PICTURES and unit + 1 < len(data):
            n_pictures += 1
            random_access &= kind in _HEVC_RANDOM_ACCESS
            reference |= kind not in _HEVC_N_SUBLAYER
            layer = max(layer, (data[unit + 1] & 7) - 1)
    if n_pictures == 0:
        return CodedPicture(is_key, reference=True)
    return CodedPicture(random_access, reference, layer)


def _units(data: memoryview, length_bytes: int) -> Iterator[int]:
    """Places of the first byte of each NAL unit."""
    if length_bytes:
        at = 0
        while at + length_bytes < len(data):
            yield at + length_bytes
            at += length_bytes + int.from_bytes(data[at : at + length_bytes], "big")
        return
    whole = bytes(data)
    at = whole.find(b"\0\0\1")
    while 0 <= at < len(whole) - 3:
        yield at + 3
        at = whole.find(b"\0\0\1", at + 3)
