"""Face meshes over bursts of consecutive pictures: how mouths, eyes and heads move."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from forensics.faces.overlap import same_face
from forensics.records.faces import FaceBox, FaceMesh, TrackedFace
from forensics.records.stream import Item

if TYPE_CHECKING:  # it loads OpenVINO
    from forensics.faces.landmarks import LandmarkPredictor

# Below it the mesh is off by more than lips move.
_MIN_FACE_PX = 48
# How much of the box before stays in a box: the finder's boxes jump, and a mesh would with them.
_KEPT = 0.7


def meshes(items: Iterable[Item], predictor: LandmarkPredictor) -> Iterator[Item]:
    """The stage: gives the mesh of every face in a burst, and passes on everything else.

    Faces of pictures that were decoded for their burst alone end here. Faces that are too small, and fits
    that are no face, give no mesh.

    Args:
        items: the stream.
        predictor: gives the meshes.
    """
    known: dict[int, FaceBox] = {}
    for item in items:
        if not isinstance(item, TrackedFace):
            yield item
            continue
        frame = item.frame
        if frame.burst is not None and item.box.size_px >= _MIN_FACE_PX:
            box = _steadied(known.get(item.track_id), item.box)
            known[item.track_id] = box
            points = predictor.mesh(frame.image, box)
            if points is not None:
                yield FaceMesh(points, box, item.track_id, frame.burst, frame.index, frame.at_s)
        if frame.sampled:
            yield item


def _steadied(before: FaceBox | None, box: FaceBox) -> FaceBox:
    """The box, drawn to the one before where both are of one face in one place."""
    if before is None or not same_face(before, box):
        return box
    left, top, width, height = (
        _KEPT * old + (1 - _KEPT) * new for old, new in zip(_sides(before), _sides(box), strict=True)
    )
    return FaceBox(left, top, width, height, box.confidence)


def _sides(box: FaceBox) -> tuple[float, float, float, float]:
    return box.left_px, box.top_px, box.width_px, box.height_px
