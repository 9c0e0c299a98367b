"""Tracks: people stay apart, are found again, and a file without faces says so."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data

from forensics.faces.finder import THOROUGH
from forensics.faces.finders import load_finder
from forensics.faces.tracks import RESCAN_EVERY, track, whole_images
from forensics.media.decode import decode
from forensics.media.probe import probe
from forensics.records.detector_spec import CropSpec
from forensics.records.faces import FaceBox, FaceTrack, TrackedFace
from forensics.records.findings import Abstention, AbstentionReason, Notice
from forensics.records.media import Frame, RgbImage
from forensics.records.stream import Item

SHARED_VIDEO = (
    Path(os.environ.get("FORENSICS_SHARED_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
    / "video"
)
RED, BLUE = (200, 60, 50), (40, 70, 190)
SMALLEST_PX = 30
Placed = tuple[FaceBox, tuple[int, int, int]]


class ScriptedFinder:
    """Knows where the faces are; near search answers only around the faces that it is given."""

    name = "scripted"

    def __init__(self, frames: Sequence[Sequence[Placed]]) -> None:
        self.boxes = [[box for box, _ in faces] for faces in frames]
        self.n_full = 0
        self.searched_in_full: list[int] = []
        self.details: list[float] = []

    def find(
        self, image: RgbImage, near: Sequence[FaceBox] = (), *, detail: float = THOROUGH
    ) -> list[FaceBox]:
        index = int(image[0, 0, 0])
        if not near:
            self.searched_in_full.append(index)
            self.details.append(detail)
            return [box for box in self.boxes[index] if box.size_px * detail >= SMALLEST_PX]
        return [
            box
            for box in self.boxes[index]
            if any(np.hypot(box.left_px - one.left_px, box.top_px - one.top_px) < one.size_px for one in near)
        ]


def painted(faces: Sequence[Placed], index: int) -> RgbImage:
    """A frame on which every face is a patch of its person's colour and pattern."""
    image = np.full((400, 800, 3), 120, np.uint8)
    for box, colour in faces:
        left, top, size = int(box.left_px), int(box.top_px), int(box.size_px)
        image[top : top + size, left : left + size] = colour
        eye = size // 5
        offset = eye if colour == RED else 3 * eye
        image[top + eye : top + 2 * eye, left + offset : left + offset + eye] = 255
    image[0, 0] = index
    return image


def run(
    frames: Sequence[Sequence[Placed]], seconds_apart: float = 0.3
) -> tuple[list[TrackedFace], list[FaceTrack], ScriptedFinder]:
    finder = ScriptedFinder(frames)
    given = [Frame(painted(faces, i), i, i * seconds_apart) for i, faces in enumerate(frames)]
    items = list(track(given, finder, ["face"]))
    return (
        [item for item in items if isinstance(item, TrackedFace)],
        [item for item in items if isinstance(item, FaceTrack)],
        finder,
    )


def face(left: float, top: float = 150, size: float = 80) -> FaceBox:
    return FaceBox(left, top, size, size, 1.0)


def test_two_people_who_cross_keep_their_tracks() -> None:
    frames = [[(face(100 + 40 * i, 140), RED), (face(620 - 40 * i, 160), BLUE)] for i in range(14)]
    frames = [faces for faces in frames if abs(faces[0][0].left_px - faces[1][0].left_px) > 70]
    found, tracks, _ = run(frames)
    assert [one.n_faces for one in tracks] == [len(frames)] * 2
    for one in found:
        colour = one.frame.image[int(one.box.top_px) + 2, int(one.box.left_px) + 2]
        assert tuple(colour) == (RED if one.track_id == 1 else BLUE)


def test_person_lost_and_found_again_elsewhere_is_the_same_person() -> None:
    frames: list[list[Placed]] = [[(face(100), RED)]] * 4 + [[]] * 5 + [[(face(600, 60, 60), RED)]] * 4
    _, tracks, _ = run(frames, seconds_apart=5.0)
    (one,) = tracks
    assert one == FaceTrack(1, 8, 0.0, 60.0, 70.0)


def test_another_person_in_the_same_place_is_another_track() -> None:
    frames: list[list[Placed]] = [[(face(300), RED)]] * 5 + [[(face(300), BLUE)]] * 5
    found, tracks, _ = run(frames)
    assert [(one.track_id, one.n_faces) for one in tracks] == [(1, 5), (2, 5)]
    assert [one.track_id for one in found] == [1] * 5 + [2] * 5


def test_speakers_shown_in_turn_are_two_people() -> None:
    frames: list[list[Placed]] = [[(face(300), RED if i // 3 % 2 else BLUE)] for i in range(12)]
    _, tracks, _ = run(frames, seconds_apart=2.0)
    assert [one.n_faces for one in tracks] == [6, 6]


def test_known_faces_are_followed_in_windows_and_newcomers_found_by_the_rescan() -> None:
    frames: list[list[Placed]] = [[(face(100 + 5 * i), RED)] for i in range(2 * RESCAN_EVERY + 1)]
    for faces in frames[RESCAN_EVERY - 2 :]:
        faces.append((face(600), BLUE))
    found, tracks, finder = run(frames)
    assert finder.searched_in_full == [0, RESCAN_EVERY, 2 * RESCAN_EVERY]
    assert tracks[0].n_faces == len(frames)
    assert tracks[1].start_s == pytest.approx(0.3 * RESCAN_EVERY)
    assert [one.track_id for one in found if one.frame.index == RESCAN_EVERY] == [1, 2]


def test_small_newcomers_are_found_later_than_large_ones() -> None:
    def first_seen(size: int) -> float:
        known, newcomer = (face(100), RED), (FaceBox(600, 100, size, size), BLUE)
        frames: list[list[Placed]] = [[known]] * 2 + [[known, newcomer]] * 31
        _, tracks, finder = run(frames)
        assert finder.searched_in_full == list(range(0, 33, RESCAN_EVERY))
        assert finder.details == [THOROUGH, 0.375, 0.5, 0.375, 1.0, 0.375, 0.5, 0.375, 1.0]
        return tracks[1].start_s

    assert [round(first_seen(size) / 0.3) for size in (81, 61, 45)] == [4, 8, 16]


def test_lost_face_is_searched_in_the_whole_frame_at_once() -> None:
    frames: list[list[Placed]] = [[(face(100), RED)]] * 2 + [[(face(600), RED)]] * 2
    found, tracks, finder = run(frames)
    assert finder.searched_in_full == [0, 2]
    assert len(found) == 4
    assert len(tracks) == 1


def test_every_frame_is_searched_while_nobody_is_known() -> None:
    frames: list[list[Placed]] = [[] for _ in range(6)] + [[(face(100), RED)]]
    found, _, finder = run(frames)
    assert finder.searched_in_full == list(range(7))
    assert len(found) == 1


def test_no_face_in_any_frame_is_an_abstention() -> None:
    frames = [Frame(np.zeros((50, 50, 3), np.uint8), i, i / 2) for i in range(5)]
    (only,) = track(frames, ScriptedFinder([[]] * 5), ["face"])
    assert isinstance(only, Abstention)
    assert (only.detector, only.why) == ("face", AbstentionReason.NO_FACE)
    assert "5 sampled frames" in only.detail
    assert "--frames" in only.detail


def test_picture_without_a_face_does_not_ask_for_more_frames() -> None:
    (only,) = track([Frame(np.zeros((50, 50, 3), np.uint8), 0, 0.0)], ScriptedFinder([[]]), ["face"])
    assert isinstance(only, Abstention)
    assert "the picture" in only.detail
    assert "--frames" not in only.detail


def test_file_without_frames_says_nothing_and_the_rest_passes_in_order() -> None:
    finder = ScriptedFinder([[(face(100), RED)]])
    notices: list[Item] = [Notice("decode", "one"), Notice("decode", "two")]
    assert list(track(notices, finder, ["face"])) == notices
    frame = Frame(painted([(face(100), RED)], 0), 0, 0.0)
    items = list(track([notices[0], frame, notices[1]], finder, ["face"]))
    assert [type(item) for item in items] == [Notice, TrackedFace, Notice, FaceTrack]


def test_is_lazy() -> None:
    frames = [Frame(painted([(face(100), RED)], 0), 0, 0.0)]

    def stream() -> object:
        yield from frames
        raise AssertionError("read ahead")

    first = next(track(stream(), ScriptedFinder([[(face(100), RED)]]), ["face"]))  # type: ignore[arg-type]
    assert isinstance(first, TrackedFace)


def test_pages_are_searched_in_full_and_nobody_is_in_two_of_them() -> None:
    frames = [[(face(100), RED)], [(face(100), RED)], [(face(100), RED), (face(400, size=60), BLUE)]]
    finder = ScriptedFinder(frames)
    given = [Frame(painted(faces, i), i, 0.0) for i, faces in enumerate(frames)]
    items = list(track(given, finder, ["face"], apart=True))
    assert [item.track_id for item in items if isinstance(item, TrackedFace)] == [1, 2, 3, 4]
    assert finder.details == [THOROUGH] * 3
    assert [item.message[:30] for item in items if isinstance(item, Notice)] == [
        "Person 1 is in picture or part",
        "Person 2 is in picture or part",
        "Person 3 is in picture or part",
        "Person 4 is in picture or part",
    ]
    assert [item.track_id for item in items if isinstance(item, FaceTrack)] == [1, 2, 3, 4]


def test_ready_made_crops_are_one_face_each() -> None:
    spec = CropSpec(64, 1.3)
    frame = Frame(np.zeros((224, 224, 3), np.uint8), 0, 0.0)
    notice = Notice("decode", "one")
    items = list(whole_images([notice, frame], spec))
    assert items[0] is notice
    tracked = items[1]
    assert isinstance(tracked, TrackedFace)
    assert tracked.box.size_px == pytest.approx(224 / 1.3)
    assert items[2] == FaceTrack(1, 1, 0.0, 0.0, pytest.approx(224 / 1.3))
    assert list(whole_images([notice], spec)) == [notice]


def two_astronauts(n_frames: int) -> list[Frame]:
    """The same face twice, at two sizes, on paths that come close: place alone tells them apart."""
    portrait = np.asarray(data.astronaut(), np.uint8)[:300, 80:380]
    small = cv2.resize(portrait, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA)
    frames = []
    for i in range(n_frames):
        image = np.full((720, 1280, 3), 110, np.uint8)
        left = 30 + 25 * i
        image[40 : 40 + 300, left : left + 300] = portrait
        right = 1000 - 25 * i
        image[420 : 420 + 240, right : right + 240] = small
        frames.append(Frame(image, i, 0.3 * i))
    return frames


def test_two_real_faces_stay_apart_and_twice_is_the_same() -> None:
    frames = two_astronauts(10)
    first = list(track(frames, load_finder("dlib-hog"), ["face"]))
    tracks = [item for item in first if isinstance(item, FaceTrack)]
    assert [one.n_faces for one in tracks] == [10, 10]
    above = {item.track_id for item in first if isinstance(item, TrackedFace) and item.box.top_px < 300}
    below = {item.track_id for item in first if isinstance(item, TrackedFace) and item.box.top_px > 300}
    assert len(above) == len(below) == 1
    assert above != below
    again = list(track(frames, load_finder("dlib-hog"), ["face"]))
    assert [item for item in again if isinstance(item, FaceTrack)] == tracks
    assert [item.box for item in again if isinstance(item, TrackedFace)] == [
        item.box for item in first if isinstance(item, TrackedFace)
    ]


@pytest.mark.parametrize(
    "clip",
    ["real/ffpp_youtube__585.mp4", "real/ffpp_youtube__469.mp4", "fake/icpr2020dfdc__brtujopkby.mp4"],
)
def test_windows_find_no_less_than_full_search_on_real_clips(clip: str) -> None:
    path = SHARED_VIDEO / clip
    if not path.is_file():
        pytest.skip(f"{clip} is not there: set FORENSICS_SHARED_DATA to the folder of shared data")
    frames = [item for item in decode(path, probe(path), 12, audio=False) if isinstance(item, Frame)]
    finder = load_finder("dlib-hog")
    n_full = sum(len(finder.find(frame.image)) for frame in frames)
    per_track: dict[int, int] = defaultdict(int)
    for item in track(frames, finder, ["face"]):
        if isinstance(item, TrackedFace):
            per_track[item.track_id] += 1
    assert sum(per_track.values()) >= n_full > 0
    assert len(per_track) == (2 if "585" in clip else 1)


def test_every_detector_of_faces_abstains_where_there_is_none_and_frames_are_kept_on_request() -> None:
    frame = Frame(np.zeros((50, 50, 3), np.uint8), 0, 0.0)
    items = list(track([frame], ScriptedFinder([[]]), ["face", "lips"], keep_frames=True))
    assert items[0] is frame
    assert [item.detector for item in items[1:] if isinstance(item, Abstention)] == ["face", "lips"]
