"""Face meshes over bursts of consecutive pictures: how mouths, eyes and heads move."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from forensics.faces.overlap import steadied
from forensics.records.faces import FaceBox, FaceMesh, TrackedFace
from forensics.records.stream import Item

if TYPE_CHECKING:  # it loads OpenVINO
    from forensics.faces.landmarks import LandmarkPredictor

# Below it the mesh is off by more than lips move.
_MIN_FACE_PX = 48


def meshes(items: Iterable[Item], predictor: LandmarkPredictor) -> Iterator[Item]:
    """The stage: gives the mesh of every face in a burst, and passes on everything else.

    Faces that are too small, and fits that are no face, give no mesh.

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
            box = steadied(known.get(item.track_id), item.box)
            known[item.track_id] = box
            points = predictor.mesh(frame.image, box)
            if points is not None:
                yield FaceMesh(points, box, item.track_id, frame.burst, frame.index, frame.at_s)
        yield item
