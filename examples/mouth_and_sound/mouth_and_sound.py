"""A detector that needs sound and mouths together: is somebody's mouth open when the film is loudest?

The pipeline gives it face meshes over bursts of consecutive pictures, and the sound, of one pass over the
file. It has no model, and reports only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from forensics.detectors.detector import ModelForms
from forensics.records.detector_spec import CropSpec, DetectorSpec, Input, ModelCount, Role
from forensics.records.faces import FaceMesh
from forensics.records.findings import Abstention, AbstentionReason, Notice
from forensics.records.media import AudioChunk, MediaFile
from forensics.records.model_card import ModelCard
from forensics.records.stream import Item

SPEC = DetectorSpec(
    name="mouth-and-sound",
    title="Mouth and sound",
    implementation="mouth_and_sound:MouthAndSound",
    subject_phrase="The mouth of {subject}",
    inputs=(Input.LANDMARKS, Input.SOUND),
    role=Role.REPORTS,
    models=ModelCount.NONE,
)
# Middles of the upper and of the lower lip, and the outer corners of the eyes, as MediaPipe numbers them.
_UPPER_LIP, _LOWER_LIP, _EYES = 13, 14, (33, 263)
_NEAR_S = 0.1


class MouthAndSound:
    """Sets the mouths' openings beside the loudest tenth of a second."""

    spec = SPEC
    cards: tuple[ModelCard, ...] = ()
    crop: CropSpec | None = None

    def __init__(self, models: Sequence[ModelForms]) -> None:
        del models  # it declares none

    def begin(self, media: MediaFile, path: Path) -> MouthAndSoundExamination:
        """Starts on a file."""
        del media, path
        return MouthAndSoundExamination()


class MouthAndSoundExamination:
    """One file's mouths over time, and how loud each tenth of a second is."""

    def __init__(self) -> None:
        self._openings: dict[int, list[tuple[float, float]]] = {}
        self._loudness: list[tuple[float, float]] = []

    def observe(self, item: Item) -> Iterator[Item]:
        """Takes meshes and sound, as the file interleaves them."""
        if isinstance(item, FaceMesh):
            eyes = np.linalg.norm(item.points[_EYES[0]] - item.points[_EYES[1]])
            gap = np.linalg.norm(item.points[_UPPER_LIP] - item.points[_LOWER_LIP])
            self._openings.setdefault(item.track_id, []).append((item.at_s, float(gap / eyes)))
        elif isinstance(item, AudioChunk) and not item.track:
            n = item.rate_hz // 10
            for start in range(0, item.samples.size - n + 1, n):
                level = float(np.sqrt(np.mean(item.samples[start : start + n] ** 2)))
                self._loudness.append((item.at_s + (start + n / 2) / item.rate_hz, level))
        yield from ()

    def conclude(self) -> Iterator[Item]:
        """One notice a person, or why there is none."""
        if not self._loudness or not self._openings:
            lacking = "sound" if not self._loudness else "mouth in view"
            yield Abstention(SPEC.name, AbstentionReason.UNSUPPORTED, f"there is no {lacking}")
            return
        for track_id, openings in sorted(self._openings.items()):
            in_view = [
                (level, at_s)
                for at_s, level in self._loudness
                if any(abs(at_s - seen_s) <= _NEAR_S for seen_s, _ in openings)
            ]
            if not in_view:
                continue
            _, loudest_s = max(in_view)
            opening = max(value for at_s, value in openings if abs(at_s - loudest_s) <= _NEAR_S)
            yield Notice(
                "score",
                f"person {track_id}: at {loudest_s:.1f} s, when it is loudest, the mouth is open by "
                f"{opening:.2f} of the distance of the eyes",
                loudest_s,
            )
