"""Programs that are known by what they write into a container. A new one is a line in the table.

Each line names where the pattern can be looked up: the source that writes it, or files in which it was seen.
A pattern tells which program wrote the file last; it can be forged, and a file that carries none can come
from anywhere.
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
        "Android, media/libstagefright/MPEG4Writer.cpp",
    ),
    KnownWriter(
        "Android's MediaMuxer",
        WriterKind.CAMERA,
        r"handler_name=(VideoHandle|SoundHandle)$",
        "Android, media/libstagefright/MPEG4Writer.cpp, writeHdlrBox",
    ),
    KnownWriter(
        "Apple AVFoundation",
        WriterKind.CAMERA,
        r"handler_name=Core Media (Video|Audio)",
        "files of Apple's devices and programs, also editors and recorders",
    ),
    KnownWriter(
        "GoPro", WriterKind.CAMERA, r"handler_name=\W*GoPro (AVC|H\.265|AAC)", "GoPro, gpmf-parser, README"
    ),
    KnownWriter(
        "DJI",
        WriterKind.CAMERA,
        r"handler_name=\W*DJI\.(AVC|HEVC|Meta)",
        "handlers in files of DJI's cameras",
    ),
    KnownWriter(
        "Adobe Premiere or Media Encoder",
        WriterKind.EDITOR,
        r"Main[cC]oncept (Video|MP4 Sound|MP4 Video) Media Handler|=AVC Coding$",
        "handler and name of the codec of MainConcept's library, which Adobe ships",
    ),
    KnownWriter(
        "an editor of ByteDance (CapCut, TikTok, Dreamina)",
        WriterKind.EDITOR,
        r"te_is_reencode|TEEditor|DreaminaMetaInfo|vicut|bytevc|bytevehw",
        "tags of files that these programs exported, of recorded footage, too",
    ),
    KnownWriter(
        "DaVinci Resolve",
        WriterKind.EDITOR,
        r"Blackmagic Design DaVinci Resolve",
        "encoder tag of files that it exported",
    ),
    KnownWriter(
        "QuickTime, or a library that imitates it",
        WriterKind.EDITOR,
        r"handler_name=\W*Apple (Video|Sound) Media Handler",
        "Apple, Darwin Streaming Server; also written by other libraries",
    ),
    KnownWriter("HandBrake", WriterKind.EDITOR, r"HandBrake", "HandBrake, libhb/muxavformat.c"),
    KnownWriter(
        "a program that labels its output as generated",
        WriterKind.GENERATOR,
        r"aigc_info=.*aigc_label_type\W+[12]|AIGC=\{.*Label\W+1|trainedAlgorithmicMedia",
        "ByteDance's aigc_info; GB 45438-2025; IPTC, digital source type",
    ),
    KnownWriter(
        "ComfyUI",
        WriterKind.GENERATOR,
        r"^prompt=\{.*\"class_type\"",
        "ComfyUI, comfy_api/input_impl/video_types.py",
    ),
    KnownWriter(
        "YouTube", WriterKind.PLATFORM, r"ISO ?Media file produced by Google", "handler of files from YouTube"
    ),
    KnownWriter("X (Twitter)", WriterKind.PLATFORM, r"Twitter-vork muxer", "handler of files from X"),
    KnownWriter(
        "TikTok or Douyin",
        WriterKind.PLATFORM,
        r"comment=vid:v[0-9a-f]",
        "comment of files from TikTok and Douyin",
    ),
    KnownWriter(
        "OBS Studio",
        WriterKind.RECORDER,
        r"obs-output module|libobs version",
        "OBS, flv output: obs-output module (libobs version N)",
    ),
    KnownWriter("EVCapture", WriterKind.RECORDER, r"EVCapture", "title of its recordings"),
    KnownWriter(
        "Chrome's MediaRecorder", WriterKind.RECORDER, r"=Chrome$", "Chromium, media/muxers/webm_muxer.cc"
    ),
    KnownWriter(
        "Firefox's MediaRecorder",
        WriterKind.RECORDER,
        r"QTmuxingAppLibWebM",
        "Firefox, media/libmkv/WebMElement.c",
    ),
    KnownWriter(
        "Apple's screen recording",
        WriterKind.RECORDER,
        r"com\.apple\.quicktime\.author=ReplayKit",
        "author tag of recordings of iOS's screen",
    ),
    KnownWriter("MKVToolNix", WriterKind.TOOLKIT, r"mkvmerge|libmatroska", "MKVToolNix, mkvmerge"),
    KnownWriter(
        "GPAC (MP4Box)", WriterKind.TOOLKIT, r"GPAC ISO (Video|Audio) Handler|GPAC-\d", "GPAC, src/isomedia"
    ),
    KnownWriter("GStreamer", WriterKind.TOOLKIT, r"GStreamer", "GStreamer, matroskamux and qtmux"),
    KnownWriter("Bento4", WriterKind.TOOLKIT, r"Bento4 (Video|Sound) Handler", "Bento4, Ap4TrakAtom.cpp"),
    KnownWriter(
        "L-SMASH", WriterKind.TOOLKIT, r"L-SMASH (Video|Audio) (Media )?Handler", "x264, output/mp4_lsmash.c"
    ),
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
