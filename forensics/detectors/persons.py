"""What each person of a file looks like, in numbers: by them a report finds people who look alike.

Biometric data: it runs only where it was asked for, and gives no score.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from forensics.detectors.blink_pose import pose_deg
from forensics.detectors.declarations import PERSONS
from forensics.detectors.detector import ModelForms, WithoutModels
from forensics.engines.descriptor_net import DescriptorNet, load_descriptor_net, of_length_1
from forensics.numerals import count_text
from forensics.records.face_descriptor import FaceDescriptor
from forensics.records.faces import AlignedFace
from forensics.records.findings import Abstention, AbstentionReason, Notice
from forensics.records.media import MediaFile, RgbImage
from forensics.records.stream import Item
from forensics.records.subject import person

METHOD: Final = "dlib-resnet-29/1"
# A few sharp faces tell as much as many.
MOST_FACES: Final = 5
MOST_YAW_DEG: Final = 35.0
MOST_PITCH_DEG: Final = 30.0
# Blurred faces of different people look more alike than sharp ones: benchmarks/persons_measured.py.
LEAST_SHARPNESS: Final = -2.4
_DECIMALS: Final = 3


class Persons(WithoutModels):
    """The detector around the net that describes faces."""

    spec = PERSONS

    def __init__(self, models: Sequence[ModelForms]) -> None:
        super().__init__(models)
        self._net = load_descriptor_net(PERSONS.aids[-1])

    def begin(self, media: MediaFile, path: Path) -> PersonsExamination:  # noqa: ARG002 - the stream has all
        """Starts on a file."""
        return PersonsExamination(self._net)


@dataclass(frozen=True, slots=True)
class _Face:
    image: RgbImage
    sharpness: float
    at_s: float


@dataclass(slots=True)
class _Person:
    """One person's best faces, and why others could not be used."""

    faces: list[_Face] = field(default_factory=list)
    n_seen: int = 0
    n_without_points: int = 0
    n_turned: int = 0
    n_blurred: int = 0

    def take(self, face: AlignedFace) -> None:
        self.n_seen += 1
        if face.image is None or face.points is None:
            self.n_without_points += 1
            return
        yaw, pitch, _ = pose_deg(face.points, face.box_px)
        if abs(yaw) > MOST_YAW_DEG or abs(pitch) > MOST_PITCH_DEG:
            self.n_turned += 1
        elif face.sharpness < LEAST_SHARPNESS:
            self.n_blurred += 1
        else:
            self.faces.append(_Face(face.image, face.sharpness, face.at_s))
            self.faces.sort(key=lambda one: (-one.sharpness, one.at_s))
            del self.faces[MOST_FACES:]


class PersonsExamination:
    """One file's people. Holds five small pictures of each."""

    def __init__(self, net: DescriptorNet) -> None:
        self._net = net
        self._people: dict[int, _Person] = {}

    def observe(self, item: Item) -> Iterator[Item]:
        """Takes aligned faces, and keeps the best."""
        if isinstance(item, AlignedFace):
            self._people.setdefault(item.track_id, _Person()).take(item)
        yield from ()

    def conclude(self) -> Iterator[Item]:
        """A descriptor of each person, or why there is none."""
        n_described = 0
        for track_id, someone in sorted(self._people.items()):
            if not someone.faces:
                why = AbstentionReason.UNSUPPORTED
                yield Abstention(PERSONS.name, why, _why_not(someone), person(track_id))
                continue
            n_described += 1
            each = self._net.describe_both_ways(np.stack([one.image for one in someone.faces]))
            mean = of_length_1(each.mean(axis=0))
            yield FaceDescriptor(
                METHOD,
                track_id,
                mean.astype("<f2").tobytes(),
                len(each),
                round(someone.faces[0].at_s, _DECIMALS),
                round(float(np.linalg.norm(each - mean, axis=1).max()), _DECIMALS),
            )
        if n_described:
            yield Notice(
                PERSONS.name,
                f"The faces of {count_text(n_described, 'person', 'persons')} were described in numbers, to "
                "be compared with those of other files.",
            )


def _why_not(someone: _Person) -> str:
    return (
        "No face can be compared with other people's. "
        f"Looked at: {someone.n_seen}; turned too far away: {someone.n_turned}; too blurred: "
        f"{someone.n_blurred}; without landmarks: {someone.n_without_points}. Look for a sharp picture of "
        "this person from the front."
    )
