"""Occlusion maps point at what a net rests on, whatever it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from forensics.detectors.detector import ModelForms
from forensics.detectors.face_frames import FaceFrames
from forensics.detectors.face_sequences import FaceClips
from forensics.detectors.occlusion import N_PLACES, occlusion_map
from forensics.engines.net import NetOutput
from forensics.records.exhibit_content import CurveChart
from forensics.records.findings import Exhibit, ExhibitKind
from forensics.records.input_contract import (
    ClipContract,
    FlowContract,
    InputContract,
    PictureContract,
)
from tests.detectors.nets import KnownNet, face_card
from tests.detectors.test_face_frames import VIDEO, crop

SIDE = 64
# Rows, columns of what the nets below look at.
EYE = (slice(16, 28), slice(40, 52))
CLIPS = ClipContract(size_px=SIDE, crop_margin=1.04, clip_frames=3)


class RoughnessNet(KnownNet):
    """Logit: how rough the picture is at one place; of flow, how fast it moves there."""

    def __init__(self, contract: InputContract) -> None:
        card = face_card()
        super().__init__(type(card)(**{name: getattr(card, name) for name in card.__slots__}))
        object.__setattr__(self.card, "contract", contract)

    def infer(self, batch: npt.NDArray[Any]) -> NetOutput:
        self.batches.append(len(batch))
        place = batch[..., EYE[0], EYE[1], :].astype(np.float32)
        if isinstance(self.card.contract, FlowContract):
            logits = np.abs(place - 128).reshape(len(batch), -1).mean(axis=1)
        else:
            logits = place.reshape(len(batch), -1).std(axis=1)
        n_pictures = batch.shape[1] if batch.ndim == 5 else 1
        rising = np.arange(1, n_pictures + 1, dtype=np.float32) / (n_pictures * (n_pictures + 1) / 2)
        return NetOutput(np.asarray(logits, np.float32), np.tile(rising, (len(batch), 1, 1)))


@pytest.mark.parametrize(
    ("contract", "shape"),
    [
        (PictureContract(size_px=SIDE, crop_margin=1.04), (SIDE, SIDE, 3)),
        (CLIPS, (3, SIDE, SIDE, 3)),
        (
            FlowContract(size_px=SIDE, crop_margin=1.04, clip_frames=3),
            (2, SIDE, SIDE, 2),
        ),
    ],
    ids=["picture", "clip", "flow"],
)
def test_the_map_points_at_the_place_that_counts(contract: InputContract, shape: tuple[int, ...]) -> None:
    net = RoughnessNet(contract)
    item = np.random.default_rng(0).integers(1, 256, shape, np.uint8)
    before = item.copy()
    falls = occlusion_map(net, item)
    assert falls.shape == (N_PLACES, N_PLACES)
    row, column = np.unravel_index(int(falls.argmax()), falls.shape)
    step = (SIDE - SIDE // 4) / (N_PLACES - 1)
    assert abs(row * step + SIDE / 8 - 22) <= step
    assert abs(column * step + SIDE / 8 - 46) <= step
    assert falls.max() > 10
    assert abs(falls[-1, 0]) < 1e-3, "far from it nothing changes"
    assert max(net.batches) <= net.pace.n_batch
    np.testing.assert_array_equal(item, before)


def test_a_missing_picture_of_a_clip_stays_missing() -> None:
    seen: list[npt.NDArray[np.uint8]] = []

    class Watched(RoughnessNet):
        def infer(self, batch: npt.NDArray[Any]) -> NetOutput:
            seen.append(batch)
            return super().infer(batch)

    for kind, channels in ((ClipContract, 3), (FlowContract, 2)):
        item = np.random.default_rng(0).integers(1, 256, (3, SIDE, SIDE, channels), np.uint8)
        item[2] = 0
        occlusion_map(Watched(kind(size_px=SIDE, crop_margin=1.0, clip_frames=3)), item)
    assert not any(batch[:, 2].any() for batch in seen)


def examined(detector: FaceFrames | FaceClips) -> list[Exhibit]:
    examination = detector.begin(VIDEO, Path("clip.mp4"))
    items = [item for index in range(5) for item in examination.observe(rough(index, detector))]
    items += examination.conclude()
    return [item for item in items if isinstance(item, Exhibit)]


def rough(index: int, detector: FaceFrames | FaceClips) -> Any:
    from dataclasses import replace

    noise = np.random.default_rng(index).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    spec = detector.cards[0].contract.crop
    assert spec is not None
    return replace(crop(index, 0, 0), image=cv2.GaussianBlur(noise, (0, 0), 1), spec=spec)


def test_it_is_shown_where_it_was_asked_for_and_named() -> None:
    contract = PictureContract(size_px=SIDE, crop_margin=1.04)
    plain, asked = (
        examined(FaceFrames([ModelForms(RoughnessNet(contract), explain=explain)]))
        for explain in (False, True)
    )
    assert not [one for one in plain if "Occlusion" in one.caption]
    maps = [one for one in asked if one.caption.startswith("Occlusion: the brighter, the further the score")]
    assert len(maps) == 2
    assert {one.kind for one in maps} == {ExhibitKind.ATTENTION}


def test_clips_show_their_attention_over_time_and_their_strongest_moment() -> None:
    exhibits = examined(FaceClips([ModelForms(RoughnessNet(CLIPS), explain=True)]))
    [curve] = [one for one in exhibits if one.kind is ExhibitKind.CURVE]
    assert isinstance(curve.content, CurveChart)
    [line] = curve.content.lines
    third = 1 / 6
    # A clip of three pictures, a gap, and one of the two that are left.
    assert line.x == pytest.approx((0.0, 0.1, 0.2, 0.2, 0.3, 0.4, 0.4))
    assert line.y[:3] == pytest.approx((third, 2 * third, 3 * third))
    assert line.y[3] is None
    assert line.y[6] is None
    assert curve.caption.startswith("Attention over time")
    assert [one.kind for one in exhibits if one.at_s is not None] == [
        ExhibitKind.FRAME,
        ExhibitKind.CROP,
        ExhibitKind.ATTENTION,
    ]
