"""Tell media from other files by their first bytes, never by their name."""

from __future__ import annotations

HEAD_BYTES = 4096
_TS_PACKET_BYTES = 188
_M2TS_PACKET_BYTES = 192
_N_TS_SYNCS = 4

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\x1aE\xdf\xa3", "matroska"),
    (b"FLV\x01", "flv"),
    (b"OggS", "ogg"),
    (b"fLaC", "flac"),
    (b"ID3", "mp3"),
    (b"caff", "caf"),
    (b"#!AMR", "amr"),
    (b".snd", "au"),
    (b"wvpk", "wavpack"),
    (b"MAC ", "ape"),
    (b"0&\xb2u\x8ef\xcf\x11", "asf"),
    (b".RMF", "realmedia"),
    (b"\x06\x0e+4\x02\x05\x01\x01", "mxf"),
    (b"YUV4MPEG2 ", "y4m"),
    (b"DKIF", "ivf"),
    (b"\x00\x00\x01\xba", "mpeg-ps"),
    (b"\x00\x00\x01\xb3", "mpeg-video"),
    (b"\x00\x00\x00\x01\x67", "h264"),
    (b"\x00\x00\x01\x67", "h264"),
    (b"\x00\x00\x00\x01\x40\x01", "hevc"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"\x00\x00\x00\x0cjP  ", "jpeg2000"),
    (b"\xff\x4f\xff\x51", "jpeg2000"),
)
_RIFF_KINDS = {b"WAVE": "wav", b"AVI ": "avi", b"WEBP": "webp"}
_FORM_KINDS = {b"AIFF": "aiff", b"AIFC": "aiff"}
# A QuickTime file without ftyp begins with one of these atoms.
_MOV_ATOMS = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"moof", b"styp"})

_MPEG1_LAYER3_KBPS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG2_LAYER3_KBPS = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MPEG1_RATES_HZ = (44_100, 48_000, 32_000)


def known_format(head: bytes) -> str | None:
    """The media format that these bytes begin.

    Args:
        head: the first ``HEAD_BYTES`` of a file, or all of a shorter one.

    Returns:
        A short name such as ``mp4`` or ``jpeg``; None if no media format is recognised.
    """
    for start, name in _STARTS:
        if head.startswith(start):
            return name
    if head[:4] in (b"RIFF", b"RF64", b"RIFX"):
        return _RIFF_KINDS.get(head[8:12])
    if head[:4] == b"FORM":
        return _FORM_KINDS.get(head[8:12])
    if head[4:8] in _MOV_ATOMS:
        return "mp4"
    if head[:2] == b"BM" and head[6:10] == bytes(4) and len(head) >= 26:
        return "bmp"
    return _by_repetition(head)


def looks_like_text(head: bytes) -> bool:
    """Whether these first bytes of a file are plain text."""
    if not head or known_format(head) is not None:
        return False
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    printable = sum(byte >= 32 or byte in b"\t\n\r\f\b\x1b" for byte in head)
    try:
        # The head may end in the middle of a character.
        head[:-3].decode("utf-8")
    except UnicodeDecodeError:
        return printable == len(head) and sum(byte < 128 for byte in head) > 0.9 * len(head)
    return printable == len(head)


def _by_repetition(head: bytes) -> str | None:
    for step, offset in ((_TS_PACKET_BYTES, 0), (_M2TS_PACKET_BYTES, 4)):
        syncs = head[offset : offset + step * _N_TS_SYNCS : step]
        if syncs == b"\x47" * _N_TS_SYNCS:
            return "mpeg-ts"
    # One sync word occurs by chance (a UTF-16 mark is one); two at the right distance do not.
    length = _adts_bytes(head)
    if length and _adts_bytes(head[length:]):
        return "aac"
    length = _mp3_frame_bytes(head)
    if length and _mp3_frame_bytes(head[length:]):
        return "mp3"
    return None


def _adts_bytes(head: bytes) -> int:
    """Length of the ADTS frame that begins here, 0 if none does."""
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return 0
    return (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5


def _mp3_frame_bytes(head: bytes) -> int:
    """Length of the MPEG layer 3 frame that begins here, 0 if none does."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return 0
    version, bit_rate_index, rate_index = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or bit_rate_index in (0, 15) or rate_index == 3:
        return 0
    is_mpeg1 = version == 3
    kbps = (_MPEG1_LAYER3_KBPS if is_mpeg1 else _MPEG2_LAYER3_KBPS)[bit_rate_index]
    rate_hz = _MPEG1_RATES_HZ[rate_index] // {3: 1, 2: 2, 0: 4}[version]
    return (144 if is_mpeg1 else 72) * kbps * 1000 // rate_hz + (head[2] >> 1 & 1)
