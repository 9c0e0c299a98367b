"""Occlusion maps: how far a net's logit falls when a part of its input is hidden.

Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014. It asks the net as it is
run and needs nothing of its inside, so that it works for every net of pictures, of clips and of optical flow,
where Grad-CAM needs gradients, which a scan has not. It costs 49 runs of the net.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from forensics.detectors.optical_flow import REST
from forensics.engines.net import Net
from forensics.records.input_contract import FlowContract

N_PLACES = 7
"""Places along each side."""
# Large enough to hide an eye or the mouth, small enough to tell them apart. Neighbours overlap.
_WINDOW_OF_SIDE = 0.25
_BLUR_OF_SIDE = 1 / 8


def occlusion_map(net: Net, item: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """By how much the logit falls when each place is hidden; where it rises the value is negative.

    In a clip the same place is hidden in every picture. What is hidden is blurred beyond recognition, or, of
    optical flow, brought to rest.

    Args:
        item: what the net takes, without its first axis: uint8[S, S, 3], or a clip, uint8[T, S, S, C].

    Returns:
        float32[N_PLACES, N_PLACES], in logits, from the top left corner of the picture.
    """
    hidden = _hidden(net, item)
    side = item.shape[-2]
    window = max(1, round(_WINDOW_OF_SIDE * side))
    corners = np.linspace(0, side - window, N_PLACES).round().astype(int).tolist()
    places = list(product(corners, corners))
    changed = np.empty((len(places), *item.shape), np.uint8)
    for copy, (top, left) in zip(changed, places, strict=True):
        copy[:] = item
        part = (..., slice(top, top + window), slice(left, left + window), slice(None))
        copy[part] = hidden[part]
    n_batch = net.pace.n_batch
    asked: list[npt.NDArray[Any]] = [item[None], *np.split(changed, range(n_batch, len(places), n_batch))]
    logits = np.concatenate([net.infer(batch).logits for batch in asked])
    return np.asarray((logits[0] - logits[1:]).reshape(N_PLACES, N_PLACES), np.float32)


def _hidden(net: Net, item: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The item with all of it hidden; what is missing stays missing."""
    if isinstance(net.card.contract, FlowContract):
        return np.where(item > 0, np.uint8(REST), np.uint8(0))
    pictures = item.reshape(-1, *item.shape[-3:])
    sigma = _BLUR_OF_SIDE * item.shape[-2]
    return np.stack([cv2.GaussianBlur(picture, (0, 0), sigma) for picture in pictures]).reshape(item.shape)
