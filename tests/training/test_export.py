"""From the files that a run leaves to a model that a scan loads."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import msgspec
import openvino as ov
import pytest
import torch

from forensics import catalog
from forensics.engines.openvino_engine import CompiledNet
from forensics.errors import TrainingError
from forensics.records.input_contract import contract_from
from forensics.records.model_card import Metric
from forensics.training.ir_metadata import read_inscription
from forensics.training.model_export import ExportSettings, export
from forensics.training.nets import build_net
from forensics.training.recipes.face_pictures import face_contract
from forensics.training.training_run import BEST_NAME, RECORD_NAME, save
from tests.made_models import face_model
from tests.training.made import made_faces

NET = "efficientnetv2-b0-autoatt"
SIZE_PX = 32


# Calibration asks for 20 validation rows of each label.
ROWS = {("train", False): 1, ("train", True): 2, ("val", False): 24, ("val", True): 24}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two files of a finished run that export reads; the weights are fresh ones."""
    prepared = made_faces(tmp_path_factory.mktemp("prepared"), ROWS)
    folder = tmp_path_factory.mktemp("runs") / "face"
    folder.mkdir()
    torch.manual_seed(1)
    save({"ema": build_net(NET).state_dict(), "step": 3}, folder / BEST_NAME)
    record = {
        "settings": {"net": NET, "data": [str(prepared)], "n_steps": 4, "batch_size": 8},
        "contract": msgspec.to_builtins(face_contract(SIZE_PX)),
        "best_step": 3,
    }
    (folder / RECORD_NAME).write_text(json.dumps(record))
    return folder


@pytest.fixture(scope="module")
def exported(run: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    out = tmp_path_factory.mktemp("models") / "face-tried"
    out.mkdir()
    (out / "model.int8.xml").write_text("of an earlier export")
    notes: list[str] = []
    export(ExportSettings(run, out, terms="Of the test.", int8=False), notes.append)
    return out, notes


def test_a_run_becomes_a_model_with_a_card(exported: tuple[Path, list[str]]):
    out, notes = exported
    assert {path.name for path in out.iterdir()} == {"card.toml", "model.xml", "model.bin"}
    card, _ = catalog.find(str(out))
    catalog.verify(card, out)
    assert (card.id, card.net, card.calibration is None, card.thresholds is None) == (
        "face-tried",
        NET,
        False,
        False,
    )
    assert "dfdc: 2 manipulated; dfdc: 1 pristine. Of the test." in card.training_data
    assert notes[0].startswith("parity: worst difference of a logit between torch and the IR in f32 is ")
    assert "torch and IR agree to" in card.summary
    net = CompiledNet(card, out, "f32")
    batch = torch.zeros(2, SIZE_PX, SIZE_PX, 3, dtype=torch.uint8).numpy()
    assert net.infer(batch).logits.shape == (2,)


def test_an_ir_without_its_card_says_what_it_is(exported: tuple[Path, list[str]]):
    out, _ = exported
    card, _ = catalog.find(str(out))
    said = read_inscription(ov.Core().read_model(out / "model.xml"))
    lasting = ("id", "version", "net", "summary", "licence", "training_data")
    assert {name: said[name] for name in lasting} == {name: getattr(card, name) for name in lasting}
    assert (said["task"], said["precision"]) == ("face", "f16")
    assert contract_from(msgspec.json.decode(said["contract"])) == card.contract
    assert tuple(msgspec.json.decode(said["limits"])) == card.limits
    assert "positive for manipulated" in said["reading"]
    assert not {"calibration", "thresholds", "metrics"} & set(said), "these are measured again, in the card"


def test_figures_that_are_added_to_the_card_leave_the_ir_as_it_is(exported: tuple[Path, list[str]]):
    out, _ = exported
    card, _ = catalog.find(str(out))
    catalog.write_card(replace(card, metrics=(Metric("face: auc", "some rows", 9, 0.75),)), out)
    again = catalog.read_card(out)
    assert again.metrics[0].value == 0.75
    catalog.verify(again, out)


def test_without_calibration_a_model_scores_and_draws_no_verdict(run: Path, tmp_path: Path):
    notes: list[str] = []
    card = export(ExportSettings(run, tmp_path / "model", calibrate=False), notes.append)
    assert catalog.find(str(tmp_path / "model"))[0] == card
    assert (card.calibration, card.thresholds) == (None, None)
    assert [variant.precision for variant in card.variants] == ["f16"]
    assert notes[-1].startswith("not calibrated")


def test_an_ir_that_no_export_wrote_says_nothing(tmp_path: Path):
    model = ov.Core().read_model(face_model(tmp_path) / "model.xml")
    assert read_inscription(model) == {}


def test_an_unfinished_run_is_refused(tmp_path: Path):
    with pytest.raises(TrainingError, match="holds no finished run") as caught:
        export(ExportSettings(tmp_path, tmp_path / "out"))
    assert "--resume" in caught.value.hint
