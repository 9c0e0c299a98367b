"""Faces: where they are, how they look, and who is who within one file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forensics.records.detector_spec import CropSpec
from forensics.records.media import Frame, RgbImage
from forensics.records.subject import Subject, person


@dataclass(frozen=True, slots=True)
class FaceBox:
    """A face in a frame, in source pixels of the upright frame; may reach over its edge.

    Attributes:
        confidence: the finder's own score, comparable within one finder only.
    """

    left_px: float
    top_px: float
    width_px: float
    height_px: float
    confidence: float = 0.0

    @property
    def centre_px(self) -> tuple[float, float]:
        """(x, y) of the middle."""
        return self.left_px + self.width_px / 2, self.top_px + self.height_px / 2

    @property
    def size_px(self) -> float:
        """The longer side."""
        return max(self.width_px, self.height_px)


@dataclass(frozen=True, slots=True)
class TrackedFace:
    """A face that belongs to a person's track, with the frame that it was found in."""

    frame: Frame
    box: FaceBox
    track_id: int


@dataclass(frozen=True, slots=True)
class FaceCrop:
    """A face, cut in one way.

    Attributes:
        image: uint8[S, S, 3] RGB.
        spec: how it was cut; a detector observes the crops of its own way alone.
        box: the finder's box in the source frame.
        track_id: the person's track within this file, from 1.
        thumbnail: the frame, scaled to at most ``THUMBNAIL_WIDTH_PX`` wide, for exhibits.
        thumbnail_scale: thumbnail pixels per source pixel.
        burst: number of the burst of consecutive pictures that it is of; None for one by itself.
    """

    image: RgbImage
    box: FaceBox
    track_id: int
    frame_index: int
    at_s: float
    thumbnail: RgbImage
    thumbnail_scale: float
    spec: CropSpec
    burst: int | None = None

    @property
    def subject(self) -> Subject:
        """What this person is called in scores and exhibits."""
        return person(self.track_id)


@dataclass(frozen=True, slots=True)
class FaceMesh:
    """The landmarks of a face in a burst of consecutive pictures.

    Attributes:
        points: float32[468, 2] (x, y) in source pixels, as MediaPipe's face mesh numbers them.
        box: the finder's box in the source frame.
        track_id: the person's track within this file.
        burst: number of the burst, from 0; the pictures of one follow each other.
    """

    points: npt.NDArray[np.float32]
    box: FaceBox
    track_id: int
    burst: int
    frame_index: int
    at_s: float


@dataclass(frozen=True, slots=True)
class AlignedFace:
    """A face, turned and scaled so that eyes and nose stand where they stand in every one.

    Attributes:
        track_id: the person's track within this file.
        image: uint8[150, 150, 3] RGB; None where no landmarks were found.
        points: float32[468, 2] (x, y) of its mesh, in pixels of the crop that it was aligned in.
        box_px: width of the face there.
        sharpness: log10 of the variance of the Laplacian over that of the grey picture.
    """

    track_id: int
    at_s: float
    image: RgbImage | None = None
    points: npt.NDArray[np.float32] | None = None
    box_px: float = 0.0
    sharpness: float = 0.0


@dataclass(frozen=True, slots=True)
class FaceTrack:
    """One person within one file.

    Attributes:
        track_id: from 1, in order of first appearance.
        n_faces: sampled frames in which this person's face was found.
        median_size_px: median of the longer side of the boxes.
        stream_index: of a further video stream, None for the main one.
    """

    track_id: int
    n_faces: int
    start_s: float
    end_s: float
    median_size_px: float
    stream_index: int | None = None

    @property
    def subject(self) -> Subject:
        """What this person is called in scores and exhibits."""
        return person(self.track_id)
