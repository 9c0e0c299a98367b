"""Blinks and the pose of the head over bursts of consecutive pictures: they are shown and decide nothing.

Eye aspect ratio: Soukupová and Čech, "Real-Time Eye Blink Detection using Facial Landmarks", CVWW 2016. Pose:
six points of the mesh against a face of mean proportions, by OpenCV's solvePnP.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from forensics.detectors.bursts import MIN_MESHES, Burst, Bursts
from forensics.detectors.declarations import BLINK_POSE
from forensics.detectors.detector import WithoutModels
from forensics.records.exhibit_content import CurveChart, CurveLine, Table
from forensics.records.faces import FaceMesh
from forensics.records.findings import Abstention, AbstentionReason, Exhibit, ExhibitKind
from forensics.records.media import MediaFile, MediaKind
from forensics.records.stream import Item
from forensics.records.subject import Subject, person

# Outer corner, two of the upper lid, inner corner, two of the lower lid.
_EYES = ((33, 160, 158, 133, 153, 144), (263, 387, 385, 362, 380, 373))
# Nose tip, chin, outer eye corners, mouth corners; and where they lie on a mean face, in mm, x to the
# picture's right, y down, z away from the camera.
_POSE_POINTS = (1, 152, 33, 263, 61, 291)
_MEAN_FACE_MM = np.array(
    [
        (0, 0, 0),
        (0, 63.6, 12.5),
        (-43.3, -32.7, 26),
        (43.3, -32.7, 26),
        (-28.9, 28.9, 24.1),
        (28.9, 28.9, 24.1),
    ]
)
# A camera about so many face widths away; the angles depend on it but little.
_FOCAL_OF_BOX = 4.0
# An eye is shut below this share of its usual aspect ratio; who keeps it shut longer sleeps, or looks down.
_SHUT = 0.6
_LONGEST_BLINK_S = 0.5
# The mesh trembles by a degree or two: speeds are of means over so many pictures.
_STEADY_OVER = 7


class BlinkPose(WithoutModels):
    """The detector of blinks and pose; it has no model of its own."""

    spec = BLINK_POSE

    def begin(self, media: MediaFile, path: Path) -> BlinkPoseExamination:  # noqa: ARG002 - the stream has all
        """Starts on a file."""
        return BlinkPoseExamination(media)


@dataclass(frozen=True, slots=True)
class Head:
    """One picture's eyes and pose.

    Attributes:
        aspect: height of both eyes over their width, their mean.
        yaw_deg: turned to the picture's right.
        pitch_deg: nodding down.
        roll_deg: tilted clockwise.
    """

    aspect: float
    yaw_deg: float
    pitch_deg: float
    roll_deg: float


def eye_aspect(points: npt.NDArray[np.float32]) -> float:
    """Mean eye aspect ratio of both eyes: about 0.3 open, below 0.15 shut."""
    ratios = []
    for eye in _EYES:
        outer, up_1, up_2, inner, down_2, down_1 = (points[index] for index in eye)
        width = float(np.linalg.norm(outer - inner))
        heights = np.linalg.norm(up_1 - down_1) + np.linalg.norm(up_2 - down_2)
        ratios.append(float(heights) / max(2 * width, 1e-6))
    return float(np.mean(ratios))


def pose_deg(points: npt.NDArray[np.float32], face_px: float) -> tuple[float, float, float]:
    """Yaw, pitch and roll of a head in degrees, 0 for one that looks at the camera.

    Args:
        points: float32[468, 2] of a face mesh.
        face_px: width of the face.
    """
    seen = points[list(_POSE_POINTS)].astype(np.float64)
    focal = _FOCAL_OF_BOX * face_px
    camera = np.array([[focal, 0, seen[:, 0].mean()], [0, focal, seen[:, 1].mean()], [0, 0, 1]])
    _, turn, _ = cv2.solvePnP(_MEAN_FACE_MM, seen, camera, None, flags=cv2.SOLVEPNP_SQPNP)
    m, _ = cv2.Rodrigues(turn)
    yaw = np.arcsin(np.clip(m[0, 2], -1, 1))
    pitch = np.arctan2(-m[1, 2], m[2, 2])
    roll = np.arctan2(-m[0, 1], m[0, 0])
    return float(np.degrees(yaw)), float(np.degrees(pitch)), float(np.degrees(roll))


def _head(mesh: FaceMesh) -> Head:
    return Head(eye_aspect(mesh.points), *pose_deg(mesh.points, mesh.box.size_px))


def count_blinks(at_s: Sequence[float], aspects: Sequence[float], usual: float) -> int:
    """How often the eyes close and open again within half a second."""
    shut = np.array(aspects) < _SHUT * usual
    n, began_s = 0, None
    for index in range(1, len(shut)):
        if shut[index] and not shut[index - 1]:
            began_s = at_s[index]
        elif not shut[index] and began_s is not None:
            n += at_s[index] - began_s <= _LONGEST_BLINK_S
            began_s = None
    return n


class BlinkPoseExamination:
    """One file's heads: four numbers a picture."""

    def __init__(self, media: MediaFile) -> None:
        self._media = media
        self._heads: Bursts[Head] = Bursts(_head)

    def observe(self, item: Item) -> Iterator[Item]:
        """Takes meshes."""
        self._heads.take(item)
        yield from ()

    def conclude(self) -> Iterator[Item]:
        """Curves and figures of each person, or why there are none."""
        if self._media.kind is MediaKind.IMAGE:
            yield Abstention(BLINK_POSE.name, AbstentionReason.UNSUPPORTED, "A still picture has no motion.")
            return
        for track_id, bursts in self._heads.people():
            subject = person(track_id)
            if bursts:
                yield from _exhibits(subject, bursts)
            else:
                yield Abstention(
                    BLINK_POSE.name,
                    AbstentionReason.TOO_SHORT,
                    f"the face was in view in no {MIN_MESHES} consecutive pictures. Look for a longer shot "
                    "of this person.",
                    subject,
                )


def _exhibits(subject: Subject, bursts: Sequence[Burst[Head]]) -> Iterator[Exhibit]:
    group = "blinks and pose"
    aspect = _line("eyes", bursts, "aspect")
    yield Exhibit(
        ExhibitKind.CURVE,
        CurveChart((aspect,), "Time, s", "Eye aspect ratio"),
        "How far the eyes are open; a blink is a narrow dip",
        subject,
        group,
    )
    turns = tuple(_line(name, bursts, f"{name}_deg") for name in ("yaw", "pitch", "roll"))
    yield Exhibit(
        ExhibitKind.CURVE,
        CurveChart(turns, "Time, s", "Degrees"),
        "Pose of the head: turned to the picture's right, nodding down, tilted clockwise",
        subject,
        group,
    )
    usual = float(np.median([value for value in aspect.y if value is not None]))
    n_blinks = sum(
        count_blinks(burst.at_s, [head.aspect for head in burst.values], usual) for burst in bursts
    )
    seconds = sum(burst.at_s[-1] - burst.at_s[0] for burst in bursts)
    rows = [
        ("In view, s", f"{seconds:.1f}"),
        ("Blinks", str(n_blinks)),
        ("Eye aspect ratio, median", f"{usual:.2f}"),
    ]
    for name, line in zip(("Yaw", "Pitch", "Roll"), turns, strict=True):
        values = np.array([value for value in line.y if value is not None])
        low, high = np.percentile(values, (5, 95))
        rows.append((f"{name}, 5th to 95th percentile, degrees", f"{low:.0f} to {high:.0f}"))
    rows.append(("Turning of the head, median, degrees/s", f"{_turning(bursts):.0f}"))
    yield Exhibit(
        ExhibitKind.TABLE,
        Table(("Blinks and pose", "Value"), tuple(rows)),
        "People blink every two to ten seconds, less when they read or stare: so short a look tells little",
        subject,
        group,
    )


def _line(name: str, bursts: Sequence[Burst[Head]], field: str) -> CurveLine:
    x: list[float] = []
    y: list[float | None] = []
    for burst in bursts:
        x += [*burst.at_s, burst.at_s[-1]]
        y += [*(float(getattr(head, field)) for head in burst.values), None]
    return CurveLine(name, tuple(x), tuple(y))


def _turning(bursts: Sequence[Burst[Head]]) -> float:
    speeds = []
    for burst in bursts:
        angles = np.array([(head.yaw_deg, head.pitch_deg, head.roll_deg) for head in burst.values])
        steps_s = np.maximum(np.diff(burst.at_s), 1e-3)
        kernel = np.full(_STEADY_OVER, 1 / _STEADY_OVER)
        steady = np.stack([np.convolve(angle, kernel, mode="valid") for angle in angles.T], axis=1)
        speeds.append(np.linalg.norm(np.diff(steady, axis=0), axis=1) / steps_s[: len(steady) - 1])
    return float(np.median(np.concatenate(speeds)))
