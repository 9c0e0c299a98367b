"""Animated WebP, which FFmpeg does not read: pictures spread over the whole of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from forensics.media.open_container import check_size
from forensics.media.picture import undecodable
from forensics.records.findings import Notice
from forensics.records.media import Frame, StreamInfo


class Animation:
    """The pictures of an animated WebP."""

    def __init__(self, path: Path, stream_index: int) -> None:
        self._path = path
        self._stream_index = stream_index
        self._size_px = 0, 0
        self._n_pictures = 0
        self._delivered: list[int] = []
        self._n_decoded = 0
        self._ends_s = 0.0

    def read(self, n_frames: int) -> Iterator[Frame | Notice]:
        """The middle pictures of ``n_frames`` equal shares, at the times that the file gives them.

        Raises:
            MediaError: it is damaged before its first picture, or too large.
        """
        from PIL import Image

        try:
            with Image.open(self._path, formats=["WEBP"]) as picture:
                self._size_px = picture.size
                check_size(self._path, *picture.size)
                self._n_pictures = int(getattr(picture, "n_frames", 1))
                yield from self._chosen(picture, n_frames)
        except (OSError, ValueError, SyntaxError, EOFError) as error:
            if not self._delivered:
                raise undecodable(self._path, str(error)) from error
            yield Notice("decode", f"The animation cannot be decoded beyond {self._ends_s:.1f} s ({error})")

    def facts(self, stream: StreamInfo) -> StreamInfo:
        """The stream's record, with what decoding found."""
        return replace(
            stream,
            width_px=self._size_px[0],
            height_px=self._size_px[1],
            pixel_format="rgb24",
            frame_rate_hz=None,
            duration_from_content_s=round(self._ends_s, 6),
            n_frames_from_content=self._n_pictures,
            chosen_frames=tuple(self._delivered),
            n_frames_decoded=self._n_decoded,
        )

    def _chosen(self, picture: object, n_frames: int) -> Iterator[Frame]:
        from PIL.WebPImagePlugin import WebPImageFile

        assert isinstance(picture, WebPImageFile)
        n = min(n_frames, self._n_pictures)
        wanted = {int((slot + 0.5) * self._n_pictures / n) for slot in range(n)}
        for index in range(self._n_pictures):
            picture.seek(index)
            picture.load()
            self._n_decoded = index + 1
            starts_s = picture.info.get("timestamp", 0) / 1000
            self._ends_s = starts_s + picture.info.get("duration", 0) / 1000
            if index in wanted:
                self._delivered.append(index)
                image = np.asarray(picture.convert("RGB"), np.uint8)
                yield Frame(image, index, starts_s, self._stream_index)
