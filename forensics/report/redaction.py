"""Pictures of people without the people: for copies of a report that leave the examiner's hands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from forensics.records.exhibit_content import Picture
from forensics.records.findings import Exhibit, ExhibitKind

# Faces mosaicked at 16 pixels and more have been matched to people by trained nets (McPherson, Shokri and
# Shmatikov, "Defeating image obfuscation with deep learning", 2016). The whole picture goes, not the face box
# alone: nobody vouches that every bystander in the frame was found.
LONGER_SIDE_PX: Final = 8
_QUALITY: Final = 80
_OF_PEOPLE: Final = frozenset({ExhibitKind.FRAME, ExhibitKind.PICTURE})
# A blurred frame shows where somebody stood, a blurred face alone nothing; a voice is known like a face.
_LEFT_OUT: Final = frozenset(
    {ExhibitKind.CROP, ExhibitKind.ATTENTION, ExhibitKind.FILMSTRIP, ExhibitKind.SOUND}
)


def redacted(exhibits: Iterable[Exhibit]) -> list[Exhibit]:
    """Exhibits with frames blurred, and without the faces cut out of them and without sound."""
    return [blurred(one) for one in exhibits if one.kind not in _LEFT_OUT]


def blurred(exhibit: Exhibit) -> Exhibit:
    """The exhibit with its picture reduced to a few patches of colour; what shows nobody stays as it is."""
    if exhibit.kind not in _OF_PEOPLE or not isinstance(exhibit.content, Picture):
        return exhibit
    content = Picture(_blurred(exhibit.content.jpeg))
    return replace(exhibit, content=content, caption=f"{exhibit.caption} (blurred)")


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
