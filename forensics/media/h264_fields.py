"""Field pictures of H.264: which coded picture is the second field of the one before it."""

from __future__ import annotations

from dataclasses import dataclass

# ITU-T H.264, 7.3.2.1.1: profiles whose sequence parameters name a chroma format and scaling lists.
_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_SEPARATE_PLANES = 3
_N_SMALL_LISTS, _SMALL_LIST, _LARGE_LIST = 6, 16, 64
# A slice header up to its field flags is shorter; the parameters of a sequence rarely take 60 bytes.
_SLICE_BYTES = 32
_SEQUENCE_BYTES = 512


@dataclass(frozen=True, slots=True)
class _Syntax:
    """What has to be known to find the field flags of a slice."""

    frame_num_bits: int
    has_fields: bool
    has_planes: bool


class FieldPairs:
    """Reads units of one stream in coded order."""

    def __init__(self) -> None:
        self._syntax: _Syntax | None = None
        self._first: tuple[int, bool] | None = None
        self._second: tuple[int, bool] | None = None

    def learn(self, unit: bytes | memoryview) -> None:
        """Takes a sequence parameter set, with its header byte."""
        try:
            self._syntax = _syntax(_Bits(bytes(unit[1:_SEQUENCE_BYTES])))
        except IndexError:
            self._syntax = None

    def is_second(self, unit: bytes | memoryview) -> bool:
        """Whether a slice, with its header byte, begins or continues the second field of a picture."""
        syntax = self._syntax
        if syntax is None or not syntax.has_fields:
            return False
        try:
            field = _field(_Bits(bytes(unit[1:_SLICE_BYTES])), syntax)
        except IndexError:
            field = None
        if field is not None and field == self._second:
            return True
        if field is not None and self._first == (field[0], not field[1]):
            self._first, self._second = None, field
            return True
        self._first, self._second = field, None
        return False


def _syntax(bits: _Bits) -> _Syntax:
    profile = bits.number(8)
    bits.number(16)  # constraints and level
    bits.ue()
    chroma_format, has_planes = 1, False
    if profile in _HIGH_PROFILES:
        chroma_format = bits.ue()
        if chroma_format == _SEPARATE_PLANES:
            has_planes = bool(bits.number(1))
        bits.ue()
        bits.ue()
        bits.number(1)
        if bits.number(1):
            for which in range(8 if chroma_format != _SEPARATE_PLANES else 12):
                if bits.number(1):
                    _skip_list(bits, _SMALL_LIST if which < _N_SMALL_LISTS else _LARGE_LIST)
    frame_num_bits = bits.ue() + 4
    order = bits.ue()
    if order == 0:
        bits.ue()
    elif order == 1:
        bits.number(1)
        bits.ue()
        bits.ue()
        for _ in range(bits.ue()):
            bits.ue()
    bits.ue()
    bits.number(1)
    bits.ue()
    bits.ue()
    return _Syntax(frame_num_bits, has_fields=not bits.number(1), has_planes=has_planes)


def _skip_list(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.se() + 256) % 256
        last = following or last


def _field(bits: _Bits, syntax: _Syntax) -> tuple[int, bool] | None:
    """The frame's number and whether this is its bottom field; None for a whole frame."""
    bits.ue()
    bits.ue()
    bits.ue()
    if syntax.has_planes:
        bits.number(2)
    frame_number = bits.number(syntax.frame_num_bits)
    return (frame_number, bool(bits.number(1))) if bits.number(1) else None


class _Bits:
    """Bits of a unit without the bytes that keep start codes apart. Raises IndexError at its end."""

    def __init__(self, data: bytes) -> None:
        content = data.replace(b"\0\0\3", b"\0\0")
        self._bits = "".join(f"{byte:08b}" for byte in content)
        self._at = 0

    def number(self, n_bits: int) -> int:
        """An unsigned number of a known length."""
        end = self._at + n_bits
        if end > len(self._bits):
            raise IndexError
        value = int(self._bits[self._at : end], 2)
        self._at = end
        return value

    def ue(self) -> int:
        """An unsigned exponential Golomb code (9.1)."""
        n_zeros = 0
        while not self.number(1):
            n_zeros += 1
        return (1 << n_zeros) - 1 + (self.number(n_zeros) if n_zeros else 0)

    def se(self) -> int:
        """A signed exponential Golomb code (9.1.1)."""
        code = self.ue()
        return (code + 1) // 2 if code % 2 else -(code // 2)
