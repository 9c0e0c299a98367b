"""Pictures of people without the people: for copies of a report that leave the examiner's hands."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from forensics.records.exhibit_content import ExhibitContent, Filmstrip, Picture
from forensics.records.findings import Exhibit, ExhibitKind

# Faces mosaicked at 16 pixels and more have been matched to people by trained nets (McPherson, Shokri and
# Shmatikov, "Defeating image obfuscation with deep learning", 2016). The whole picture goes, not the face box
# alone: nobody vouches that every bystander in the frame was found.
LONGER_SIDE_PX: Final = 8
_QUALITY: Final = 80
_OF_PEOPLE: Final = frozenset(
    {ExhibitKind.FRAME, ExhibitKind.CROP, ExhibitKind.ATTENTION, ExhibitKind.PICTURE}
)


def redacted(exhibits: Iterable[Exhibit]) -> list[Exhibit]:
    """Exhibits with their pictures of people blurred, and without sound: a voice is known like a face."""
    return [blurred(one) for one in exhibits if one.kind is not ExhibitKind.SOUND]


def blurred(exhibit: Exhibit) -> Exhibit:
    """The exhibit with its picture reduced to a few patches of colour; what shows nobody stays as it is."""
    if isinstance(exhibit.content, Filmstrip):
        frames = tuple(replace(one, jpeg=_blurred(one.jpeg)) for one in exhibit.content.frames)
        content: ExhibitContent = replace(exhibit.content, frames=frames)
    elif exhibit.kind in _OF_PEOPLE and isinstance(exhibit.content, Picture):
        content = Picture(_blurred(exhibit.content.jpeg))
    else:
        return exhibit
    return dataclasses.replace(exhibit, content=content, caption=f"{exhibit.caption} (blurred)")


def _blurred(jpeg: bytes) -> bytes:
    # Loaded here: few reports are redacted, and the process of a scan that draws them does without OpenCV.
    import cv2
    import numpy as np

    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        picture = np.full((LONGER_SIDE_PX, LONGER_SIDE_PX, 3), 128, np.uint8)
    height_px, width_px = picture.shape[:2]
    scale = LONGER_SIDE_PX / max(height_px, width_px)
    few = cv2.resize(
        picture,
        (max(1, round(width_px * scale)), max(1, round(height_px * scale))),
        interpolation=cv2.INTER_AREA,
    )
    shown = cv2.resize(few, (width_px, height_px), interpolation=cv2.INTER_LINEAR)
    _, encoded = cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return bytes(encoded.tobytes())
