"""How a picture has to be turned, and that asking costs no process its life."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from forensics.media.orientation import Orientation, orientation_of
from tests import synthetic

_ASK_OFTEN = """
import faulthandler, gc, sys
import av
from forensics.media.orientation import orientation_of
faulthandler.enable()
for _ in range(20):
    with av.open(sys.argv[1]) as container:
        print(orientation_of(next(container.decode(video=0))).rotation_deg)
    gc.collect()
"""


def _first_frame(path: Path) -> VideoFrame:
    with av.open(str(path)) as container:
        return next(container.decode(video=0))


@pytest.mark.parametrize("suffix", [".png", ".mov"])
def test_a_named_colour_profile_kills_nobody(tmp_path: Path, suffix: str) -> None:
    path = synthetic.png_with_colour_profile(tmp_path)
    if suffix == ".mov":  # the same pictures, in a video
        png, path = path, tmp_path / "video.mov"
        with av.open(str(png)) as source, av.open(str(path), "w") as out:
            stream = out.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(video=0):
                if packet.size:
                    packet.stream = stream
                    packet.pts = packet.dts = 0
                    out.mux(packet)
    done = subprocess.run(
        [sys.executable, "-c", _ASK_OFTEN, str(path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "0\n" * 20), done.stderr[-2000:]


@pytest.mark.parametrize("rotation_deg", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
def test_turns_and_mirrors_of_video_are_told_apart(tmp_path: Path, rotation_deg: int, mirrored: bool) -> None:
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.set_display_rotation(-rotation_deg, hflip=mirrored)
        for image in synthetic.marked_frames(2):
            out.mux(stream.encode(VideoFrame.from_ndarray(image, "rgb24")))
        out.mux(stream.encode())
    found = orientation_of(_first_frame(path))
    assert found.mirrored is mirrored
    # Written: turned, then mirrored. Read: mirrored, then turned, which goes the other way round.
    assert found.rotation_deg == (-rotation_deg % 360 if mirrored else rotation_deg)
    upright = found.upright(np.zeros((64, 96, 3), np.uint8))
    assert upright.shape == ((64, 96, 3) if rotation_deg % 180 == 0 else (96, 64, 3))


def test_what_says_nothing_stays_as_it_is(tmp_path: Path) -> None:
    assert orientation_of(_first_frame(synthetic.still(tmp_path, "plain.png"))) == Orientation()
