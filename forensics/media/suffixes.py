"""Suffixes by which a file claims to be media."""

from __future__ import annotations

from forensics.media.raw_streams import HEADERLESS_SUFFIXES

# A file that claims to be media by its name gets its row even if it is not: the claim is worth knowing.
# fmt: off
_MEDIA_SUFFIXES = frozenset({
    ".264", ".265", ".266", ".3g2", ".3gp", ".3gpp", ".aac", ".ac3", ".adts", ".adx", ".aif", ".aiff",
    ".amr", ".ape", ".arw", ".asf", ".au", ".avc", ".avi", ".avif", ".awb", ".bmp", ".braw", ".c2", ".caf",
    ".cr2", ".dav", ".divx", ".dng", ".dsf", ".dts", ".dtshd", ".dv", ".eac3", ".ec3", ".f4v", ".flac",
    ".flv", ".g723_1", ".g726", ".g729", ".gif", ".gxf", ".h261", ".h263", ".h264", ".h265", ".h266",
    ".h26l", ".heic", ".heif", ".hevc", ".ivf", ".jp2", ".jpeg", ".jpg", ".jxl", ".latm", ".lc3", ".loas",
    ".m1v", ".m2a", ".m2ts", ".m2v", ".m4a", ".m4v", ".mjpeg", ".mjpg", ".mka", ".mkv", ".mlp", ".mov",
    ".mp2", ".mp3", ".mp4", ".mpa", ".mpc", ".mpeg", ".mpg", ".mts", ".mxf", ".nef", ".nist", ".nut",
    ".obu", ".oga", ".ogg", ".ogv", ".opus", ".pcm", ".png", ".qcp", ".r3d", ".ra", ".rf64", ".rm", ".shn",
    ".sph", ".spx", ".tak", ".thd", ".tif", ".tiff", ".ts", ".tta", ".vc1", ".vob", ".voc", ".vox", ".w64",
    ".wav", ".webm", ".webp", ".wma", ".wmv", ".wv", ".y4m", ".yuv",
}) | HEADERLESS_SUFFIXES
# fmt: on
# TypeScript, which is text, and MPEG transport streams share a suffix.
_AMBIGUOUS_SUFFIXES = frozenset({".ts"})


def claims_media(suffix: str) -> bool:
    """Whether a suffix, with its dot and in any case, is one of media and of nothing else."""
    suffix = suffix.lower()
    return suffix in _MEDIA_SUFFIXES and suffix not in _AMBIGUOUS_SUFFIXES


def claims_media_unless_text(suffix: str) -> bool:
    """Whether a suffix is one of media and of text: content that is no text is then media that is damaged."""
    return suffix.lower() in _AMBIGUOUS_SUFFIXES
