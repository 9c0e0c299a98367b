"""Pristine faces drawn anew by an autoencoder, as rows to train on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from forensics.errors import EngineError, TrainingError
from forensics.training.data.face_samples import box_in, read_rgb
from forensics.training.data.reconstruction import METHOD, ReconstructSettings, reconstruct
from forensics.training.data.samples import read_samples
from tests.training.made import made_faces


@pytest.fixture(scope="module")
def halves(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An autoencoder by hand: the mean of four pixels, and those means side by side again."""
    folder = tmp_path_factory.mktemp("autoencoder")
    picture = ops.parameter([1, 3, -1, -1], np.float32)
    means = ops.avg_pool(picture, [2, 2], [0, 0], [0, 0], [2, 2], exclude_pad=True)
    ov.save_model(ov.Model([means], [picture]), folder / "encoder.xml")
    latents = ops.parameter([1, 3, -1, -1], np.float32)
    larger = ops.interpolate(
        latents, np.array([2.0, 2.0], np.float32), "nearest", "scales", axes=np.array([2, 3])
    )
    ov.save_model(ov.Model([larger], [latents]), folder / "decoder.xml")
    return folder / "encoder.xml", folder / "decoder.xml"


@pytest.fixture
def settings(tmp_path: Path, halves: tuple[Path, Path]) -> ReconstructSettings:
    rows = {("train", False): 12, ("train", True): 3, ("val", False): 8, ("test", False): 4}
    made_faces(tmp_path / "data", rows)
    return ReconstructSettings((tmp_path / "data",), *halves, tmp_path / "out", n_rows=12)


def test_every_row_is_a_pristine_face_drawn_anew(settings: ReconstructSettings):
    seen: list[tuple[int, int]] = []
    made = reconstruct(settings, lambda n_done, n: seen.append((n_done, n)))
    written = read_samples(settings.out)
    assert [row.path for row in written] == [str((settings.out / row.path).absolute()) for row in made]
    # A quarter as many for validation, and none of the test rows.
    assert [row.split for row in written] == ["train"] * 12 + ["val"] * 4
    assert seen[-1] == (16, 16)
    before = {row.group: row for row in read_samples(settings.data[0])}
    for row in written:
        source = before[row.group]
        assert (row.manipulated, row.method, source.manipulated) == (True, METHOD, False)
        assert (row.origin, row.split) == (source.origin, source.split)
        image, old = read_rgb(row.path), read_rgb(source.path)
        assert image.shape == (192, 192, 3)
        new_box, old_box = box_in(row, image), box_in(source, old)
        assert new_box.size_px / 192 == pytest.approx(0.96, abs=0.01), "the picture ends before 1.1 boxes do"
        assert float(image.mean()) == pytest.approx(float(old.mean()), abs=12)
        assert old_box.size_px == pytest.approx(0.96 * len(old))


def test_the_same_seed_draws_the_same_pictures(settings: ReconstructSettings, tmp_path: Path):
    once = reconstruct(settings)
    again = reconstruct(replace(settings, out=tmp_path / "again"))
    assert [row.sha256 for row in once] == [row.sha256 for row in again]
    other = reconstruct(replace(settings, out=tmp_path / "other", seed=21))
    assert not {row.sha256 for row in once} & {row.sha256 for row in other}


def test_noise_is_what_moves_the_drawing_away(settings: ReconstructSettings, tmp_path: Path):
    away = {}
    for name, noise in (("without", (0.0, 0.0)), ("with", (0.6, 0.6))):
        made = reconstruct(replace(settings, out=tmp_path / name, noise=noise, n_rows=4))
        pictures = [read_rgb(str(tmp_path / name / row.path)).astype(float) for row in made]
        # What the decoder draws is flat within its two by two pixels; noise differs from one to the next.
        away[name] = float(
            np.mean([np.abs(np.diff(one[90:100, 90:102:2], axis=1)).mean() for one in pictures])
        )
    assert away["with"] > 3 * away["without"]


def test_what_cannot_be_used_is_told(settings: ReconstructSettings, tmp_path: Path):
    with pytest.raises(EngineError, match="There is no model"):
        reconstruct(replace(settings, encoder=tmp_path / "absent.xml"))
    (tmp_path / "broken.xml").write_text("no model")
    with pytest.raises(EngineError, match="is not a model"):
        reconstruct(replace(settings, decoder=tmp_path / "broken.xml"))
    with pytest.raises(EngineError, match=r"gives .* back"):
        reconstruct(replace(settings, decoder=settings.encoder))
    made_faces(tmp_path / "all", {("train", True): 2})
    with pytest.raises(TrainingError, match="no pristine picture"):
        reconstruct(replace(settings, data=(tmp_path / "all",)))
    for bad in ({"n_rows": 0}, {"noise": (0.5, 0.1)}, {"noise": (-1.0, 0.1)}):
        with pytest.raises(TrainingError):
            replace(settings, **bad)
