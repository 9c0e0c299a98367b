"""Every recipe of the table says what a scan will make of a file, and feeds its nets just that."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

pytest.importorskip("torch", reason="training's packages are not installed")

import torch

from forensics.detectors import DETECTORS
from forensics.errors import TrainingError
from forensics.records.detector_spec import Input
from forensics.records.input_contract import PictureContract, SoundContract, contract_from
from forensics.training.nets import NETS
from forensics.training.recipes import RECIPES, load_recipe
from forensics.training.recipes.recipe import Recipe
from forensics.training.training_run import TrainSettings

SIDE = 64


@pytest.fixture(params=list(RECIPES))
def recipe(request: pytest.FixtureRequest) -> Recipe:
    return load_recipe(request.param)


@pytest.fixture
def settings(tmp_path: Path) -> TrainSettings:
    return TrainSettings(net=next(iter(NETS)), data=(tmp_path,), out=tmp_path / "run", size_px=SIDE)


def test_it_serves_a_detector_that_observes_what_the_contract_takes(
    recipe: Recipe, settings: TrainSettings
) -> None:
    spec = DETECTORS[recipe.detector]
    of_sound = isinstance(recipe.contract(settings), SoundContract)
    assert (Input.SOUND if of_sound else Input.FACES) in spec.inputs
    assert "logit" in recipe.reading
    assert all(limit.endswith(".") for limit in recipe.limits)


def test_the_contract_is_written_and_read_back(recipe: Recipe, settings: TrainSettings) -> None:
    contract = recipe.contract(settings)
    assert contract_from(msgspec.to_builtins(contract)) == contract
    assert isinstance(contract, SoundContract) or contract.size_px == SIDE


def test_an_example_has_the_form_that_the_contract_says(recipe: Recipe, settings: TrainSettings) -> None:
    contract = recipe.contract(settings)
    example = recipe.example(contract, 3)
    assert len(example) == 3
    if isinstance(contract, SoundContract):
        assert (example.shape[1:], example.dtype) == ((contract.n_samples,), torch.float32)
        return
    assert example.dtype == torch.uint8
    assert example.shape[-3:-1] == (SIDE, SIDE)
    assert example.ndim == (4 if isinstance(contract, PictureContract) else 5)


def test_a_contract_of_another_kind_is_refused(recipe: Recipe, settings: TrainSettings) -> None:
    ours = recipe.contract(settings)
    sound = SoundContract(rate_hz=16_000, window_s=1.0, hop_s=1.0)
    other = PictureContract(size_px=SIDE, crop_margin=1.0) if isinstance(ours, SoundContract) else sound
    with pytest.raises(TrainingError, match="input contract is not one of"):
        recipe.example(other, 1)


def test_properties_are_finite_numbers_of_the_detectors_domain(
    recipe: Recipe, settings: TrainSettings
) -> None:
    contract = recipe.contract(settings)
    noise = np.random.default_rng(0)
    shape = tuple(recipe.example(contract, 1).shape[1:])
    item = (
        noise.normal(0, 0.1, shape).astype(np.float32)
        if isinstance(contract, SoundContract)
        else noise.integers(0, 256, shape, np.uint8)
    )
    before = item.copy()
    assert all(np.isfinite(value) for value in recipe.properties(item, contract).values())
    np.testing.assert_array_equal(item, before)
