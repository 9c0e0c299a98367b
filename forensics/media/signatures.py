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
    (b"\x00\x00\x01\xb0", "mpeg4-video"),
    (b"\x00\x00\x01\x0f", "vc1"),
    (b"\x12\x00\x0a", "av1"),
    (b"\x00\x00\x00\x00\x01\xbc", "gxf"),
    (b"\x7f\xfe\x80\x01", "dts"),
    (b"\xfe\x7f\x01\x80", "dts"),
    (b"\x1f\xff\xe8\x00", "dts"),
    (b"\xff\x1f\x00\xe8", "dts"),
    (b"DTSHDHDR", "dts-hd"),
    (b"riff\x2e\x91\xcf\x11", "w64"),
    (b"TTA1", "tta"),
    (b"TTA2", "tta"),
    (b"tBaK", "tak"),
    (b"MP+", "musepack"),
    (b"MPCK", "musepack"),
    (b"DSD ", "dsf"),
    (b"ajkg", "shorten"),
    (b"NIST_1A", "nist-sphere"),
    (b"#!iLBC", "ilbc"),
    (b"Creative Voice File", "voc"),
    (b".SoX", "sox"),
    (b"XoS.", "sox"),
    (b"nut/multimedia container", "nut"),
    (b"DHAV", "dhav"),
    (b"IMKH", "hikvision"),
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

_TAGS = dict.fromkeys(_MOV_ATOMS, "mp4") | dict.fromkeys((b"\xf8\x72\x6f\xba", b"\xf8\x72\x6f\xbb"), "mlp")
_DIF_BLOCK_BYTES = 80
_DIF_SUBCODES = tuple(bytes([0x20 | rest]) for rest in range(32))
_START_CODE = b"\x00\x00\x01"
_H264_SPS, _H264_BEFORE_SPS = 7, (6, 9)
_HEVC_FIRST = frozenset({32, 33, 34, 35, 39})

_MPEG1_LAYER3_KBPS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG1_LAYER2_KBPS = (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)
_MPEG2_KBPS = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_AC3_KBPS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)
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
    return _by_tag(head) or _by_repetition(head) or _elementary_video(head)


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


def _by_tag(head: bytes) -> str | None:
    """What is told by bytes that do not stand at the very start."""
    if head[:4] in (b"RIFF", b"RF64", b"RIFX"):
        return _RIFF_KINDS.get(head[8:12])
    if head[:4] == b"FORM":
        return _FORM_KINDS.get(head[8:12])
    if head[4:8] in _TAGS:
        return _TAGS[head[4:8]]
    if head[:3] == b"\x1f\x07\x00" and head[_DIF_BLOCK_BYTES : _DIF_BLOCK_BYTES + 1].startswith(
        _DIF_SUBCODES
    ):
        return "dv"
    if head[:2] == b"BM" and head[6:10] == bytes(4) and len(head) >= 26:
        return "bmp"
    return None


def _by_repetition(head: bytes) -> str | None:
    for step, offset in ((_TS_PACKET_BYTES, 0), (_M2TS_PACKET_BYTES, 4)):
        syncs = head[offset : offset + step * _N_TS_SYNCS : step]
        if syncs == b"\x47" * _N_TS_SYNCS:
            return "mpeg-ts"
    # One sync word occurs by chance (a UTF-16 mark is one); two at the right distance do not.
    for frame_bytes, name in _FRAMED:
        length = frame_bytes(head)
        if length and frame_bytes(head[length:]):
            return name
    return None


def _elementary_video(head: bytes) -> str | None:
    """H.264 or H.265 as a sequence of units behind start codes."""
    start = 4 if head[:4] == b"\x00" + _START_CODE else 3
    if head[start - 3 : start] != _START_CODE or len(head) < start + 2:
        return None
    first, second = head[start], head[start + 1]
    if first & 0x81 == 0 and second == 1 and first >> 1 in _HEVC_FIRST:
        return "hevc"
    if first & 0x80:
        return None
    if first & 0x1F == _H264_SPS:
        return "h264"
    if first & 0x1F not in _H264_BEFORE_SPS:
        return None
    units = head[start:].split(_START_CODE)[1:]
    return "h264" if any(unit[0] & 0x9F == _H264_SPS for unit in units if unit) else None


def _adts_bytes(head: bytes) -> int:
    """Length of the ADTS frame that begins here, 0 if none does."""
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return 0
    return (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5


def _loas_bytes(head: bytes) -> int:
    """Length of the LOAS frame (AAC in LATM) that begins here, 0 if none does."""
    if len(head) < 3 or head[0] != 0x56 or head[1] & 0xE0 != 0xE0:
        return 0
    return ((head[1] & 0x1F) << 8 | head[2]) + 3


def _ac3_bytes(head: bytes) -> int:
    """Length of the AC-3 or E-AC-3 frame that begins here, 0 if none does."""
    if len(head) < 6 or head[:2] != b"\x0b\x77":
        return 0
    if head[5] >> 3 > 10:  # E-AC-3 says its length outright
        return 2 * ((head[2] & 7) << 8 | head[3]) + 2
    rate, code = head[4] >> 6, head[4] & 0x3F
    if rate == 3 or code >= 2 * len(_AC3_KBPS):
        return 0
    kbps = _AC3_KBPS[code // 2]
    # 1,536 samples; at 44.1 kHz every other frame is a word longer.
    return 2 * (kbps * 2, kbps * 960 // 441 + code % 2, kbps * 3)[rate]


def _sbc_bytes(head: bytes) -> int:
    """Length of the SBC frame (Bluetooth) that begins here, 0 if none does."""
    if len(head) < 4 or head[0] != 0x9C:
        return 0
    blocks = 4 * (1 + (head[1] >> 4 & 3))
    mode, subbands, bit_pool = head[1] >> 2 & 3, 8 if head[1] & 1 else 4, head[2]
    n_channels = 1 if mode == 0 else 2
    bits = blocks * bit_pool * (2 if mode == 1 else 1) + (subbands if mode == 3 else 0)
    return 4 + subbands * n_channels // 2 + (bits + 7) // 8 if bit_pool > 1 else 0


def _mpeg_audio_bytes(head: bytes) -> int:
    """Length of the MPEG frame of layer 2 or 3 that begins here, 0 if none does."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0 or head[1] >> 1 & 3 not in (1, 2):
        return 0
    version, bit_rate_index, rate_index = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or bit_rate_index in (0, 15) or rate_index == 3:
        return 0
    is_mpeg1, is_layer2 = version == 3, head[1] >> 1 & 3 == 2
    if is_mpeg1:
        kbps = (_MPEG1_LAYER2_KBPS if is_layer2 else _MPEG1_LAYER3_KBPS)[bit_rate_index]
    else:
        kbps = _MPEG2_KBPS[bit_rate_index]
    rate_hz = _MPEG1_RATES_HZ[rate_index] // {3: 1, 2: 2, 0: 4}[version]
    return (144 if is_mpeg1 or is_layer2 else 72) * kbps * 1000 // rate_hz + (head[2] >> 1 & 1)


_FRAMED = (
    (_adts_bytes, "aac"),
    (_mpeg_audio_bytes, "mp3"),
    (_ac3_bytes, "ac3"),
    (_loas_bytes, "latm"),
    (_sbc_bytes, "sbc"),
)
