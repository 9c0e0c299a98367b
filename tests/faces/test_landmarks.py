"""Landmarks from a face mesh net that the user brings along; here one that always gives the same mesh."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from forensics.engines.landmark_net import INPUT_PX, N_MESH_POINTS, LandmarkNet
from forensics.errors import EngineError
from forensics.faces.landmarks import LandmarkPredictor
from forensics.records.faces import FaceBox

PICTURE = np.zeros((120, 140, 3), np.uint8)


def mesh() -> np.ndarray:
    """float32[468, 3]: points on a disc in the middle of the net's input, each at a place of its own."""
    angle = np.arange(N_MESH_POINTS) * 2.4
    radius = 60 * np.sqrt(np.linspace(0, 1, N_MESH_POINTS))
    x, y = 96 + radius * np.cos(angle), 96 + radius * np.sin(angle)
    return np.stack([x, y, np.zeros_like(x)], axis=1).astype(np.float32)


def saved(path: Path, points: np.ndarray, presence: float = 5.0) -> Path:
    """A net that takes the published one's input, adds its mean, which is 0 here, and gives these points."""
    picture = ops.parameter([1, INPUT_PX, INPUT_PX, 3], np.float32)
    nothing = ops.reduce_mean(picture, np.array([0, 1, 2, 3]), keep_dims=True)
    places = ops.add(ops.constant(points.reshape(1, 1, 1, -1)), nothing)
    sure = ops.add(ops.constant(np.full((1, 1, 1, 1), presence, np.float32)), nothing)
    ov.save_model(ov.Model([places, sure], [picture]), path, compress_to_fp16=False)
    return path


def test_points_are_those_of_the_mesh_in_pixels_of_the_picture(tmp_path: Path):
    predictor = LandmarkPredictor(saved(tmp_path / "mesh.xml", mesh()))
    points = predictor.points(PICTURE, FaceBox(30, 20, 64, 64))
    assert points is not None
    assert points.shape == (68, 2)
    assert points.dtype == np.float32
    # The crop is 1.7 boxes wide about a middle that lies a tenth of a box above the box's own.
    scale = 1.7 * 64 / INPUT_PX
    corner = np.array([62 - 1.7 * 32, 52 - 6.4 - 1.7 * 32])
    assert np.allclose(points[30], mesh()[4, :2] * scale + corner, atol=0.6)  # tip of the nose
    between = (mesh()[132, :2] + mesh()[58, :2]) / 2
    assert np.allclose(points[3], between * scale + corner, atol=0.6)  # the jaw, between two of the mesh


def test_what_the_net_takes_for_no_face_has_no_points(tmp_path: Path):
    predictor = LandmarkPredictor(saved(tmp_path / "mesh.xml", mesh(), presence=-5.0))
    assert predictor.points(PICTURE, FaceBox(30, 20, 64, 64)) is None


def test_points_in_one_spot_are_no_face(tmp_path: Path):
    spot = np.full((N_MESH_POINTS, 3), 96, np.float32)
    predictor = LandmarkPredictor(saved(tmp_path / "spot.xml", spot))
    assert predictor.points(PICTURE, FaceBox(30, 20, 64, 64)) is None


def test_other_files_are_refused(tmp_path: Path):
    with pytest.raises(EngineError, match="no landmark model") as refused:
        LandmarkNet(tmp_path / "missing.tflite")
    assert "mediapipe 0.10.21" in (refused.value.hint or "")
    damaged = tmp_path / "damaged.tflite"
    damaged.write_bytes(b"not a net")
    with pytest.raises(EngineError, match="not a landmark model"):
        LandmarkNet(damaged)
    with pytest.raises(EngineError, match="not the face mesh net of 468 points"):
        LandmarkNet(saved(tmp_path / "five.xml", mesh()[:5]))
