"""Decoded pictures through FFmpeg's filters."""

from __future__ import annotations

from collections.abc import Sequence

from av import VideoFrame
from av.error import FFmpegError
from av.filter import Graph

Step = tuple[str, str]


def through(frames: Sequence[VideoFrame], *steps: Step) -> list[VideoFrame]:
    """What comes out when ``frames``, all of one size and format, have gone through a chain of filters.

    Args:
        frames: at least one, in the order in which they are shown.
        steps: FFmpeg's name of each filter and its options.

    Raises:
        FFmpegError: a filter refuses its options or the frames.
    """
    first = frames[0]
    graph = Graph()
    graph.threads = 1
    source = graph.add(
        "buffer",
        f"video_size={first.width}x{first.height}:pix_fmt={first.format.name}:time_base=1/90000:"
        f"pixel_aspect=1/1:colorspace={first.colorspace}:range={first.color_range}",
    )
    sink = graph.add("buffersink")
    graph.link_nodes(source, *(graph.add(name, options) for name, options in steps), sink).configure()
    given: list[VideoFrame] = []
    for frame in (*frames, None):
        graph.vpush(frame)
        while True:
            try:
                given.append(graph.vpull())
            except FFmpegError as error:
                # Nothing more comes before the next frame is pushed, or at all.
                if not isinstance(error, (BlockingIOError, EOFError)):
                    raise
                break
    return given
