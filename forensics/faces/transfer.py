"""Pseudo-fakes by graphics, where the face's landmarks are known: another expression, or another face.

Self-blending leaves a seam and two sets of statistics. Reenactment (Face2Face, NeuralTextures, lip-sync)
hardly leaves either: the person, the light and the camera are the same, and only a part of the face has been
drawn anew. A swap brings another person's features. Both are made here without a trained generator, by moving
pixels as the landmarks say; the older methods (Thies et al., "Face2Face", CVPR 2016; FaceSwap) did little
else.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from forensics.faces.blending import blend, other_sharpness, pixel_grid, soften
from forensics.faces.blending_masks import Mask, hull_mask
from forensics.faces.landmarks import BROWS, EYES, MOUTH, Points, face_height_px
from forensics.records.media import RgbImage

_CHIN = slice(4, 13)
_NOSTRILS = slice(31, 36)
_EYE_BY_EYE = slice(36, 42), slice(42, 48)
_NOSE_TIP = 30
# How far a landmark draws the pixels around it along, in face heights.
_REACH = 0.06
# Weight of staying where one is, against that of a landmark that lies upon the pixel.
_INERTIA = 0.1
# The field of movements is computed at this many places a side and is smooth between them.
_GRID = 40
# Where the nose tips differ by more, as shares of the faces' sides, the faces do not look the same way.
_LARGEST_TURN = 0.12

_Field = npt.NDArray[np.float32]


def change_expression(
    image: RgbImage, points: Points, rng: np.random.Generator, amount: float = 1.0
) -> RgbImage:
    """Moves the mouth, the brows and eyes, or all of them, and blends what has moved into the picture.

    Args:
        image: uint8[H, W, 3] RGB.
        points: float32[68, 2] (x, y) in pixels of ``image``.
        rng: source of all randomness.
        amount: part of the drawn change that is made: in pictures of one clip it may come and go.

    Returns:
        uint8[H, W, 3] RGB, to be labelled manipulated.
    """
    height, width = image.shape[:2]
    moved, region = _other_expression(points, rng)
    moved = points + np.float32(amount) * (moved - points)
    places = pixel_grid(height, width) + _smooth(moved, points - moved, height, width)
    drawn = _at_its_own_resolution(_drawn(image, places), rng)
    hull = hull_mask(height, width, np.concatenate([moved[region], points[region]]), 1.1)
    return blend(drawn, image, soften(hull, face_height_px(points), rng))


def swap_face(
    image: RgbImage, points: Points, donor: RgbImage, donor_points: Points, rng: np.random.Generator
) -> RgbImage:
    """Puts the donor's face on the place of the picture's own, in its colours.

    Args:
        image: uint8[H, W, 3] RGB.
        points: float32[68, 2] (x, y) in pixels of ``image``.
        donor: uint8[h, w, 3] RGB of another person, who should look the same way: see ``same_pose``.
        donor_points: float32[68, 2] (x, y) in pixels of ``donor``.
        rng: source of all randomness.

    Returns:
        uint8[H, W, 3] RGB, to be labelled manipulated.
    """
    height, width = image.shape[:2]
    known = np.column_stack([points, np.ones(len(points))])
    affine = np.linalg.lstsq(known, donor_points, rcond=None)[0]
    straight = pixel_grid(height, width) @ affine[:2] + affine[2]
    places = (straight + _smooth(points, donor_points - known @ affine, height, width)).astype(np.float32)
    hull = hull_mask(height, width, points, rng.uniform(0.86, 1.02))
    face = _at_its_own_resolution(_in_colours_of(image, _drawn(donor, places), hull), rng)
    if rng.random() < 0.4:
        return _poisson(face, image, hull)
    return blend(face, image, soften(hull, face_height_px(points), rng))


def same_pose(points: Points, others: Points) -> bool:
    """Whether two faces look the same way, so that one can stand for the other."""
    return bool(np.abs(_turn(points) - _turn(others)).max() < _LARGEST_TURN)


def _turn(points: Points) -> npt.NDArray[np.float32]:
    low, high = points.min(axis=0), points.max(axis=0)
    return np.asarray((points[_NOSE_TIP] - low) / (high - low), np.float32)


def _other_expression(points: Points, rng: np.random.Generator) -> tuple[Points, npt.NDArray[np.intp]]:
    """The landmarks of another expression, and which of them bound what has changed."""
    face_px = face_height_px(points)
    moved = points.copy()
    index = np.arange(len(points))
    changed: list[npt.NDArray[np.intp]] = []
    kind = rng.random()
    if kind < 0.8:
        middle = points[MOUTH].mean(axis=0)
        stretch = np.array([rng.uniform(0.82, 1.2), _either(rng, (0.5, 0.8), (1.25, 1.8))])
        shift = rng.uniform(-0.025, 0.025, size=2) * face_px
        moved[MOUTH] = middle + (points[MOUTH] - middle) * stretch + shift
        moved[_CHIN, 1] += rng.uniform(-0.04, 0.06) * face_px
        changed += [index[MOUTH], index[_CHIN], index[_NOSTRILS]]
    if kind > 0.6:
        moved[BROWS, 1] += _either(rng, (-0.06, -0.025), (0.02, 0.05)) * face_px
        for eye in _EYE_BY_EYE:
            middle_y = points[eye, 1].mean()
            moved[eye, 1] = middle_y + (points[eye, 1] - middle_y) * _either(rng, (0.4, 0.75), (1.25, 1.6))
        changed += [index[BROWS], index[EYES]]
    return moved, np.concatenate(changed)


def _either(rng: np.random.Generator, *ranges: tuple[float, float]) -> float:
    """From one of the ranges: between them lies what nobody would call another expression."""
    return float(rng.uniform(*ranges[int(rng.integers(len(ranges)))]))


def _drawn(source: RgbImage, places: _Field) -> RgbImage:
    """uint8[H, W, 3]: the source's pixels at float32[H, W, 2] places (x, y)."""
    drawn = cv2.remap(
        source, places[..., 0], places[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.asarray(drawn, np.uint8)


def _at_its_own_resolution(face: RgbImage, rng: np.random.Generator) -> RgbImage:
    """As a generator draws, half of the time."""
    return other_sharpness(face, rng) if rng.random() < 0.5 else face


def _smooth(at: Points, steps: npt.NDArray[np.floating], height: int, width: int) -> _Field:
    """float32[H, W, 2] steps, as given at some places and fading away from them (Nadaraya and Watson)."""
    reach = _REACH * face_height_px(at)
    across = np.linspace(0, width - 1, _GRID)
    down = np.linspace(0, height - 1, _GRID)
    places = np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 1, 2)
    weights = np.exp(-((places - at[None]) ** 2).sum(axis=-1) / (2 * reach**2))
    coarse = weights @ steps / (weights.sum(axis=1, keepdims=True) + _INERTIA)
    field = cv2.resize(
        coarse.reshape(_GRID, _GRID, 2).astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR
    )
    return np.asarray(field, np.float32)


def _in_colours_of(image: RgbImage, face: RgbImage, hull: Mask) -> RgbImage:
    """The face with the picture's mean and spread of each Lab channel (Reinhard et al. 2001)."""
    inside = hull > 0
    if not inside.any():
        return face
    lab, wanted = (cv2.cvtColor(one, cv2.COLOR_RGB2LAB).astype(np.float32) for one in (face, image))
    for channel in range(3):
        has, should = lab[..., channel], wanted[..., channel][inside]
        scale = should.std() / max(float(has[inside].std()), 1.0)
        lab[..., channel] = (has - has[inside].mean()) * scale + should.mean()
    return np.asarray(cv2.cvtColor(np.clip(lab, 0, 255).astype(np.uint8), cv2.COLOR_LAB2RGB), np.uint8)


def _poisson(face: RgbImage, image: RgbImage, hull: Mask) -> RgbImage:
    """Blends gradients (Pérez et al. 2003), so that no seam of colours stays."""
    mask = (hull * 255).astype(np.uint8)
    # OpenCV's solver needs a border to start from.
    mask[:2], mask[-2:], mask[:, :2], mask[:, -2:] = 0, 0, 0, 0
    left, top, width, height = cv2.boundingRect(mask)
    if min(width, height) < 3:
        return image
    middle = (left + width // 2, top + height // 2)
    return np.asarray(cv2.seamlessClone(face, image, mask, middle, cv2.NORMAL_CLONE), np.uint8)
