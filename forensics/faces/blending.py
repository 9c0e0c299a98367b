"""Self-blended images: pseudo-fakes from pristine faces alone.

Shiohara and Yamasaki, "Detecting Deepfakes with Self-Blended Images", CVPR 2022. Two copies of one
picture are made to differ a little (colour, sharpness, scale, place) and one is blended into the other
through a soft face mask, which leaves what every face swap leaves: a seam and two sets of statistics.
Where the face's landmarks are known the mask is a hull of them; otherwise an ellipse fitted to the face
box and deformed at random.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from forensics.faces.blending_masks import Mask, ellipse_mask, landmark_mask
from forensics.faces.landmarks import Points
from forensics.media.recompress import through_jpeg
from forensics.records.faces import FaceBox
from forensics.records.media import RgbImage

# Blending ratios of the reference recipe, of which 1.0 is three times as likely as the others.
_RATIOS = (0.25, 0.5, 0.75, 1.0, 1.0, 1.0)


def self_blend(
    image: RgbImage,
    box: FaceBox,
    rng: np.random.Generator,
    landmarks: Points | None = None,
    *,
    off: tuple[float, float] = (0.0, 0.0),
) -> RgbImage:
    """Blends a changed copy of a face into its own picture.

    Args:
        image: uint8[H, W, 3] RGB.
        box: the face in ``image``.
        rng: source of all randomness.
        landmarks: float32[68, 2] (x, y) in pixels of ``image``, if known.
        off: (x, y) by which the blended copy is displaced on top of what is drawn, in sides of the box: of
            pictures of one clip that are blended by the same draws, each may have its own.

    Returns:
        uint8[H, W, 3] RGB, to be labelled manipulated.
    """
    source, target = image, image
    if rng.random() < 0.5:
        source = _other_statistics(source, rng)
    else:
        target = _other_statistics(target, rng)
    height, width = image.shape[:2]
    if landmarks is None:
        mask = ellipse_mask(height, width, box, rng)
    else:
        mask = landmark_mask(height, width, landmarks, rng)
    source, mask = _move(source, mask, box, rng, off)
    return blend(source, target, soften(mask, box.size_px, rng) * np.float32(rng.choice(_RATIOS)))


def blend(source: RgbImage, target: RgbImage, mask: Mask) -> RgbImage:
    """uint8[H, W, 3]: the source where the float32[H, W] mask is 1, the target where it is 0."""
    weight = mask[..., None]
    blended = source.astype(np.float32) * weight + target.astype(np.float32) * (1.0 - weight)
    return np.asarray(np.clip(blended + 0.5, 0, 255), np.uint8)


def _other_statistics(image: RgbImage, rng: np.random.Generator) -> RgbImage:
    """A copy with shifted colour, brightness, sharpness, and traces of compression or noise."""
    changed = image.astype(np.float32)
    changed += rng.uniform(-18, 18, size=3).astype(np.float32)
    if rng.random() < 0.5:
        contrast = np.float32(rng.uniform(0.88, 1.12))
        mean = changed.mean(axis=(0, 1), keepdims=True)
        changed = (changed - mean) * contrast + mean
    if rng.random() < 0.4:
        grey = changed.mean(axis=2, keepdims=True)
        changed = grey + (changed - grey) * np.float32(rng.uniform(0.7, 1.3))
    if rng.random() < 0.15:
        changed += rng.normal(0, rng.uniform(1, 4), size=changed.shape).astype(np.float32)
    other = other_sharpness(np.asarray(np.clip(changed, 0, 255), np.uint8), rng)
    # What was generated has not been through the camera's codec, or through one more.
    return through_jpeg(other, int(rng.integers(50, 93))) if rng.random() < 0.25 else other


def other_sharpness(image: RgbImage, rng: np.random.Generator) -> RgbImage:
    """A copy of less detail, blurred or over-sharpened; once in seven times the picture itself."""
    kind = rng.random()
    height, width = image.shape[:2]
    if kind < 0.35:  # lost detail: what a generator of low resolution gives
        scale = rng.uniform(0.3, 0.75)
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(small, (width, height), interpolation=int(rng.choice([1, 2]))), np.uint8)
    if kind < 0.6:
        return np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.5)), np.uint8)
    if kind < 0.85:  # over-sharpened
        soft = cv2.GaussianBlur(image, (0, 0), 1.5)
        amount = rng.uniform(0.3, 1.2)
        return np.asarray(cv2.addWeighted(image, 1 + amount, soft, -amount, 0), np.uint8)
    return image


def _move(
    source: RgbImage, mask: Mask, box: FaceBox, rng: np.random.Generator, off: tuple[float, float]
) -> tuple[RgbImage, Mask]:
    """Shifts and scales the copy and its mask by a little, and bends the mask elastically."""
    height, width = mask.shape
    x, y = box.centre_px
    shift = (rng.uniform(-0.03, 0.03, size=2) + off) * box.size_px
    matrix = cv2.getRotationMatrix2D((x, y), rng.uniform(-3, 3), rng.uniform(0.95, 1.05))
    matrix = matrix + np.array([[0, 0, shift[0]], [0, 0, shift[1]]])
    moved = cv2.warpAffine(source, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    bend = rng.normal(0, 1, size=(6, 6, 2)).astype(np.float32) * np.float32(0.03 * box.size_px)
    field = cv2.resize(bend, (width, height), interpolation=cv2.INTER_CUBIC)
    places = pixel_grid(height, width) + field
    bent = cv2.remap(mask, places[..., 0], places[..., 1], cv2.INTER_LINEAR)
    return np.asarray(moved, np.uint8), np.asarray(bent, np.float32)


def pixel_grid(height: int, width: int) -> npt.NDArray[np.float32]:
    """float32[H, W, 2]: (x, y) of each pixel, to be moved before ``cv2.remap``."""
    across, down = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    return np.stack(np.meshgrid(across, down), axis=-1)


def soften(mask: Mask, face_px: float, rng: np.random.Generator) -> Mask:
    """A soft edge: two blurs with a threshold between, as in the reference recipe."""
    first = cv2.GaussianBlur(mask, (0, 0), max(0.5, rng.uniform(0.01, 0.06) * face_px))
    hard = (first > rng.uniform(0.3, 0.7)).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(hard, (0, 0), max(0.5, rng.uniform(0.01, 0.07) * face_px)), np.float32)
