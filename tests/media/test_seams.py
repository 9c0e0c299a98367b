"""Time stamps that jump, and fields that are coded as pictures of their own: what is decoded counts."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from forensics.media.decode import decode
from forensics.media.encode import write_clip
from forensics.media.probe import probe
from forensics.records.findings import Notice
from forensics.records.media import AudioChunk, Frame, MediaUpdate, StreamKind
from tests import synthetic
from tests.media.field_pictures import write_fields

PART_S = 4.0


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("part") / "part.mp4"
    return write_clip(path, synthetic.numbered_frames(100), 25.0, samples=synthetic.hum(PART_S))


def transport_stream(part: Path, start_s: float) -> bytes:
    """The part as a transport stream whose stamps begin at a time."""
    path = part.with_suffix(".ts")
    with (
        av.open(str(part)) as source,
        av.open(str(path), "w", format="mpegts", options={"mpegts_copyts": "1"}) as output,
    ):
        streams = {stream.index: output.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is None or packet.pts is None:
                continue
            shift = int(start_s / packet.time_base)
            packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
            packet.stream = streams[packet.stream_index]
            output.mux(packet)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("starts_s", "header_s"),
    [((5000, 0), 90_447.8), ((0, 5000), 5003.9), ((0, 0), 4.0), ((100, 0, 5000), 95_347.8)],
    ids=["stamps wrap", "forward", "the same stamps again", "three parts"],
)
def test_parts_joined_end_to_end_are_one_clip(
    part: Path, tmp_path: Path, starts_s: tuple[float, ...], header_s: float
) -> None:
    path = tmp_path / "joined.ts"
    path.write_bytes(b"".join(transport_stream(part, start_s) for start_s in starts_s))
    n_parts = len(starts_s)
    items = list(decode(path, probe(path), 8))
    frames = [item for item in items if isinstance(item, Frame)]
    assert len(frames) == 8
    for frame in frames:
        # Every part begins with number 0 again.
        assert synthetic.frame_number(frame.image) == frame.index % 100
        assert frame.at_s == pytest.approx(frame.index / 25, abs=0.15)
    assert [frame.index // 100 for frame in frames] == sorted(frame.index // 100 for frame in frames)
    assert {frame.index // 100 for frame in frames} == set(range(n_parts))
    chunks = [item for item in items if isinstance(item, AudioChunk)]
    assert chunks[-1].at_s + chunks[-1].samples.size / chunks[-1].rate_hz == pytest.approx(
        n_parts * PART_S, abs=0.4
    )
    [media] = [item.media for item in items if isinstance(item, MediaUpdate)]
    video = media.stream(StreamKind.VIDEO)
    assert video is not None
    assert video.duration_from_header_s == pytest.approx(header_s, abs=0.2)
    assert video.duration_from_content_s == pytest.approx(n_parts * PART_S, abs=0.1)
    assert media.duration_s == pytest.approx(n_parts * PART_S, abs=0.4)
    [notice] = [item.message for item in items if isinstance(item, Notice)]
    assert "jump" in notice
    assert "the header says" in notice


def test_a_pause_in_a_recording_is_no_seam(tmp_path: Path) -> None:
    times_s = [index / 25 for index in range(50)] + [3600 + index / 25 for index in range(50)]
    path = write_clip(tmp_path / "motion.mkv", synthetic.numbered_frames(100), 25.0, times_s=times_s)
    items = list(decode(path, probe(path), 8))
    frames = [item for item in items if isinstance(item, Frame)]
    assert max(frame.at_s for frame in frames) > 3600
    assert not [item for item in items if isinstance(item, Notice)]


@pytest.mark.parametrize("every_field_timed", [True, False])
def test_two_field_pictures_are_one_picture(tmp_path: Path, every_field_timed: bool) -> None:
    images = [image[:, :, 1] for image in synthetic.numbered_frames(25)]
    path = write_fields(tmp_path / "fields.ts", images, every_field_timed=every_field_timed)
    items = list(decode(path, probe(path), 8))
    frames = [item for item in items if isinstance(item, Frame)]
    assert [synthetic.frame_number(frame.image) for frame in frames] == [2, 5, 8, 11, 14, 17, 20, 23]
    assert [frame.index for frame in frames] == [2, 5, 8, 11, 14, 17, 20, 23]
    assert not [item for item in items if isinstance(item, Notice)]
    [media] = [item.media for item in items if isinstance(item, MediaUpdate)]
    assert media.streams[0].n_frames_from_content == 25
    assert media.streams[0].duration_from_content_s == pytest.approx(1.0, abs=0.05)


def test_both_fields_of_a_combed_pair_reach_the_deinterlacer(tmp_path: Path) -> None:
    rows = np.arange(96)[:, None] % 2
    images = []
    for index in range(12):
        image = np.full((96, 288), 40, np.uint8)
        for row, left in ((0, 16 * index), (1, 16 * index + 8)):
            image[np.broadcast_to(rows == row, image.shape) & _bar(left)] = 220
        images.append(image)
    path = write_fields(tmp_path / "moving.ts", images, every_field_timed=True)
    items = list(decode(path, probe(path), 12))
    assert len([item for item in items if isinstance(item, Frame)]) == 12
    [media] = [item.media for item in items if isinstance(item, MediaUpdate)]
    assert media.streams[0].n_frames_deinterlaced == 12


def _bar(left: int) -> np.ndarray:
    columns = np.arange(288)[None, :]
    return np.broadcast_to((columns >= left) & (columns < left + 64), (96, 288))
