"""Pictures, sound and what is said about them."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Generator, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from forensics.errors import MediaError
from forensics.media.decode import Decoded, decode
from forensics.media.encode import write_clip
from forensics.media.probe import probe
from forensics.records.findings import Notice
from forensics.records.media import AudioChunk, Frame, MediaUpdate, RgbImage, StreamInfo, StreamKind
from tests import synthetic

N_FRAMES = 16

# Every way of coding and wrapping that FFmpeg's encoders here allow: encoder, suffix, pixel format, options.
CODINGS = [
    ("libx264", ".mp4", "yuv420p", {}),
    ("libx264", ".mp4", "yuv420p", {"g": "4"}),
    ("libx264", ".mp4", "yuv420p", {"g": "20", "x264-params": "open-gop=1:bframes=5:b-pyramid=normal"}),
    ("libx264", ".mkv", "yuv420p", {"g": "30", "x264-params": "intra-refresh=1"}),
    ("libx264", ".ts", "yuv420p", {}),
    ("libx264", ".flv", "yuv420p", {}),
    ("libx264", ".avi", "yuv420p", {}),
    ("libx264", ".h264", "yuv420p", {}),
    ("libx265", ".mp4", "yuv420p", {"x265-params": "log-level=none:keyint=25:open-gop=1:bframes=6"}),
    ("libx265", ".mp4", "yuv420p10le", {"x265-params": "log-level=none:temporal-layers=2:b-adapt=0"}),
    ("libvpx", ".webm", "yuv420p", {"auto-alt-ref": "1", "lag-in-frames": "16", "cpu-used": "8"}),
    ("libvpx-vp9", ".webm", "yuv420p", {"auto-alt-ref": "1", "lag-in-frames": "16", "cpu-used": "8"}),
    ("mpeg4", ".mp4", "yuv420p", {"bf": "2"}),
    ("mpeg4", ".avi", "yuv420p", {"bf": "2"}),
    ("mpeg2video", ".ts", "yuv420p", {"bf": "2"}),
    ("mpeg2video", ".mpg", "yuv420p", {"bf": "2"}),
    ("mjpeg", ".mov", "yuvj420p", {}),
    ("ffv1", ".mkv", "gray", {}),
]


def _decoded(
    path: Path, n_frames: int = N_FRAMES, *, video: bool = True, audio: bool = True
) -> list[Decoded]:
    return list(decode(path, probe(path), n_frames, video=video, audio=audio))


def _frames(items: Sequence[Decoded]) -> list[Frame]:
    return [item for item in items if isinstance(item, Frame)]


def _notices(items: Sequence[Decoded]) -> str:
    return "\n".join(item.message for item in items if isinstance(item, Notice))


def _samples(items: Sequence[Decoded]) -> np.ndarray:
    return np.concatenate([item.samples for item in items if isinstance(item, AudioChunk)])


def _picture(items: Sequence[Decoded]) -> StreamInfo:
    updates = [item for item in items if isinstance(item, MediaUpdate)]
    assert len(updates) == 1
    assert items[-1] is updates[0]
    stream = updates[0].media.stream(StreamKind.VIDEO)
    assert stream is not None
    return stream


@pytest.mark.parametrize(("codec", "suffix", "pixel_format", "options"), CODINGS)
def test_frames_are_those_that_they_say_they_are(
    tmp_path: Path, codec: str, suffix: str, pixel_format: str, options: dict[str, str]
) -> None:
    n_all = 120
    path = write_clip(
        tmp_path / f"clip{suffix}",
        synthetic.numbered_frames(n_all, width_px=192, height_px=128),
        25,
        codec=codec,
        pixel_format=pixel_format,
        options=options,
    )
    items = _decoded(path)
    frames = _frames(items)
    assert len(frames) == N_FRAMES
    assert [synthetic.frame_number(frame.image) for frame in frames] == [frame.index for frame in frames]
    for frame in frames:
        assert frame.at_s == pytest.approx(frame.index / 25, abs=0.002)
    for order, frame in enumerate(frames):
        middle_s = (order + 0.5) * n_all / 25 / N_FRAMES
        assert abs(frame.at_s - middle_s) <= n_all / 25 / N_FRAMES / 2 + 1 / 25
    assert _picture(items).n_frames_from_content == n_all
    assert _picture(items).duration_from_content_s == pytest.approx(n_all / 25, abs=0.05)
    assert _notices(items) == ""


@pytest.mark.parametrize("options", [{}, {"g": "4"}, {"x264-params": "open-gop=1:keyint=20:bframes=5"}])
def test_skipping_changes_no_pixel(tmp_path: Path, options: dict[str, str]) -> None:
    path = write_clip(tmp_path / "clip.mp4", synthetic.portrait_frames(60), 25, options=options)
    every = {frame.index: frame.image for frame in _frames(_decoded(path, 1000))}
    assert sorted(every) == list(range(60))
    for frame in _frames(_decoded(path, 7)):
        np.testing.assert_array_equal(frame.image, every[frame.index])


def test_twice_gives_the_same(tmp_path: Path) -> None:
    path = synthetic.normal_clip(tmp_path)
    first, second = _decoded(path), _decoded(path)
    assert len(first) == len(second)
    for one, other in zip(_frames(first), _frames(second), strict=True):
        assert (one.index, one.at_s) == (other.index, other.at_s)
        np.testing.assert_array_equal(one.image, other.image)
    np.testing.assert_array_equal(_samples(first), _samples(second))


def test_threads_change_nothing(tmp_path: Path) -> None:
    path = synthetic.normal_clip(tmp_path)
    media = probe(path)
    one, two = (_frames(list(decode(path, media, 9, n_threads=n))) for n in (1, 2))
    for single, double in zip(one, two, strict=True):
        assert single.index == double.index
        np.testing.assert_array_equal(single.image, double.image)


def test_a_short_clip_gives_each_frame_once(tmp_path: Path) -> None:
    frames = _frames(_decoded(synthetic.numbered_clip(tmp_path, 9), 32))
    assert [frame.index for frame in frames] == list(range(9))


def test_one_frame_comes_from_the_middle(tmp_path: Path) -> None:
    (frame,) = _frames(_decoded(synthetic.numbered_clip(tmp_path, 50), 1))
    assert 20 <= frame.index <= 30


@pytest.mark.parametrize(
    ("seconds", "n_frames", "frames_per_s", "expected"),
    [(4, 16, 2.0, 16), (20, 16, 2.0, 40), (20, 16, 0.0, 16)],
)
def test_a_long_clip_is_looked_at_as_often_a_second_as_a_short_one(
    tmp_path: Path, seconds: int, n_frames: int, frames_per_s: float, expected: int
) -> None:
    clip = write_clip(tmp_path / "clip.mp4", synthetic.plain_frames(10 * seconds), 10.0)
    items = decode(clip, probe(clip), n_frames, frames_per_s=frames_per_s)
    at_s = [item.at_s for item in items if isinstance(item, Frame)]
    assert len(at_s) == expected
    assert max(np.diff(at_s)) <= 2 * seconds / expected


def test_time_counts_not_frames_when_the_rate_varies(tmp_path: Path) -> None:
    n_all = 60
    path = synthetic.variable_rate_clip(tmp_path, n_all)
    frames = _frames(_decoded(path, 8))
    times_s = synthetic.variable_rate_times_s(n_all)
    assert [synthetic.frame_number(frame.image) for frame in frames] == [frame.index for frame in frames]
    for frame in frames:
        assert frame.at_s == pytest.approx(times_s[frame.index], abs=0.002)
    # Half of the frames lie in the first 14 % of the time.
    assert sum(frame.index < n_all // 2 for frame in frames) <= 2


def test_a_stream_without_times_is_counted(tmp_path: Path) -> None:
    items = _decoded(synthetic.untimed_clip(tmp_path, 40), 8)
    frames = _frames(items)
    assert [synthetic.frame_number(frame.image) for frame in frames] == [frame.index for frame in frames]
    assert len(frames) == 8
    assert _picture(items).n_frames_from_content == 40


def test_many_entries_mean_that_only_those_are_decoded(tmp_path: Path) -> None:
    path = synthetic.numbered_clip(tmp_path, 200, g="5", sc_threshold="0")
    frames = _frames(_decoded(path, 8))
    assert [frame.index % 5 for frame in frames] == [0] * 8


def test_a_long_clip_is_jumped_through_by_key_frames(tmp_path: Path) -> None:
    # Too few key frames to take them alone, yet far less than everything lies between one and a choice.
    path = synthetic.numbered_clip(tmp_path, 1000, g="80", sc_threshold="0", keyint_min="80")
    items = _decoded(path, 8)
    frames = _frames(items)
    picture = _picture(items)
    assert [synthetic.frame_number(frame.image) for frame in frames] == [frame.index for frame in frames]
    for slot, frame in enumerate(frames):
        assert abs(frame.index - (slot + 0.5) * 125) <= 125 / 2
    assert picture.n_frames_from_content == 1000
    assert picture.chosen_frames == tuple(frame.index for frame in frames)
    assert picture.n_frames_decoded is not None
    assert picture.n_frames_decoded < 500
    assert _picture(_decoded(path, 8)) == picture


@pytest.mark.parametrize(
    ("coding", "spared"),
    [
        # One key frame every 150 pictures: decoding breaks off before each and after the last choice.
        ({"g": "150", "keyint_min": "150", "sc_threshold": "0"}, 0.8),
        # A key frame in most slots: little else is decoded.
        ({"g": "60", "keyint_min": "60", "sc_threshold": "0"}, 0.3),
        # Pictures that refer across key frames: less is spared, and all of it is right.
        ({"x264-params": "open-gop=1:keyint=60:scenecut=0:bframes=5"}, 0.97),
    ],
)
def test_a_thrifty_choice_decodes_less_and_stays_within_its_slots(
    tmp_path: Path, coding: dict[str, str], spared: float
) -> None:
    n_all, n_slots = 400, 8
    path = synthetic.numbered_clip(tmp_path, n_all, **coding)
    media = probe(path)
    cheapest_frames = list(decode(path, media, n_slots, cheapest_frames=True))
    plain = list(decode(path, media, n_slots))
    frames = _frames(cheapest_frames)
    assert [synthetic.frame_number(frame.image) for frame in frames] == [frame.index for frame in frames]
    assert [frame.index * n_slots // n_all for frame in frames] == list(range(n_slots))
    decoded, without = _picture(cheapest_frames).n_frames_decoded, _picture(plain).n_frames_decoded
    assert decoded is not None
    assert without is not None
    assert decoded <= spared * without


def test_a_thrifty_choice_shows_the_same_pixels(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", synthetic.portrait_frames(60), 25, options={"g": "25"})
    every = {frame.index: frame.image for frame in _frames(_decoded(path, 1000))}
    for frame in _frames(list(decode(path, probe(path), 7, cheapest_frames=True))):
        np.testing.assert_array_equal(frame.image, every[frame.index])


def test_what_was_decoded_is_recorded_of_a_still_too(tmp_path: Path) -> None:
    picture = _picture(_decoded(synthetic.still(tmp_path)))
    assert (picture.chosen_frames, picture.n_frames_decoded) == ((0,), 1)


@pytest.mark.parametrize(
    ("rotation_deg", "corner"),
    [(0, "top left"), (90, "top right"), (180, "bottom right"), (270, "bottom left")],
)
def test_pictures_stand_upright(tmp_path: Path, rotation_deg: int, corner: str) -> None:
    path = write_clip(tmp_path / "turned.mp4", synthetic.marked_frames(5), rotation_deg=rotation_deg)
    items = _decoded(path, 3)
    for frame in _frames(items):
        assert frame.image.shape == ((64, 96, 3) if rotation_deg % 180 == 0 else (96, 64, 3))
        assert _red_corner(frame.image) == corner
        assert frame.image.flags.c_contiguous
    assert _picture(items).rotation_deg == rotation_deg


@pytest.mark.parametrize(
    ("orientation", "corner"),
    [
        (1, "top left"),
        (2, "top right"),
        (3, "bottom right"),
        (4, "bottom left"),
        (5, "top left"),
        (6, "top right"),
        (7, "bottom right"),
        (8, "bottom left"),
    ],
)
def test_stills_stand_as_exif_says(tmp_path: Path, orientation: int, corner: str) -> None:
    path = tmp_path / "still.jpg"
    jpeg = cv2.imencode(".jpg", next(synthetic.marked_frames(1))[:, :, ::-1])[1].tobytes()
    entry = (0x0112).to_bytes(2, "little") + (3).to_bytes(2, "little") + (1).to_bytes(4, "little")
    tiff = b"II*\0\x08\0\0\0\x01\0" + entry + orientation.to_bytes(4, "little") + bytes(4)
    exif = b"Exif\0\0" + tiff
    path.write_bytes(jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:])
    (frame,) = _frames(_decoded(path, 1))
    assert frame.image.shape == ((64, 96, 3) if orientation <= 4 else (96, 64, 3))
    assert _red_corner(frame.image) == corner
    # A second implementation agrees.
    theirs = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    assert theirs is not None
    # They differ where colours meet, in how half-size colour is brought to full size.
    assert np.abs(theirs.astype(int) - frame.image).mean() < 1


@pytest.mark.parametrize(
    ("codec", "pixel_format", "suffix"),
    [
        ("libx264", "yuv420p", ".mp4"),
        ("libx264", "yuv422p10le", ".mp4"),
        ("libx264", "yuv444p", ".mp4"),
        ("mjpeg", "yuvj420p", ".mov"),
        ("png", "rgba", ".mov"),
        ("ffv1", "bgr0", ".mkv"),
        ("prores_ks", "yuv422p10le", ".mov"),
    ],
)
def test_colours_survive(tmp_path: Path, codec: str, pixel_format: str, suffix: str) -> None:
    colour = (210, 40, 60)
    path = write_clip(
        tmp_path / f"red{suffix}", synthetic.plain_frames(5, colour), codec=codec, pixel_format=pixel_format
    )
    for frame in _frames(_decoded(path, 3)):
        assert frame.image.dtype == np.uint8
        assert np.abs(frame.image.mean(axis=(0, 1)) - colour).max() < 5


def test_odd_sizes_keep_their_size(tmp_path: Path) -> None:
    (frame,) = _frames(_decoded(synthetic.odd_size_clip(tmp_path), 1))
    assert frame.image.shape == (299, 401, 3)


def test_ten_bits_look_like_eight(tmp_path: Path) -> None:
    ten = _frames(_decoded(synthetic.ten_bit_clip(tmp_path), 1))[0].image
    eight = list(synthetic.portrait_frames(20))[
        _frames(_decoded(synthetic.ten_bit_clip(tmp_path), 1))[0].index
    ]
    assert np.abs(ten.astype(int) - eight).mean() < 5


def _tone(seconds: float, rate_hz: int) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate_hz)) / rate_hz)).astype(np.float32)


@pytest.mark.parametrize(
    ("suffix", "rate_hz"), [(".wav", 44_100), (".flac", 8_000), (".ogg", 48_000), (".m4a", 22_050)]
)
def test_sound_is_mono_at_16_khz(tmp_path: Path, suffix: str, rate_hz: int) -> None:
    path = write_clip(tmp_path / f"tone{suffix}", samples=_tone(2.0, rate_hz), sample_rate_hz=rate_hz)
    items = _decoded(path)
    chunks = [item for item in items if isinstance(item, AudioChunk)]
    assert {chunk.native_rate_hz for chunk in chunks} == {rate_hz}
    assert {chunk.rate_hz for chunk in chunks} == {16_000}
    samples = _samples(items)
    assert samples.dtype == np.float32
    assert samples.size == pytest.approx(32_000, abs=1_000)
    spectrum = np.abs(np.fft.rfft(samples[8_000:24_000]))
    assert int(spectrum.argmax()) == 440
    assert np.abs(samples).max() <= 1.0
    assert np.sqrt((samples[8_000:24_000] ** 2).mean()) == pytest.approx(0.5 / np.sqrt(2), rel=0.05)


def test_sound_comes_in_chunks_of_ten_seconds(tmp_path: Path) -> None:
    items = _decoded(synthetic.sound_clip(tmp_path, seconds=23.5))
    chunks = [item for item in items if isinstance(item, AudioChunk)]
    assert [chunk.samples.size for chunk in chunks] == [160_000, 160_000, 56_000]
    assert [chunk.at_s for chunk in chunks] == [0.0, 10.0, 20.0]
    update = items[-1]
    assert isinstance(update, MediaUpdate)
    assert update.media.streams[0].duration_from_content_s == pytest.approx(23.5)


def test_video_without_sound_and_sound_without_video(tmp_path: Path) -> None:
    path = synthetic.normal_clip(tmp_path)
    assert not any(isinstance(item, AudioChunk) for item in _decoded(path, audio=False))
    heard = _decoded(path, video=False)
    assert _frames(heard) == []
    assert _samples(heard).size > 30_000
    assert _picture(heard).n_frames_from_content is None
    assert not any(isinstance(item, AudioChunk) for item in _decoded(synthetic.silent_clip(tmp_path)))


def test_a_file_cut_short_gives_what_is_there_and_says_so(tmp_path: Path) -> None:
    items = _decoded(synthetic.truncated_clip(tmp_path, "cut.mkv", faststart=True))
    picture = _picture(items)
    assert len(_frames(items)) == N_FRAMES
    assert picture.duration_from_header_s == pytest.approx(4.0, abs=0.1)
    assert picture.duration_from_content_s is not None
    assert picture.duration_from_content_s < 3.5
    assert "The pictures end at" in _notices(items)
    assert "cut short or damaged" in _notices(items)


def test_damage_in_the_middle_costs_its_place_only(tmp_path: Path) -> None:
    items = _decoded(synthetic.damaged_clip(tmp_path))
    frames = _frames(items)
    assert len(frames) >= N_FRAMES // 2
    assert frames[0].at_s < 0.3
    assert frames[-1].at_s > 2.5
    assert "The decoder says" in _notices(items)


def test_nothing_decodable_is_an_error(tmp_path: Path) -> None:
    path = synthetic.numbered_clip(tmp_path, 20)
    media = probe(path)
    data = bytearray(path.read_bytes())
    start = data.find(b"mdat") + 4
    end = data.find(b"moov") - 4
    data[start:end] = b"\xff" * (end - start)
    path.write_bytes(data)
    with pytest.raises(MediaError, match="nothing in it could be decoded") as caught:
        list(decode(path, media, 8))
    assert "Copy it again" in caught.value.hint


def test_a_file_that_vanished_says_so(tmp_path: Path) -> None:
    path = synthetic.numbered_clip(tmp_path, 5)
    media = probe(path)
    path.unlink()
    with pytest.raises(MediaError, match="is gone"):
        list(decode(path, media, 4))


def test_pictures_that_cannot_be_decoded_are_mentioned_beside_the_sound(tmp_path: Path) -> None:
    path = synthetic.normal_clip(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzz1"))
    items = _decoded(path)
    assert "zzz1" in _notices(items)
    assert _samples(items).size > 30_000


def test_memory_does_not_grow_with_the_duration(tmp_path: Path) -> None:
    path = synthetic.numbered_clip(tmp_path, 1500, g="250")
    alive: list[weakref.ref[RgbImage]] = []
    most = 0
    items = decode(path, probe(path), 300)
    for item in items:
        if isinstance(item, Frame):
            alive = [ref for ref in alive if ref() is not None]
            alive.append(weakref.ref(item.image))
            most = max(most, len(alive))
        del item
    assert most <= 3


def test_a_generator_that_is_left_closes_its_file(tmp_path: Path) -> None:
    path = synthetic.normal_clip(tmp_path)
    items = decode(path, probe(path), 8)
    assert isinstance(items, Generator)
    next(items)
    items.close()
    gc.collect()
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        pytest.skip("open files can be counted on Linux only")
    assert str(path) not in {str(link.readlink()) for link in descriptors.iterdir() if link.is_symlink()}


def test_real_clips_give_what_their_header_promises(shared_data: Path) -> None:
    clips = (
        sorted((shared_data / "video").rglob("icpr*.mp4"))[:1]
        + sorted((shared_data / "video").rglob("ffpp*183.mp4"))[:1]
    )
    assert clips
    for path in clips:
        items = _decoded(path, 8)
        picture = _picture(items)
        assert len(_frames(items)) == 8
        assert picture.n_frames_from_content == picture.n_frames_from_header
        assert _notices(items) == ""


def _red_corner(image: RgbImage) -> str:
    height, width = image.shape[:2]
    patch_y, patch_x = height // 8, width // 8
    corners = {
        "top left": image[:patch_y, :patch_x],
        "top right": image[:patch_y, -patch_x:],
        "bottom left": image[-patch_y:, :patch_x],
        "bottom right": image[-patch_y:, -patch_x:],
    }
    redness = {
        name: float(patch[..., 0].astype(float).mean() - patch[..., 1].astype(float).mean())
        for name, patch in corners.items()
    }
    return max(redness, key=lambda name: redness[name])


def test_a_still_tells_its_size_when_it_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "still.png"
    cv2.imwrite(str(path), np.full((40, 60, 3), 90, np.uint8))
    frame, update = decode(path, probe(path), n_frames=4)
    assert isinstance(frame, Frame)
    assert isinstance(update, MediaUpdate)
    stream = update.media.stream(StreamKind.VIDEO)
    assert stream is not None
    assert (stream.width_px, stream.height_px, stream.n_frames_decoded) == (60, 40, 1)
    assert frame.image.shape == (40, 60, 3)


def test_a_damaged_still_says_so(tmp_path: Path) -> None:
    path = tmp_path / "still.png"
    data = cv2.imencode(".png", np.zeros((50, 50, 3), np.uint8))[1].tobytes()
    path.write_bytes(data[:40])
    with pytest.raises(MediaError, match="damaged"):
        list(decode(path, probe(path), n_frames=1))


def test_a_still_that_is_too_large_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    path = synthetic.pixel_bomb(tmp_path)
    with pytest.raises(MediaError, match="the limit is 65535 px") as refused:
        list(decode(path, probe(path), n_frames=1))
    assert "Scale it down" in refused.value.hint
