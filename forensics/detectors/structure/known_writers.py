"""Programs that are known by what they write into a container. A new one is a line in the table.

Each line names where the pattern can be looked up. A pattern tells which program wrote the file last; it can
be forged, and a file that carries none can come from anywhere.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


class WriterKind(enum.StrEnum):
    """What a program is for."""

    CAMERA = "a phone or camera"
    EDITOR = "editing software"
    TOOLKIT = "a conversion library, which editors, download sites, messengers and recorders use"
    RECORDER = "a screen or browser recorder"
    PLATFORM = "a sharing platform"
    GENERATOR = "a generator of synthetic media"


@dataclass(frozen=True, slots=True)
class KnownWriter:
    """One program.

    Attributes:
        pattern: regular expression on one text of the container: a tag's value, or ``name=value``.
        source: where the pattern is documented or written.
    """

    name: str
    kind: WriterKind
    pattern: str
    source: str


WRITERS: Sequence[KnownWriter] = (
    KnownWriter(
        "Apple iPhone or iPad",
        WriterKind.CAMERA,
        r"com\.apple\.quicktime\.model=(iPhone|iPad)",
        "Apple, QuickTime File Format, metadata keys",
    ),
    KnownWriter(
        "an Android phone",
        WriterKind.CAMERA,
        r"com\.android\.version=",
        "AOSP, frameworks/av, MPEG4Writer.cpp",
    ),
    KnownWriter(
        "Android's MediaMuxer",
        WriterKind.CAMERA,
        r"handler_name=(VideoHandle|SoundHandle)$",
        "AOSP, frameworks/av, MPEG4Writer.cpp, writeHdlrBox",
    ),
    KnownWriter(
        "Apple AVFoundation",
        WriterKind.CAMERA,
        r"handler_name=Core Media (Video|Audio)",
        "Apple, AVAssetWriter; also used by editors and recorders of Apple's systems",
    ),
    KnownWriter(
        "GoPro", WriterKind.CAMERA, r"handler_name=GoPro (AVC|H\.265|AAC)", "GoPro, gpmf-parser, README"
    ),
    KnownWriter(
        "DJI", WriterKind.CAMERA, r"handler_name=.?DJI\.(AVC|HEVC|Meta)", "FFmpeg tickets with DJI samples"
    ),
    KnownWriter(
        "Adobe Premiere or Media Encoder",
        WriterKind.EDITOR,
        r"Main[cC]oncept (Video|MP4 Sound|MP4 Video) Media Handler|Adobe (Premiere|Media Encoder|After "
        r"Effects)",
        "handler of MainConcept's muxer, which Adobe ships",
    ),
    KnownWriter(
        "CapCut or TikTok's editor",
        WriterKind.EDITOR,
        r"(^|=| )(te_is_reencode|TEEditor|vicut|CapCut)|bytevc|bytevehw",
        "tags of ByteDance's editor library",
    ),
    KnownWriter(
        "DaVinci Resolve",
        WriterKind.EDITOR,
        r"Blackmagic Design DaVinci Resolve|DaVinci Resolve",
        "Blackmagic Design, encoder tag of its exports",
    ),
    KnownWriter(
        "Apple QuickTime or Final Cut",
        WriterKind.EDITOR,
        r"handler_name=Apple Video Media Handler|Final Cut|iMovie",
        "Apple, QuickTime File Format",
    ),
    KnownWriter("HandBrake", WriterKind.EDITOR, r"HandBrake", "HandBrake, libhb/muxavformat.c"),
    KnownWriter(
        "Shotcut, Kdenlive or another MLT editor",
        WriterKind.EDITOR,
        r"Shotcut|kdenlive|\bMLT\b",
        "MLT, avformat consumer",
    ),
    KnownWriter(
        "FaceSwap, DeepFaceLab or a like program",
        WriterKind.GENERATOR,
        r"faceswap|DeepFaceLab|facefusion|deepfacelive|roop",
        "names of the programs, where a user left them in a tag",
    ),
    KnownWriter(
        "a generator that labels its output",
        WriterKind.GENERATOR,
        r"DreaminaMetaInfo|aigc_info=.*aigc_label_type\W+[12]|AIGC=\{|trainedAlgorithmicMedia"
        r"|stable.?diffusion|ComfyUI|Made with Google AI|\bSora\b",
        "ByteDance's aigc_info and GB 45438-2025's AIGC tag; IPTC digital source type",
    ),
    KnownWriter(
        "YouTube",
        WriterKind.PLATFORM,
        r"ISO ?Media file produced by Google",
        "Google, handler of YouTube's MP4 files",
    ),
    KnownWriter(
        "X (Twitter)", WriterKind.PLATFORM, r"Twitter-vork muxer", "Twitter, handler of its MP4 files"
    ),
    KnownWriter(
        "TikTok",
        WriterKind.PLATFORM,
        r"comment=vid:v[0-9a-f]|^vid:v[0-9a-f]{6}",
        "TikTok, comment tag of its downloads",
    ),
    KnownWriter(
        "OBS Studio", WriterKind.RECORDER, r"obs-output module|OBS Studio|libobs", "OBS, obs-outputs"
    ),
    KnownWriter(
        "Chrome's MediaRecorder", WriterKind.RECORDER, r"=Chrome$", "Chromium, media/muxers/webm_muxer.cc"
    ),
    KnownWriter(
        "Firefox's MediaRecorder", WriterKind.RECORDER, r"QTmuxingAppLibWebM", "Firefox, libmkv/EbmlWriter"
    ),
    KnownWriter(
        "Apple's screen recording",
        WriterKind.RECORDER,
        r"ReplayKit|com\.apple\.quicktime\.author=ReplayKit",
        "Apple, ReplayKit",
    ),
    KnownWriter("MKVToolNix", WriterKind.TOOLKIT, r"mkvmerge|libmatroska", "MKVToolNix, mkvmerge"),
    KnownWriter("GPAC (MP4Box)", WriterKind.TOOLKIT, r"GPAC", "GPAC, isomedia"),
    KnownWriter("GStreamer", WriterKind.TOOLKIT, r"GStreamer", "GStreamer, qtmux and matroskamux"),
    KnownWriter("Bento4", WriterKind.TOOLKIT, r"Bento4", "Bento4, Ap4HdlrAtom"),
    KnownWriter("L-SMASH", WriterKind.TOOLKIT, r"L-SMASH", "L-SMASH, core/isom"),
    KnownWriter(
        "FFmpeg",
        WriterKind.TOOLKIT,
        r"\bLavf\d|=FFmpeg$|handler_name=(VideoHandler|SoundHandler)$",
        "FFmpeg, libavformat/movenc.c and version.h",
    ),
)
_COMPILED = tuple((one, re.compile(one.pattern)) for one in WRITERS)


def writers_of(texts: Sequence[str]) -> Iterator[tuple[KnownWriter, str]]:
    """The programs whose patterns are in a container's texts, each with the text that shows it."""
    for writer, pattern in _COMPILED:
        found = next((text for text in texts if pattern.search(text)), None)
        if found is not None:
            yield writer, found
