"""Nets of clips: what a clip is, that black pictures change nothing, and the way from training to a scan."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
import torch

from forensics import catalog
from forensics.detectors.sequences import chosen, stacked
from forensics.errors import TrainingError
from forensics.media.discovery import Found, discover
from forensics.records.input_contract import BURST_S, ClipContract, ClipSampling
from forensics.scan.pipeline import examine
from forensics.scan.worker_context import assemble, choose_detectors
from forensics.settings import ScanSettings
from forensics.training.conversion import parity, to_onnx, to_openvino
from forensics.training.data.balanced_sampler import BalancedSampler
from forensics.training.data.clip_samples import ClipSample, TrainingClips, WholeClips, bursts_of, clips_of
from forensics.training.data.face_samples import TrainingFaces
from forensics.training.data.samples import Sample, read_samples, write_samples
from forensics.training.model_export import ExportSettings, export
from forensics.training.nets import build_net
from forensics.training.recipes import load_recipe
from forensics.training.trainer import train
from forensics.training.training_run import TrainSettings
from tests import synthetic

NETS = ["v2b0-transformer", "efficientnet-b3-transformer", "resnext50-lstm", "inceptionv3-lstm-gru"]
# Inception takes nothing smaller than 75 px.
SIZE_PX = 96
CONTRACT = ClipContract(size_px=SIZE_PX, crop_margin=1.04, clip_frames=4, flip=True)


def noise(n: int, t: int = 4) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(n).integers(0, 256, (n, t, SIZE_PX, SIZE_PX, 3), np.uint8)


def test_pictures_are_chosen_evenly_or_by_motion() -> None:
    still = [np.full((40, 40, 3), 90, np.uint8)] * 9
    assert chosen(still[:3], 4, ClipSampling.MOTION) == [0, 1, 2]
    assert chosen(still, 3, ClipSampling.SPREAD) == [0, 4, 8]
    moving = [np.full((40, 40, 3), value, np.uint8) for value in (90, 90, 90, 150, 150, 150, 200, 200, 90)]
    assert chosen(moving, 3, ClipSampling.MOTION) == [3, 6, 8]
    clip = stacked(moving[:2], 3)
    assert clip.shape == (3, 40, 40, 3)
    assert not clip[2].any()


@pytest.mark.parametrize("name", NETS)
def test_black_pictures_at_the_end_change_nothing_and_ir_and_onnx_agree(name: str, tmp_path: Path) -> None:
    torch.manual_seed(2)
    net = build_net(name)
    net.train()
    with torch.no_grad():
        net(net.prepare(torch.from_numpy(noise(6))))
    net.eval()
    short = noise(2, 3)
    padded = np.concatenate([short, np.zeros_like(short[:, :1])], axis=1)
    with torch.inference_mode():
        alone, weights = net(net.prepare(torch.from_numpy(short)))
        filled, all_weights = net(net.prepare(torch.from_numpy(padded)))
        full, _ = net(net.prepare(torch.from_numpy(noise(2))))
    torch.testing.assert_close(alone, filled, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(weights, all_weights[..., :3], rtol=1e-4, atol=1e-5)
    assert all_weights[..., 3].abs().max() < 1e-6
    assert (full - alone).abs().max() > 1e-6, "pictures that are there do change something"
    mixed = [np.concatenate([padded, noise(2)]), noise(5)]
    assert parity(net, to_openvino(net, CONTRACT), mixed) < 1e-3
    if name == "v2b0-transformer":
        to_onnx(net, CONTRACT, tmp_path / "model.onnx")
        assert parity(net, tmp_path / "model.onnx", mixed) < 1e-3


def prepared(folder: Path) -> Path:
    """Twelve pictures a split, label and clip of four: manipulated ones have a bright patch that moves."""
    rng = np.random.default_rng(3)
    rows = []
    for split, n_clips in (("train", 3), ("val", 24)):
        for manipulated in (False, True):
            for number in range(n_clips):
                clip = f"{split}-{manipulated}-{number}"
                for at in range(4 if number else 1):
                    image = rng.integers(60, 120, (64, 64, 3), np.uint8)
                    if manipulated:
                        image[8 * at : 8 * at + 24, 20:44] = 250
                    path = folder / f"{clip}-{at:02d}.png"
                    cv2.imwrite(str(path), image)
                    box = {"left": 0.1, "top": 0.1, "width": 0.8, "height": 0.8}
                    of_burst = {"clip": clip, "at_s": at / 25, "track": 1, "burst": 0 if number else None}
                    rows.append(
                        Sample(path.name, manipulated, "made", "made", clip, split, **of_burst, **box)
                    )
    write_samples(folder, rows)
    return folder


def test_the_pictures_of_a_video_make_one_clip_in_time_order(tmp_path: Path) -> None:
    clips = clips_of(read_samples(prepared(tmp_path)))
    assert len(clips) == 2 * (3 + 24)
    assert sorted({len(clip.frames) for clip in clips}) == [1, 4]
    longest = next(clip for clip in clips if len(clip.frames) == 4)
    assert [row.path for row in longest.frames] == sorted(row.path for row in longest.frames)
    items = WholeClips(clips, CONTRACT)
    pictures, label = items[clips.index(longest)]
    assert pictures.shape == (4, SIZE_PX, SIZE_PX, 3)
    assert float(label) == float(longest.manipulated)
    single = next(clip for clip in clips if len(clip.frames) == 1)
    assert not items[clips.index(single)][0][1:].any()


def test_training_items_are_a_function_of_seed_and_number(tmp_path: Path) -> None:
    settings = TrainSettings(
        net="v2b0-transformer", data=(prepared(tmp_path),), out=tmp_path / "run", size_px=32, seed=4
    )
    recipe = load_recipe("face-clips")
    from forensics.training.datasets import open_datasets

    first, again = (open_datasets(recipe, settings).train for _ in range(2))
    for index in range(6):
        pictures, label = first[index]
        assert pictures.shape == (10, 32, 32, 3)
        assert float(label) == index % 2
        assert torch.equal(pictures, again[index][0])
    assert isinstance(open_datasets(recipe, settings).validation_samples[0], ClipSample)


def test_the_pictures_of_bursts_make_clips_of_their_own(tmp_path: Path) -> None:
    rows = read_samples(prepared(tmp_path))
    second = [replace(row, path=row.path.replace("-0", "-1"), burst=1, spread=False) for row in rows[1:]]
    bursts = bursts_of([*rows, *second])
    assert {(len(one.frames), one.burst) for one in bursts} >= {(4, 0), (4, 1)}
    assert [len(one.frames) for one in clips_of([*rows, *second])] == [
        len(one.frames) for one in clips_of(rows)
    ]
    pictures = load_recipe("face-pictures").units([*rows, *second])
    assert pictures == rows, "pictures that are there for their burst alone are no pictures by themselves"
    units = load_recipe("face-bursts").units(rows)
    assert sorted(len(one.frames) for one in units if isinstance(one, ClipSample))[:4] == [1, 1, 1, 1]
    alone = [row for row in rows if row.burst is None]
    with pytest.raises(TrainingError, match="no consecutive pictures"):
        load_recipe("face-bursts").units(alone)


def test_pictures_of_one_clip_are_changed_alike_and_pseudo_fakes_of_bursts_over_time(tmp_path: Path) -> None:
    still = np.random.default_rng(5).integers(0, 256, (96, 96, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "still.png"), cv2.GaussianBlur(still, (0, 0), 2))
    row = Sample(str(tmp_path / "still.png"), False, "made", "made", "g", "train", clip="c", burst=0)
    whole = {"left": 0.2, "top": 0.2, "width": 0.6, "height": 0.6}
    clip = ClipSample(**(asdict(replace(row, **whole)) | {"frames": (replace(row, **whole),) * 6}))
    differing = {}
    for sampling in (ClipSampling.SPREAD, ClipSampling.BURST):
        contract = msgspec.structs.replace(CONTRACT, clip_frames=6, clip_sampling=sampling)
        sampler = BalancedSampler([clip], 1.0)
        items = TrainingClips(sampler, contract, TrainingFaces(sampler, contract, 3), 3)
        n = [sum(bool((items[at][0][1:] != items[at][0][0]).any()) for at in range(k, 60, 2)) for k in (0, 1)]
        assert n[0] == 0, "six equal pictures of a pristine clip stay equal"
        differing[sampling] = n[1]
    assert differing[ClipSampling.SPREAD] == 0
    assert 3 <= differing[ClipSampling.BURST] <= 25, "some pseudo-fakes shake, others are steady"


def test_from_training_to_a_scan(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    settings = TrainSettings(
        net="v2b0-transformer",
        data=(prepared(data),),
        out=tmp_path / "run",
        backend="onednn",
        precision="fp32",
        init="none",
        n_steps=40,
        batch_size=8,
        size_px=32,
        learning_rate=2e-3,
        ema=0.5,
        pseudo_fakes=0.0,
        evaluate_every=40,
        n_loaders=0,
    )
    train(settings)
    model = tmp_path / "sequence-tried"
    notes: list[str] = []
    card = export(ExportSettings(tmp_path / "run", model, int8=False), notes.append)
    assert card.task == "sequence"
    assert card.contract.clip_frames == 10
    assert notes[0].startswith("parity: worst difference of a logit between torch and the IR in f32 is ")
    assert catalog.find(str(model))[0] == card
    clip = synthetic.normal_clip(tmp_path)
    scan = ScanSettings(paths=(clip,), frames=24, detectors=("sequence",), models=(str(model),))
    [found] = [one for one in discover([clip]) if isinstance(one, Found)]
    result = examine(found, assemble(scan, choose_detectors(scan)))
    assert {(score.detector, score.model) for score in result.scores} == {("sequence", "sequence-tried")}
    assert len(result.scores) >= 2
    assert all(0.2 < score.span.end_s - score.span.start_s < BURST_S for score in result.scores)
    beside = replace(scan, detectors=("sequence", "blink-pose"))
    longer = examine(found, assemble(beside, choose_detectors(beside)))
    assert longer.scores == result.scores, "what a burst is does not depend on the detectors beside it"
    assert result.verdict.basis
    assert "over time" in result.verdict.reason
