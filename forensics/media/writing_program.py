"""Which programs a Matroska or MPEG transport stream says it was written by: FFmpeg does not tell."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from forensics.media.hashing import unreadable

_READ_BYTES = 1 << 18
_SEGMENT, _INFO = 0x18538067, 0x1549A966
_NAMES = {0x4D80: "muxer", 0x5741: "writer"}
_MOST_ELEMENTS = 200
_TS_PACKET_BYTES = 188
_SDT_PID, _SDT_TABLE, _SERVICE_DESCRIPTOR = 0x11, 0x42, 0x48


@dataclass(frozen=True, slots=True)
class WritingProgram:
    """Names as the file has them; empty where it has none.

    Attributes:
        muxer: the library that wrote the container (Matroska's MuxingApp, a transport stream's provider).
        writer: the program that used it (Matroska's WritingApp).
    """

    muxer: str = ""
    writer: str = ""


def writing_program(path: Path) -> WritingProgram:
    """Reads the first bytes of a file.

    Raises:
        MediaError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_READ_BYTES)
    except OSError as error:
        raise unreadable(path, error) from error
    if head.startswith(b"\x1aE\xdf\xa3"):
        found: dict[str, str] = {}
        _read_elements(head, 0, len(head), found)
        return WritingProgram(found.get("muxer", ""), found.get("writer", ""))
    return WritingProgram(_provider(head))


def _read_elements(data: bytes, start: int, end: int, found: dict[str, str]) -> None:
    """The names among Matroska's elements (RFC 8794: an identifier, a size, a payload)."""
    at = start
    for _ in range(_MOST_ELEMENTS):
        identifier, after = _number(data, at, keep_marker=True)
        size, payload = _number(data, after, keep_marker=False)
        if payload <= after or after <= at or at >= end:
            return
        # A size of ones alone is that of an element whose writer did not know it: a live recording.
        is_unknown = size == (1 << 7 * (payload - after)) - 1
        stop = end if is_unknown else min(payload + size, end)
        if identifier in (_SEGMENT, _INFO):
            _read_elements(data, payload, stop, found)
            if identifier == _INFO or is_unknown:
                return
        elif identifier in _NAMES:
            found[_NAMES[identifier]] = (
                data[payload : min(stop, payload + 200)].decode("utf-8", "replace").rstrip("\0")
            )
        at = stop


def _number(data: bytes, at: int, *, keep_marker: bool) -> tuple[int, int]:
    """A number of variable length, and where the next byte stands; the same place if there is none."""
    if at >= len(data) or not data[at]:
        return 0, at
    length = 9 - data[at].bit_length()
    if at + length > len(data):
        return 0, at
    value = int.from_bytes(data[at : at + length], "big")
    return (value if keep_marker else value & ~(1 << 7 * length)), at + length


def _provider(data: bytes) -> str:
    """Provider and service of the first service description table (ETSI EN 300 468, section 5.2.3)."""
    first = next(
        (
            at
            for at in range(min(_TS_PACKET_BYTES, len(data)))
            if data[at : at + 2 * _TS_PACKET_BYTES : _TS_PACKET_BYTES] == b"GG"
        ),
        None,
    )
    if first is None:
        return ""
    for at in range(first, len(data) - _TS_PACKET_BYTES + 1, _TS_PACKET_BYTES):
        packet = data[at : at + _TS_PACKET_BYTES]
        if (packet[1] & 0x1F) << 8 | packet[2] != _SDT_PID or not packet[1] & 0x40:
            continue
        table = packet[5 + packet[4] :] if packet[4] < 100 else b""
        # Table header of 11 bytes, a service of 5, then its descriptors.
        if len(table) < 20 or table[0] != _SDT_TABLE or table[16] != _SERVICE_DESCRIPTOR:
            return ""
        names = table[19:]
        provider = names[1 : 1 + names[0]] if (names := table[19:]) else b""
        return provider.decode("latin-1").strip()
    return ""
