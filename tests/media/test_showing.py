"""What a player does between decoding and showing is done before anything is scored, and said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.video.stream import VideoStream

from forensics.media.decode import decode
from forensics.media.encode import write_clip
from forensics.media.fields import is_combed
from forensics.media.probe import probe
from forensics.records.findings import Notice
from forensics.records.media import Frame, MediaUpdate, RgbImage, StreamInfo, StreamKind
from tests import synthetic

_CRISP = {"crf": "6", "preset": "veryfast"}
_PQ, _HLG = 16, 18
_BT2020, _BT2020_NCL, _LIMITED = 9, 9, 1


def shown(path: Path, n_frames: int = 8) -> tuple[list[Frame], list[str], StreamInfo]:
    """The chosen pictures of a file, what was said of them, and the stream's record."""
    items = list(decode(path, probe(path), n_frames, audio=False))
    [update] = [item for item in items if isinstance(item, MediaUpdate)]
    stream = update.media.stream(StreamKind.VIDEO)
    assert stream is not None
    frames = [item for item in items if isinstance(item, Frame)]
    return frames, [item.message for item in items if isinstance(item, Notice)], stream


def scenery(shift_px: float, width_px: int = 384, height_px: int = 288) -> RgbImage:
    """Soft blobs, seen through a window that moves: a pan."""
    noise = np.random.default_rng(5).integers(0, 256, (36, 90), np.uint8)
    wide = cv2.resize(noise, (width_px * 3, height_px), interpolation=cv2.INTER_CUBIC)
    left = round(shift_px)
    return np.repeat(wide[:, left : left + width_px, None], 3, axis=2)


def pan(n_frames: int, per_field_px: int, *, interlaced: bool, top_first: bool = True) -> Iterator[RgbImage]:
    """Two moments in every picture, or one."""
    for index in range(n_frames):
        image = scenery(2 * index * per_field_px)
        if interlaced:
            later = scenery((2 * index + 1) * per_field_px)
            second = slice(1, None, 2) if top_first else slice(0, None, 2)
            image[second] = later[second]
        yield image


def coded(
    path: Path,
    frames: Iterable[RgbImage],
    *,
    fields: str | None = None,
    aspect: Fraction | None = None,
    transfer: int | None = None,
    codec: str = "libx264",
    **options: str,
) -> Path:
    """Writes what ``write_clip`` does not: marked fields, pixels that are not square, HDR."""
    with av.open(str(path), "w") as output:
        stream: VideoStream | None = None
        marks: av.filter.Graph | None = None
        for index, image in enumerate(frames):
            deep = transfer is not None
            frame = av.VideoFrame.from_ndarray(image, format="rgb48le" if deep else "rgb24")
            frame = frame.reformat(
                format="yuv420p10le" if deep else "yuv420p",
                dst_colorspace=_BT2020_NCL if deep else None,
                dst_color_range=_LIMITED,
            )
            frame.pts, frame.time_base = index, Fraction(1, 25)
            if stream is None:
                stream = output.add_stream(codec, rate=25)
                stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, frame.format.name
                context = stream.codec_context
                context.thread_count = 1
                context.options = _CRISP | options | ({"flags": "+ildct+ilme"} if fields else {})
                if aspect is not None:
                    context.sample_aspect_ratio = aspect
                if transfer is not None:
                    context.color_trc, context.color_primaries = transfer, _BT2020
                    context.colorspace, context.color_range = _BT2020_NCL, _LIMITED
                if fields is not None:
                    marks = av.filter.Graph()
                    source = marks.add_buffer(
                        width=frame.width,
                        height=frame.height,
                        format=frame.format,
                        time_base=frame.time_base,
                    )
                    marks.link_nodes(
                        source, marks.add("setfield", f"mode={fields}"), marks.add("buffersink")
                    ).configure()
            if marks is not None:
                marks.vpush(frame)
                frame = marks.vpull()
            output.mux(stream.encode(frame))
        assert stream is not None
        output.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(("aspect", "size"), [(Fraction(16, 9), (512, 711)), (Fraction(1, 2), (1024, 400))])
def test_pixels_that_are_not_square_are_squared(
    tmp_path: Path, aspect: Fraction, size: tuple[int, int]
) -> None:
    narrow = cv2.resize(next(synthetic.portrait_frames(1)), (400, 512))
    path = coded(tmp_path / "anamorphic.mp4", [narrow] * 6, aspect=aspect)
    frames, notices, stream = shown(path)
    assert {frame.image.shape[:2] for frame in frames} == {size}
    assert stream.sample_aspect_ratio == f"{aspect.numerator}:{aspect.denominator}"
    assert (stream.width_px, stream.height_px) == (400, 512)
    assert any("not square" in notice for notice in notices)


def test_square_pixels_are_left_as_they_are(tmp_path: Path) -> None:
    stated = coded(tmp_path / "stated.mp4", pan(8, 0, interlaced=False), aspect=Fraction(1, 1))
    silent = coded(tmp_path / "silent.mp4", pan(8, 0, interlaced=False))
    one, other = shown(stated), shown(silent)
    assert one[1] == other[1] == []
    assert all(np.array_equal(a.image, b.image) for a, b in zip(one[0], other[0], strict=True))


def test_an_absurd_shape_of_pixels_is_not_believed(tmp_path: Path) -> None:
    path = coded(tmp_path / "absurd.mkv", pan(8, 0, interlaced=False), aspect=Fraction(200, 1))
    frames, notices, _ = shown(path)
    assert frames[0].image.shape == (288, 384, 3)
    assert any("cannot be meant" in notice for notice in notices)


@pytest.mark.parametrize(
    ("name", "codec", "fields", "top_first"),
    [
        ("flagged.ts", "libx264", "tff", True),
        ("flagged.mpg", "mpeg2video", "tff", True),
        ("bottom.mp4", "libx264", "bff", False),
        ("flags_lost.mp4", "libx264", None, True),
        ("flags_lost_bottom.mp4", "libx264", None, False),
    ],
)
def test_two_moments_in_a_picture_are_parted(
    tmp_path: Path, name: str, codec: str, fields: str | None, top_first: bool
) -> None:
    options = {"b:v": "20M"} if codec == "mpeg2video" else {}
    images = pan(24, 5, interlaced=True, top_first=top_first)
    path = coded(tmp_path / name, images, fields=fields, codec=codec, **options)
    frames, notices, stream = shown(path)
    assert len(frames) == 8
    assert stream.n_frames_deinterlaced == 8
    assert any("deinterlaced" in notice for notice in notices)
    assert any("not marked" in notice for notice in notices) == (fields is None)
    if fields is not None and codec == "libx264":
        assert stream.field_order is not None
        assert stream.field_order.startswith("interlaced")
    for frame in frames:
        truth = scenery(2 * frame.index * 5)
        error = np.abs(frame.image[4:-4, 4:-4].astype(int) - truth[4:-4, 4:-4])
        # What a comb leaves behind is off by 30 and more in every second row.
        assert error[1::2].mean() < 8
        assert not is_combed(frame.image[:, :, 1], flagged=True)


@pytest.mark.parametrize("fields", ["tff", None])
def test_a_progressive_film_is_left_alone_even_in_an_interlaced_stream(
    tmp_path: Path, fields: str | None
) -> None:
    path = coded(tmp_path / "film.ts", pan(24, 5, interlaced=False), fields=fields)
    frames, notices, stream = shown(path)
    assert len(frames) == 8
    assert stream.n_frames_deinterlaced == 0
    assert notices == []
    with av.open(str(path)) as container:
        stored = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert all(np.array_equal(frame.image, stored[frame.index]) for frame in frames)


def test_both_neighbours_of_a_chosen_picture_are_decoded_in_an_interlaced_stream(tmp_path: Path) -> None:
    options = {"bf": "3", "b_strategy": "0"}
    flagged = coded(tmp_path / "flagged.mp4", pan(48, 5, interlaced=True), fields="tff", **options)
    unsaid = coded(tmp_path / "unsaid.mp4", pan(48, 5, interlaced=False), **options)
    many, few = (shown(path)[2].n_frames_decoded for path in (flagged, unsaid))
    assert many is not None
    assert few is not None
    assert few < many


def test_a_single_combed_picture_is_parted_without_neighbours(tmp_path: Path) -> None:
    path = coded(tmp_path / "one.mp4", pan(1, 5, interlaced=True))
    frames, _, stream = shown(path)
    assert stream.n_frames_deinterlaced == 1
    assert not is_combed(frames[0].image[:, :, 1], flagged=True)


@pytest.mark.parametrize(("transfer", "name"), [(_PQ, "PQ"), (_HLG, "HLG")])
def test_high_dynamic_range_is_tone_mapped(tmp_path: Path, transfer: int, name: str) -> None:
    # Diffuse white stands at 58 % of the signal in PQ and at 75 % in HLG (ITU-R BT.2408, table 1).
    diffuse_white = round((0.58 if transfer == _PQ else 0.75) * 65_535)
    bars = [[diffuse_white] * 3, [round(0.38 * 65_535)] * 3, [0] * 3, [30_000, 20_000, 16_000]]
    image = np.repeat(np.repeat(np.asarray(bars, np.uint16), 64, axis=0)[None], 96, axis=0)
    path = coded(tmp_path / "hdr.mp4", [image] * 4, transfer=transfer)
    frames, notices, stream = shown(path)
    assert stream.hdr == name
    assert any(name in notice and "tone-mapped" in notice for notice in notices)
    white, middle, black = (int(frames[0].image[48, at, 1]) for at in (32, 96, 160))
    # Shown without mapping, white would be a grey of 148 in PQ and 191 in HLG.
    assert white > 245
    assert 20 < middle < 110
    assert black < 4
    red, green, blue = (int(value) for value in frames[0].image[48, 224])
    assert red > 1.5 * green > 1.5 * blue


def test_ordinary_material_is_not_tone_mapped(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "plain.mp4", synthetic.portrait_frames(8), pixel_format="yuv420p10le")
    _, notices, stream = shown(path)
    assert stream.hdr is None
    assert notices == []
