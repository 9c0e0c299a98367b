"""Open media files for reading: the bytes of one file, nothing that it refers to, FFmpeg's words kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition, Stream

from forensics.errors import MediaError
from forensics.media.discovery import display_path
from forensics.media.hashing import unreadable
from forensics.media.raw_streams import headerless
from forensics.media.signatures import HEAD_BYTES, looks_like_text
from forensics.records.findings import Notice

MAX_SIDE_PX = 16_384
MAX_PIXELS = 100_000_000
_READ_BYTES = 1 << 18
_MAX_WORDS = 8
# Playlists name other files, and FFmpeg would open them: the whitelist leaves it no protocol to do so with.
_OPEN_OPTIONS = {"protocol_whitelist": "none"}
# "Stream #0:1[0x2](und): Video: none (zzz1 / 0x317A7A7A), none, ..."; the last group is the code in the file.
_DESCRIBED = re.compile(r"^  Stream #0:(\d+)[^:]*: (Video|Audio): \w+ \((\w+) /", re.MULTILINE)
_COVER_ART = Disposition.attached_pic | Disposition.timed_thumbnails


class _Bytes:
    """A file without a name, so that FFmpeg judges by content alone.

    ``start`` stands in for its first bytes.
    """

    def __init__(self, file: BinaryIO, start: bytes = b"") -> None:
        def read(n_bytes: int) -> bytes:
            at = file.tell()
            return start[at : at + n_bytes] + file.read(n_bytes)[max(len(start) - at, 0) :]

        self.read: Callable[[int], bytes] = read if start else file.read
        self.seek: Callable[[int, int], int] = file.seek
        self.tell: Callable[[], int] = file.tell


class FfmpegWords:
    """What FFmpeg says of a file while it reads it: kept for the report, never on stderr."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[str, float | None]] = {}
        self._n: dict[str, int] = {}

    def heard(self, at_s: float | None = None) -> _Heard:
        """Collects the errors said within the block; ``at_s`` is the place in the file."""
        return _Heard(self, at_s)

    def add(self, text: str, at_s: float | None = None) -> None:
        """Keeps one message; those that differ in numbers alone are counted as one."""
        kind = re.sub(r"0x[0-9a-f]+|-?\d+", "#", text)
        if kind not in self._first and len(self._first) >= _MAX_WORDS:
            return
        self._first.setdefault(kind, (text, at_s))
        self._n[kind] = self._n.get(kind, 0) + 1

    def notices(self) -> Iterator[Notice]:
        """One notice for each kind of message, with the place of the first."""
        for kind, (text, at_s) in self._first.items():
            times = f" ({self._n[kind]} times)" if self._n[kind] > 1 else ""
            yield Notice("decode", f"The decoder says: {text}{times}", at_s)

    @property
    def first(self) -> str | None:
        """The first thing that was said."""
        return next((text for text, _ in self._first.values()), None)

    def __contains__(self, words: str) -> bool:
        return any(words in text for text, _ in self._first.values())


class _Heard:
    """A block within which FFmpeg is heard. There is one for every packet, hence no generator."""

    __slots__ = ("_at_s", "_capture", "_said", "_words")

    def __init__(self, words: FfmpegWords, at_s: float | None) -> None:
        self._words = words
        self._at_s = at_s

    def __enter__(self) -> None:
        av.logging.set_level(av.logging.ERROR)
        # From all threads: the decoder's own ones speak too.
        self._capture = av.logging.Capture(local=False)
        self._said = self._capture.__enter__()

    def __exit__(self, *raised: Any) -> None:
        self._capture.__exit__(*raised)
        av.logging.set_level(None)
        for _, source, message in self._said:
            self._words.add(f"{source}: {message.strip()}", self._at_s)


@contextmanager
def opened(path: Path, start: bytes = b"") -> Iterator[InputContainer]:
    """A media file, open for demuxing and decoding, closed in every case.

    Args:
        path: the file.
        start: is read in place of the file's first bytes: a TIFF begins with the place of the page to show.

    Raises:
        MediaError: the file cannot be read or is not media; the message says which of the many ways it is.
    """
    words = FfmpegWords()
    try:
        file = path.open("rb")
    except OSError as error:
        raise unreadable(path, error) from error
    with file:
        head = _head_of_media(path, file)
        told = headerless(path, head)
        try:
            with words.heard():
                container = av.open(
                    _Bytes(file, start),
                    "r",
                    format=None if told is None else told.demuxer,
                    options=_OPEN_OPTIONS | ({} if told is None else told.options),
                    metadata_errors="replace",
                    buffer_size=_READ_BYTES,
                )
        except (FFmpegError, OSError) as error:
            raise _not_media(path, words) from error
        with container:
            yield container


def prepare_decoder(stream: Stream, n_threads: int = 1, max_pixels: int = MAX_PIXELS) -> None:
    """Prepares a stream's decoder: its threads and the largest picture that it may make room for."""
    context = stream.codec_context
    if n_threads > 1:
        context.thread_type = "AUTO"
    context.thread_count = n_threads
    if stream.type == "video":
        context.options = {"max_pixels": str(max_pixels)}


def start_s(container: InputContainer) -> float:
    """Time of the earliest stream's start: the zero of all times that leave this room."""
    return (container.start_time or 0) / 1_000_000


def undecodable_streams(container: InputContainer) -> dict[int, str]:
    """Streams of pictures or sound for which there is no decoder: index to what is known of the codec."""
    missing = [
        stream.index
        for stream in container.streams
        if stream.type in ("video", "audio") and getattr(stream, "codec_context", None) is None
    ]
    if not missing:
        return {}
    av.logging.set_level(av.logging.INFO)
    try:
        with av.logging.Capture():
            described = str(cast(Any, container).dumps_format())
    finally:
        av.logging.set_level(None)
    codecs = {int(index): f"{kind.lower()}, {codec}" for index, kind, codec in _DESCRIBED.findall(described)}
    return {index: codecs.get(index, "unknown codec") for index in missing}


def is_cover_art(stream: Stream) -> bool:
    """Whether a video stream is a picture that accompanies sound, not the matter itself."""
    return bool(stream.disposition & _COVER_ART)


def check_size(
    path: Path,
    width_px: int,
    height_px: int,
    *,
    max_side_px: int = MAX_SIDE_PX,
    max_pixels: int = MAX_PIXELS,
) -> None:
    """Refuses pictures so large that decoding them would cost the machine its memory.

    Raises:
        MediaError: a side or the area is over the limit.
    """
    if max(width_px, height_px) > max_side_px or width_px * height_px > max_pixels:
        raise too_large(path, f"{width_px} x {height_px} px", max_side_px, max_pixels)


def too_large(
    path: Path, size: str, max_side_px: int = MAX_SIDE_PX, max_pixels: int = MAX_PIXELS
) -> MediaError:
    """The error for pictures over the limit."""
    return MediaError(
        f"{display_path(path)} has pictures of {size}; the limit is {max_side_px} px a side "
        f"and {max_pixels // 1_000_000} megapixels",
        "Scale it down with a tool that you trust, or cut out the face, and scan that.",
    )


def encrypted(path: Path) -> MediaError:
    """The error for media under copy protection."""
    return MediaError(
        f"{display_path(path)} is encrypted (Common Encryption)",
        "Ask its owner for a copy without copy protection.",
    )


def _head_of_media(path: Path, file: BinaryIO) -> bytes:
    try:
        head = file.read(HEAD_BYTES)
        file.seek(0)
    except OSError as error:
        raise unreadable(path, error) from error
    if not head:
        raise MediaError(
            f"{display_path(path)} is empty (0 bytes)",
            "The copy failed or the recording never started: get the file again from its source.",
        )
    if looks_like_text(head):
        raise MediaError(
            f"{display_path(path)} is text, not media, whatever its name says",
            "Open it in an editor to see what it is (often a web page saved in place of a download).",
        )
    return head


def _not_media(path: Path, words: FfmpegWords) -> MediaError:
    if "moov atom not found" in words:
        return MediaError(
            f"{display_path(path)} is cut short: the index (moov) that belongs at its end is missing",
            "Copy it again from the device; if there is no other copy, repair it with an intact clip of the "
            "same camera (untrunc) and say so in your notes.",
        )
    return MediaError(
        f"{display_path(path)} is in no media format that can be read: it is damaged, encrypted or not media",
        "Play it elsewhere; if it plays, convert it there, scan the copy and keep the original.",
    )
