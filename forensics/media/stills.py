"""Still pictures: all of a file's pages and items, upright; large ones in parts or reduced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from av import VideoFrame
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition

from forensics.errors import MediaError
from forensics.media.layout import TiffPage, layout_of, tiff_pages, what_follows
from forensics.media.open_container import FfmpegWords, opened, prepare_decoder, too_large
from forensics.media.orientation import Orientation, orientation_of
from forensics.media.other_decoders import (
    CMYK_COMPONENTS,
    avif_by_pillow,
    heic,
    heic_item,
    jpeg_by_pillow,
)
from forensics.media.picture import (
    MAX_STILL_PIXELS,
    MAX_STILL_SIDE_PX,
    REDUCED_FROM_PIXELS,
    Picture,
    check_still_size,
    remarks,
    undecodable,
)
from forensics.media.rgb import rgb_of
from forensics.records.findings import Abstention, AbstentionReason, Notice
from forensics.records.media import Frame, RgbImage, StreamInfo
from forensics.records.subject import other

MAX_PICTURES = 32
"""Pages or items of one file that are examined."""

# A picture much longer than wide (a screenshot of a whole page, a panorama) is searched in parts: finders
# look for faces that are some share of the longer side.
_LONG_FROM_PX = 4_000
_LONG_FROM_RATIO = 3.0
_PART_RATIO = 2.0
_SHORTEST_PART_PX = 1_000
_PART_OVERLAP = 0.25
# Rows of the largest block that a JPEG is coded in: where data end within one, all of it is in doubt.
_JPEG_BLOCK_ROWS = 16


class Stills:
    """The pictures of one file, one after the other.

    Args:
        path: the file.
        stream_index: which stream holds the main picture.
    """

    def __init__(self, path: Path, stream_index: int) -> None:
        self._path = path
        self._stream_index = stream_index
        self._layout = layout_of(path)
        self._words = FfmpegWords()
        self._first: Picture | None = None
        self._n_pictures = 1
        self._examined: list[int] = []

    def read(self) -> Iterator[Frame | Notice | Abstention]:
        """Frames at 0 s, counted through all pictures and parts, and what is to be said of them.

        Raises:
            MediaError: the first picture is damaged, or larger than what is decoded.
        """
        n_frames = 0
        for number, picture in self._pictures():
            self._first = self._first or picture
            self._examined.append(number)
            parts = _parts(picture.orientation.upright(picture.stored))
            name = "The picture" if self._n_pictures == 1 else f"Picture {number + 1}"
            yield from _said_of(name, picture, len(parts))
            for part in parts:
                yield Frame(np.ascontiguousarray(part), n_frames, 0.0, self._stream_index)
                n_frames += 1
        yield from self._words.notices()
        n_examined = len(self._examined)
        if self._n_pictures > 1:
            others = self._n_pictures - n_examined
            rest = f"; {others} others were not (at most {MAX_PICTURES} are)" if others else ""
            yield Notice(
                "decode", f"{n_examined} of the file's {self._n_pictures} pictures were examined{rest}"
            )
        if (behind := what_follows(self._layout)) is not None:
            yield Notice("decode", behind)

    def facts(self, stream: StreamInfo) -> StreamInfo:
        """The stream's record, with what decoding found."""
        assert self._first is not None, "read to the end before"
        return replace(
            stream,
            width_px=self._first.width_px,
            height_px=self._first.height_px,
            pixel_format=self._first.pixel_format,
            rotation_deg=self._first.orientation.rotation_deg,
            n_frames_from_content=self._n_pictures,
            chosen_frames=tuple(self._examined),
            n_frames_decoded=len(self._examined),
        )

    def _pictures(self) -> Iterator[tuple[int, Picture]]:
        layout, path = self._layout, self._path
        if layout.width_px * layout.height_px > REDUCED_FROM_PIXELS or layout.n_components == CMYK_COMPONENTS:
            yield 0, jpeg_by_pillow(path, layout)
            return
        pages = tiff_pages(path)
        self._n_pictures = max(1, len(pages))
        with opened(path) as container:
            brand = container.metadata.get("major_brand", "")
            n_tiles = sum(bool(one.disposition & Disposition.dependent) for one in container.streams.video)
            n_streams = len(container.streams.video)
            is_iso = "mp4" in container.format.name
            if n_tiles < 2:  # several: phones store a still as a grid of tiles
                yield 0, self._by_ffmpeg(container, pages[0] if pages else None)
        if is_iso and brand == "avif":
            if n_tiles > 1:
                yield 0, avif_by_pillow(path)
        elif is_iso and (n_tiles > 1 or n_streams > 1):
            yield from self._heic_items(without_first=n_tiles < 2)
        for number, page in enumerate(pages[1:MAX_PICTURES], 1):
            try:
                with opened(path, page.start) as container:
                    yield number, self._by_ffmpeg(container, page)
            except MediaError as error:
                self._words.add(f"picture {number + 1}: {error.message}")

    def _by_ffmpeg(self, container: InputContainer, page: TiffPage | None) -> Picture:
        stream = container.streams[self._stream_index]
        prepare_decoder(stream, max_pixels=MAX_STILL_PIXELS)
        words = FfmpegWords()
        frame: VideoFrame | None = None
        try:
            with words.heard():
                found = next(container.decode(stream), None)
                frame = found if isinstance(found, VideoFrame) else None
        except (FFmpegError, ValueError):
            frame = None
        if frame is None:
            raise self._damaged(words)
        width, height = frame.width, frame.height
        check_still_size(self._path, container.format.name, width, height)
        half = (width // 2, height // 2) if width * height > REDUCED_FROM_PIXELS else None
        picture = Picture(
            rgb_of(frame, half),
            width,
            height,
            frame.format.name,
            self._orientation(frame, page),
            (*remarks(frame), *(["was examined at half its size"] if half else [])),
        )
        for notice in words.notices():
            self._words.add(notice.message.removeprefix("The decoder says: "))
        return self._intact(picture, words)

    def _orientation(self, frame: VideoFrame, page: TiffPage | None) -> Orientation:
        if page is not None:
            return page.orientation or Orientation()
        # FFmpeg takes the EXIF block of whatever picture it finds in the file.
        return self._layout.orientation or (
            Orientation() if self._layout.is_walked else orientation_of(frame)
        )

    def _intact(self, picture: Picture, words: FfmpegWords) -> Picture:
        """Without the rows that the decoder filled for want of data."""
        if self._layout.is_complete:
            said = words.first
            if (chunk := self._layout.wrong_checksum) is not None:
                said = f"the checksum of its part {chunk} is not that of its content"
            doubt = f"is damaged ({said}): what it shows there may not be what was recorded"
            return picture if said is None else replace(picture, missing=doubt)
        if self._layout.is_progressive or not self._layout.n_components:
            return replace(
                picture, missing="is cut short: what is left of the data shows it more coarsely than it was"
            )
        n_all = picture.stored.shape[0]
        n_rows = _rows_before_filling(picture.stored)
        if n_rows < _JPEG_BLOCK_ROWS:
            raise self._damaged(words)
        gone = f"is cut short: rows {n_rows + 1} to {n_all} of {n_all} (as stored) are missing"
        return replace(picture, stored=picture.stored[:n_rows], missing=f"{gone}, with what lay there")

    def _heic_items(self, *, without_first: bool) -> Iterator[tuple[int, Picture]]:
        items = heic(self._path)
        self._n_pictures = len(items)
        for number, item in enumerate(items[:MAX_PICTURES]):
            if number == 0 and without_first:
                continue
            yield number, heic_item(self._path, item)

    def _damaged(self, words: FfmpegWords) -> MediaError:
        if "icture size" in words:
            return too_large(self._path, "a size beyond what is decoded", MAX_STILL_SIDE_PX, MAX_STILL_PIXELS)
        return undecodable(self._path, words.first)


def _said_of(name: str, picture: Picture, n_parts: int) -> Iterator[Notice | Abstention]:
    for remark in picture.remarks:
        yield Notice("decode", f"{name} {remark}")
    if n_parts > 1:
        size = f"{picture.width_px} x {picture.height_px} px"
        yield Notice("decode", f"{name} ({size}) was searched in {n_parts} parts that overlap")
    if picture.missing is not None:
        yield Notice("decode", f"{name} {picture.missing}")
        yield Abstention(
            "face", AbstentionReason.DAMAGED, f"{name.lower()} {picture.missing}.", other("the missing part")
        )


def _rows_before_filling(stored: RgbImage) -> int:
    """Rows that stand before those at the end that all look alike, less the block that data ended in."""
    last = stored[-1]
    unlike = (stored != last).any(axis=(1, 2)).nonzero()[0]
    n_rows = int(unlike[-1]) + 1 if unlike.size else 0
    return n_rows - (n_rows % _JPEG_BLOCK_ROWS or _JPEG_BLOCK_ROWS)


def _parts(image: RgbImage) -> list[RgbImage]:
    """The picture, or overlapping parts of one that is much longer than wide."""
    height, width = image.shape[:2]
    longer, shorter = max(height, width), min(height, width)
    if longer < _LONG_FROM_PX or longer < _LONG_FROM_RATIO * shorter:
        return [image]
    length = max(round(_PART_RATIO * shorter), _SHORTEST_PART_PX)
    n_parts = max(2, int(np.ceil((longer - length) / ((1 - _PART_OVERLAP) * length))) + 1)
    starts = [round(at) for at in np.linspace(0, longer - length, n_parts)]
    if height > width:
        return [image[start : start + length] for start in starts]
    return [image[:, start : start + length] for start in starts]
