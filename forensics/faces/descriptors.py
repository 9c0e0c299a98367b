"""From a cut-out face to what it looks like, in numbers: aligned by landmarks, then described by a net."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from forensics.engines.descriptor_net import DescriptorNet
from forensics.faces.chips import FIVE_OF_MESH, chip
from forensics.faces.landmarks import LandmarkPredictor
from forensics.records.detector_spec import CropSpec
from forensics.records.faces import FaceBox
from forensics.records.media import RgbImage

Descriptor = npt.NDArray[np.float32]

# Alignment needs room around the box, and shrinks the face once more by about a quarter.
DESCRIBED: Final = CropSpec(size_px=288, margin=2.0, min_face_px=48)
"""How faces have to be cut."""


@dataclass(frozen=True, slots=True)
class AlignedFace:
    """A face, aligned, with what says whether it can be described.

    Attributes:
        image: uint8[150, 150, 3] RGB.
        points: float32[468, 2], its mesh, in pixels of the crop.
        sharpness: log10 of the variance of the Laplacian over that of the grey picture.
    """

    image: RgbImage
    points: npt.NDArray[np.float32]
    sharpness: float


class FaceDescriber:
    """Aligns and describes faces that were cut as ``DESCRIBED`` says."""

    def __init__(self, landmarks: LandmarkPredictor, net: DescriptorNet) -> None:
        self._landmarks = landmarks
        self._net = net

    def align(self, crop: RgbImage) -> AlignedFace | None:
        """The aligned face; None where the landmarks find none.

        Args:
            crop: uint8[288, 288, 3] RGB, the finder's box in its middle, half as wide.
        """
        side_px = DESCRIBED.size_px / DESCRIBED.margin
        edge_px = (DESCRIBED.size_px - side_px) / 2
        points = self._landmarks.mesh(crop, FaceBox(edge_px, edge_px, side_px, side_px))
        if points is None:
            return None
        image = chip(crop, points[list(FIVE_OF_MESH)])
        return AlignedFace(image, points, _sharpness(image))

    def describe(self, faces: Sequence[RgbImage]) -> Descriptor:
        """float32[N, 128], each of length 1: of each face, the mean of it and its mirror image.

        Args:
            faces: aligned, uint8[150, 150, 3] RGB each.
        """
        chips = np.stack(faces)
        both = _unit(self._net.describe(np.concatenate([chips, chips[:, :, ::-1]])))
        return _unit(both[: len(chips)] + both[len(chips) :])


def mean_of(descriptors: Descriptor) -> Descriptor:
    """float32[128] of length 1: the mean of float32[N, 128]."""
    return _unit(descriptors.mean(axis=0))


def _unit(vectors: npt.NDArray[np.floating]) -> Descriptor:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32)


def _sharpness(image: RgbImage) -> float:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    edges = float(cv2.Laplacian(grey, cv2.CV_32F).var())
    return float(np.log10((edges + 1e-3) / (float(grey.var()) + 1.0)))
