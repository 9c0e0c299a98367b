"""Blinks and pose from face meshes whose eyes and turn are known."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from forensics.detectors.blink_pose import (
    _EYES,
    _MEAN_FACE_MM,
    _POSE_POINTS,
    BlinkPose,
    count_blinks,
    eye_aspect,
    pose_deg,
)
from forensics.records.exhibit_content import CurveChart, Table
from forensics.records.faces import FaceBox, FaceMesh
from forensics.records.findings import Abstention, AbstentionReason, Exhibit, ExhibitKind
from forensics.records.media import MediaFile, MediaKind
from forensics.records.stream import Item

VIDEO = MediaFile("a.mp4", 1, "2026-01-01T00:00:00+00:00", kind=MediaKind.VIDEO)
FACE_PX = 140.0


def points(
    aspect: float = 0.3, yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0
) -> npt.NDArray[np.float32]:
    """A mean face, turned, seen from afar, with eyes as far open as told."""
    made = np.zeros((468, 2), np.float32)
    about_y, _ = cv2.Rodrigues(np.radians([0.0, yaw, 0.0]))
    about_x, _ = cv2.Rodrigues(np.radians([pitch, 0.0, 0.0]))
    about_z, _ = cv2.Rodrigues(np.radians([0.0, 0.0, roll]))
    turned = _MEAN_FACE_MM @ (about_z @ about_x @ about_y).T + (0, 0, 600)
    made[list(_POSE_POINTS)] = 320 + 4 * FACE_PX * turned[:, :2] / turned[:, 2:]
    for eye in _EYES:
        outer = made[eye[0]]
        inward = 30.0 if outer[0] < 320 else -30.0
        for index, (along, height) in zip(
            eye, ((0, 0), (0.3, -1), (0.7, -1), (1, 0), (0.7, 1), (0.3, 1)), strict=True
        ):
            made[index] = outer + np.array([along * inward, height * aspect * 30 / 2])
    return made


def mesh(number: int, seen: npt.NDArray[np.float32], burst: int = 0) -> FaceMesh:
    return FaceMesh(seen, FaceBox(250, 250, FACE_PX, FACE_PX), 1, burst, number, number / 25)


def examined(items: list[FaceMesh], media: MediaFile = VIDEO) -> list[Item]:
    examination = BlinkPose([]).begin(media, Path("a.mp4"))
    given = [one for item in items for one in examination.observe(item)]
    return given + list(examination.conclude())


def test_the_aspect_ratio_is_height_over_width() -> None:
    assert eye_aspect(points(0.3)) == pytest.approx(0.3, abs=0.01)
    assert eye_aspect(points(0.05)) == pytest.approx(0.05, abs=0.01)


@pytest.mark.parametrize(
    ("yaw", "pitch", "roll"), [(0, 0, 0), (25, 0, 0), (-25, 0, 0), (0, 15, 0), (0, -15, 0), (0, 0, 20)]
)
def test_the_pose_is_found(yaw: float, pitch: float, roll: float) -> None:
    found = pose_deg(points(yaw=yaw, pitch=pitch, roll=roll), FACE_PX)
    assert [abs(angle) for angle in found] == pytest.approx([abs(yaw), abs(pitch), abs(roll)], abs=3)
    mirrored = pose_deg(points(yaw=-yaw, pitch=-pitch, roll=-roll), FACE_PX)
    assert mirrored == pytest.approx([-angle for angle in found], abs=3)


def test_a_blink_is_short() -> None:
    at_s = (np.arange(60) / 25).tolist()
    aspects = np.full(60, 0.3)
    aspects[10:14] = 0.08
    aspects[30:50] = 0.08
    assert count_blinks(at_s, aspects.tolist(), 0.3) == 1


def test_curves_and_figures_of_each_person() -> None:
    first = [mesh(n, points(0.08 if 20 <= n < 24 else 0.3, yaw=0.5 * n)) for n in range(50)]
    second = [mesh(n, points(0.3), burst=1) for n in range(100, 110)]
    exhibits = [item for item in examined([*first, *second]) if isinstance(item, Exhibit)]
    eyes, pose, table = exhibits
    assert isinstance(eyes.content, CurveChart)
    assert isinstance(pose.content, CurveChart)
    assert isinstance(table.content, Table)
    assert [line.name for line in pose.content.lines] == ["yaw", "pitch", "roll"]
    rows = dict(table.content.rows)
    assert rows["Blinks"] == "1"
    assert rows["In view, s"] == "2.0", "ten pictures are no burst"
    assert float(rows["Turning of the head, median, degrees/s"]) == pytest.approx(12.5, abs=2)
    assert {one.kind for one in exhibits} == {ExhibitKind.CURVE, ExhibitKind.TABLE}


def test_it_abstains_where_there_is_too_little() -> None:
    [said] = examined([mesh(n, points()) for n in range(10)])
    assert isinstance(said, Abstention)
    assert said.why is AbstentionReason.TOO_SHORT
    [said] = examined([], MediaFile("a.png", 1, "", kind=MediaKind.IMAGE))
    assert isinstance(said, Abstention)
    assert said.why is AbstentionReason.UNSUPPORTED
