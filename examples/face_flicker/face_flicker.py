"""A temporal detector over each person's crops: how much the face changes from one picture to the next.

It has a way of cutting faces of its own, smaller and wider than the face model's, which the pipeline cuts
beside it. It has no model, and reports only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from forensics.detectors.detector import ModelForms
from forensics.records.detector_spec import CropSpec, DetectorSpec, Input, ModelCount, Role
from forensics.records.faces import FaceCrop
from forensics.records.findings import Notice
from forensics.records.media import MediaFile
from forensics.records.model_card import ModelCard
from forensics.records.stream import Item

SPEC = DetectorSpec(
    name="face-flicker",
    title="Flicker",
    implementation="face_flicker:FaceFlicker",
    subject_phrase="The face of {subject}",
    unit="pair",
    inputs=(Input.FACES,),
    role=Role.REPORTS,
    models=ModelCount.NONE,
    crop=CropSpec(size_px=48, margin=1.3),
)


class FaceFlicker:
    """Compares every crop with the one before it."""

    spec = SPEC
    cards: tuple[ModelCard, ...] = ()
    crop = SPEC.crop

    def __init__(self, models: Sequence[ModelForms]) -> None:
        del models  # it declares none

    def begin(self, media: MediaFile, path: Path) -> FlickerExamination:
        """Starts on a file."""
        del media, path
        return FlickerExamination()


class FlickerExamination:
    """One file's people: the last crop of each, and the largest change."""

    def __init__(self) -> None:
        self._last: dict[int, npt.NDArray[np.float32]] = {}
        self._largest: dict[int, tuple[float, float]] = {}

    def observe(self, item: Item) -> Iterator[Item]:
        """Takes crops of its own way of cutting, in the order of time."""
        if not isinstance(item, FaceCrop) or item.spec != SPEC.crop:
            return
        grey = item.image.mean(axis=2, dtype=np.float32)
        before = self._last.get(item.track_id)
        if before is not None:
            change = float(np.abs(grey - before).mean())
            self._largest[item.track_id] = max(
                self._largest.get(item.track_id, (0.0, 0.0)), (change, item.at_s)
            )
        self._last[item.track_id] = grey
        yield from ()

    def conclude(self) -> Iterator[Item]:
        """One notice a person."""
        for track_id, (change, at_s) in sorted(self._largest.items()):
            yield Notice(
                "score", f"person {track_id} changes most at {at_s:.1f} s: by {change:.1f} grey levels", at_s
            )
