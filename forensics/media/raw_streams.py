"""Streams without a container, and without even a header: what their name says, and what is said of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath

from forensics.media.signatures import known_format
from forensics.records.findings import Notice
from forensics.records.media import MediaFile, MediaKind


@dataclass(frozen=True, slots=True)
class Headerless:
    """A format that nothing in its bytes tells.

    Attributes:
        demuxer: FFmpeg's name of it.
        name: as people call it.
        options: what the demuxer has to be told.
    """

    demuxer: str
    name: str
    options: dict[str, str] = field(default_factory=dict)


_TELEPHONE = {"sample_rate": "8000"}
_BY_SUFFIX = {
    ".722": Headerless("g722", "G.722"),
    ".al": Headerless("alaw", "A-law telephone sound at 8 kHz", _TELEPHONE),
    ".aptx": Headerless("aptx", "aptX"),
    ".aptxhd": Headerless("aptx_hd", "aptX HD"),
    ".g722": Headerless("g722", "G.722"),
    ".g723_1": Headerless("g723_1", "G.723.1"),
    ".g729": Headerless("g729", "G.729"),
    ".gsm": Headerless("gsm", "GSM 06.10"),
    ".msbc": Headerless("sbc", "SBC"),
    ".sbc": Headerless("sbc", "SBC"),
    ".sln": Headerless("sln", "16-bit telephone sound at 8 kHz"),
    ".ul": Headerless("mulaw", "mu-law telephone sound at 8 kHz", _TELEPHONE),
}
HEADERLESS_SUFFIXES = frozenset(_BY_SUFFIX)

# FFmpeg's names of streams that stand alone.
_BARE = {
    "aac": "AAC (ADTS)",
    "ac3": "AC-3",
    "av1": "AV1",
    "cavsvideo": "AVS",
    "dts": "DTS",
    "dtshd": "DTS-HD",
    "dv": "DV",
    "eac3": "E-AC-3",
    "h261": "H.261",
    "h263": "H.263",
    "h264": "H.264",
    "hevc": "H.265",
    "loas": "AAC (LATM)",
    "m4v": "MPEG-4",
    "mjpeg": "Motion JPEG",
    "mlp": "MLP",
    "mpegvideo": "MPEG",
    "obu": "AV1",
    "sbc": "SBC",
    "truehd": "TrueHD",
    "vc1": "VC-1",
    "vvc": "H.266",
} | {one.demuxer: one.name for one in _BY_SUFFIX.values()}
# DV says of every picture when it was taken.
_TIMED = frozenset({"dv"})


def headerless(path: PurePath, head: bytes) -> Headerless | None:
    """The format that a file's suffix names, where its content is of none that content tells.

    Args:
        head: the first ``signatures.HEAD_BYTES`` of the file.
    """
    known = known_format(head)
    if known == "sbc":  # FFmpeg does not tell it by its content
        return _BY_SUFFIX[".sbc"]
    return _BY_SUFFIX.get(path.suffix.lower()) if known is None else None


def bare_stream_notices(media: MediaFile) -> Iterator[Notice]:
    """What a reader has to know of a stream without a container."""
    name = _BARE.get(media.container or "")
    if name is None or media.kind is MediaKind.IMAGE:
        return
    suffix = PurePath(media.path).suffix.lower()
    told = _BY_SUFFIX.get(suffix)
    if told is not None and told.demuxer == media.container != "sbc":
        yield Notice(
            "probe",
            f"Nothing in the file says what it is: it was taken for {name} because of its suffix {suffix}. "
            "If that is wrong, nothing that was heard of it counts",
        )
    elif media.kind is MediaKind.AUDIO or media.container in _TIMED:
        yield Notice("probe", f"The file is a bare {name} stream, without a container and its facts")
    else:
        rate_hz = media.films[0].frame_rate_hz
        at = f": they are counted at {rate_hz:g} frames a second" if rate_hz else ""
        yield Notice(
            "probe",
            f"The file is a bare {name} stream, without a container. It does not say when its frames are "
            f"shown{at}",
        )
