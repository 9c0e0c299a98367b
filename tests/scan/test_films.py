"""The film of a file is examined whatever stands before it, and what stands beside it is too."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.video.stream import VideoStream

from forensics.media.discovery import Found, discover
from forensics.media.probe import probe
from forensics.records.media import RgbImage, StreamKind
from forensics.records.scan_result import ScanResult
from forensics.records.subject import person
from forensics.scan import films
from forensics.scan.pipeline import examine
from forensics.scan.worker_context import WorkerContext, assemble, choose_detectors
from forensics.settings import ScanSettings
from tests import synthetic
from tests.made_models import face_model, voice_model

_CODECS = {"mjpeg": "yuvj420p"}


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> WorkerContext:
    root = tmp_path_factory.mktemp("models")
    settings = ScanSettings(paths=(root,), frames=4, models=(str(face_model(root)), str(voice_model(root))))
    return assemble(settings, choose_detectors(settings))


def scan(path: Path, context: WorkerContext) -> ScanResult:
    [file] = [item for item in discover([path]) if isinstance(item, Found)]
    return examine(file, context)


def write(path: Path, *streams: Iterable[RgbImage], codecs: tuple[str, ...] = ()) -> Path:
    """Several streams of pictures at 25 a second in one file."""
    pictures = [list(stream) for stream in streams]
    with av.open(str(path), "w") as output:
        outs: list[VideoStream] = []
        for at, images in enumerate(pictures):
            codec = codecs[at] if codecs else "libx264"
            out = output.add_stream(codec, rate=25)
            out.height, out.width = images[0].shape[:2]
            out.pix_fmt = _CODECS.get(codec, "yuv420p")
            out.codec_context.thread_count = 1
            outs.append(out)
        for index in range(max(map(len, pictures))):
            for out, images in zip(outs, pictures, strict=True):
                if index < len(images):
                    frame = av.VideoFrame.from_ndarray(images[index], format="rgb24")
                    frame.pts, frame.time_base = index, Fraction(1, 25)
                    output.mux(out.encode(frame))
        for out in outs:
            output.mux(out.encode(None))
    return path


def scenery(n: int, width_px: int = 400, height_px: int = 300) -> list[RgbImage]:
    return [synthetic.background(width_px, height_px)] * n


def people(result: ScanResult) -> set[str]:
    return {score.subject for score in result.scores if score.detector == "face"}


def test_a_preview_before_the_film_is_not_taken_for_it(context: WorkerContext, tmp_path: Path) -> None:
    path = write(tmp_path / "preview.mp4", scenery(20, 96, 72), synthetic.portrait_frames(20))
    main = probe(path).stream(StreamKind.VIDEO)
    assert main is not None
    assert (main.index, main.width_px) == (1, 400)
    result = scan(path, context)
    assert people(result) == {person(1)}
    assert result.tracks[0].stream_index is None
    assert any(limit.count("Stream 0 (video, 96 x 72 px, 0.8 s)") for limit in result.verdict.limits)


def test_a_short_trailer_is_not_taken_for_the_film_though_it_is_larger(tmp_path: Path) -> None:
    path = write(tmp_path / "trailer.mp4", scenery(10, 640, 480), scenery(50))
    assert [film.index for film in probe(path).films] == [1, 0]


def test_a_cover_that_is_not_marked_as_one_is_left_out_and_named(
    context: WorkerContext, tmp_path: Path
) -> None:
    path = write(
        tmp_path / "cover.mkv",
        scenery(1, 640, 480),
        synthetic.portrait_frames(20),
        codecs=("mjpeg", "libx264"),
    )
    media = probe(path)
    assert [stream.is_cover for stream in media.streams] == [False, True]
    assert [film.index for film in media.films] == [1]
    result = scan(path, context)
    assert people(result) == {person(1)}
    assert [notice.message for notice in result.notices if "Stream 0 is a single picture" in notice.message]


def test_a_person_in_a_second_stream_is_examined_and_named(context: WorkerContext, tmp_path: Path) -> None:
    path = write(tmp_path / "two.mp4", synthetic.portrait_frames(20), synthetic.portrait_frames(15))
    result = scan(path, context)
    assert people(result) == {person(1), person(2)}
    assert [track.stream_index for track in result.tracks] == [None, 1]
    assert any("Stream 1" in n.message and "person 2 is seen there" in n.message for n in result.notices)
    assert [stream.n_frames_from_content for stream in result.media.streams] == [20, 15]
    assert all(stream.chosen_frames for stream in result.media.streams)


def test_a_person_in_the_second_stream_alone_is_found(context: WorkerContext, tmp_path: Path) -> None:
    path = write(tmp_path / "hidden.mkv", scenery(20), synthetic.portrait_frames(20))
    result = scan(path, context)
    assert people(result) == {person(1)}
    assert [track.stream_index for track in result.tracks] == [1]


def test_streams_beyond_the_limit_stand_among_the_limits(
    context: WorkerContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(films, "_MOST_FILMS", 2)
    path = write(tmp_path / "many.mp4", *(synthetic.portrait_frames(8) for _ in range(3)))
    result = scan(path, context)
    assert len(people(result)) == 2
    assert any("Stream 2" in limit and "was not examined" in limit for limit in result.verdict.limits)


def test_a_further_stream_that_cannot_be_decoded_costs_no_verdict(
    context: WorkerContext, tmp_path: Path
) -> None:
    path = write(tmp_path / "broken.mkv", synthetic.portrait_frames(20), scenery(20))
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        for packet in container.demux(video=1):
            content = bytes(packet)
            if content:
                at = data.find(content)
                data[at : at + len(content)] = bytes(len(content))
    path.write_bytes(data)
    result = scan(path, context)
    assert people(result) == {person(1)}
    assert any("Stream 1" in limit and "was not examined" in limit for limit in result.verdict.limits)


def test_a_file_with_one_film_says_nothing_of_streams(context: WorkerContext, tmp_path: Path) -> None:
    result = scan(write(tmp_path / "one.mp4", synthetic.portrait_frames(20)), context)
    assert not [notice for notice in result.notices if "tream" in notice.message]
