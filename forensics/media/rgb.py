"""Decoded pictures of any pixel format to RGB as an ordinary (sRGB) screen shows it."""

from __future__ import annotations

import numpy as np
from av import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorTrc, Interpolation, VideoReformatter

from forensics.records.media import RgbImage

# Transfer curves of high dynamic range: SMPTE ST 2084 and ARIB STD-B67, both in ITU-R BT.2100.
_HDR = {ColorTrc.SMPTE2084.value: "PQ", ColorTrc.ARIB_STD_B67.value: "HLG"}
# Keeps its table of colours, which takes seconds to make, from picture to picture.
_TONE_MAPPER = VideoReformatter()


def rgb_of(frame: VideoFrame, size_px: tuple[int, int] | None = None) -> RgbImage:
    """uint8[H, W, 3] RGB, not turned, by the frame's own colour matrix and range; HDR is tone-mapped.

    Args:
        frame: as decoded.
        size_px: (width, height) to scale to; as stored by default.
    """
    if hdr_of(frame.color_trc) is not None:
        frame = _tone_mapped(frame)
    if size_px is None:
        return np.asarray(frame.to_ndarray(format="rgb24", threads=1), np.uint8)
    width, height = size_px
    scaled = frame.to_ndarray(
        format="rgb24", width=width, height=height, interpolation=Interpolation.BICUBIC, threads=1
    )
    return np.asarray(scaled, np.uint8)


def hdr_of(color_trc: int) -> str | None:
    """``PQ`` or ``HLG`` for FFmpeg's number of a transfer curve, None for ordinary material."""
    return _HDR.get(color_trc)


def _tone_mapped(frame: VideoFrame) -> VideoFrame:
    """To BT.709 by libswscale's relative colorimetry.

    Up to 203 cd/m2, the white of ITU-R BT.2408, brightness stays what it is in ordinary material, from which
    the nets learned. What is brighter becomes white; colours outside BT.709 are clipped to it.
    """
    if frame.color_primaries == ColorPrimaries.UNSPECIFIED:
        # BT.2100 knows these primaries alone.
        frame.color_primaries = ColorPrimaries.BT2020
    return _TONE_MAPPER.reformat(
        frame,
        format="rgb24",
        dst_color_trc=ColorTrc.IEC61966_2_1,
        dst_color_primaries=ColorPrimaries.BT709,
        threads=1,
    )
