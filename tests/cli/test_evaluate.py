"""``forensics calibrate`` and ``evaluate`` on stills whose brightness is all that their model looks at."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from forensics import catalog
from forensics.records.model_card import Thresholds, Variant
from tests.cli.running import Ran, Runner
from tests.made_models import face_model

N_PER_CLASS = 30
SIDE_PX = 48


@pytest.fixture(scope="module")
def stills(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dark pristine and bright manipulated stills, which overlap a little, and their labels."""
    folder = tmp_path_factory.mktemp("stills")
    random = np.random.default_rng(7)
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as opened:
        table = csv.writer(opened)
        table.writerow(["path", "label", "group", "method", "skin_tone", "light"])
        for index in range(2 * N_PER_CLASS):
            manipulated = index % 2 == 1
            level = random.normal(0.62 if manipulated else 0.38, 0.1)
            noise = random.normal(0, 0.05, (SIDE_PX, SIDE_PX, 3))
            name = f"{index:02d}.png"
            Image.fromarray((255 * np.clip(level + noise, 0, 1)).astype(np.uint8)).save(folder / name)
            tone, light = ("dark", "light")[index % 3 == 0], ("day", "night")[index % 5 == 0]
            label, method = ("fake", "brightening") if manipulated else ("real", "camera")
            table.writerow([name, label, f"person {index // 2}", method, tone, light])
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return face_model(tmp_path / "models")


def _on(stills: Path, model: Path) -> tuple[object, ...]:
    labels = stills / "labels.csv"
    return (stills, "--labels", labels, "--crops", "--workers", 1, "--model", model)


def _calibrated(run: Runner, stills: Path, model: Path) -> Ran:
    ran = run("calibrate", *_on(stills, model), "--data-set", "made stills")
    assert ran.code == 0, ran.err
    return ran


def _evaluate(run: Runner, stills: Path, model: Path, *more: object) -> Ran:
    return run("evaluate", *_on(stills, model), "--detectors", "face", *more)


def _scope(report: Path, name: str) -> dict[str, Any]:
    figures = json.loads(report.read_bytes())["figures"]
    return next(one for one in figures if one["scope"] == name)


def test_calibrate_writes_all_that_a_card_states(run: Runner, stills: Path, model: Path) -> None:
    before = catalog.read_card(model)
    dry = run("calibrate", *_on(stills, model), "--dry-run")
    assert dry.code == 0, dry.err
    assert catalog.read_card(model) == before

    told = _calibrated(run, stills, model)
    losses = {line.split()[0]: line for line in told.out.splitlines() if "log loss" in line}
    assert set(losses) == {"platt", "temperature", "isotonic"}
    assert sum("chosen" in line for line in losses.values()) == 1
    card = catalog.read_card(model)
    assert card.calibration is not None
    assert card.calibration.n == 2 * N_PER_CLASS
    assert card.thresholds is not None
    assert 0 < card.thresholds.no_signs < card.thresholds.signs < 1
    assert "false positives at most 2%, 0 of 30 pristine rows" in card.thresholds.rule
    assert card.likelihood is not None
    assert card.likelihood.log10_highest > 0
    assert "made stills" in card.likelihood.rule
    assert {"brightness", "sharpness"} <= card.domain.ranges.keys()
    # All crops have one size, which says nothing of the sizes that the model can take.
    assert "face_size_px" not in card.domain.ranges
    shown = run("models", "show", model).out
    assert "validation: made stills" in shown
    assert "likelihood ratios from 1/" in shown
    assert "brightness from 0." in shown


def test_the_domain_can_be_measured_without_a_new_calibration(run: Runner, stills: Path, model: Path) -> None:
    before = catalog.read_card(model)
    assert run("calibrate", *_on(stills, model), "--domain-only").code == 0
    after = catalog.read_card(model)
    assert after.domain.ranges
    assert replace(after, domain=before.domain) == before


def test_ratios_are_stated_within_their_bounds_and_refused_outside_the_domain(
    run: Runner, stills: Path, model: Path, tmp_path: Path
) -> None:
    _calibrated(run, stills, model)
    report, table, page = (tmp_path / name for name in ("out.json", "out.csv", "out.html"))
    ran = _evaluate(run, stills, model, "--lr", "--report", report, "--report", table, "--report", page)
    assert ran.code == 0, ran.err
    assert "face likelihood ratios: " in ran.out
    assert "for manipulated" in ran.out
    bounds = catalog.read_card(model).likelihood
    assert bounds is not None
    files = json.loads(report.read_bytes())["files"]
    stated = [one["likelihood"][0] for one in files]
    ratios = [one["log10_ratio"] for one in stated if one["log10_ratio"] is not None]
    assert len(ratios) > N_PER_CLASS
    assert min(ratios) >= bounds.log10_lowest
    assert max(ratios) <= bounds.log10_highest
    # The domain is the middle 98 % of what was seen: the brightest and the darkest picture lie outside.
    refused = [one["words"] for one in stated if one["log10_ratio"] is None]
    assert refused
    assert all("the subject is unlike the files that face-made was calibrated on" in one for one in refused)
    assert any("(brightness" in one for one in refused)
    scope = _scope(report, "face likelihood ratios")
    assert sum(scope["support"]["manipulated"].values()) == N_PER_CLASS
    assert scope["support"]["pristine"]["not stated"] == sum(
        one["label"] == "pristine" and one["likelihood"][0]["log10_ratio"] is None for one in files
    )
    assert {figure["name"] for figure in scope["figures"]} >= {"cllr", "misleading_pristine"}
    with table.open(newline="", encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    assert sum(row["log10_likelihood_ratio"] != "" for row in rows) == len(ratios)
    text = page.read_text(encoding="utf-8")
    assert "ENFSI Guideline for Evaluative Reporting" in text
    assert "times more probable if it was manipulated" in text


def test_without_a_wish_for_ratios_none_are_stated(
    run: Runner, stills: Path, model: Path, tmp_path: Path
) -> None:
    _calibrated(run, stills, model)
    report = tmp_path / "out.json"
    assert "likelihood" not in _evaluate(run, stills, model, "--report", report).out
    assert all(one["likelihood"] == [] for one in json.loads(report.read_bytes())["files"])


def test_a_model_that_earned_no_verdicts_states_no_ratio(run: Runner, stills: Path, model: Path) -> None:
    _calibrated(run, stills, model)
    card = catalog.read_card(model)
    catalog.write_card(replace(card, thresholds=Thresholds(1.0, 0.0, "too close to guessing")), model)
    ran = _evaluate(run, stills, model, "--lr")
    assert "face likelihood ratios: 0 manipulated, 0 pristine, 60 abstained" in ran.out
    assert "60 not stated, since the validation files do not show" in ran.out


def test_scan_and_report_state_the_same_ratios(
    run: Runner, stills: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _calibrated(run, stills, model)
    monkeypatch.setattr(catalog, "models_folder", lambda: model.parent)
    case, first, again = (tmp_path / name for name in ("out.case", "first.json", "again.json"))
    scan = (stills, "--crops", "--workers", 1, "--detectors", "face", "--case", case)
    assert run("scan", *scan, "--lr", "--report", first).code == 0
    assert run("report", case, "--lr", "--report", again).code == 0
    said, said_again = (
        {one["media"]["path"]: one["likelihood"] for one in json.loads(path.read_bytes())["files"]}
        for path in (first, again)
    )
    assert said == said_again
    assert sum(bool(one) for one in said.values()) == 2 * N_PER_CLASS


def test_figures_are_broken_down_by_columns_and_by_what_was_measured(
    run: Runner, stills: Path, model: Path, tmp_path: Path
) -> None:
    _calibrated(run, stills, model)
    ran = _evaluate(run, stills, model)
    for part in (
        *("method=brightening", "skin tone=dark", "light=night"),
        *("brightness=0.25 to 0.5", "domain=outside", "domain=inside"),
    ):
        assert f"\n  face, {part}: " in ran.out


def test_precisions_profiles_and_models_are_compared_on_the_same_files(
    run: Runner, stills: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _calibrated(run, stills, model)
    other = face_model(tmp_path / "others", "face-brighter")
    brighter = catalog.read_card(other)
    assert brighter.calibration is not None
    catalog.write_card(replace(brighter, calibration=replace(brighter.calibration, intercept=9.0)), other)
    # The INT8 form of a model whose weights do not matter is the same graph under another name.
    card = catalog.read_card(model)
    for suffix in ("xml", "bin"):
        shutil.copy(model / f"model.{suffix}", model / f"model.int8.{suffix}")
    plain = card.variants[0]
    small = Variant("int8", "model.int8.xml", "model.int8.bin", plain.xml_sha256, plain.bin_sha256)
    catalog.write_card(replace(card, variants=(plain, small)), model)
    report = tmp_path / "out.json"
    monkeypatch.setattr("forensics.workflows.comparing.cpu_isa", lambda: "avx512_bf16")
    compare = [word for one in ("int8", "triage", other) for word in ("--compare", one)]
    ran = _evaluate(run, stills, model, *compare, "--report", report)
    assert ran.code == 0, ran.err
    same = _scope(report, "comparison f32 minus int8")
    values = {figure["name"]: figure for figure in same["figures"]}
    assert (same["n_manipulated"], same["n_pristine"]) == (N_PER_CLASS, N_PER_CLASS)
    assert values["drift_max"]["value"] == values["label_flips"]["value"] == 0
    assert values["auc_difference"]["lower"] <= 0 <= values["auc_difference"]["upper"]
    assert "comparison examination minus triage: 30 manipulated, 30 pristine" in ran.out
    shifted = _scope(report, "comparison face-made minus face-brighter")
    values = {figure["name"]: figure["value"] for figure in shifted["figures"]}
    assert values["auc_difference"] == 0
    assert values["drift_mean"] > 0.2
    assert values["label_flips"] > N_PER_CLASS / 2
    assert any("became SIGNS_OF_MANIPULATION" in note for note in shifted["notes"])


def test_a_form_that_is_not_there_cannot_be_compared(
    run: Runner, stills: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = _evaluate(run, stills, model, "--compare", "int8")
    assert ran.code == 2
    assert "face-made has no INT8 form to compare with\nCompare with bf16." in ran.err
    monkeypatch.setattr("forensics.workflows.comparing.cpu_isa", lambda: "avx2")
    assert "This CPU has no bf16" in _evaluate(run, stills, model, "--compare", "bf16").err


def test_the_command_on_a_card_has_nothing_of_this_machine(
    run: Runner, stills: Path, model: Path, tmp_path: Path
) -> None:
    _calibrated(run, stills, model)
    report = tmp_path / "out.json"
    written = ("--data-set", "made stills", "--write-card", "--report", report, f"--report={report}", "--lr")
    assert _evaluate(run, stills, model, *written).code == 0
    card = catalog.read_card(model)
    (command,) = {metric.command for metric in card.metrics}
    assert command.endswith("--data-set 'made stills'")
    assert not [word for word in ("--report", "--write-card", "--lr", "--workers") if word in command]
    assert not [metric for metric in card.metrics if "likelihood" in metric.name]
    assert _evaluate(run, stills, model, "--data-set", "made stills", "--audit").code == 0
