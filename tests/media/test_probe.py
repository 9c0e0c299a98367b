"""What a file is found to be, and how it is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from forensics.errors import MediaError
from forensics.media.encode import write_clip
from forensics.media.probe import probe
from forensics.records.media import MediaKind, StreamKind
from tests import synthetic


def test_a_clip_with_sound(tmp_path: Path) -> None:
    media = probe(synthetic.normal_clip(tmp_path))
    assert media.kind is MediaKind.VIDEO
    assert media.sha256 is None
    assert media.container is not None
    assert "mp4" in media.container
    picture, sound = media.stream(StreamKind.VIDEO), media.stream(StreamKind.AUDIO)
    assert picture is not None
    assert sound is not None
    assert (picture.codec, picture.width_px, picture.height_px) == ("h264", 400, 300)
    assert picture.n_frames_from_header == 50
    assert picture.frame_rate_hz == pytest.approx(25)
    assert picture.duration_from_header_s == pytest.approx(2.0, abs=0.05)
    assert picture.duration_from_content_s is None
    assert picture.n_frames_from_content is None
    assert (sound.codec, sound.rate_hz, sound.n_channels) == ("aac", 16_000, 1)


def test_sound_in_a_video_container_is_sound(tmp_path: Path) -> None:
    media = probe(synthetic.sound_clip(tmp_path, "voice.mp4"))
    assert media.kind is MediaKind.AUDIO
    assert media.stream(StreamKind.VIDEO) is None


def test_cover_art_is_not_video(tmp_path: Path) -> None:
    import av

    path = tmp_path / "song.mp3"
    cover = synthetic.still(tmp_path, "cover.png").read_bytes()
    with av.open(str(path), "w") as output:
        sound = output.add_stream("libmp3lame", rate=16_000, layout="mono")
        picture = output.add_stream("png", rate=1)
        picture.width, picture.height, picture.pix_fmt = 400, 300, "rgb24"
        picture.disposition = av.stream.Disposition.attached_pic
        packet = av.Packet(cover)
        packet.stream = picture
        frame = av.AudioFrame.from_ndarray(synthetic.hum()[None, :], format="fltp", layout="mono")
        frame.sample_rate = 16_000
        encoded = [*sound.encode(frame), *sound.encode(None)]
        output.mux(packet)
        output.mux(encoded)
    with av.open(str(path)) as container:
        assert len(container.streams.video) == 1
    media = probe(path)
    assert media.kind is MediaKind.AUDIO
    assert media.stream(StreamKind.VIDEO) is None


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".bmp", ".tiff"])
def test_stills_have_no_length(tmp_path: Path, suffix: str) -> None:
    media = probe(synthetic.still(tmp_path, f"still{suffix}"))
    (picture,) = media.streams
    assert media.kind is MediaKind.IMAGE
    assert (picture.width_px, picture.height_px) == (400, 300)
    assert picture.duration_from_header_s is None
    assert picture.frame_rate_hz is None


def test_the_content_decides_not_the_suffix(tmp_path: Path) -> None:
    assert probe(synthetic.wrong_suffix_clip(tmp_path, "holiday.jpg")).kind is MediaKind.VIDEO


@pytest.mark.parametrize("rotation_deg", [0, 90, 180, 270])
def test_the_turn_is_clockwise(tmp_path: Path, rotation_deg: int) -> None:
    path = write_clip(tmp_path / "turned.mp4", synthetic.marked_frames(5), rotation_deg=rotation_deg)
    (picture,) = probe(path).streams
    assert picture.rotation_deg == rotation_deg
    assert (picture.width_px, picture.height_px) == (96, 64)


def test_tags_become_facts_and_are_bounded(tmp_path: Path) -> None:
    tags = {"title": "x" * 5000, "comment": "<b>bold</b>"}
    facts = probe(write_clip(tmp_path / "tagged.mp4", synthetic.plain_frames(3), tags=tags)).facts
    assert facts["comment"] == "<b>bold</b>"
    assert len(facts["title"]) == 300


@pytest.mark.parametrize(
    ("make", "message", "hint"),
    [
        (synthetic.empty_file, r"is empty \(0 bytes\)", "from its source"),
        (synthetic.text_file, "is text, not media", "editor"),
        (synthetic.truncated_clip, "is cut short", "Copy it again"),
    ],
)
def test_what_cannot_be_examined_says_why(tmp_path: Path, make, message: str, hint: str) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    path = make(tmp_path)
    with pytest.raises(MediaError, match=message) as caught:
        probe(path)
    assert caught.value.message.startswith(str(path))
    assert hint in caught.value.hint


def test_noise_is_no_known_format(tmp_path: Path) -> None:
    path = tmp_path / "noise.mp4"
    path.write_bytes(b"\x00\x9f" + np.random.default_rng(5).bytes(20_000))
    with pytest.raises(MediaError, match="no media format"):
        probe(path)


def test_a_playlist_cannot_make_us_open_other_files(tmp_path: Path) -> None:
    clip = synthetic.numbered_clip(tmp_path, 10)
    playlist = tmp_path / "list.mp4"
    # The trailing byte keeps it from being plain text; FFmpeg takes it for its own list format all the same.
    playlist.write_bytes(f"ffconcat version 1.0\nfile {clip.name}\n".encode() + b"#\x01\xff\xfe\n")
    with pytest.raises(MediaError):
        probe(playlist)


def test_an_unknown_codec_is_named(tmp_path: Path) -> None:
    path = synthetic.numbered_clip(tmp_path, 10)
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzz1"))
    with pytest.raises(MediaError, match="zzz1"):
        probe(path)


def test_copy_protection_is_named(tmp_path: Path) -> None:
    path = synthetic.numbered_clip(tmp_path, 10)
    path.write_bytes(path.read_bytes().replace(b"avc1", b"encv"))
    with pytest.raises(MediaError, match="encrypted"):
        probe(path)


def test_pictures_and_sound_are_missed_by_name(tmp_path: Path) -> None:
    import av

    path = tmp_path / "attachment.mkv"
    with av.open(str(path), "w") as output:
        subtitles = output.add_stream("ass")
        subtitles.codec_context.subtitle_header = b"[Script Info]\n[Events]\n"
        output.add_attachment("font.ttf", "font/ttf", b"not a font")
        output.start_encoding()
        packet = av.Packet(b"0,0,Default,,0,0,0,,Hello")
        packet.stream, packet.pts, packet.dts, packet.duration = subtitles, 0, 0, 1000
        output.mux(packet)
    with pytest.raises(MediaError, match="neither pictures nor sound"):
        probe(path)


def test_hostile_names_can_be_opened(tmp_path: Path) -> None:
    for path in synthetic.hostile_names(tmp_path):
        assert probe(path).kind is MediaKind.VIDEO


def test_a_file_that_vanished_says_so(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="is gone"):
        probe(tmp_path / "gone.mp4")


def test_nothing_is_written_to_stderr(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(MediaError):
        probe(synthetic.truncated_clip(tmp_path))
    probe(synthetic.damaged_clip(tmp_path))
    assert capfd.readouterr().err == ""


def test_an_animation_is_video_and_one_picture_is_not(tmp_path: Path) -> None:
    still = tmp_path / "still.gif"
    moving = tmp_path / "moving.gif"
    frames = list(synthetic.marked_frames(4))
    write_clip(still, frames[:1], 10, codec="gif", pixel_format="rgb8")
    write_clip(
        moving,
        [np.roll(frame, 5 * index, 1) for index, frame in enumerate(frames)],
        10,
        codec="gif",
        pixel_format="rgb8",
    )
    assert probe(still).kind is MediaKind.IMAGE
    assert probe(moving).kind is MediaKind.VIDEO
