"""Descriptors of people: near for one person in two files, and none where faces tell too little."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from forensics import catalog
from forensics.detectors import USUAL_DETECTORS, persons
from forensics.detectors.declarations import PERSONS
from forensics.detectors.persons import METHOD, Persons
from forensics.faces import aligned as stage
from forensics.faces.aligned import FaceAligner, aligned
from forensics.faces.crop import cut
from forensics.faces.landmarks import LandmarkPredictor
from forensics.records.detector_spec import CropSpec
from forensics.records.face_descriptor import FaceDescriptor
from forensics.records.faces import AlignedFace, FaceBox, FaceCrop
from forensics.records.findings import Abstention, AbstentionReason, Notice
from forensics.records.media import MediaFile, MediaKind, RgbImage
from forensics.records.stream import Item
from forensics.records.subject import person
from tests import synthetic

VIDEO = MediaFile("a.mp4", 1, "2026-01-01T00:00:00+00:00", kind=MediaKind.VIDEO)
# Where dlib finds the face of ``synthetic.bust``.
BOX = FaceBox(96.5, 77, 90, 90)
WAY = CropSpec(288, 2.0, 48)


@lru_cache(maxsize=1)
def aligner() -> FaceAligner:
    card, folder = catalog.find("face-landmarks")
    return FaceAligner(LandmarkPredictor(folder / card.variants[0].xml), WAY)


@pytest.fixture(scope="module")
def detector() -> Persons:
    return Persons(())


def crop_of(image: RgbImage, number: int = 0, track_id: int = 1, box: FaceBox = BOX) -> FaceCrop:
    made = cut(image, box, WAY)
    return FaceCrop(made, box, track_id, number, number / 2, image, 1.0, WAY)


def said(detector: Persons, items: list[FaceCrop]) -> list[Item]:
    examination = detector.begin(VIDEO, Path("a.mp4"))
    given = [one for item in aligned(items, aligner()) for one in examination.observe(item)]
    given += examination.conclude()
    n_described = sum(isinstance(one, FaceDescriptor) for one in given)
    told = [one.message for one in given if isinstance(one, Notice)]
    assert len(told) == (1 if n_described else 0)
    assert all(f"The faces of {n_described} person" in one for one in told)
    return [one for one in given if not isinstance(one, Notice)]


def vector(item: Item) -> np.ndarray:
    assert isinstance(item, FaceDescriptor)
    return np.frombuffer(item.values, "<f2").astype(np.float32)


def other_light(image: RgbImage) -> RgbImage:
    """The picture, darker, smaller and coded."""
    small = cv2.resize(np.asarray(image * 0.7, np.uint8), None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA)
    _, coded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 60])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


def test_it_runs_only_where_it_was_asked_for() -> None:
    assert PERSONS.name not in USUAL_DETECTORS
    assert PERSONS.crop == WAY


def test_one_person_has_near_descriptors_in_two_files(detector: Persons) -> None:
    bust = synthetic.bust()
    small = replace_box(0.8)
    [one] = said(detector, [crop_of(bust)])
    [other] = said(detector, [crop_of(other_light(bust), box=small)])
    assert np.linalg.norm(vector(one)) == pytest.approx(1, abs=0.01)
    assert np.linalg.norm(vector(one) - vector(other)) < 0.25
    assert isinstance(one, FaceDescriptor)
    assert (one.method, one.track_id, one.n_faces, one.spread) == (METHOD, 1, 1, 0)


def replace_box(scale: float) -> FaceBox:
    return FaceBox(scale * BOX.left_px, scale * BOX.top_px, scale * BOX.width_px, scale * BOX.height_px)


def test_the_order_of_frames_and_people_does_not_matter(detector: Persons) -> None:
    bust = synthetic.bust()
    crops = [crop_of(np.roll(bust, shift, axis=1), shift) for shift in range(6)]
    crops += [replace(crop_of(other_light(bust), n, box=replace_box(0.8)), track_id=2) for n in range(3)]
    forward, backward = said(detector, crops), said(detector, crops[::-1])
    assert [one.track_id for one in forward if isinstance(one, FaceDescriptor)] == [1, 2]
    assert [replace(one, at_s=0) for one in forward] == [replace(one, at_s=0) for one in backward]


def test_the_sharpest_faces_are_described(detector: Persons) -> None:
    bust = synthetic.bust()
    blurred = np.asarray(cv2.GaussianBlur(bust, (0, 0), 2), np.uint8)
    pictures = [blurred] * 4 + [bust] * persons.MOST_FACES + [blurred] * 4
    [one] = said(detector, [crop_of(image, number) for number, image in enumerate(pictures)])
    [sharp] = said(detector, [crop_of(bust)])
    assert isinstance(one, FaceDescriptor)
    assert one.n_faces == persons.MOST_FACES
    assert one.at_s == 2.0
    assert np.array_equal(vector(one), vector(sharp))


def test_blurred_faces_are_not_described(detector: Persons) -> None:
    blurred = np.asarray(cv2.GaussianBlur(synthetic.bust(), (0, 0), 3.2), np.uint8)
    [one] = said(detector, [crop_of(blurred, number) for number in range(3)])
    assert isinstance(one, Abstention)
    assert (one.why, one.subject) == (AbstentionReason.UNSUPPORTED, person(1))
    assert "Looked at: 3" in one.detail
    assert "too blurred: 3" in one.detail


def test_faces_that_are_turned_away_are_not_described(
    detector: Persons, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persons, "MOST_YAW_DEG", 0.01)
    [one] = said(detector, [crop_of(synthetic.bust())])
    assert isinstance(one, Abstention)
    assert "turned too far away: 1" in one.detail


def test_what_is_no_face_is_not_described(detector: Persons) -> None:
    [one] = said(detector, [crop_of(synthetic.background(300, 300))])
    assert isinstance(one, Abstention)
    assert "without landmarks: 1" in one.detail


def test_of_many_faces_few_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "MOST_ALIGNED", 4)
    crops = [crop_of(synthetic.bust(), number) for number in range(60)]
    given = list(aligned(crops, aligner()))
    looked = [one for one in given if isinstance(one, AlignedFace)]
    assert 12 <= len(looked) <= 20
    assert [one for one in given if isinstance(one, FaceCrop)] == crops


def test_crops_that_were_cut_for_others_are_left_alone(detector: Persons) -> None:
    other = replace(crop_of(synthetic.bust()), spec=replace(WAY, margin=1.04))
    assert said(detector, [other]) == []


def test_a_descriptor_has_its_length() -> None:
    with pytest.raises(ValueError, match="a face descriptor of 12 bytes"):
        FaceDescriptor(METHOD, 1, bytes(12), 1, 0.0, 0.0)
