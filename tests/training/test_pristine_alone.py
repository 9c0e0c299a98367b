"""A lab with nothing but pristine footage: trained, validated and calibrated on pseudo-fakes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from forensics import catalog
from forensics.errors import SettingsError, TrainingError
from forensics.media.sound import RATE_HZ
from forensics.records.model_card import ModelCard
from forensics.training.data.face_samples import WholeFaces
from forensics.training.data.samples import Sample, read_samples
from forensics.training.data.voice_samples import WholeVoices
from forensics.training.datasets import validation_rows
from forensics.training.model_export import ExportSettings, export
from forensics.training.recipes.face_pictures import face_contract
from forensics.training.recipes.sound_windows import voice_contract
from forensics.training.trainer import train
from forensics.training.training_run import BEST_NAME, load
from tests.training.made import made_faces
from tests.training.small import small_settings

# Calibration asks for 20 validation rows of each label.
PRISTINE = {("train", False): 8, ("val", False): 24}
SIZE_PX = 64


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_faces(tmp_path_factory.mktemp("pristine"), PRISTINE)


def test_each_validation_row_comes_once_as_it_is_and_once_as_a_pseudo_fake(pristine: Path):
    rows = validation_rows(read_samples(pristine))
    assert len(rows) == 48
    assert [row.path for row in rows[:24]] == [row.path for row in rows[24:]]
    assert [row.is_pseudo_fake for row in rows] == [False] * 24 + [True] * 24


def test_a_validation_split_that_merely_lacks_manipulated_rows_is_refused(tmp_path: Path):
    samples = read_samples(made_faces(tmp_path, PRISTINE | {("train", True): 2}))
    with pytest.raises(TrainingError, match="needs pristine and manipulated rows"):
        validation_rows(samples)


def test_a_face_of_validation_is_blended_every_time_in_the_same_way(pristine: Path):
    contract = face_contract(SIZE_PX)
    row = next(row for row in read_samples(pristine) if row.split == "val")
    whole = WholeFaces(validation_rows([row]), contract)
    (plain, _), (blended, label) = whole[0], whole[1]
    assert label == 1
    assert not torch.equal(plain, blended)
    assert torch.equal(blended, whole[1][0])
    # It is still the same face, though its colours may have shifted.
    centred = [
        (image.double() - image.double().mean(dim=(0, 1))).numpy().ravel() for image in (plain, blended)
    ]
    assert np.corrcoef(*centred)[0, 1] > 0.7


def test_a_voice_of_validation_is_copied_every_time_in_the_same_way(tmp_path: Path):
    path = tmp_path / "voice.wav"
    at_s = np.arange(4 * RATE_HZ) / RATE_HZ
    sound = sum(np.sin(2 * np.pi * 130 * k * at_s) / k for k in range(1, 20))
    soundfile.write(path, 0.05 * np.asarray(sound) * (1.2 + np.sin(9 * at_s)), RATE_HZ)
    whole = WholeVoices(validation_rows([Sample(str(path), False, "", "made", "p", "val")]), voice_contract())
    (plain, _), (copied, label) = whole[0], whole[1]
    assert label == 1
    assert not torch.equal(plain, copied)
    assert torch.equal(copied, whole[1][0])


@pytest.mark.usefixtures("_one_layout")
def test_pristine_footage_trains_and_exports_a_model_that_says_so(pristine: Path, tmp_path: Path):
    settings = small_settings(
        pristine, tmp_path / "run", pseudo_fakes=1.0, n_steps=2, batch_size=4, evaluate_every=2
    )
    record = train(settings)
    assert record["n_validation"] == 48
    card = _exported(ExportSettings(settings.out, tmp_path / "face-own", int8=False))
    assert card == catalog.find(str(tmp_path / "face-own"))[0]
    assert any("pseudo-fakes made of pristine footage" in limit for limit in card.limits)
    assert card.calibration is not None
    assert "pseudo-fakes made of the pristine ones" in card.calibration.data
    with pytest.raises(TrainingError, match="no manipulated training sample"):
        train(replace(settings, out=tmp_path / "mixed", pseudo_fakes=0.5))


def _exported(settings: ExportSettings) -> ModelCard:
    """What two steps teach is chance: where the scores fall with manipulation, the head is turned round."""
    try:
        return export(settings)
    except SettingsError as error:
        assert "do not rise with manipulation" in str(error)  # noqa: PT017 - only one of two ways leads here
    best = load(settings.run / BEST_NAME)
    for name in ("head.weight", "head.bias"):
        best["ema"][name] *= -1
    torch.save(best, settings.run / BEST_NAME)
    return export(settings)
