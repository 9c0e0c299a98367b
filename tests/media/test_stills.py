"""Stills: all pages and items, what is missing, what is unusual, and pictures larger than most."""

from __future__ import annotations

import io
import itertools
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from forensics.errors import MediaError
from forensics.media.decode import Decoded, decode
from forensics.media.picture import MAX_STILL_SIDE_PX
from forensics.media.probe import probe
from forensics.media.stills import MAX_PICTURES
from forensics.records.findings import Abstention, AbstentionReason, Notice
from forensics.records.media import Frame, MediaKind, MediaUpdate, RgbImage, StreamInfo
from tests import synthetic


def _decoded(path: Path, n_frames: int = 8) -> list[Decoded]:
    return list(decode(path, probe(path), n_frames))


def _images(items: Sequence[Decoded]) -> list[RgbImage]:
    return [item.image for item in items if isinstance(item, Frame)]


def _said(items: Sequence[Decoded]) -> str:
    return "\n".join(item.message for item in items if isinstance(item, Notice))


def _stream(items: Sequence[Decoded]) -> StreamInfo:
    update = items[-1]
    assert isinstance(update, MediaUpdate)
    (stream,) = update.media.streams
    return stream


def _person() -> Image.Image:
    return Image.fromarray(next(synthetic.portrait_frames(1)))


def _colours(n: int) -> list[Image.Image]:
    """Pictures that are told apart by their red."""
    return [Image.new("RGB", (64, 48), (5 * number, 200, 30)) for number in range(n)]


def _reds(images: Sequence[RgbImage]) -> list[int]:
    return [round(float(image[..., 0].mean()) / 5) for image in images]


def _exif(orientation: int) -> bytes:
    entry = (0x0112).to_bytes(2, "little") + (3).to_bytes(2, "little") + (1).to_bytes(4, "little")
    return b"Exif\0\0II*\0\x08\0\0\0\x01\0" + entry + orientation.to_bytes(4, "little") + bytes(4)


def _jpeg(picture: Image.Image, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90, **options)
    return out.getvalue()


def test_a_jpeg_cut_short_shows_what_is_there_and_says_what_is_not(tmp_path: Path) -> None:
    whole = _jpeg(_person())
    path = tmp_path / "cut.jpg"
    path.write_bytes(whole[: len(whole) * 6 // 10])
    items = _decoded(path)
    (image,) = _images(items)
    reference = np.asarray(Image.open(io.BytesIO(whole)).convert("RGB"))
    n_rows = image.shape[0]
    assert 100 < n_rows < reference.shape[0] - 32
    # Not one row of those that the decoder made up.
    assert np.abs(image.astype(int) - reference[:n_rows]).mean(axis=(1, 2)).max() < 4
    assert f"rows {n_rows + 1} to 300 of 300 (as stored) are missing" in _said(items)
    (abstention,) = [item for item in items if isinstance(item, Abstention)]
    assert (abstention.detector, abstention.why) == ("face", AbstentionReason.DAMAGED)


def test_a_progressive_jpeg_cut_short_is_said_to_be_coarse(tmp_path: Path) -> None:
    whole = _jpeg(_person(), progressive=True)
    path = tmp_path / "cut.jpg"
    path.write_bytes(whole[: len(whole) // 2])
    items = _decoded(path)
    assert len(_images(items)) == 1
    assert "more coarsely than it was" in _said(items)
    assert any(isinstance(item, Abstention) for item in items)


def test_a_whole_jpeg_has_nothing_said_of_it(tmp_path: Path) -> None:
    for name, options in {
        "a.jpg": {},
        "b.jpg": {"progressive": True},
        "c.jpg": {"restart_marker_rows": 1},
    }.items():
        path = tmp_path / name
        path.write_bytes(_jpeg(_person(), **options))
        items = _decoded(path)
        assert len(items) == 2, _said(items)


def test_damage_within_a_picture_is_a_limit(tmp_path: Path) -> None:
    path = synthetic.still(tmp_path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 40] = b"\xff\x00" * 20
    path.write_bytes(data)
    items = _decoded(path)
    assert "is damaged (" in _said(items)
    assert [item.why for item in items if isinstance(item, Abstention)] == [AbstentionReason.DAMAGED]


def test_a_png_that_was_changed_after_it_was_written_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = synthetic.still(tmp_path, "still.png")
    data = bytearray(path.read_bytes())
    data[data.index(b"IEND") - 8 + 3] ^= 1  # the last byte of the checksum before it
    path.write_bytes(data)
    items = _decoded(path)
    assert len(_images(items)) == 1
    assert "the checksum of its part IDAT is not that of its content" in _said(items)
    assert [item.why for item in items if isinstance(item, Abstention)] == [AbstentionReason.DAMAGED]


@pytest.mark.parametrize("name", ["cut.png", "cut.webp", "cut.bmp"])
def test_other_stills_cut_short_have_no_verdict(tmp_path: Path, name: str) -> None:
    path = synthetic.still(tmp_path, name)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(MediaError, match="damaged"):
        _decoded(path)


def test_every_page_of_a_tiff_is_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "pages.tif"
    first, *others = _colours(5)
    first.save(path, save_all=True, append_images=others)
    items = _decoded(path)
    assert _reds(_images(items)) == [0, 1, 2, 3, 4]
    assert [item.index for item in items if isinstance(item, Frame)] == [0, 1, 2, 3, 4]
    assert "5 of the file's 5 pictures were examined" in _said(items)
    assert (_stream(items).n_frames_from_content, _stream(items).chosen_frames) == (5, (0, 1, 2, 3, 4))


def test_more_pages_than_are_examined_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "pages.tif"
    first, *others = _colours(40)
    first.save(path, save_all=True, append_images=others)
    items = _decoded(path)
    assert _reds(_images(items)) == list(range(MAX_PICTURES))
    assert "32 of the file's 40 pictures were examined; 8 others were not (at most 32 are)" in _said(items)


def test_a_tiff_whose_pages_go_in_a_ring_has_an_end(tmp_path: Path) -> None:
    path = tmp_path / "ring.tif"
    first, second = _colours(2)
    first.save(path, save_all=True, append_images=[second])
    data = bytearray(path.read_bytes())
    pages: list[int] = []
    at = 4
    while (directory := int.from_bytes(data[at : at + 4], "little")) != 0:
        pages.append(directory)
        at = directory + 2 + 12 * int.from_bytes(data[directory : directory + 2], "little")
    data[at : at + 4] = pages[0].to_bytes(4, "little")
    path.write_bytes(data)
    assert _reds(_images(_decoded(path))) == [0, 1]


def test_each_page_of_a_tiff_is_turned_as_it_says(tmp_path: Path) -> None:
    path = tmp_path / "pages.tif"
    first, second = (Image.fromarray(next(synthetic.marked_frames(1))) for _ in range(2))
    first.save(path, save_all=True, append_images=[second], tiffinfo={0x0112: 6})
    one, two = _images(_decoded(path))
    assert one.shape == (96, 64, 3)
    assert one[4, -4].tolist() == [255, 0, 0]
    assert two.shape in {(64, 96, 3), (96, 64, 3)}


def test_an_animated_webp_is_sampled_like_a_video(tmp_path: Path) -> None:
    path = tmp_path / "moves.webp"
    first, *others = _colours(20)
    first.save(path, save_all=True, append_images=others, duration=100, lossless=True)
    assert probe(path).kind is MediaKind.VIDEO
    items = _decoded(path, 5)
    assert _reds(_images(items)) == [2, 6, 10, 14, 18]
    assert [item.at_s for item in items if isinstance(item, Frame)] == pytest.approx(
        [0.2, 0.6, 1.0, 1.4, 1.8]
    )
    stream = _stream(items)
    assert (stream.n_frames_from_content, stream.duration_from_content_s) == (20, pytest.approx(2.0))


@pytest.mark.parametrize("name", ["moves.avif", "moves.gif", "moves.png"])
def test_other_animations_are_videos(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    first, *others = _colours(12)
    first.save(path, save_all=True, append_images=others, duration=100)
    items = _decoded(path, 4)
    assert len(_images(items)) == 4
    update = items[-1]
    assert isinstance(update, MediaUpdate)
    assert update.media.kind is MediaKind.VIDEO
    assert update.media.streams[0].n_frames_from_content == 12


def test_a_damaged_animation_gives_what_comes_before(tmp_path: Path) -> None:
    path = tmp_path / "moves.webp"
    first, *others = (Image.fromarray(image) for image in synthetic.portrait_frames(5))
    first.save(path, save_all=True, append_images=others, duration=100, lossless=True)
    data = bytearray(path.read_bytes())
    at = data.rindex(b"ANMF")
    data[at + 40 : at + 600] = bytes(560)
    path.write_bytes(data)
    items = _decoded(path, 20)
    assert len(_images(items)) == 4
    assert "cannot be decoded beyond" in _said(items)


@pytest.mark.parametrize("n_items", [1, 2])
def test_a_picture_in_tiles_is_put_together(tmp_path: Path, n_items: int) -> None:
    items = _decoded(synthetic.tiled_heic(tmp_path, n_items=n_items))
    expected = cv2.resize(synthetic.bust(), (512, 512), interpolation=cv2.INTER_CUBIC)
    images = _images(items)
    assert len(images) == n_items
    for image in images:
        assert np.abs(image.astype(int) - expected).mean() < 4
    assert (f"{n_items} of the file's {n_items} pictures" in _said(items)) is (n_items > 1)
    assert (_stream(items).width_px, _stream(items).n_frames_from_content) == (512, n_items)


def test_more_than_eight_bits_are_said(tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    assert cv2.imwrite(str(path), next(synthetic.portrait_frames(1)).astype(np.uint16) * 257)
    assert "is stored with 16 bits a channel" in _said(_decoded(path))


def test_grey_is_said(tmp_path: Path) -> None:
    for suffix in ("png", "jpg"):
        _person().convert("L").save(tmp_path / f"grey.{suffix}")
        assert "The picture is grey" in _said(_decoded(tmp_path / f"grey.{suffix}"))


@pytest.mark.parametrize("suffix", ["png", "webp"])
def test_transparency_is_said(tmp_path: Path, suffix: str) -> None:
    picture = _person().convert("RGBA")
    picture.save(tmp_path / f"opaque.{suffix}", lossless=True)
    picture.putalpha(0)
    picture.save(tmp_path / f"clear.{suffix}", lossless=True)
    half = Image.new("L", picture.size, 255)
    half.paste(0, (0, 0, picture.width // 2, picture.height))
    picture.putalpha(half)
    picture.save(tmp_path / f"half.{suffix}", lossless=True)
    assert _said(_decoded(tmp_path / f"opaque.{suffix}")) == ""
    assert "is fully transparent" in _said(_decoded(tmp_path / f"clear.{suffix}"))
    assert "is transparent in places (50 % of it)" in _said(_decoded(tmp_path / f"half.{suffix}"))


def test_inks_become_the_colours_that_they_print(tmp_path: Path) -> None:
    path = tmp_path / "inks.jpg"
    _person().convert("CMYK").save(path, quality=95)
    items = _decoded(path)
    (image,) = _images(items)
    assert np.abs(image.astype(int) - np.asarray(_person())).mean() < 4
    assert "CMYK" in _said(items)


def test_a_long_screenshot_is_searched_in_parts_that_cover_it(tmp_path: Path) -> None:
    path = tmp_path / "long.png"
    rows = (np.arange(18_000) // 100).astype(np.uint8)  # every hundred rows have a grey of their own
    Image.fromarray(np.repeat(rows[:, None], 300, axis=1)).convert("RGB").save(path)
    items = _decoded(path)
    images = _images(items)
    assert {image.shape for image in images} == {(1000, 300, 3)}
    assert set(np.concatenate([np.unique(image) for image in images]).tolist()) == set(range(180))
    for before, after in itertools.pairwise(images):
        assert before[-1, 0, 0] > after[0, 0, 0] + 1  # a face across an edge is whole in one of them
    assert f"(300 x 18000 px) was searched in {len(images)} parts" in _said(items)


def test_a_very_large_jpeg_is_reduced_while_it_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    Image.new("RGB", (12_000, 9_000), (200, 40, 60)).save(path, quality=50)
    items = _decoded(path)
    (image,) = _images(items)
    assert image.shape == (4500, 6000, 3)
    assert np.abs(image[::100, ::100].astype(int) - (200, 40, 60)).max() < 5
    assert "was examined at half its size of 12000 x 9000 px" in _said(items)
    assert _stream(items).width_px == 12_000


def test_the_limit_that_remains_is_stated(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=f"the limit is {MAX_STILL_SIDE_PX} px a side and 128 megapixels"):
        _decoded(synthetic.pixel_bomb(tmp_path))


def test_the_orientation_is_that_of_the_first_picture(tmp_path: Path) -> None:
    marked = Image.fromarray(next(synthetic.marked_frames(1)))
    path = tmp_path / "two.jpg"
    path.write_bytes(_jpeg(marked) + _jpeg(marked, exif=_exif(6)))
    items = _decoded(path)
    assert [image.shape for image in _images(items)] == [(64, 96, 3)]
    assert _stream(items).rotation_deg == 0
    assert "another picture follows" in _said(items)


def test_the_orientation_is_not_that_of_a_thumbnail_or_a_text(tmp_path: Path) -> None:
    marked = Image.fromarray(next(synthetic.marked_frames(1)))
    path = tmp_path / "comment.jpg"
    path.write_bytes(_jpeg(marked, comment=_exif(6)))
    assert [image.shape for image in _images(_decoded(path))] == [(64, 96, 3)]


@pytest.mark.parametrize("before", [b"", b"MotionPhoto_Data"])
def test_the_film_of_a_motion_photo_is_mentioned(tmp_path: Path, before: bytes) -> None:
    still = synthetic.still(tmp_path).read_bytes()
    film = synthetic.numbered_clip(tmp_path).read_bytes()
    path = tmp_path / "motion.jpg"
    path.write_bytes(still + before + film)
    items = _decoded(path)
    assert len(_images(items)) == 1
    at = len(still) + len(before)
    assert f"A film is stored behind the picture (motion photo), from byte {at} of the file" in _said(items)
    assert path.read_bytes()[at:] == film


def test_other_data_behind_a_picture_are_mentioned(tmp_path: Path) -> None:
    for name in ("still.jpg", "still.png", "still.webp"):
        path = synthetic.still(tmp_path, name)
        with path.open("ab") as file:
            file.write(b"something else" * 10)
        assert "Behind the picture other data follow (140 bytes" in _said(_decoded(path)), name
