"""Landmarks from a shape predictor that the user brings along; here one trained on drawn faces."""

from __future__ import annotations

from pathlib import Path

import dlib
import numpy as np
import pytest

from forensics.errors import ModelError
from forensics.faces.landmarks import LandmarkPredictor
from forensics.records.faces import FaceBox

SIDE_PX = 96


def drawn_face(shift: int, n_points: int) -> tuple[np.ndarray, dlib.full_object_detection]:
    """A bright disc on dark ground, with points around its edge."""
    rows, columns = np.mgrid[:SIDE_PX, :SIDE_PX]
    disc = (rows - 48) ** 2 + (columns - 48 - shift) ** 2 < 32**2
    angles = np.linspace(0, 2 * np.pi, n_points, endpoint=False)
    parts = [dlib.point(int(48 + shift + 32 * np.cos(a)), int(48 + 32 * np.sin(a))) for a in angles]
    place = dlib.rectangle(16 + shift, 16, 80 + shift, 80)
    return (disc * 200).astype(np.uint8), dlib.full_object_detection(place, parts)


def trained(path: Path, n_points: int) -> Path:
    options = dlib.shape_predictor_training_options()
    options.cascade_depth, options.num_trees_per_cascade_level, options.tree_depth = 2, 5, 2
    options.oversampling_amount, options.feature_pool_size, options.num_test_splits = 2, 30, 3
    drawn = [drawn_face(shift, n_points) for shift in range(-4, 5)]
    images, faces = [image for image, _ in drawn], [[face] for _, face in drawn]
    dlib.train_shape_predictor(images, faces, options).save(str(path))
    return path


def test_points_lie_on_the_face(tmp_path: Path):
    predictor = LandmarkPredictor(trained(tmp_path / "points.dat", 68))
    grey, _ = drawn_face(2, 68)
    points = predictor.points(np.stack([grey] * 3, axis=2), FaceBox(18, 16, 64, 64))
    assert points is not None
    assert points.shape == (68, 2)
    assert points.dtype == np.float32
    distance = np.hypot(points[:, 0] - 50, points[:, 1] - 48)
    assert np.abs(distance - 32).max() < 6


def test_a_fit_that_is_no_face_is_none(tmp_path: Path):
    # A predictor that was taught points in one spot: nothing that a face mask could be made of.
    options = dlib.shape_predictor_training_options()
    options.cascade_depth, options.num_trees_per_cascade_level, options.tree_depth = 1, 2, 1
    options.oversampling_amount, options.feature_pool_size, options.num_test_splits = 2, 20, 2
    image, face = drawn_face(0, 68)
    spot = [dlib.point(48 + number % 2, 48) for number in range(68)]
    objects = [[dlib.full_object_detection(face.rect, spot)]] * 3
    path = tmp_path / "spot.dat"
    dlib.train_shape_predictor([image] * 3, objects, options).save(str(path))
    picture = np.stack([image] * 3, axis=2)
    assert LandmarkPredictor(path).points(picture, FaceBox(16, 16, 64, 64)) is None


def test_other_files_are_refused(tmp_path: Path):
    with pytest.raises(ModelError, match="no landmark model"):
        LandmarkPredictor(tmp_path / "missing.dat")
    damaged = tmp_path / "damaged.dat"
    damaged.write_bytes(b"not a predictor")
    with pytest.raises(ModelError, match="not a landmark model"):
        LandmarkPredictor(damaged)
    with pytest.raises(ModelError, match="predicts 5 points"):
        LandmarkPredictor(trained(tmp_path / "five.dat", 5))
