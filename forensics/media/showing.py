"""What a player does between decoding and showing: fields, colours, the shape of pixels, the turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Generic, TypeVar

from av import VideoFrame
from av.video.stream import VideoStream

from forensics.media.fields import deinterlaced, field_order, is_combed
from forensics.media.open_container import MAX_PIXELS, MAX_SIDE_PX
from forensics.media.orientation import Orientation, orientation_of
from forensics.media.rgb import hdr_of, rgb_of
from forensics.records.findings import Notice
from forensics.records.media import RgbImage, StreamInfo

# A header that asks for more than this is wrong: the most that is in use is 2:1 (anamorphic film).
_MOST_STRETCHED = 4
# Less than this cannot be seen, and scaling costs sharpness.
_SQUARE_WITHIN = 0.01

Label = TypeVar("Label")


class Showing(Generic[Label]):
    """Turns decoded pictures of one stream into what a player shows, and keeps what it did."""

    def __init__(self, stream: VideoStream) -> None:
        self._stream = stream
        self._previous: VideoFrame | None = None
        self._waiting: tuple[VideoFrame | None, VideoFrame, Label] | None = None
        self._n_shown = 0
        self._n_flagged = 0
        self._n_deinterlaced = 0
        self._hdr: str | None = None
        self.orientation: Orientation | None = None

    def follow(self, frame: VideoFrame | None, chosen: Label | None) -> Iterator[tuple[Label, RgbImage]]:
        """Takes every picture that leaves the decoder, in order, and gives the chosen ones as shown.

        A combed picture waits for the one after it.

        Args:
            frame: the next picture; None where the row breaks off.
            chosen: what the picture is called if it is wanted.

        Yields:
            What a chosen picture was called, and uint8[H, W, 3] RGB, upright.
        """
        if self._waiting is not None:
            previous, combed, label = self._waiting
            self._waiting = None
            self._n_deinterlaced += 1
            yield label, self._upright(deinterlaced(previous, combed, frame))
        if frame is not None and chosen is not None:
            if self.orientation is None:
                self.orientation = orientation_of(frame)
            self._n_shown += 1
            self._n_flagged += frame.interlaced_frame
            self._hdr = self._hdr or hdr_of(frame.color_trc)
            stored = rgb_of(frame)
            if is_combed(stored[:, :, 1], flagged=frame.interlaced_frame):
                self._waiting = self._previous, frame, chosen
            elif (size_px := self._size_px(frame)) is not None:
                yield chosen, self.orientation.upright(rgb_of(frame, size_px))
            else:
                yield chosen, self.orientation.upright(stored)
        self._previous = frame

    def facts(self, stream: StreamInfo) -> StreamInfo:
        """The stream's record with what was done to its pictures."""
        return replace(
            stream,
            rotation_deg=stream.rotation_deg if self.orientation is None else self.orientation.rotation_deg,
            hdr=self._hdr,
            n_frames_deinterlaced=self._n_deinterlaced,
        )

    def notices(self) -> Iterator[Notice]:
        """What was done to the pictures before they were examined."""
        aspect = pixel_aspect(self._stream)
        if aspect is not None and not _believable(aspect):
            yield Notice(
                "decode",
                f"The header calls each pixel {aspect.numerator}:{aspect.denominator} wide; that cannot be "
                "meant, and the pictures were examined with square pixels",
            )
        elif aspect is not None and _stretch(aspect) is not None and self._n_shown:
            yield Notice(
                "decode",
                f"Pixels are not square ({aspect.numerator}:{aspect.denominator}): the pictures were "
                "stretched to the shape in which a player shows them",
            )
        if self._n_deinterlaced:
            marked = "marked as interlaced" if self._n_flagged else "not marked as interlaced, but combed"
            yield Notice(
                "decode",
                f"The video is {marked}: {self._n_deinterlaced} of {self._n_shown} examined pictures "
                "hold two moments each and were deinterlaced",
            )
        if self._hdr is not None:
            yield Notice(
                "decode",
                f"The video has a high dynamic range ({self._hdr}): its pictures were tone-mapped "
                "to that of an ordinary screen",
            )

    def _upright(self, frame: VideoFrame) -> RgbImage:
        assert self.orientation is not None
        return self.orientation.upright(rgb_of(frame, self._size_px(frame)))

    def _size_px(self, frame: VideoFrame) -> tuple[int, int] | None:
        """(width, height) that makes pixels square, None where they are."""
        aspect = pixel_aspect(self._stream)
        stretch = _stretch(aspect) if aspect is not None else None
        if stretch is None:
            return None
        wider = round(frame.width * stretch), frame.height
        higher = frame.width, round(frame.height / stretch)
        # The side that is too short grows, so that no detail is lost, unless that makes it too large.
        grown, shrunk = (wider, higher) if stretch > 1 else (higher, wider)
        return grown if max(grown) <= MAX_SIDE_PX and grown[0] * grown[1] <= MAX_PIXELS else shrunk


def as_stated(info: StreamInfo, stream: VideoStream) -> StreamInfo:
    """The stream's record with what the header says of how pictures are to be shown."""
    aspect = pixel_aspect(stream)
    return replace(
        info,
        sample_aspect_ratio=None if aspect is None else f"{aspect.numerator}:{aspect.denominator}",
        field_order=field_order(stream.codec_context.field_order),
        hdr=hdr_of(stream.codec_context.color_trc),
    )


def pixel_aspect(stream: VideoStream) -> Fraction | None:
    """How wide a pixel is by its height; None where the header does not say."""
    return stream.sample_aspect_ratio or None


def _believable(aspect: Fraction) -> bool:
    return 1 / _MOST_STRETCHED <= aspect <= _MOST_STRETCHED


def _stretch(aspect: Fraction) -> Fraction | None:
    return aspect if _believable(aspect) and abs(aspect - 1) > _SQUARE_WITHIN else None
