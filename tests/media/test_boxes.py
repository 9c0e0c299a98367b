"""The walker over boxes: right on whole files, bounded and quiet on damaged ones."""

from __future__ import annotations

import contextlib
import io
import struct
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.detectors import load_detector, spec_of
from forensics.errors import MediaError
from forensics.media.boxes import MOST_BOXES, BoxTree, box_tree
from forensics.media.encode import write_clip
from forensics.media.movie_header import movie_header
from forensics.media.packets import read_packets
from forensics.media.probe import probe
from forensics.media.writing_program import writing_program
from tests import mutations, synthetic


def walked(data: bytes) -> BoxTree:
    return box_tree(io.BytesIO(data), len(data))


def box(kind: bytes, payload: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(payload), kind) + payload


def test_boxes_of_every_size_form_are_found_where_they_stand() -> None:
    large = struct.pack(">I4sQ", 1, b"free", 20) + b"1234"
    data = box(b"ftyp", b"isom") + box(b"moov", box(b"trak", box(b"tkhd", b"xyz"))) + large
    data += struct.pack(">I4s", 0, b"mdat") + b"rest"
    tree = walked(data)
    assert [one.path for one in tree.boxes] == ["ftyp", "moov", "moov/trak", "moov/trak/tkhd", "free", "mdat"]
    assert [one.n_bytes for one in tree.top] == [12, 27, 20, 12]
    assert tree.trouble is None
    assert tree.top[-1].end == len(data)


def test_sizes_that_do_not_fit_are_said() -> None:
    longer = walked(struct.pack(">I4s", 99, b"moov"))
    assert longer.trouble == "the box 'moov' at byte 0 is 91 bytes longer than what is around it"
    assert "smaller than its own header" in (walked(struct.pack(">I4s", 5, b"moov")).trouble or "")
    many = walked(box(b"free") * (MOST_BOXES + 10))
    assert len(many.boxes) == MOST_BOXES
    assert many.trouble is not None


def test_boxes_nested_without_end_are_not_followed() -> None:
    data = box(b"moov")
    for _ in range(200):
        data = box(b"trak", data)
    assert len(walked(data).boxes) < 20


_HEADERS = st.builds(
    lambda size, kind: struct.pack(">I4s", size, kind),
    st.one_of(st.integers(0, 64), st.integers(0, 2**32 - 1)),
    st.sampled_from([b"moov", b"trak", b"meta", b"stsd", b"ilst", b"uuid", b"free", b"\0\0\0\0", b"elst"]),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.one_of(_HEADERS, st.binary(max_size=40)), max_size=60).map(b"".join))
def test_any_bytes_are_walked_within_bounds(data: bytes) -> None:
    tree = walked(data)
    assert len(tree.boxes) <= MOST_BOXES
    for one in tree.boxes:
        assert 0 <= one.start < one.end <= len(data)
        assert one.start <= one.payload_start <= len(data)


def test_header_and_programs_are_read_from_whole_files(tmp_path: Path) -> None:
    clip = write_clip(
        tmp_path / "a.mp4", synthetic.portrait_frames(25), tags={"creation_time": "2024-05-01T10:00:00Z"}
    )
    header = movie_header(clip)
    assert header is not None
    assert header.brands[0] == "isom"
    assert {f"{one.created_utc:%Y-%m-%d %H:%M}" for one in header.stamps} == {"2024-05-01 10:00"}
    assert [one.rate for one in header.edits] == [1.0]
    assert header.length_s is not None
    assert abs(header.length_s - 1.0) < 0.05
    for name in ("a.mkv", "a.webm", "a.ts"):
        codec = "libvpx-vp9" if name.endswith("webm") else "libx264"
        other = write_clip(tmp_path / name, synthetic.portrait_frames(6), codec=codec)
        program = writing_program(other)
        assert program.muxer.startswith(("Lavf", "FFmpeg"))
    assert movie_header(other) is None


def test_damaged_files_give_findings_or_a_reason_within_bounds(tmp_path: Path) -> None:
    whole = [
        write_clip(
            tmp_path / f"whole{suffix}",
            synthetic.portrait_frames(12, width_px=96, height_px=64, bust_px=60),
            samples=synthetic.hum(0.5),
            codec={".webm": "libvpx-vp9", ".avi": "mpeg4"}.get(suffix, "libx264"),
        )
        for suffix in (".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts")
    ]
    detector = load_detector(spec_of("container"), [])
    n_told = 0
    n_files = mutations.n_files(240)
    for path in mutations.mutated(whole, tmp_path / "damaged", n_files, seed=16):
        header = movie_header(path)
        assert header is None or len(header.tree.boxes) <= MOST_BOXES
        program = writing_program(path)
        assert len(program.muxer) + len(program.writer) <= 400
        with contextlib.suppress(MediaError):  # the file's reason; anything else is a fault of this program
            packets = read_packets(path)
            # Damage can name a length; it makes no packets of more than the file holds.
            assert sum(int(one.n_bytes.sum()) for one in packets.streams) <= 4 * path.stat().st_size + 4096
            n_told += bool(list(detector.begin(probe(path), path).conclude()))
    assert n_told > 0.4 * n_files
