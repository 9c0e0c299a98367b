"""A schematic face, 64 pixels wide, in the middle of a picture of 128."""

from __future__ import annotations

import numpy as np

from forensics.records.faces import FaceBox

BOX = FaceBox(32, 32, 64, 64)


def face_points() -> np.ndarray:
    """float32[68, 2]: a schematic face in ``BOX``, in the order of the 300-W scheme."""
    jaw = [(64 - 30 * np.cos(a), 56 + 38 * np.sin(a)) for a in np.linspace(0, np.pi, 17)]
    brows = [(x, 44.0) for x in np.linspace(40, 88, 10)]
    nose = [(64.0, y) for y in np.linspace(50, 66, 4)] + [(x, 68.0) for x in np.linspace(58, 70, 5)]
    eyes = [(middle + 5 * np.cos(a), 52 + 2 * np.sin(a)) for middle in (50, 78) for a in range(6)]
    mouth = [(64 + 12 * np.cos(a), 80 + 5 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 20)]
    return np.array([*jaw, *brows, *nose, *eyes, *mouth], np.float32)


def far_from_the_face(reach_px: float) -> np.ndarray:
    """bool[128, 128]: farther than this from the face's middle."""
    rows, columns = np.mgrid[:128, :128]
    return np.hypot(rows - 66, columns - 64) > reach_px
