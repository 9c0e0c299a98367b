"""Faces turned and scaled by their landmarks, so that eyes and nose stand in the same places in each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2

from forensics.faces.chips import FIVE_OF_MESH, chip
from forensics.media.edges import sharpness_of
from forensics.records.detector_spec import CropSpec
from forensics.records.faces import AlignedFace, FaceBox, FaceCrop
from forensics.records.stream import Item

if TYPE_CHECKING:  # it loads OpenVINO
    from forensics.faces.landmarks import LandmarkPredictor

# So many faces of a person are aligned; of more, every second one, every fourth and so on.
MOST_ALIGNED: Final = 64


class FaceAligner:
    """Aligns faces.

    Args:
        landmarks: gives the meshes.
        way: how the faces that it aligns are cut. Alignment needs room around the box: a margin of 2.
    """

    def __init__(self, landmarks: LandmarkPredictor, way: CropSpec) -> None:
        self._landmarks = landmarks
        self.way = way

    def align(self, crop: FaceCrop) -> AlignedFace:
        """The aligned face, without a picture where the landmarks find none."""
        side_px = self.way.size_px / self.way.margin
        edge_px = (self.way.size_px - side_px) / 2
        points = self._landmarks.mesh(crop.image, FaceBox(edge_px, edge_px, side_px, side_px))
        if points is None:
            return AlignedFace(crop.track_id, crop.at_s)
        image = chip(crop.image, points[list(FIVE_OF_MESH)])
        _, relative_sharpness = sharpness_of(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
        return AlignedFace(crop.track_id, crop.at_s, image, points, side_px, relative_sharpness)


def aligned(items: Iterable[Item], aligner: FaceAligner) -> Iterator[Item]:
    """The stage: aligns faces that were cut for it, of a long film not all of them; passes on everything."""
    seen: dict[int, _Seen] = {}
    for item in items:
        yield item
        if isinstance(item, FaceCrop) and item.spec == aligner.way:
            someone = seen.setdefault(item.track_id, _Seen())
            if someone.n_seen % someone.every == 0:
                someone.n_aligned += 1
                someone.every *= 2 if someone.n_aligned % MOST_ALIGNED == 0 else 1
                yield aligner.align(item)
            someone.n_seen += 1


@dataclass(slots=True)
class _Seen:
    n_seen: int = 0
    n_aligned: int = 0
    every: int = 1
