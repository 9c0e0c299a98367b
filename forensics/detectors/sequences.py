"""Which pictures of a person stand for a stretch of time: the same choice in training and in scans."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from forensics.detectors.optical_flow import flows
from forensics.records.input_contract import ClipContract, Clips, ClipSampling
from forensics.records.media import RgbImage

# Motion is measured on grey pictures of this size: large enough for lips, small enough to cost nothing.
_MOTION_PX = 32


def chosen(images: Sequence[RgbImage], n: int, sampling: ClipSampling) -> list[int]:
    """Indices of at most ``n`` pictures, rising.

    Args:
        images: crops of one person in time order, of one size.
        n: how many a net takes.
        sampling: SPREAD takes them evenly; MOTION takes those that differ most from the picture before;
            BURST takes the first.
    """
    if len(images) <= n:
        return list(range(len(images)))
    if sampling is ClipSampling.BURST:
        return list(range(n))
    if sampling is ClipSampling.SPREAD:
        return [int(index) for index in np.linspace(0, len(images) - 1, n).round()]
    return sorted(np.argsort(-_motion(images), kind="stable")[:n].tolist())


def stacked(images: Sequence[RgbImage], n: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """uint8[n, S, S, 3]: the pictures, then black ones, which nets of clips pass over."""
    clip = np.zeros((n, *images[0].shape), np.uint8)
    clip[: len(images)] = images
    return clip


def as_input(images: Sequence[RgbImage], contract: Clips) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """What a net of clips takes of at most ``clip_frames`` pictures in time order.

    Returns:
        uint8[clip_frames, S, S, 3], or uint8[clip_frames - 1, S, S, 2] of flow; 0 where there are fewer.
    """
    if isinstance(contract, ClipContract):
        return stacked(images, contract.clip_frames)
    moving = np.zeros((contract.clip_frames - 1, *images[0].shape[:2], 2), np.uint8)
    moving[: len(images) - 1] = flows(images)
    return moving


def _motion(images: Sequence[RgbImage]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """float32[n]: mean change from the picture before, in grey levels; of the first, to the one after."""
    small = np.stack([_small(image) for image in images])
    change = np.abs(np.diff(small, axis=0)).mean(axis=(1, 2))
    return np.concatenate([change[:1], change])


def _small(image: RgbImage) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    resized = cv2.resize(grey, (_MOTION_PX, _MOTION_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(resized, np.float32)
