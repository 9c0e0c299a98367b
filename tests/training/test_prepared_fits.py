"""Cards that are fitted on prepared rows: ensembles as a whole, single models in part."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from forensics import catalog, ensembles
from forensics.cli.main import app
from forensics.detectors.scoring import opinions
from forensics.engines.ensemble import EnsembleNet
from forensics.engines.openvino_engine import CompiledNet
from forensics.errors import ModelError, TrainingError
from forensics.faces.crop import cut
from forensics.records.faces import FaceBox
from forensics.records.model_card import ModelCard
from forensics.training.data.samples import read_samples, write_samples
from forensics.training.model_export import ExportSettings, export
from forensics.training.prepared_fits import calibration_rows, refitted
from forensics.training.stored_nets import stored_nets
from forensics.training.trainer import train
from tests.training.made import made_faces
from tests.training.small import one_layout, small_settings

ROWS = {("train", False): 8, ("train", True): 8, ("val", False): 48, ("val", True): 48}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows of two origins."""
    folder = made_faces(tmp_path_factory.mktemp("prepared"), ROWS)
    rows = [
        replace(row, origin="elsewhere") if number % 2 else row
        for number, row in enumerate(read_samples(folder))
    ]
    write_samples(folder, rows)
    return folder


@pytest.fixture(scope="module")
def ensemble(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two nets that were trained for some steps on crops of different sizes, and the card that joins them."""
    root = tmp_path_factory.mktemp("models")
    parts = []
    for size_px, weight in ((32, 0.3), (48, 0.7)):
        settings = small_settings(
            data,
            root / f"run-{size_px}",
            net="cnn",
            size_px=size_px,
            n_steps=40,
            batch_size=16,
            evaluate_every=40,
        )
        with one_layout():
            train(replace(settings, pseudo_fakes=0.0, learning_rate=1e-2, ema=0.8))
        card = export(ExportSettings(settings.out, root / f"face-{size_px}", int8=False))
        parts.append((card, weight))
    catalog.write_card(ensembles.combined(parts, "face-both"), root / "face-both")
    return root / "face-both"


def fitted(folder: Path, data: Path) -> tuple[ModelCard, list[str]]:
    notes: list[str] = []
    card, place = catalog.find(str(folder))
    return refitted(card, place, [data], notes.append), notes


def test_an_ensemble_is_fitted_on_the_weighted_sum_that_a_scan_gives(ensemble: Path, data: Path) -> None:
    card, folder = catalog.find(str(ensemble))
    nets, recipe = stored_nets(card, folder)
    rows = calibration_rows(read_samples(data))
    logits = nets.logits(nets.inputs(recipe, rows))
    net = EnsembleNet(card, [CompiledNet(*member, "f32") for member in ensembles.members_of(card, folder)])
    images = [cv2.cvtColor(cv2.imread(row.path), cv2.COLOR_BGR2RGB) for row in rows]
    box = FaceBox(0.02 * 96, 0.02 * 96, 0.96 * 96, 0.96 * 96)
    scanned = opinions(
        net, lambda one: np.stack([cut(image, box, one.card.contract.crop) for image in images])
    )
    np.testing.assert_allclose(logits, [one.logit for one in scanned], atol=1e-4)
    alone = np.array([one.members for one in scanned])
    np.testing.assert_allclose(logits, alone @ [0.3, 0.7], atol=1e-4)
    assert np.abs(alone[:, 0] - alone[:, 1]).max() > 0.01, "the members differ, or the weights show nothing"


def test_an_ensemble_gets_all_that_an_export_fits(ensemble: Path, data: Path) -> None:
    card, notes = fitted(ensemble, data)
    assert card.calibration is not None
    assert card.calibration.n == 96
    assert card.thresholds is not None
    assert [one.origin for one in card.thresholds.left_out] == ["dfdc", "elsewhere"]
    assert card.likelihood is not None
    assert {"sharpness", "brightness"} <= set(card.domain.ranges)
    assert "blurred or shrunk in 10 ways" in card.domain.needed_rule
    assert "pristine faces cut out: " in card.domain.needed_rule
    assert any(note.startswith("without elsewhere, signs from") for note in notes)
    within = [note for note in notes if note.startswith(("dfdc: AUC", "elsewhere: AUC"))]
    assert len(within) == 2
    assert all(note.endswith("on 24 manipulated and 24 pristine clips") for note in within)
    nets, recipe = stored_nets(*catalog.find(str(ensemble)))
    rows = calibration_rows(read_samples(data))
    scores = np.array([card.manipulation_score(x) for x in nets.logits(nets.inputs(recipe, rows))])
    labels = np.array([row.manipulated for row in rows])
    assert scores[labels].mean() - scores[~labels].mean() > 0.3


def test_a_single_model_keeps_its_calibration(ensemble: Path, data: Path) -> None:
    card, _ = catalog.find(str(ensemble.parent / "face-32"))
    again, _ = fitted(ensemble.parent / "face-32", data)
    assert again.calibration == card.calibration
    assert again.thresholds == card.thresholds, "the same rows leave the same origins out"
    assert again.metrics == card.metrics


def test_the_command_writes_the_card_of_an_ensemble(ensemble: Path, data: Path) -> None:
    kept = (ensemble / catalog.CARD_NAME).read_bytes()
    try:
        ran = CliRunner().invoke(app, ["calibrate", str(data), "--prepared", "--model", str(ensemble)])
        assert ran.exit_code == 0, ran.output
        assert "without dfdc, signs from" in ran.output
        assert catalog.read_card(ensemble).calibration is not None
        shown = CliRunner().invoke(app, ["models", "show", str(ensemble)])
        assert "of its pristine rows raise an alarm" in " ".join(shown.output.split())
    finally:
        (ensemble / catalog.CARD_NAME).write_bytes(kept)


def test_an_ensemble_whose_member_is_gone_is_refused(ensemble: Path, data: Path, tmp_path: Path) -> None:
    card, _ = catalog.find(str(ensemble))
    catalog.write_card(card, tmp_path / "alone")
    with pytest.raises(ModelError, match="a member of face-both, lies neither"):
        fitted(tmp_path / "alone", data)


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Validation rows of two origins that the nets never learned from."""
    folder = made_faces(tmp_path_factory.mktemp("strangers"), {("val", False): 60, ("val", True): 40})
    rows = [
        replace(row, origin=("street", "studio")[number % 2])
        for number, row in enumerate(read_samples(folder))
    ]
    write_samples(folder, rows)
    return folder


def test_pristine_rows_of_unmet_origins_set_the_threshold(
    ensemble: Path, data: Path, strangers: Path
) -> None:
    card, folder = catalog.find(str(ensemble.parent / "face-32"))
    again = refitted(card, folder, [data], lambda _: None, [strangers])
    assert card.thresholds is not None
    assert again.thresholds is not None
    assert again.thresholds.unmet == ("street", "studio")
    assert again.calibration == card.calibration
    nets, recipe = stored_nets(card, folder)
    rows = [row for row in read_samples(strangers) if not row.manipulated]
    scores = np.array([card.manipulation_score(x) for x in nets.logits(nets.inputs(recipe, rows))])
    for origin in again.thresholds.unmet:
        own = scores[[row.origin == origin for row in rows]]
        assert (own >= again.thresholds.signs).mean() <= 0.02
    assert "none of which trained the model" in again.thresholds.rule
    assert [one.origin for one in again.thresholds.left_out] == ["street", "studio"]
    catalog.write_card(again, strangers.parent / "written")
    assert catalog.read_card(strangers.parent / "written").thresholds == again.thresholds


def test_what_may_have_trained_the_model_sets_no_threshold(
    ensemble: Path, data: Path, tmp_path: Path
) -> None:
    card, folder = catalog.find(str(ensemble.parent / "face-32"))
    with pytest.raises(TrainingError, match="may have trained face-32"):
        refitted(card, folder, [data], lambda _: None, [data])
    made = made_faces(tmp_path, {("val", False): 20, ("val", True): 20})
    assert "dfdc: " in card.training_data
    with pytest.raises(TrainingError, match="dfdc may have trained"):
        refitted(card, folder, [data], lambda _: None, [made])
