"""Clips for the demonstration, made on the spot from one portrait in the public domain."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from skimage import data

from forensics.faces.blending import self_blend
from forensics.media.encode import write_clip
from forensics.media.sound import RATE_HZ
from forensics.records.faces import FaceBox
from forensics.records.media import RgbImage, Samples

# Where dlib finds the face of scikit-image's picture of Eileen Collins (NASA, public domain).
_FACE = FaceBox(left_px=176, top_px=77, width_px=90, height_px=90)
FOLDERS = ("pristine", "manipulated", "odd")
_RATE_HZ = 25
_DURATION_S = 4.0
_N_FRAMES = round(_RATE_HZ * _DURATION_S)
# The part of a whole file that the truncated one keeps: its index, at the end, is lost.
_KEPT = 0.6


@dataclass(frozen=True, slots=True)
class _Motion:
    """A gentle camera: a window of the picture that wanders, and light that changes.

    Attributes:
        side_px: side of the clip.
        window_px: side of the window; smaller is closer.
        swing_px: how far it wanders to either side.
        period_s: time of one swing.
        light: how much the brightness changes, as a share.
    """

    side_px: int
    window_px: int
    swing_px: float
    period_s: float
    light: float


# Chosen, with the seeds of the blends, so that the shipped face model gives every verdict.
_MOTIONS = (
    _Motion(side_px=400, window_px=460, swing_px=12, period_s=4, light=0.0),
    _Motion(side_px=400, window_px=460, swing_px=6, period_s=4, light=0.0),
    _Motion(side_px=400, window_px=460, swing_px=8, period_s=3, light=0.05),
    _Motion(side_px=400, window_px=460, swing_px=8, period_s=2, light=0.1),
)


def make_clips(folder: Path) -> None:
    """Writes pristine and face-blended clips, one without a face, one truncated.

    They lie in the folders of ``FOLDERS``, two of them named so that a scan knows their labels. Both kinds
    move and are compressed alike.

    Raises:
        MediaError: a clip cannot be written.
    """
    portrait: RgbImage = np.asarray(data.astronaut(), np.uint8)
    pristine, manipulated, odd = (folder / name for name in FOLDERS)
    for made in (pristine, manipulated, odd):
        made.mkdir(parents=True, exist_ok=True)
    for number, motion in enumerate(_MOTIONS, start=1):
        sound = _sound() if number == 1 else None
        _write(pristine / f"portrait-{number}.mp4", portrait, motion, sound)
        blended = self_blend(portrait, _FACE, np.random.default_rng(number))
        _write(manipulated / f"blended-{number}.mp4", blended, motion, sound)
    faceless: RgbImage = np.ascontiguousarray(portrait[300:, :])
    _write(
        odd / "no-face.mp4", faceless, _Motion(side_px=480, window_px=200, swing_px=5, period_s=3, light=0)
    )
    whole = (pristine / "portrait-1.mp4").read_bytes()
    (odd / "truncated.mp4").write_bytes(whole[: round(_KEPT * len(whole))])


def _write(path: Path, picture: RgbImage, motion: _Motion, sound: Samples | None = None) -> None:
    # The fastest preset that still compresses: somebody waits for the demonstration.
    options = {"preset": "veryfast", "crf": "32"}
    write_clip(path, _frames(picture, motion), _RATE_HZ, samples=sound, options=options)


def _frames(picture: RgbImage, motion: _Motion) -> Iterator[RgbImage]:
    """uint8[side_px, side_px, 3] RGB, one for each frame of the clip."""
    height, width = picture.shape[:2]
    margin_px = motion.window_px / 2
    # The face's middle, as far as the window stays within the picture.
    at_x = min(max(_FACE.centre_px[0], margin_px), width - margin_px)
    at_y = min(max(_FACE.centre_px[1], margin_px), height - margin_px)
    side = motion.side_px
    scale = side / motion.window_px
    for number in range(_N_FRAMES):
        phase = 2 * math.pi * number / _RATE_HZ / motion.period_s
        x = at_x + motion.swing_px * math.sin(phase)
        y = at_y + motion.swing_px / 3 * math.sin(phase / 2)
        shift = np.array([[scale, 0, side / 2 - scale * x], [0, scale, side / 2 - scale * y]])
        view = cv2.warpAffine(
            picture, shift, (side, side), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
        )
        light = 1 + motion.light * math.sin(phase)
        yield np.clip(view * light, 0, 255).astype(np.uint8)


def _sound() -> Samples:
    """float32[N] a hum with a slow beat over faint noise: nobody speaks."""
    at_s = np.arange(round(_DURATION_S * RATE_HZ)) / RATE_HZ
    hum = sum(np.sin(2 * np.pi * 110 * step * at_s) / step for step in range(1, 6))
    beat = 0.6 + 0.4 * np.sin(2 * np.pi * 1.5 * at_s)
    noise = np.random.default_rng(0).normal(0, 0.05, at_s.size)
    return np.asarray(0.1 * (hum * beat + noise), np.float32)
