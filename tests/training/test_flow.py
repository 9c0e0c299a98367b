"""The net of optical flow: missing flows change nothing, and the way from training to a scan."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from forensics.errors import TrainingError
from forensics.media.discovery import Found, discover
from forensics.records.findings import AbstentionReason
from forensics.records.input_contract import FlowContract
from forensics.scan.pipeline import examine
from forensics.scan.worker_context import assemble, choose_detectors
from forensics.settings import ScanSettings
from forensics.training.conversion import parity, to_onnx, to_openvino
from forensics.training.data.samples import Sample, read_samples, write_samples
from forensics.training.model_export import ExportSettings, export
from forensics.training.nets import build_net
from forensics.training.recipes import load_recipe
from forensics.training.trainer import train
from forensics.training.training_run import read_record
from tests import synthetic
from tests.training.small import small_settings

SIDE = 48
CONTRACT = FlowContract(size_px=SIDE, crop_margin=1.04, clip_frames=5)


def flow_noise(n: int, t: int = 4) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(n).integers(1, 256, (n, t, SIDE, SIDE, 2), np.uint8)


def test_missing_flows_change_nothing_and_ir_and_onnx_agree(tmp_path: Path) -> None:
    torch.manual_seed(2)
    net = build_net("flow-cnn").train()
    with torch.no_grad():
        net(net.prepare(torch.from_numpy(flow_noise(6))))
    net.eval()
    short = flow_noise(2, 3)
    padded = np.concatenate([short, np.zeros_like(short[:, :1])], axis=1)
    rest = np.concatenate([short, np.full_like(short[:, :1], 128)], axis=1)
    with torch.inference_mode():
        (alone, each), (filled, each_filled), (rested, _) = (
            net(net.prepare(torch.from_numpy(clip))) for clip in (short, padded, rest)
        )
    torch.testing.assert_close(alone, filled, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(each, each_filled[..., :3], rtol=1e-4, atol=1e-5)
    assert each_filled[..., 3].abs().max() == 0
    assert (rested - alone).abs().max() > 1e-6, "a pair of pictures at rest is a pair"
    mixed = [np.concatenate([padded, flow_noise(3)]), flow_noise(5)]
    assert parity(net, to_openvino(net, CONTRACT), mixed) < 1e-3
    to_onnx(net, CONTRACT, tmp_path / "model.onnx")
    assert parity(net, tmp_path / "model.onnx", mixed) < 1e-3


def prepared(folder: Path, n_pictures: int = 4) -> Path:
    """Clips of a face-like texture: in the manipulated ones a patch slides, in the others all is still."""
    folder.mkdir()
    rng = np.random.default_rng(3)
    rows = []
    for split, n_clips in (("train", 6), ("val", 24)):
        for manipulated in (False, True):
            for number in range(n_clips):
                clip = f"{split}-{manipulated}-{number}"
                still = cv2.GaussianBlur(rng.integers(0, 256, (96, 96, 3), np.uint8), (0, 0), 2)
                patch = cv2.GaussianBlur(rng.integers(0, 256, (36, 36, 3), np.uint8), (0, 0), 2)
                for at in range(n_pictures):
                    image = still.copy()
                    left = 20 + (4 * at if manipulated else 0)
                    image[30:66, left : left + 36] = patch
                    path = folder / f"{clip}-{at:02d}.png"
                    cv2.imwrite(str(path), image)
                    box = {"left": 0.02, "top": 0.02, "width": 0.96, "height": 0.96}
                    of_burst = {"clip": clip, "at_s": at / 25, "track": 1, "burst": 0}
                    rows.append(
                        Sample(path.name, manipulated, "made", "made", clip, split, **of_burst, **box)
                    )
    write_samples(folder, rows)
    return folder


def test_single_pictures_are_no_clips_of_it(tmp_path: Path) -> None:
    recipe = load_recipe("face-flow")
    with pytest.raises(TrainingError, match="moves between two"):
        recipe.units(read_samples(prepared(tmp_path / "data", n_pictures=1)))


def test_from_training_to_a_scan(tmp_path: Path) -> None:
    settings = small_settings(
        prepared(tmp_path / "data"),
        tmp_path / "run",
        net="flow-cnn",
        size_px=SIDE,
        n_steps=60,
        learning_rate=3e-3,
        ema=0.8,
        pseudo_fakes=0.0,
        evaluate_every=60,
    )
    train(settings)
    assert read_record(tmp_path / "run")["best_score"] > 0.95, "motion tells these clips apart, and it alone"
    model = tmp_path / "flow-tried"
    card = export(ExportSettings(tmp_path / "run", model, int8=False))
    assert (card.task, type(card.contract), card.contract.flip) == ("sequence", FlowContract, False)
    clip = synthetic.normal_clip(tmp_path)
    scan = ScanSettings(paths=(clip,), frames=12, detectors=("sequence",), models=(str(model),))
    [found] = [one for one in discover([clip]) if isinstance(one, Found)]
    result = examine(found, assemble(scan, choose_detectors(scan)))
    assert result.scores
    assert {score.model for score in result.scores} == {"flow-tried"}
    picture = synthetic.still(tmp_path)
    [found] = [one for one in discover([picture]) if isinstance(one, Found)]
    result = examine(found, assemble(scan, choose_detectors(scan)))
    assert not result.scores
    assert [said.why for said in result.abstentions] == [AbstentionReason.TOO_SHORT], (
        "a picture has no motion"
    )
