"""Send a picture through a video codec and back: for training and for tests of robustness."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np

from forensics.records.media import RgbImage


def through_h264(image: RgbImage, crf: int) -> RgbImage:
    """Encodes one picture as an H.264 key frame and decodes it again.

    Args:
        image: uint8[H, W, 3] RGB; odd sides lose their last row or column in the codec and get it
            back by replication.
        crf: x264's constant rate factor, 0 (lossless) to 51.

    Returns:
        uint8[H, W, 3] RGB.
    """
    height, width = image.shape[:2]
    even = np.ascontiguousarray(image[: height // 2 * 2, : width // 2 * 2])
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height = even.shape[1], even.shape[0]
    encoder.pix_fmt = "yuv420p"
    encoder.time_base = Fraction(1, 25)
    encoder.thread_count = 1
    encoder.options = {"crf": str(crf), "preset": "ultrafast", "tune": "zerolatency"}
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    frame = av.VideoFrame.from_ndarray(even, format="rgb24").reformat(format="yuv420p")
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    frames = [decoded for packet in packets for decoded in decoder.decode(packet)]
    frames += decoder.decode(None)
    decoded = frames[0].to_ndarray(format="rgb24")
    missing = ((0, height - decoded.shape[0]), (0, width - decoded.shape[1]), (0, 0))
    return np.pad(decoded, missing, mode="edge")
