"""What happens to pictures on their way: applied to pristine and manipulated samples alike.

If only one class were recompressed or blurred, the net would learn the recompression.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from forensics.media.recompress import through_h264, through_jpeg
from forensics.records.media import RgbImage


def degrade(image: RgbImage, rng: np.random.Generator) -> RgbImage:
    """One random journey: colour, blur, noise, rescaling, JPEG or H.264.

    Args:
        image: uint8[H, W, 3] RGB.
        rng: source of all randomness.
    """
    if rng.random() < 0.5:
        image = _colour(image, rng)
    if rng.random() < 0.12:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.4)), np.uint8)
    if rng.random() < 0.35:
        image = _rescale(image, rng)
    if rng.random() < 0.15:
        noise = rng.standard_normal(image.shape, dtype=np.float32) * np.float32(rng.uniform(1, 7))
        image = np.clip(image.astype(np.float32) + noise, 0, 255).astype(np.uint8)
    codec = rng.random()
    if codec < 0.4:
        image = through_jpeg(image, int(rng.integers(40, 96)))
    elif codec < 0.65:
        image = through_h264(image, crf=int(rng.integers(18, 34)))
    return image


def beautify(image: RgbImage, rng: np.random.Generator) -> RgbImage:
    """Smooths skin as phones, video calls and retouching do: pores and noise go, edges stay.

    Synthesis smooths skin, too. A net that never sees a smoothed pristine face takes every beauty filter for
    manipulation.

    Args:
        image: uint8[S, S, 3] RGB of one face.
        rng: source of all randomness.
    """
    side, strength = image.shape[0], float(rng.uniform(0.5, 1.0))
    tolerance, reach = float(rng.uniform(15, 50)), float(rng.uniform(0.01, 0.035)) * side
    if rng.random() < 0.6:
        smooth = cv2.bilateralFilter(image, 0, tolerance, reach)
    else:
        # What retouchers call frequency separation: the fine structure goes where it is faint.
        low = cv2.GaussianBlur(image, (0, 0), reach / 2).astype(np.float32)
        fine = image.astype(np.float32) - low
        kept = np.minimum(1, np.abs(fine).mean(axis=2, keepdims=True) / (tolerance / 3)) ** 2
        smooth = np.clip(low + kept * fine, 0, 255).astype(np.uint8)
    mixed = cv2.addWeighted(smooth, strength, image, 1 - strength, float(rng.uniform(0, 8)))
    return np.asarray(mixed, np.uint8)


def cut_out(image: RgbImage, rng: np.random.Generator) -> RgbImage:
    """Puts the face on another ground, as thumbnails, collages and virtual backgrounds do.

    Such a picture was put together, but the face is still the one that was photographed. A net that meets the
    seam only around manipulated faces takes every cut-out for a manipulation.

    Args:
        image: uint8[S, S, 3] RGB of one face.
        rng: source of all randomness.
    """
    side = image.shape[0]
    outline = _outline(side, rng)
    rim = round(side * float(rng.uniform(0.01, 0.05))) if rng.random() < 0.5 else 0
    if rng.random() < 0.6:
        soft = max(0.3, side * float(rng.uniform(0.0, 0.012)))
        outline = np.asarray(cv2.GaussianBlur(outline, (0, 0), soft), np.uint8)
    ground = _ground(image, rng)
    if rim:
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * rim + 1, 2 * rim + 1))
        colour = np.full(3, 255.0) if rng.random() < 0.6 else rng.uniform(0, 255, 3)
        ground = _over(ground, colour.astype(np.float32), np.asarray(cv2.dilate(outline, disc), np.uint8))
    return np.clip(_over(ground, image.astype(np.float32), outline), 0, 255).astype(np.uint8)


def _over(
    below: npt.NDArray[np.float32], above: npt.NDArray[np.float32], outline: npt.NDArray[np.uint8]
) -> npt.NDArray[np.float32]:
    """float32[S, S, 3]: what is above where the outline is 255, what is below where it is 0."""
    share = outline[..., None].astype(np.float32) / np.float32(255)
    return np.asarray(share * above + (1 - share) * below, np.float32)


def _outline(side: int, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """uint8[S, S], 255 inside: a wavy superellipse about the face, from the face alone to nearly all."""
    angle = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    power = 2 / float(rng.uniform(1.8, 4.5))
    axes = side * rng.uniform((0.34, 0.4), (0.52, 0.6))
    waves = np.ones_like(angle)
    for n in (1, 2, 3, 5):
        waves += float(rng.normal(0, 0.03 / n)) * np.cos(n * angle + float(rng.uniform(0, 2 * np.pi)))
    middle = side / 2 + rng.uniform(-0.05, 0.05, 2) * side
    across, down = np.cos(angle), np.sin(angle)
    x = middle[0] + axes[0] * waves * np.sign(across) * np.abs(across) ** power
    y = middle[1] + axes[1] * waves * np.sign(down) * np.abs(down) ** power
    outline = np.zeros((side, side), np.uint8)
    cv2.fillPoly(outline, [np.stack([x, y], axis=1).round().astype(np.int32)], 255, cv2.LINE_AA)
    return outline


def _ground(image: RgbImage, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """float32[S, S, 3]: one colour, a gradient of two, or the picture itself, blurred beyond recognition."""
    side, kind = image.shape[0], rng.random()
    if kind < 0.5:
        return np.full(image.shape, rng.uniform(0, 255, 3), np.float32)
    if kind < 0.8:
        ends = rng.uniform(0, 255, (2, 3)).astype(np.float32)
        along = np.linspace(0, 1, side, dtype=np.float32)[:, None, None]
        ramp = np.broadcast_to(ends[0] + along * (ends[1] - ends[0]), image.shape)
        return np.ascontiguousarray(np.rot90(ramp, int(rng.integers(4))))
    return cv2.GaussianBlur(image, (0, 0), 0.12 * side).astype(np.float32)


def occlude(image: RgbImage, rng: np.random.Generator) -> RgbImage:
    """Hides a part of the face: half of it, or one to three patches.

    A net that cannot lean on one trait of a face has to look at all of it, and learns few faces by heart
    (Das et al., "Towards Solving the DeepFake Problem", ICCVW 2021, cut out parts of faces likewise).

    Args:
        image: uint8[S, S, 3] RGB of one face.
        rng: source of all randomness.
    """
    side = image.shape[0]
    hidden = image.copy()
    if rng.random() < 0.3:
        length = round(side * rng.uniform(0.3, 0.5))
        _fill(np.rot90(hidden, int(rng.integers(4)))[:length], rng)
        return hidden
    for _ in range(int(rng.integers(1, 4))):
        height, width = np.round(side * rng.uniform(0.12, 0.38, size=2)).astype(int)
        top, left = int(rng.integers(side - height)), int(rng.integers(side - width))
        _fill(hidden[top : top + height, left : left + width], rng)
    return hidden


def _fill(patch: RgbImage, rng: np.random.Generator) -> None:
    """In place, with one colour, with noise, or with the patch's own mean."""
    kind = rng.random()
    if kind < 0.4:
        patch[:] = rng.integers(0, 256, size=3, dtype=np.uint8)
    elif kind < 0.7:
        patch[:] = rng.integers(0, 256, size=patch.shape, dtype=np.uint8)
    else:
        patch[:] = patch.mean(axis=(0, 1)).astype(np.uint8)


def rotate(image: RgbImage, degrees: float) -> RgbImage:
    """Rotated about the middle, edges replicated."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    turned = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8)


def _colour(image: RgbImage, rng: np.random.Generator) -> RgbImage:
    changed = image.astype(np.float32)
    contrast, brightness = np.float32(rng.uniform(0.82, 1.22)), np.float32(rng.uniform(-16, 16))
    changed = (changed - 128) * contrast + 128 + brightness
    if rng.random() < 0.5:
        grey = changed.mean(axis=2, keepdims=True)
        changed = grey + (changed - grey) * np.float32(rng.uniform(0.5, 1.4))
    if rng.random() < 0.3:
        changed += rng.uniform(-10, 10, size=3).astype(np.float32)
    return np.clip(changed, 0, 255).astype(np.uint8)


def _rescale(image: RgbImage, rng: np.random.Generator) -> RgbImage:
    height, width = image.shape[:2]
    scale = rng.uniform(0.4, 0.95)
    small = cv2.resize(
        image, None, fx=scale, fy=scale, interpolation=int(rng.choice([cv2.INTER_AREA, cv2.INTER_LINEAR]))
    )
    return np.asarray(cv2.resize(small, (width, height), interpolation=int(rng.choice([1, 2]))), np.uint8)
