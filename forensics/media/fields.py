"""Interlaced pictures: found by their combing, and put right.

An interlaced picture holds two moments, one in its even rows and one in its odd rows. Where something moved
between them, edges look like a comb. A stream's flags say how it was coded, not what it holds: broadcasters
send progressive films in interlaced streams, and converters lose the flags. So the flags only lower the
threshold, and each picture's content decides.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from av import VideoFrame
from av.error import FFmpegError

from forensics.media.filters import through

# FFmpeg's AVFieldOrder.
_FIELD_ORDERS = {
    1: "progressive",
    2: "interlaced, top field first",
    3: "interlaced, bottom field first",
    4: "interlaced, top field coded first, bottom field shown first",
    5: "interlaced, bottom field coded first, top field shown first",
}
# The measure of TIVTC and of FFmpeg's fieldmatch (cthresh 9, combpel 80 of a block of 256 pixels): a pixel
# is combed if it differs from the rows above and below in the same direction, and from the mean of its own
# field. Every fourth column is enough, which leaves 64 pixels of a block.
_DIFFERS_BY = 9
_BLOCK_PX = 16
_COLUMN_STEP = 4
# Combed pixels among a block's 64, and blocks of a picture. In 12 pictures each of 13 progressive clips no
# block has more than 13; pans of 6 px a field give 20 and more in 300 to 1,085 blocks of every picture.
_COMBED, _FEWEST_BLOCKS = 20, 3
_COMBED_IF_FLAGGED, _FEWEST_BLOCKS_IF_FLAGGED = 16, 1
# Field orders whose combing differs by less cannot be told apart.
_CLEARLY = 0.8

Luma = npt.NDArray[np.uint8]


def field_order(number: int) -> str | None:
    """In words, for FFmpeg's number; None where a stream does not say."""
    return _FIELD_ORDERS.get(number)


def is_interlaced(order: str | None) -> bool:
    """Whether a stream says, in the words of ``field_order``, that it is interlaced."""
    return order is not None and order != _FIELD_ORDERS[1]


def is_combed(luma: Luma, *, flagged: bool) -> bool:
    """Whether two moments stand in one picture.

    Args:
        luma: uint8[H, W] brightness, or the green of RGB.
        flagged: the decoder calls the picture interlaced.
    """
    counts = _combing(luma)
    if flagged:
        return int((counts >= _COMBED_IF_FLAGGED).sum()) >= _FEWEST_BLOCKS_IF_FLAGGED
    return int((counts >= _COMBED).sum()) >= _FEWEST_BLOCKS


def deinterlaced(previous: VideoFrame | None, frame: VideoFrame, following: VideoFrame | None) -> VideoFrame:
    """One moment of a combed picture: that of its first field, in full height.

    bwdif (Martin Weston's method of BBC R&D, with motion detection) takes what stood still from the
    neighbours. Without any, estdif follows the edges within the picture.

    Args:
        previous: the picture before it, if it is at hand.
        frame: the combed picture.
        following: the picture after it, if it is at hand.
    """
    like = [one for one in (previous, frame, following) if one is not None and _alike(one, frame)]
    if len(like) == 1:
        method = "estdif", "mode=frame:parity=auto:deint=all"
    else:
        method = "bwdif", f"mode=send_frame:parity={_parity(like)}:deint=all"
    at = next(place for place, one in enumerate(like) if one is frame)
    try:
        return through(like, method)[at]
    except (FFmpegError, IndexError):
        return frame


def _alike(one: VideoFrame, other: VideoFrame) -> bool:
    return (one.width, one.height, one.format.name) == (other.width, other.height, other.format.name)


def _parity(pair: Sequence[VideoFrame]) -> str:
    """Which field comes first, by content: of two pictures in a row the two fields that touch comb less."""
    earlier, later = (np.asarray(one.to_ndarray(format="gray", threads=1), np.uint8) for one in pair[:2])
    top_first, bottom_first = later.copy(), earlier.copy()
    top_first[1::2], bottom_first[1::2] = earlier[1::2], later[1::2]
    if_top = float(_combing(top_first).sum())
    if_bottom = float(_combing(bottom_first).sum())
    if if_top < _CLEARLY * if_bottom:
        return "tff"
    return "bff" if if_bottom < _CLEARLY * if_top else "auto"


def _combing(luma: Luma) -> npt.NDArray[np.int64]:
    """int64[h, w] combed pixels, of 64, in each block."""
    rows = luma[:, ::_COLUMN_STEP].astype(np.int16)
    here, above, below = rows[2:-2], rows[1:-3], rows[3:-1]
    up, down = here - above, here - below
    differs = (np.minimum(up, down) > _DIFFERS_BY) | (np.maximum(up, down) < -_DIFFERS_BY)
    # Few pixels of a progressive picture come this far.
    at = np.nonzero(differs)
    own_field = rows[:-4][at] + 4 * here[at] + rows[4:][at]
    differs[at] = np.abs(own_field - 3 * (above[at] + below[at])) > 6 * _DIFFERS_BY
    width = _BLOCK_PX // _COLUMN_STEP
    n_down, n_across = differs.shape[0] // _BLOCK_PX, differs.shape[1] // width
    blocks = differs[: n_down * _BLOCK_PX, : n_across * width]
    counts = blocks.reshape(n_down, _BLOCK_PX, n_across, width).sum((1, 3))
    return np.asarray(counts, np.int64)
