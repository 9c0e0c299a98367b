"""The face detector: every crop is scored once, people stay apart, exhibits show the extremes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from forensics.detectors.detector import ModelForms
from forensics.detectors.face_frames import FaceFrames
from forensics.records.exhibit_content import Filmstrip, Picture
from forensics.records.faces import FaceBox, FaceCrop
from forensics.records.findings import Exhibit, ExhibitKind, Notice, Score
from forensics.records.media import MediaFile, MediaKind
from forensics.records.stream import Item
from forensics.records.subject import person
from tests.detectors.nets import SPEC, KnownNet, face_card

VIDEO = MediaFile("clip.mp4", 1, "2026-01-01T00:00:00+00:00", kind=MediaKind.VIDEO)


def crop(index: int, left: int, right: int, track_id: int = 1, size_px: float = 100.0) -> FaceCrop:
    image = np.empty((32, 32, 3), np.uint8)
    image[:, :16], image[:, 16:] = left, right
    thumbnail = np.full((90, 160, 3), 90, np.uint8)
    return FaceCrop(
        image, FaceBox(10, 10, size_px, size_px), track_id, index, index / 10, thumbnail, 0.5, SPEC
    )


def look_at(crops: list[FaceCrop], net: KnownNet) -> list[Item]:
    examination = FaceFrames([ModelForms(net)]).begin(VIDEO, Path("clip.mp4"))
    items: list[Item] = []
    for item in crops:
        items.extend(examination.observe(item))
    items.extend(examination.conclude())
    return items


def test_every_crop_gets_one_score_in_order_with_its_time_and_person() -> None:
    crops = [crop(i, 10 * i, 10 * i, track_id=1 + i % 2) for i in range(11)]
    items = look_at(crops, KnownNet(face_card()))
    given = [item for item in items if isinstance(item, Score)]
    assert [score.span.start_s for score in given] == [c.at_s for c in crops]
    assert [score.subject for score in given] == [person(c.track_id) for c in crops]
    assert [score.logit for score in given] == pytest.approx([10 * i / 255 for i in range(11)], abs=1e-6)


def test_the_mirrored_crop_counts_as_much_as_the_crop() -> None:
    [score] = [item for item in look_at([crop(0, 255, 0)], KnownNet(face_card())) if isinstance(item, Score)]
    assert score.logit == pytest.approx(0.5)


def test_batches_are_bounded_however_many_faces_come() -> None:
    net = KnownNet(face_card())
    look_at([crop(i, 1, 1) for i in range(50)], net)
    assert max(net.batches) <= 8


def test_exhibits_show_each_persons_strongest_and_weakest_moment_as_jpeg() -> None:
    crops = [crop(i, 20 * i, 20 * i, track_id=1) for i in range(5)] + [crop(9, 7, 7, track_id=2)]
    exhibits = [item for item in look_at(crops, KnownNet(face_card())) if isinstance(item, Exhibit)]
    strips = [e for e in exhibits if e.kind is ExhibitKind.FILMSTRIP]
    exhibits = [e for e in exhibits if e not in strips]
    assert [e.content.n_seen for e in strips if isinstance(e.content, Filmstrip)] == [5, 1]
    assert {e.kind for e in exhibits} == {ExhibitKind.FRAME, ExhibitKind.CROP, ExhibitKind.ATTENTION}
    strongest = [e for e in exhibits if (e.subject, e.group) == (person(1), "strongest for manipulation")]
    weakest = [e for e in exhibits if (e.subject, e.group) == (person(1), "strongest against manipulation")]
    assert {e.at_s for e in strongest} == {0.4}
    assert {e.at_s for e in weakest} == {0.0}
    # One single crop is its own extreme and is shown once.
    assert len({e.group for e in exhibits if e.subject == person(2)}) == 1
    assert all(isinstance(e.content, Picture) and e.content.jpeg.startswith(b"\xff\xd8") for e in exhibits)


def test_a_face_unlike_the_calibration_data_gives_a_notice_with_the_range() -> None:
    small = look_at([crop(0, 9, 9, size_px=30.0)], KnownNet(face_card(face_size_px=(80.0, 500.0))))
    [notice] = [item for item in small if isinstance(item, Notice)]
    assert "OUT_OF_DOMAIN" in notice.message
    assert "face size 30 px (calibrated on 80 to 500 px)" in notice.message
    usual = look_at([crop(0, 9, 9, size_px=99.0)], KnownNet(face_card(face_size_px=(80.0, 500.0))))
    assert not [item for item in usual if isinstance(item, Notice)]
