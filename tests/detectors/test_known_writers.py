"""The table of known writers: each row on a text as it stands in real files, and on files made here."""

from __future__ import annotations

import base64
import shutil
import subprocess
from pathlib import Path

import pytest

from forensics.detectors.structure.known_writers import WRITERS, WriterKind, writers_of
from forensics.media.encode import write_clip
from forensics.media.packets import read_packets
from forensics.media.writing_program import writing_program
from tests import recordings, synthetic
from tests.chromium import NEEDS_CHROMIUM, started

# As the sources that the table names write them, or as they stand in files that were looked at.
TEXTS = {
    "Apple iPhone or iPad": "com.apple.quicktime.model=iPhone 15 Pro",
    "an Android phone": "com.android.version=14",
    "Android's MediaMuxer": "handler_name=VideoHandle",
    "Apple AVFoundation": "handler_name=Core Media Video",
    "GoPro": "handler_name=\tGoPro AVC",
    "DJI": "handler_name=\x10DJI.AVC",
    "Adobe Premiere or Media Encoder": "handler_name=\x1fMainconcept Video Media Handler",
    "an editor of ByteDance (CapCut, TikTok, Dreamina)": "te_is_reencode=1",
    "DaVinci Resolve": "encoder=Blackmagic Design DaVinci Resolve Studio",
    "QuickTime, or a library that imitates it": "handler_name=Apple Video Media Handler",
    "HandBrake": "encoder=HandBrake 1.8.1 2024062200",
    "a program that labels its output as generated": 'AIGC={"Label":"1","ContentProducer":"x"}',
    "ComfyUI": 'prompt={"3": {"class_type": "KSampler"}}',
    "YouTube": "handler_name=ISO Media file produced by Google Inc. Created on: 01/10/2019.",
    "X (Twitter)": "handler_name=Twitter-vork muxer",
    "TikTok or Douyin": "comment=vid:v0200f8e0000bq2b5sj6j2qr9557fjgg",
    "OBS Studio": "encoder=obs-output module (libobs version 31.0.0)",
    "EVCapture": "title=EVCapture4.2.2",
    "Chrome's MediaRecorder": "muxer=Chrome",
    "Firefox's MediaRecorder": "muxer=QTmuxingAppLibWebM-0.0.1",
    "Apple's screen recording": "com.apple.quicktime.author=ReplayKitRecording",
    "MKVToolNix": "writer=mkvmerge v74.0.0 ('You Oughta Know') 64-bit",
    "GPAC (MP4Box)": "handler_name=GPAC ISO Video Handler",
    "GStreamer": "muxer=GStreamer matroskamux version 1.22.0",
    "Bento4": "handler_name=Bento4 Video Handler",
    "L-SMASH": "handler_name=L-SMASH Video Media Handler",
    "FFmpeg": "encoder=Lavf58.29.100",
}


def named(path: Path) -> set[str]:
    packets, program = read_packets(path), writing_program(path)
    texts = [f"{name.split(': ', 1)[-1]}={value}" for name, value in packets.tags.items()]
    return {
        writer.name
        for writer, _ in writers_of([*texts, f"muxer={program.muxer}", f"writer={program.writer}"])
    }


@pytest.mark.parametrize("writer", WRITERS, ids=lambda one: one.name)
def test_every_row_knows_its_own_text_and_no_other_row_does(writer: object) -> None:
    assert set(TEXTS) == {one.name for one in WRITERS}
    name = writer.name  # type: ignore[attr-defined]
    assert [one.name for one, _ in writers_of([TEXTS[name]])] == [name]


def test_an_editors_export_of_footage_is_not_called_generated() -> None:
    texts = ["te_is_reencode=1", "DreaminaMetaInfo={}", 'aigc_info={"aigc_label_type": 0}']
    assert {writer.kind for writer, _ in writers_of(texts)} == {WriterKind.EDITOR}


def test_words_in_a_title_are_no_marks() -> None:
    texts = [
        "title=I tried faceswap and Sora",
        "comment=made in ComfyUI?",
        "artist=GPAC fan",
        "title=Chrome plating",
    ]
    assert not list(writers_of(texts))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clip")
    return write_clip(folder / "a.mp4", recordings.noisy_frames(25), 25.0)


def made_by(program: str, *arguments: str) -> None:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    subprocess.run([found, *arguments], check=True, capture_output=True)


def test_mkvtoolnix_signs_its_files(clip: Path, tmp_path: Path) -> None:
    made_by("mkvmerge", "-o", str(tmp_path / "b.mkv"), str(clip))
    assert named(tmp_path / "b.mkv") == {"MKVToolNix"}


def test_handbrake_signs_its_files(clip: Path, tmp_path: Path) -> None:
    made_by(
        "HandBrakeCLI",
        "-i",
        str(clip),
        "-o",
        str(tmp_path / "b.mp4"),
        "-q",
        "40",
        "--encoder-preset",
        "ultrafast",
    )
    assert "HandBrake" in named(tmp_path / "b.mp4")


def test_gstreamer_signs_its_files(tmp_path: Path) -> None:
    path = tmp_path / "b.mkv"
    made_by(
        "gst-launch-1.0",
        "videotestsrc",
        "num-buffers=10",
        "!",
        "jpegenc",
        "!",
        "matroskamux",
        "!",
        "filesink",
        f"location={path}",
    )
    assert named(path) == {"GStreamer"}


def test_ffmpeg_signs_its_files(clip: Path, tmp_path: Path) -> None:
    assert named(clip) == {"FFmpeg"}
    assert named(write_clip(tmp_path / "b.webm", synthetic.portrait_frames(5), codec="libvpx-vp9")) == {
        "FFmpeg"
    }


class TestInTheBrowser:
    pytestmark = NEEDS_CHROMIUM

    def test_chromes_recorder_signs_its_files(self, tmp_path: Path) -> None:
        with started() as driver:
            driver.get("data:text/html,<canvas id=c width=160 height=120></canvas>")
            driver.set_script_timeout(60)
            recorded = driver.execute_async_script(_RECORD)
        (tmp_path / "b.webm").write_bytes(base64.b64decode(recorded))
        assert named(tmp_path / "b.webm") == {"Chrome's MediaRecorder"}


_RECORD = """
const done = arguments[0], canvas = document.getElementById("c"), pen = canvas.getContext("2d");
let turn = 0;
const drawing = setInterval(() => {
  pen.fillStyle = ["red", "blue"][turn++ % 2];
  pen.fillRect(0, 0, 160, 120);
}, 40);
const recorder = new MediaRecorder(canvas.captureStream(25), {mimeType: "video/webm;codecs=vp8"});
recorder.ondataavailable = (event) => {
  const reader = new FileReader();
  reader.onload = () => done(reader.result.split(",")[1]);
  reader.readAsDataURL(event.data);
  clearInterval(drawing);
};
recorder.start();
setTimeout(() => recorder.stop(), 1500);
"""
