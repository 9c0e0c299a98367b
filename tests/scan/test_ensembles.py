"""Ensembles: several models of one detector, combined under a card of their own, each still visible."""

from __future__ import annotations

import csv
import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from forensics import catalog, ensembles
from forensics.casefile.case_file import CaseFile
from forensics.casefile.continuity import differences
from forensics.detectors.scoring import inferred, opinions
from forensics.engines.openvino_engine import CompiledNet
from forensics.errors import ModelError, SettingsError
from forensics.media.discovery import Found, discover
from forensics.records.model_card import Calibration, ModelCard, Thresholds
from forensics.records.scan_result import ScanResult
from forensics.records.subject import person
from forensics.report.renderers.csv import CsvRenderer
from forensics.report.renderers.html import HtmlRenderer
from forensics.report.renderers.json import JsonRenderer
from forensics.report.view import ReportView, build_view
from forensics.scan.pipeline import examine
from forensics.scan.scan_run import plan_scan, run_scan
from forensics.scan.worker_context import assemble, choose_detectors, manifest_of
from forensics.settings import Profile, ScanSettings
from tests import synthetic
from tests.made_models import face_model, voice_model
from tests.report.drawn import text_of

WEIGHTS = (0.75, 0.25)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two face models that see different crops, and an ensemble of them that is calibrated."""
    folder = tmp_path_factory.mktemp("models")
    face_model(folder, "narrow")
    face_model(folder, "wide", size_px=48, crop_margin=1.6, min_face_px=30, flip=True, grey=0.2)
    ensemble(folder, "both")
    return folder


def ensemble(root: Path, name: str, **changes: object) -> ModelCard:
    cards = [catalog.read_card(root / one) for one in ("narrow", "wide")]
    card = replace(
        ensembles.combined(list(zip(cards, WEIGHTS, strict=True)), name),
        calibration=Calibration(1.5, 0.25, -8.0, 8.0, "made up", 10),
        thresholds=Thresholds(0.7, 0.2, "made up"),
        **changes,
    )
    catalog.write_card(card, root / name)
    return card


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthetic.normal_clip(tmp_path_factory.mktemp("media"))


def settings_for(*models: Path, profile: Profile = Profile.EXAMINATION) -> ScanSettings:
    return ScanSettings(
        paths=(models[0],), frames=6, detectors=("face",), models=tuple(map(str, models)), profile=profile
    )


def scan(clip: Path, *models: Path, profile: Profile = Profile.EXAMINATION) -> ScanResult:
    settings = settings_for(*models, profile=profile)
    [file] = [item for item in discover([clip]) if isinstance(item, Found)]
    return examine(file, assemble(settings, choose_detectors(settings)))


def test_the_logit_is_the_weighted_sum_and_members_stay_visible(root: Path, clip: Path) -> None:
    both, narrow, wide = (scan(clip, root / name) for name in ("both", "narrow", "wide"))
    card = catalog.read_card(root / "both")
    assert len(both.scores) == len(narrow.scores) == len(wide.scores) == 6
    for whole, one, other in zip(both.scores, narrow.scores, wide.scores, strict=True):
        assert whole.model == "both"
        assert [member.model for member in whole.members] == ["narrow", "wide"]
        assert [member.logit for member in whole.members] == [one.logit, other.logit], "bit for bit"
        assert [member.manipulation_score for member in whole.members] == [
            one.manipulation_score,
            other.manipulation_score,
        ]
        assert whole.logit == pytest.approx(0.75 * one.logit + 0.25 * other.logit, abs=1e-6)
        assert whole.manipulation_score == card.manipulation_score(whole.logit)
        assert one.members == ()
    assert both.scores[0].logit != pytest.approx(narrow.scores[0].logit, abs=1e-3)
    [basis], [one], [other] = (result.verdict.basis for result in (both, narrow, wide))
    assert basis.model == "both"
    assert basis.logit == pytest.approx(0.75 * one.logit + 0.25 * other.logit, abs=1e-6)
    assert [(member.model, member.logit) for member in basis.members] == [
        ("narrow", pytest.approx(one.logit)),
        ("wide", pytest.approx(other.logit)),
    ]
    assert basis.members[1].manipulation_score == pytest.approx(other.manipulation_score)
    assert {exhibit.subject for exhibit in both.exhibits} == {person(1)}


def test_a_single_net_gives_the_bits_that_it_always_gave(root: Path) -> None:
    """The formula that the detectors had before there were ensembles, written out."""
    dice = np.random.default_rng(5)
    card = catalog.read_card(root / "wide")
    net = CompiledNet(card, root / "wide", "f32")
    batch = dice.integers(0, 256, (4, 48, 48, 3), np.uint8)
    before = (net.infer(batch).logits + net.infer(batch[:, :, ::-1]).logits) / np.float32(2)
    assert inferred(net, batch).logits.tobytes() == before.tobytes()
    assert [one.logit for one in opinions(net, lambda _: batch)] == before.tolist()
    clips = dice.integers(0, 256, (2, 3, 8, 8, 3), np.uint8)
    assert (clips[..., ::-1, :] == clips[:, :, :, ::-1]).all(), "clips are mirrored as pictures are"


def test_a_face_too_small_for_one_member_is_left_out_for_all(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root, tmp_path / "models")
    face_model(tmp_path / "models", "picky", size_px=48, crop_margin=1.6, min_face_px=5_000)
    cards = [catalog.read_card(tmp_path / "models" / name) for name in ("narrow", "picky")]
    catalog.write_card(
        ensembles.combined([(card, 1.0) for card in cards], "strict"), tmp_path / "models/strict"
    )
    result = scan(synthetic.normal_clip(tmp_path), tmp_path / "models/strict")
    assert result.scores == ()
    [abstention] = result.abstentions
    assert (abstention.why, abstention.subject) == ("TOO_SMALL", person(1))


def test_the_same_weights_with_another_card_are_the_member(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root, tmp_path / "models")
    narrow = tmp_path / "models/narrow"
    catalog.write_card(replace(catalog.read_card(narrow), thresholds=None), narrow)
    card = catalog.read_card(tmp_path / "models/both")
    assert ensembles.verify(card, tmp_path / "models/both") > 0


@pytest.mark.parametrize("how", ["other model", "damaged", "gone"])
def test_a_changed_member_is_refused(root: Path, tmp_path: Path, how: str) -> None:
    models = tmp_path / "models"
    shutil.copytree(root, models)
    narrow = models / "narrow"
    if how == "damaged":
        (narrow / "model.bin").write_bytes(b"\0" * 8)
        words = "not the file that the card of narrow describes"
    else:
        shutil.rmtree(narrow)
        words = "lies neither in"
    if how == "other model":
        face_model(models, "narrow", grey=0.9)
        words = "narrow in .* is not the member that the card of both describes"
    with pytest.raises(ModelError, match=words):
        choose_detectors(settings_for(models / "both"))


def test_several_models_on_the_command_line_are_an_ensemble_without_verdicts(root: Path, clip: Path) -> None:
    result = scan(clip, root / "narrow", root / "wide")
    [basis] = result.verdict.basis
    assert basis.model == "narrow+wide"
    assert not basis.judges
    first = result.scores[0]
    assert first.logit == pytest.approx(np.mean([member.logit for member in first.members]), abs=1e-6)
    with pytest.raises(SettingsError, match="twice"):
        choose_detectors(settings_for(root / "narrow", root / "narrow"))
    with pytest.raises(SettingsError, match="cannot be a member"):
        choose_detectors(settings_for(root / "narrow", root / "both"))


def test_the_manifest_names_the_ensemble_and_its_members(root: Path) -> None:
    settings = settings_for(root / "both")
    whole, narrow, wide = manifest_of(settings, choose_detectors(settings), ["forensics"]).models
    assert [(one.id, one.weight) for one in whole.members] == list(
        zip(("narrow", "wide"), WEIGHTS, strict=True)
    )
    assert whole.card_sha256 == catalog.card_sha256(root / "both")
    assert (whole.sha256, narrow.id, wide.id) == ("", "narrow", "wide")
    assert len(narrow.sha256) == len(wide.xml_sha256) == 64
    alone = settings_for(root / "narrow")
    runs = [manifest_of(one, choose_detectors(one), ["forensics"]) for one in (settings, alone, settings)]
    assert differences(runs[0], runs[2]) == []
    [changed] = differences(runs[0], runs[1])
    assert changed.startswith("face model was both 1 f32")


def test_a_triage_looks_first_with_the_member_that_the_card_names(
    root: Path, tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forensics.scan.worker_context.cpu_isa", lambda: "avx512f avx512_bf16")
    models = tmp_path / "models"
    shutil.copytree(root, models)
    ensemble(models, "first", looks_first="narrow")
    settings = settings_for(models / "first", profile=Profile.TRIAGE)
    chosen = choose_detectors(settings)
    whole, narrow, wide = manifest_of(settings, chosen, ["forensics"]).models
    assert [one.precisions for one in (whole, narrow, wide)] == ["f32", "bf16, then f32", "f32"]
    result = scan(clip, models / "first", profile=Profile.TRIAGE)
    assert {score.model for score in result.scores} == {"first"}, "the made face is bright: in doubt"
    bounds = Thresholds(0.999, 0.99, "passes everybody")
    catalog.write_card(replace(catalog.read_card(models / "narrow"), thresholds=bounds), models / "narrow")
    cleared = scan(clip, models / "first", profile=Profile.TRIAGE)
    assert {(score.model, score.precision) for score in cleared.scores} == {("narrow", "bf16")}
    assert cleared.verdict.basis[0].model == "narrow"


def test_the_index_names_a_default_for_each_profile(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = tmp_path / "models"
    shutil.copytree(root, models)
    monkeypatch.setattr(catalog, "models_folder", lambda: models)
    (models / catalog.INDEX_NAME).write_text('[default]\nface = "both"\n[triage]\nface = "narrow"\n')
    usual = {
        profile: choose_detectors(ScanSettings(paths=(), profile=profile, detectors=("face",)))
        for profile in Profile
    }
    assert usual[Profile.EXAMINATION][0].models[0].card.id == "both"
    assert usual[Profile.TRIAGE][0].models[0].card.id == "narrow"


def test_sounds_that_are_heard_differently_cannot_be_combined(root: Path, tmp_path: Path, clip: Path) -> None:
    voice_model(tmp_path, "near")
    voice_model(tmp_path, "far", window_s=1.0)
    settings = ScanSettings(
        paths=(clip,), detectors=("voice",), models=(str(tmp_path / "near"), str(tmp_path / "far"))
    )
    with pytest.raises(ModelError, match="other windows of sound"):
        assemble(settings, choose_detectors(settings))


def test_sound_is_combined_as_well(tmp_path: Path) -> None:
    for name, grey in (("near", 0.5), ("far", 0.1)):
        voice_model(tmp_path, name, grey=grey)
    clip = synthetic.normal_clip(tmp_path)
    settings = ScanSettings(
        paths=(clip,), detectors=("voice",), models=(str(tmp_path / "near"), str(tmp_path / "far"))
    )
    [file] = [item for item in discover([clip]) if isinstance(item, Found)]
    result = examine(file, assemble(settings, choose_detectors(settings)))
    assert result.scores
    for score in result.scores:
        near, far = (member.logit for member in score.members)
        assert far - near == pytest.approx(8 * 0.4, abs=1e-4)
        assert score.logit == pytest.approx((near + far) / 2, abs=1e-6)


def reported(root: Path, clip: Path, folder: Path) -> ReportView:
    settings = replace(settings_for(root / "both"), paths=(clip,))
    plan = plan_scan(settings, ["forensics", "scan"])
    with CaseFile.create_or_resume(folder / "scan.case") as case:
        run_scan(plan, case)
        cards = [card for model in plan.models for card in model.cards]
        return build_view(case.manifests(), list(case.results()), case.exhibits, cards=cards)


def test_report_csv_and_json_show_each_member(root: Path, clip: Path, tmp_path: Path) -> None:
    view = reported(root, clip, tmp_path)
    [file] = view.files
    [basis] = file.result.verdict.basis
    drawn = {
        renderer.suffix: text_of(renderer, view)
        for renderer in (CsvRenderer(), JsonRenderer(), HtmlRenderer())
    }
    [row] = csv.DictReader(io.StringIO(drawn[".csv"]))
    assert float(row["face_score"]) == pytest.approx(basis.manipulation_score, abs=1e-6)
    for member in basis.members:
        assert float(row[f"face_score_{member.model}"]) == pytest.approx(member.manipulation_score, abs=1e-6)
    document = json.loads(drawn[".json"])
    assert [one["model"] for one in document["files"][0]["verdict"]["basis"][0]["members"]] == [
        "narrow",
        "wide",
    ]
    assert [card["id"] for card in document["models"]] == ["both", "narrow", "wide"]
    assert f"narrow {basis.members[0].manipulation_score:.2f}" in drawn[".html"]
    assert "ensemble of" in drawn[".html"]
