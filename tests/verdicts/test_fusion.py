"""Fusion: monotone, at home with missing detectors, and the same numbers again from stored rows."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from forensics import catalog, fusions
from forensics.casefile.case_file import CaseFile
from forensics.detectors import DETECTORS
from forensics.errors import ModelError, SettingsError
from forensics.evaluation.fusion_fit import fit_fusion
from forensics.evaluation.labels import Label
from forensics.records.findings import Score
from forensics.records.fusion_card import FusedModel, FusionCard
from forensics.records.media import MediaFile
from forensics.records.model_card import Calibration, Thresholds, Windows
from forensics.records.scan_result import ScanResult
from forensics.records.subject import VOICE_OF_FILE, person
from forensics.records.verdict import Verdict, VerdictLabel
from forensics.scan.scan_run import plan_scan, run_scan
from forensics.settings import ScanSettings
from forensics.verdicts import policy
from forensics.verdicts.fusion import fused, fused_terms, policy_name
from tests import synthetic
from tests.made_models import face_model, voice_aids, voice_model
from tests.verdicts.test_policy import CARDS, SOUND, VIDEO, card, scores

FUSION = FusionCard(
    id="made-fusion",
    version="3",
    weights={"face": 0.9, "voice": 0.5},
    intercept=-0.25,
    most_log_odds=6.0,
    thresholds=Thresholds(0.8, 0.2, "made up"),
    models=(
        FusedModel("face", "face-test", fusions.calibration_sha256(CARDS["face-test"])),
        FusedModel("voice", "voice-test", fusions.calibration_sha256(CARDS["voice-test"])),
    ),
    data="made up",
    n=40,
)
ORDER = (VerdictLabel.NO_SIGNS_FOUND, VerdictLabel.INCONCLUSIVE, VerdictLabel.SIGNS_OF_MANIPULATION)


def conclude(given: list[Score], media: MediaFile = VIDEO, fusion: FusionCard | None = FUSION) -> Verdict:
    return policy.conclude(media, given, [], CARDS, DETECTORS, fusion)


def both(face: float, voice: float) -> list[Score]:
    return scores("face", person(1), [face] * 4) + scores("voice", VOICE_OF_FILE, [voice] * 4)


def test_the_sum_of_log_odds_is_the_files_score() -> None:
    verdict = conclude(both(1.0, 2.0))
    # The made calibration is the plain sigmoid: log-odds are the logits themselves.
    assert verdict.manipulation_score == pytest.approx(1 / (1 + math.exp(-(-0.25 + 0.9 * 1.0 + 0.5 * 2.0))))
    assert [(term.detector, term.subject) for term in verdict.terms] == [
        ("face", person(1)),
        ("voice", VOICE_OF_FILE),
    ]
    assert [term.log_odds for term in verdict.terms] == pytest.approx([1.0, 2.0])
    assert verdict.label is VerdictLabel.SIGNS_OF_MANIPULATION
    assert conclude(both(1.0, 2.0), fusion=None).manipulation_score != verdict.manipulation_score
    assert "The combined score is 0.84, from person 1 (0.73 over 4 frames) and voice" in verdict.reason


def test_two_that_are_suspicious_together_show_signs_that_neither_shows_alone() -> None:
    given = both(1.3, 1.3)
    assert conclude(given, fusion=None).label is VerdictLabel.INCONCLUSIVE
    assert conclude(given).label is VerdictLabel.SIGNS_OF_MANIPULATION


def test_a_score_that_rises_never_lowers_the_verdict() -> None:
    grid = np.linspace(-8, 8, 17)
    found = {(face, voice): conclude(both(face, voice)) for face, voice in product(grid, grid)}
    labels = set()
    for (face, voice), verdict in found.items():
        labels.add(verdict.label)
        assert verdict.manipulation_score is not None
        for higher in ((face + 1, voice), (face, voice + 1)):
            if higher in found:
                after = found[higher]
                assert after.manipulation_score is not None
                assert after.manipulation_score >= verdict.manipulation_score
                assert ORDER.index(after.label) >= ORDER.index(verdict.label)
    assert labels == set(ORDER)


@pytest.mark.parametrize(("media", "given"), [(SOUND, "voice"), (VIDEO, "face")])
def test_a_missing_detector_adds_nothing(media: MediaFile, given: str) -> None:
    verdict = conclude(scores(given, VOICE_OF_FILE if given == "voice" else person(1), [1.5] * 4), media)
    [term] = verdict.terms
    assert term.detector == given
    expected = -0.25 + FUSION.weights[given] * 1.5
    assert verdict.manipulation_score == pytest.approx(1 / (1 + math.exp(-expected)))
    assert verdict.policy == policy_name(FUSION)


def test_nobody_to_judge_is_not_examined() -> None:
    verdict = conclude([])
    assert (verdict.label, verdict.manipulation_score, verdict.terms) == (VerdictLabel.NOT_EXAMINED, None, ())
    assert verdict.policy == policy_name(FUSION)


def test_somebody_with_signs_alone_is_not_passed_by_the_sum() -> None:
    quiet = replace(FUSION, weights={"face": 0.9, "voice": 0.0})
    verdict = conclude(both(-5.0, 5.0), fusion=quiet)
    assert verdict.manipulation_score is not None
    assert verdict.manipulation_score < quiet.thresholds.no_signs
    assert verdict.label is VerdictLabel.INCONCLUSIVE
    assert "score as high as signs of manipulation alone: voice" in verdict.reason


def test_a_part_that_shows_signs_counts_as_such() -> None:
    windows = Windows(2.0, 3, ((1, 0.5), (100, 1.0)), ((1, 4.0), (10, 5.0)), "made up", 50, "made up")
    cards = {"face-test": card("face", windows=windows)}
    rows = scores("face", person(1), [-3.0] * 12 + [5.0] * 3 + [-3.0] * 12)
    verdict = policy.conclude(VIDEO, rows, [], cards, DETECTORS, FUSION)
    [term] = verdict.terms
    assert term.log_odds > 4
    assert verdict.label is VerdictLabel.SIGNS_OF_MANIPULATION


def test_the_name_of_the_policy_tells_fits_apart() -> None:
    assert policy_name(FUSION).startswith("made-fusion/3 ")
    assert policy_name(replace(FUSION, intercept=-0.26)) != policy_name(FUSION)


def test_negative_weights_are_refused() -> None:
    with pytest.raises(ValueError, match="none below 0"):
        replace(FUSION, weights={"face": -0.1})


def validation(n: int = 120) -> tuple[list[ScanResult], dict[str, Label]]:
    """Files whose face tells well, whose voice tells little and is missing in every third."""
    dice = np.random.default_rng(11)
    results, labels = [], {}
    for index in range(n):
        manipulated = index % 2 == 0
        side = 1.0 if manipulated else -1.0
        given = scores("face", person(1), (dice.normal(1.2 * side, 1.0) + dice.normal(0, 0.1, 4)).tolist())
        if index % 3:
            given += scores(
                "voice", VOICE_OF_FILE, (dice.normal(0.3 * side, 1.0) + dice.normal(0, 0.1, 4)).tolist()
            )
        media = replace(VIDEO, path=f"{index}.mp4", place=f"/{index}.mp4")
        verdict = policy.conclude(media, given, [], CARDS, DETECTORS)
        results.append(ScanResult(media, verdict, tuple(given)))
        labels[media.key] = Label(media.path, manipulated, f"group {index % 40}")
    return results, labels


def test_the_fit_weighs_who_tells_more_and_is_no_worse_than_either() -> None:
    results, labels = validation()
    models = {"face": CARDS["face-test"], "voice": CARDS["voice-test"]}
    fit = fit_fusion(results, labels, models, name="fitted", data="made up")
    assert fit.card.weights["face"] > fit.card.weights["voice"] >= 0
    assert fit.card.n == 120
    assert fit.held_out_loss < min(fit.alone.values())
    assert 0 < fit.card.thresholds.no_signs < fit.card.thresholds.signs < 1
    assert fit_fusion(results, labels, models, name="fitted", data="made up") == fit


def test_a_detector_whose_scores_run_the_wrong_way_gets_no_weight() -> None:
    results, labels = validation()
    wrong = []
    for one in results:
        turned = [
            replace(score, logit=-4 * score.logit, manipulation_score=0.5)
            if score.detector == "voice"
            else score
            for score in one.scores
        ]
        wrong.append(replace(one, verdict=policy.conclude(one.media, turned, [], CARDS, DETECTORS)))
    models = {"face": CARDS["face-test"], "voice": CARDS["voice-test"]}
    fit = fit_fusion(wrong, labels, models, name="fitted", data="made up")
    assert fit.card.weights["voice"] == pytest.approx(0.0, abs=0.05)
    assert fit.card.weights["voice"] >= 0


def test_too_few_rows_of_a_detector_are_named() -> None:
    results, labels = validation(60)
    models = {"face": CARDS["face-test"], "voice": CARDS["voice-test"]}
    silent = [
        replace(
            one,
            verdict=policy.conclude(
                one.media, [s for s in one.scores if s.detector == "face"], [], CARDS, DETECTORS
            ),
        )
        for one in results
    ]
    with pytest.raises(SettingsError, match="voice judged 0 manipulated"):
        fit_fusion(silent, labels, models, name="fitted", data="made up")
    with pytest.raises(SettingsError, match="two detectors"):
        fit_fusion(results, labels, {"face": CARDS["face-test"]}, name="fitted", data="made up")


def test_a_fusion_fits_the_models_that_it_was_fitted_on() -> None:
    models = {"face": CARDS["face-test"], "voice": CARDS["voice-test"]}
    assert fusions.misfit(FUSION, models) == ""
    assert fusions.misfit(FUSION, {"face": CARDS["face-test"]}) == ""
    anew = replace(CARDS["face-test"], calibration=Calibration(2.0, 0.0, -6.0, 6.0, "made up", 100))
    assert "calibrated anew" in fusions.misfit(FUSION, {**models, "face": anew})
    assert "not with other" in fusions.misfit(FUSION, {**models, "face": replace(anew, id="other")})
    assert "without sequence" in fusions.misfit(FUSION, {**models, "sequence": anew})


def test_a_scan_concludes_with_it_and_stored_rows_give_the_same_numbers(tmp_path: Path) -> None:
    face, voice = face_model(tmp_path / "models"), voice_model(tmp_path / "models")
    cards = {one.task: one for one in map(catalog.read_card, (face, voice))}
    models = tuple(FusedModel(task, one.id, fusions.calibration_sha256(one)) for task, one in cards.items())
    folder = tmp_path / "models/made-fusion"
    fusions.write(replace(FUSION, models=models), folder)
    fusion = fusions.find(str(folder))
    assert fusion == replace(FUSION, models=models)
    clip = synthetic.normal_clip(tmp_path)
    settings = ScanSettings(paths=(clip,), frames=6, models=(str(face), str(voice)), fusion=str(folder))
    with CaseFile.create_or_resume(tmp_path / "a.case") as case:
        run_scan(plan_scan(settings, ["forensics"]), case)
    with CaseFile.open_read_only(tmp_path / "a.case") as case:
        [run] = case.manifests()
        [(_, stored)] = case.results()
    assert run.policy == stored.verdict.policy == policy_name(fusion)
    assert {term.detector for term in stored.verdict.terms} == {"face", "voice"}
    by_id = {one.id: one for one in cards.values()}
    again = policy.conclude(stored.media, stored.scores, stored.abstentions, by_id, DETECTORS, fusion)
    assert again == stored.verdict
    assert fused(fused_terms(stored.verdict.basis, fusion), fusion) == stored.verdict.manipulation_score
    without = replace(settings, fusion=fusions.WORST_SUBJECT)
    assert plan_scan(without, ["forensics"]).manifest.policy == policy.POLICY
    other = face_model(tmp_path / "models", "other")
    with pytest.raises(SettingsError, match="does not fit this scan: it was fitted with face-made"):
        plan_scan(replace(settings, models=(str(other), str(voice))), ["forensics"])


def test_the_index_names_one_that_is_used_where_it_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = tmp_path / "models"
    face, voice = face_model(models), voice_model(models)
    voice_aids(models)
    cards = {one.task: one for one in map(catalog.read_card, (face, voice))}
    fitted = tuple(FusedModel(task, one.id, fusions.calibration_sha256(one)) for task, one in cards.items())
    fusions.write(replace(FUSION, models=fitted), models / "made-fusion")
    (models / catalog.INDEX_NAME).write_text('[fusion]\ndefault = "made-fusion"\n')
    monkeypatch.setattr(catalog, "models_folder", lambda: models)
    clip = synthetic.normal_clip(tmp_path)
    plain = ScanSettings(paths=(clip,), detectors=("face", "voice"))
    plan = plan_scan(plain, ["forensics"])
    assert plan.manifest.policy.startswith("made-fusion/3 ")
    other = face_model(tmp_path, "other")
    plan = plan_scan(replace(plain, models=(str(other),)), ["forensics"])
    assert plan.manifest.policy == policy.POLICY, "fitted on other models: the worst subject decides"
    with pytest.raises(ModelError, match="There is no fusion nonesuch"):
        plan_scan(replace(plain, fusion="nonesuch"), ["forensics"])
