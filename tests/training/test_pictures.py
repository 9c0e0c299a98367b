"""What happens to pictures before the net sees them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from forensics.errors import TrainingError
from forensics.records.faces import FaceBox
from forensics.training.data import face_samples
from forensics.training.data.balanced_sampler import BalancedSampler
from forensics.training.data.degrade import beautify, cut_out, degrade, occlude, rotate
from forensics.training.data.face_samples import TrainingFaces, WholeFaces, read_rgb
from forensics.training.data.samples import read_samples
from forensics.training.recipes.face_pictures import face_contract
from tests.faces.made import face_points
from tests.training.made import write_picture


def picture(size_px: int = 96) -> np.ndarray:
    rows, columns = np.mgrid[:size_px, :size_px]
    return np.stack([rows * 2, columns * 2, (rows + columns)], axis=2).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("seed", range(24))
def test_degrading_keeps_shape_and_kind_and_is_repeatable(seed: int):
    once, again = (degrade(picture(), np.random.default_rng(seed)) for _ in range(2))
    assert once.shape == (96, 96, 3)
    assert once.dtype == np.uint8
    np.testing.assert_array_equal(once, again)


def test_most_journeys_change_a_picture():
    changed = [
        not np.array_equal(degrade(picture(), np.random.default_rng(seed)), picture()) for seed in range(24)
    ]
    assert sum(changed) > 16


def test_rotation_by_nothing_changes_nothing():
    np.testing.assert_array_equal(rotate(picture(), 0.0), picture())


@pytest.mark.parametrize("seed", range(24))
def test_hiding_covers_a_part_of_the_face_and_leaves_the_rest(seed: int):
    image = picture()
    once, again = (occlude(image, np.random.default_rng(seed)) for _ in range(2))
    np.testing.assert_array_equal(once, again)
    np.testing.assert_array_equal(image, picture())
    hidden = (once != image).any(axis=2).mean()
    assert 0.01 < hidden <= 0.51


@pytest.mark.parametrize("seed", range(12))
def test_a_beauty_filter_takes_the_pores_and_leaves_the_edges(seed: int):
    face = np.full((128, 128, 3), 90, np.int16)
    face[:, 64:] += 90
    face += np.random.default_rng(1).normal(0, 5, face.shape).astype(np.int16)
    image = face.clip(0, 255).astype(np.uint8)
    once, again = (beautify(image, np.random.default_rng(seed)) for _ in range(2))
    np.testing.assert_array_equal(once, again)
    flat = (slice(20, 100), slice(10, 50))
    assert once[flat].std() < 0.85 * image[flat].std()
    step = float(once[:, 70:76].mean()) - float(once[:, 52:58].mean())
    assert step > 80, "the edge, six pixels to either side"


@pytest.mark.parametrize("seed", range(24))
def test_a_cut_out_keeps_the_face_and_nothing_of_its_corners(seed: int):
    image = picture(128)
    once, again = (cut_out(image, np.random.default_rng(seed)) for _ in range(2))
    np.testing.assert_array_equal(once, again)
    np.testing.assert_array_equal(image, picture(128))
    middle = slice(48, 80)
    np.testing.assert_array_equal(once[middle, middle], image[middle, middle])
    for corner in (once[:3, :3] == image[:3, :3], once[-3:, -3:] == image[-3:, -3:]):
        assert not corner.all()


def test_both_crops_of_a_pair_are_cut_out_or_none(prepared: Path, monkeypatch: pytest.MonkeyPatch):
    rows = [row for row in read_samples(prepared) if row.split == "train"]
    monkeypatch.setattr(face_samples, "self_blend", lambda image, *_, **__: image)
    plain, cut, half = (
        TrainingFaces(BalancedSampler(rows, pseudo_fakes=1.0), face_contract(64), seed=5, cut_outs=share)
        for share in (0.0, 1.0, 0.5)
    )
    for index in range(0, 40, 2):
        torch.testing.assert_close(half[index][0], half[index + 1][0], rtol=0, atol=0)
    assert all(not torch.equal(cut[index][0], plain[index][0]) for index in range(0, 40, 2))


def test_both_crops_of_a_pair_are_smoothed_or_none(prepared: Path, monkeypatch: pytest.MonkeyPatch):
    rows = [row for row in read_samples(prepared) if row.split == "train"]
    monkeypatch.setattr(face_samples, "self_blend", lambda image, *_, **__: image)
    plain, smooth, half = (
        TrainingFaces(BalancedSampler(rows, pseudo_fakes=1.0), face_contract(64), seed=5, smoothed=share)
        for share in (0.0, 1.0, 0.5)
    )
    pairs = range(0, 40, 2)
    for index in pairs:
        torch.testing.assert_close(smooth[index][0], smooth[index + 1][0], rtol=0, atol=0)
        torch.testing.assert_close(half[index][0], half[index + 1][0], rtol=0, atol=0)
    assert all(not torch.equal(smooth[index][0], plain[index][0]) for index in pairs)
    beautified: list[int] = []
    monkeypatch.setattr(face_samples, "beautify", lambda image, _: beautified.append(1) or image)
    assert [plain[index] for index in pairs]
    assert not beautified
    assert [half[index] for index in pairs]
    assert 4 <= len(beautified) <= 16


def test_an_item_depends_on_seed_and_index_alone(prepared: Path):
    rows = [row for row in read_samples(prepared) if row.split == "train"]
    stream = TrainingFaces(BalancedSampler(rows, 0.4), face_contract(64), seed=5)
    in_order = [stream[index] for index in range(6)]
    backwards = {index: stream[index] for index in reversed(range(6))}
    for index, (image, label) in enumerate(in_order):
        assert image.shape == (64, 64, 3)
        assert image.dtype == torch.uint8
        assert label.item() == float(index % 2)
        torch.testing.assert_close(image, backwards[index][0], rtol=0, atol=0)
    other = TrainingFaces(BalancedSampler(rows, 0.4), face_contract(64), seed=6)
    assert any(not torch.equal(other[index][0], in_order[index][0]) for index in range(6))


def test_a_pseudo_fake_and_its_pristine_neighbour_differ_by_the_blending_alone(
    prepared: Path, monkeypatch: pytest.MonkeyPatch
):
    rows = [row for row in read_samples(prepared) if row.split == "train"]
    stream = TrainingFaces(BalancedSampler(rows, pseudo_fakes=1.0), face_contract(64), seed=5)
    assert all(not torch.equal(stream[index][0], stream[index + 1][0]) for index in (0, 2, 4))
    monkeypatch.setattr(face_samples, "self_blend", lambda image, *_, **__: image)
    for index in (0, 2, 4):
        torch.testing.assert_close(stream[index][0], stream[index + 1][0], rtol=0, atol=0)
        assert [stream[index][1].item(), stream[index + 1][1].item()] == [0.0, 1.0]


def test_with_landmarks_pseudo_fakes_are_of_three_kinds(prepared: Path, monkeypatch: pytest.MonkeyPatch):
    class Schematic:
        def points(self, _image: object, box: FaceBox) -> np.ndarray:
            scale = np.array([box.width_px, box.height_px], np.float32) / 64
            return (face_points() - 32) * scale + (box.left_px, box.top_px)

    rows = [row for row in read_samples(prepared) if row.split == "train"]
    stream = TrainingFaces(BalancedSampler(rows, pseudo_fakes=1.0), face_contract(64), seed=5)
    stream.landmarks = Schematic()
    made: list[str] = []
    for name in ("self_blend", "change_expression", "swap_face"):
        monkeypatch.setattr(face_samples, name, lambda image, *_, name=name, **__: made.append(name) or image)
    for index in range(1, 160, 2):
        stream[index]
    shares = {name: made.count(name) / len(made) for name in made}
    assert shares["self_blend"] == pytest.approx(0.5, abs=0.15)
    assert shares["change_expression"] == pytest.approx(0.3, abs=0.15)
    assert shares["swap_face"] == pytest.approx(0.2, abs=0.15)


def test_validation_crops_are_cut_as_a_scan_cuts(prepared: Path):
    rows = [row for row in read_samples(prepared) if row.split == "val"]
    crops = WholeFaces(rows, face_contract(64))
    image, label = crops[0]
    assert image.shape == (64, 64, 3)
    assert label.item() == float(rows[0].manipulated)
    assert len(crops) == len(rows)


def test_a_damaged_picture_is_named(tmp_path: Path):
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(TrainingError, match=r"broken\.jpg is not a picture"):
        read_rgb(str(tmp_path / "broken.jpg"))
    with pytest.raises(TrainingError, match=r"none\.jpg cannot be read"):
        read_rgb(str(tmp_path / "none.jpg"))
    assert read_rgb(str(write_picture(tmp_path / "good.png"))).shape == (96, 96, 3)
