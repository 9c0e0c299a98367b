"""Cutting faces: the one place where a crop's geometry is decided, for scans and for training alike.

A crop is a square of whole source pixels around the middle of the box, then scaled to the net's input.
The square is rounded once: its side is ``floor(side + 0.5)`` and its left and top edges are
``floor(centre - side / 2 + 0.5)``. Shrinking averages areas (INTER_AREA), enlarging is bicubic
(INTER_CUBIC), and a square that needs no scaling keeps its pixels untouched, so that the traces that a
net looks for are resampled at most once. Beyond the frame's edge the edge's pixels are repeated.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from forensics.faces.overlap import steadied
from forensics.records.detector_spec import CropSpec
from forensics.records.faces import FaceBox, FaceCrop, TrackedFace
from forensics.records.findings import Abstention, AbstentionReason, Notice
from forensics.records.media import Frame, RgbImage
from forensics.records.stream import Item
from forensics.records.subject import person

# Wide enough for a report's evidence picture, small enough to keep 32 of them.
THUMBNAIL_WIDTH_PX = 640


def cut(image: RgbImage, box: FaceBox, spec: CropSpec) -> RgbImage:
    """The face in ``box``, cut in one way.

    Args:
        image: uint8[H, W, 3] RGB.
        box: in pixels of ``image``; may reach over its edge.
        spec: size and margin.

    Returns:
        uint8[S, S, 3] RGB, contiguous, S being ``spec.size_px``.
    """
    return cut_square(image, box.centre_px, spec.margin * box.size_px, spec.size_px)


def cut_square(image: RgbImage, centre_px: tuple[float, float], side_px: float, size_px: int) -> RgbImage:
    """A square around ``centre_px``, scaled to ``size_px``; the module's docstring has the rounding.

    Args:
        image: uint8[H, W, 3] RGB.
        centre_px: (x, y) in pixels of ``image``; x = 0 is the left edge of the first pixel.
        side_px: of the square in pixels of ``image``.
        size_px: of the result.

    Returns:
        uint8[size_px, size_px, 3] RGB, contiguous.
    """
    side = max(1, _round(side_px))
    left, top = _round(centre_px[0] - side / 2), _round(centre_px[1] - side / 2)
    height, width = image.shape[:2]
    if left >= 0 and top >= 0 and left + side <= width and top + side <= height:
        square = image[top : top + side, left : left + side]
    else:
        rows = np.clip(np.arange(top, top + side), 0, height - 1)
        columns = np.clip(np.arange(left, left + side), 0, width - 1)
        square = image[rows][:, columns]
    if side == size_px:
        return np.array(square, np.uint8, order="C")
    method = cv2.INTER_AREA if side > size_px else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(square, (size_px, size_px), interpolation=method), np.uint8)


def whole_image_box(image: RgbImage, spec: CropSpec) -> FaceBox:
    """The box with which ``cut`` gives the whole picture: for stills that are face crops already.

    The margin is divided out, so that the square's side is the picture's longer side.
    """
    height, width = image.shape[:2]
    side = max(height, width) / spec.margin
    return FaceBox((width - side) / 2, (height - side) / 2, side, side)


def crop(
    items: Iterable[Item], users: Mapping[CropSpec, Sequence[str]], *, whole: bool = False
) -> Iterator[Item]:
    """The stage: cuts every tracked face that is large enough, once in each way; passes on everything else.

    Pictures that were decoded for their burst alone count for the ways that want bursts, and for no other.
    Within a burst the boxes are steadied. Faces whose box is smaller than a way's ``min_face_px`` are left
    out. When the stream has ended, a person whose faces were all too small gets an abstention of each
    detector that wanted them, one with some too small a notice.

    Args:
        items: the stream; its ``TrackedFace`` items become ``FaceCrop`` items.
        users: the ways of cutting, each with the names of the detectors that observe it.
        whole: the pictures are face crops already: each is cut as a whole, whatever the margin.
    """
    seen: dict[CropSpec, dict[int, _Sizes]] = {spec: {} for spec in users}
    steady: dict[tuple[int, int | None], FaceBox] = {}
    frame: Frame | None = None
    thumbnail, scale = np.empty((0, 0, 3), np.uint8), 1.0
    for item in items:
        if not isinstance(item, TrackedFace):
            yield item
            continue
        within = item.track_id, item.frame.short_burst
        if item.frame.short_burst is not None:
            steady[within] = steadied(steady.get(within), item.box)
        for spec, people in seen.items():
            if not _wanted(item.frame, spec):
                continue
            box = whole_image_box(item.frame.image, spec) if whole else item.box
            if spec.in_bursts:
                box = steady[within]
            sizes = people.setdefault(item.track_id, _Sizes())
            if box.size_px < spec.min_face_px:
                sizes.too_small_px.append(box.size_px)
                continue
            sizes.n_cut += 1
            if item.frame is not frame:  # several people and several ways share one frame
                frame = item.frame
                thumbnail, scale = _thumbnail(frame.image)
            yield FaceCrop(
                image=cut(item.frame.image, box, spec),
                box=box,
                track_id=item.track_id,
                frame_index=item.frame.index,
                at_s=item.frame.at_s,
                thumbnail=thumbnail,
                thumbnail_scale=scale,
                spec=spec,
                burst=item.frame.short_burst if spec.in_bursts else None,
            )
    said: list[Item] = []  # the ways of one detector say the same
    for spec, people in seen.items():
        said += [item for item in _left_out(people, spec.min_face_px, users[spec]) if item not in said]
    yield from said


def _wanted(frame: Frame, spec: CropSpec) -> bool:
    return frame.short_burst is not None if spec.in_bursts else frame.sampled


@dataclass(slots=True)
class _Sizes:
    n_cut: int = 0
    too_small_px: list[float] = field(default_factory=list)


def _left_out(seen: dict[int, _Sizes], min_face_px: int, detectors: Sequence[str]) -> Iterator[Item]:
    for track_id, sizes in sorted(seen.items()):
        if not sizes.too_small_px:
            continue
        n_small = len(sizes.too_small_px)
        largest = max(sizes.too_small_px)
        if sizes.n_cut:
            yield Notice(
                "faces",
                f"{person(track_id)}: {n_small} of {n_small + sizes.n_cut} faces are smaller than "
                f"{min_face_px} px, the least that the model is meant for, and were left out",
                subject=person(track_id),
            )
            continue
        for detector in detectors:
            yield Abstention(
                detector=detector,
                why=AbstentionReason.TOO_SMALL,
                detail=f"all {n_small} faces are at most {largest:.0f} px wide; the model needs "
                f"{min_face_px} px. Look for the same recording in a higher resolution, or a close-up of "
                "this person.",
                subject=person(track_id),
            )


def _thumbnail(image: RgbImage) -> tuple[RgbImage, float]:
    """(uint8[h, w, 3] RGB at most THUMBNAIL_WIDTH_PX wide, thumbnail pixels per source pixel)."""
    height, width = image.shape[:2]
    if width <= THUMBNAIL_WIDTH_PX:
        return np.ascontiguousarray(image), 1.0
    scale = THUMBNAIL_WIDTH_PX / width
    size = THUMBNAIL_WIDTH_PX, max(1, _round(height * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def _round(value: float) -> int:
    # round() would go to the even neighbour: a square would jump as its middle moves.
    return math.floor(value + 0.5)
