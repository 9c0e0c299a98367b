"""What people and programs do to pristine pictures of faces: none of it is a manipulation of who is shown.

Every function takes uint8[H, W, 3] RGB, the face's box in it and a generator, and gives a picture of the same
size, so that the box still holds.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from forensics.media.recompress import through_h264, through_jpeg
from forensics.records.faces import FaceBox
from forensics.records.media import RgbImage

Way = Callable[[RgbImage, FaceBox, np.random.Generator], RgbImage]

# Parts of a face's width over which a beauty filter smooths.
_SMOOTHED = (0.015, 0.04)
# Pixels of the screen that show one of the picture.
_SCREEN_SCALE = 3
_WEBCAM_FACE_PX = (56, 100)
_SMALL_FACE_PX = (48, 72)


def beauty_filter(image: RgbImage, box: FaceBox, rng: np.random.Generator) -> RgbImage:
    """Skin smoothed with its edges kept, and a little brighter, as in a phone's camera."""
    reach = float(rng.uniform(*_SMOOTHED)) * box.size_px
    smooth = cv2.bilateralFilter(image, 0, float(rng.uniform(20, 45)), reach)
    share = float(rng.uniform(0.7, 1.0))
    mixed = cv2.addWeighted(smooth, share, image, 1 - share, 0)
    return np.asarray(cv2.convertScaleAbs(mixed, alpha=float(rng.uniform(1.0, 1.08)), beta=3), np.uint8)


def lower_third(image: RgbImage, box: FaceBox, rng: np.random.Generator) -> RgbImage:
    """A news banner with words over the chin and what lies below."""
    top = round(box.top_px + box.height_px * float(rng.uniform(0.78, 0.95)))
    drawn = image.copy()
    cv2.rectangle(drawn, (0, top), (image.shape[1], image.shape[0]), _colour(rng), cv2.FILLED)
    size = box.size_px / 220
    baseline = (round(box.left_px), min(image.shape[0] - 4, top + round(0.13 * box.size_px)))
    cv2.putText(drawn, "LIVE  BREAKING NEWS", baseline, cv2.FONT_HERSHEY_DUPLEX, size, (255, 255, 255), 2)
    share = float(rng.uniform(0.75, 1.0))
    return np.asarray(cv2.addWeighted(drawn, share, image, 1 - share, 0), np.uint8)


def screen_recording(image: RgbImage, box: FaceBox, rng: np.random.Generator) -> RgbImage:  # noqa: ARG001
    """Photographed off a screen: stripes of red, green and blue, a grid, a slight turn, and so moire."""
    height, width = image.shape[:2]
    scale = _SCREEN_SCALE
    lit = np.repeat(np.repeat(image, scale, 0), scale, 1).astype(np.float32)
    for channel in range(3):
        for column in range(scale):
            lit[:, column::scale, channel] *= 2.0 if column == channel else 0.5
    lit[::scale] *= 0.6
    shrink = 1 / (scale * float(rng.uniform(0.92, 1.0)))
    turn = cv2.getRotationMatrix2D((width * scale / 2, height * scale / 2), float(rng.uniform(-2, 2)), shrink)
    turn[:, 2] += np.array([width, height]) / 2 - np.array([width, height]) * scale / 2
    eased = cv2.GaussianBlur(lit, (0, 0), 0.35 * scale)
    seen = cv2.warpAffine(
        eased, turn, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    seen *= float(image.mean()) / max(float(seen.mean()), 1.0)
    return through_jpeg(_bytes(seen), int(rng.integers(75, 92)))


def strong_compression(image: RgbImage, box: FaceBox, rng: np.random.Generator) -> RgbImage:  # noqa: ARG001
    """H.264 at the rates of messengers."""
    return through_h264(image, crf=int(rng.integers(36, 43)))


def upscaling(image: RgbImage, box: FaceBox, rng: np.random.Generator) -> RgbImage:
    """A small face enlarged and sharpened."""
    seen = _through_size(image, float(rng.uniform(*_SMALL_FACE_PX)) / box.size_px, cv2.INTER_LANCZOS4)
    soft = cv2.GaussianBlur(seen, (0, 0), 2)
    strength = float(rng.uniform(0.3, 0.9))
    return np.asarray(cv2.addWeighted(seen, 1 + strength, soft, -strength, 0), np.uint8)


def webcam(image: RgbImage, box: FaceBox, rng: np.random.Generator) -> RgbImage:
    """A cheap camera in poor light: few pixels, a tint, noise, the camera's JPEG."""
    scale = min(1.0, float(rng.uniform(*_WEBCAM_FACE_PX)) / box.size_px)
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.float32)
    small *= rng.uniform(0.85, 1.1, 3).astype(np.float32) * float(rng.uniform(0.6, 0.95))
    noisy = small + rng.normal(0, 1, small.shape) * np.sqrt(small.clip(0) * float(rng.uniform(0.2, 0.8)) + 4)
    sent = through_jpeg(_bytes(noisy), int(rng.integers(50, 80)))
    return np.asarray(
        cv2.resize(sent, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR), np.uint8
    )


def cut_out(image: RgbImage, box: FaceBox, rng: np.random.Generator) -> RgbImage:
    """The head cut out by hand, with a white rim, on a plain ground: a thumbnail's or a collage's."""
    ground = np.empty_like(image)
    ground[:] = _colour(rng)
    middle = (round(box.centre_px[0]), round(box.centre_px[1] - 0.05 * box.size_px))
    axes = (round(0.46 * box.width_px), round(0.56 * box.height_px))
    inner, outer = (np.zeros(image.shape[:2], np.uint8) for _ in range(2))
    cv2.ellipse(outer, middle, (axes[0] + 4, axes[1] + 4), 0, 0, 360, 255, cv2.FILLED)
    cv2.ellipse(inner, middle, axes, 0, 0, 360, 255, cv2.FILLED)
    ground[outer > 0] = 255
    ground[inner > 0] = image[inner > 0]
    return ground


def cut_out_sent_on(image: RgbImage, box: FaceBox, rng: np.random.Generator) -> RgbImage:
    """The same, through a messenger's JPEG."""
    return through_jpeg(cut_out(image, box, rng), int(rng.integers(60, 90)))


def cut_out_along_the_head(image: RgbImage, box: FaceBox, rng: np.random.Generator) -> RgbImage:
    """Head and shoulders cut out along hair and chin (GrabCut), on a plain ground, and sent on."""
    outline = _head_and_shoulders(image, box)
    softened = cv2.GaussianBlur(outline, (0, 0), max(0.6, 0.007 * box.size_px))
    share = softened[..., None].astype(np.float32) / 255
    mixed = share * image + (1 - share) * np.array(_colour(rng), np.float32)
    return through_jpeg(_bytes(mixed), int(rng.integers(60, 90)))


def cartoon(image: RgbImage, box: FaceBox, rng: np.random.Generator) -> RgbImage:
    """Flat colours and drawn contours: edges kept, and lines where it is dark beside bright."""
    flat = cv2.edgePreservingFilter(image, flags=1, sigma_s=float(rng.uniform(20, 50)), sigma_r=0.35)
    grey = cv2.medianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), 5)
    block = max(5, round(0.05 * box.size_px)) | 1
    lines = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, block, 6)
    levels = 24 * (flat.astype(np.float32) / 24).round()
    return _bytes(levels * (0.35 + 0.65 * (lines[..., None] > 0)))


WAYS: dict[str, Way] = {
    "beauty filter": beauty_filter,
    "lower third": lower_third,
    "screen recording": screen_recording,
    "strong compression": strong_compression,
    "upscaling": upscaling,
    "webcam": webcam,
    "cut-out": cut_out,
    "cartoon": cartoon,
    "cut-out, sent on": cut_out_sent_on,
    "cut-out along the head": cut_out_along_the_head,
}


def _through_size(image: RgbImage, scale: float, back: int) -> npt.NDArray[np.uint8]:
    height, width = image.shape[:2]
    small = cv2.resize(image, None, fx=min(1.0, scale), fy=min(1.0, scale), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=back), np.uint8)


def _head_and_shoulders(image: RgbImage, box: FaceBox) -> npt.NDArray[np.uint8]:
    """uint8[H, W], 255 inside: what GrabCut takes for the person of the box, on a copy 200 px wide."""
    height, width = image.shape[:2]
    scale = min(1.0, 200 / max(height, width))
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    size = box.size_px * scale
    x, y = (round(at * scale) for at in box.centre_px)
    kinds = np.full(small.shape[:2], cv2.GC_PR_BGD, np.uint8)
    head = round(0.62 * size), round(0.75 * size)
    cv2.ellipse(kinds, (x, y - round(0.05 * size)), head, 0, 0, 360, cv2.GC_PR_FGD, cv2.FILLED)
    below = y + round(0.55 * size)
    cv2.rectangle(kinds, (x - head[0], below), (x + head[0], small.shape[0]), cv2.GC_PR_FGD, cv2.FILLED)
    face = round(0.36 * size), round(0.5 * size)
    cv2.ellipse(kinds, (x, y), face, 0, 0, 360, cv2.GC_FGD, cv2.FILLED)
    edge = max(2, round(0.04 * small.shape[0]))
    kinds[:edge] = kinds[:below, :edge] = kinds[:below, -edge:] = cv2.GC_BGD
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)
    cv2.grabCut(np.ascontiguousarray(small), kinds, None, *models, 4, cv2.GC_INIT_WITH_MASK)
    person = np.isin(kinds, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    _, labels = cv2.connectedComponents(person)
    person = np.where(labels == labels[min(y, labels.shape[0] - 1), x], np.uint8(255), np.uint8(0))
    closed = cv2.morphologyEx(person, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    return np.asarray(cv2.resize(closed, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _colour(rng: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = rng.integers(0, 256, 3).tolist()
    return red, green, blue


def _bytes(values: npt.NDArray[np.floating]) -> RgbImage:
    return np.asarray(values.clip(0, 255).round(), np.uint8)
