"""A recording of two speakers, examined with the models that ship, in every form of report."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from forensics.casefile.case_file import CaseFile
from forensics.media.encode import write_clip
from forensics.records.subject import SubjectKind
from forensics.report.renderers.csv import CsvRenderer
from forensics.report.renderers.json import JsonRenderer
from forensics.report.renderers.json_v1 import JsonV1Renderer
from forensics.report.view import ReportView, build_view
from forensics.scan.scan_run import plan_scan, run_scan
from forensics.settings import ScanSettings
from forensics.workflows.drawing import cards_of
from tests.detectors.test_speakers import high, low
from tests.report.drawn import page_of, text_of
from tests.report.test_json import FOLDER
from tests.report.test_languages import english_of, words_of

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> ReportView:
    folder = tmp_path_factory.mktemp("media")
    samples = np.concatenate([low(9.0), high(9.0), low(9.0, 3), high(9.0, 4)])
    write_clip(folder / "call.flac", samples=samples, sample_rate_hz=RATE_HZ)
    settings = ScanSettings(paths=(folder,), workers=1, detectors=("voice",))
    with CaseFile.create_or_resume(tmp_path_factory.mktemp("case") / "a.case") as case:
        run_scan(plan_scan(settings, ["forensics", "scan"]), case)
        manifests = case.manifests()
        return build_view(
            manifests, list(case.results()), case.exhibits, cards=cards_of(manifests), ratios=True
        )


def test_the_run_names_the_net_that_told_them_apart(view: ReportView) -> None:
    [manifest] = view.manifests
    assert {"speech-silero", "speaker-ge2e"} <= {model.id for model in manifest.models}


def test_each_speaker_has_a_timeline_a_score_and_a_spectrogram(view: ReportView) -> None:
    [file] = view.files
    assert {str(one.subject) for one in file.subjects} == {"voice of speaker 1", "voice of speaker 2"}
    assert all(one.basis is not None and one.basis.n_scores == 6 and one.groups for one in file.subjects)
    page = page_of(view)
    for number in (1, 2):
        assert f"Voice of speaker {number}" in page
        assert f"voice of speaker {number}: score over time" in page
    assert "2 speakers whose voices differ clearly were told apart; each is judged alone." in page


def test_the_page_in_german_says_so_in_german(view: ReportView) -> None:
    page = words_of(page_of(replace(view, language="de")))
    assert english_of(page) == []
    assert any("Stimme von Sprecher 2" in words for words in page.said)
    assert any(words.startswith("2 Sprecher mit deutlich verschiedenen Stimmen") for words in page.said)


def test_programs_read_a_voice_with_a_number(view: ReportView) -> None:
    report = json.loads(text_of(JsonRenderer(), view))
    found = [one["subject"] for one in report["files"][0]["verdict"]["basis"]]
    assert sorted(one["number"] for one in found) == [1, 2]
    assert {one["kind"] for one in found} == {SubjectKind.VOICE.value}
    before = json.loads(text_of(JsonV1Renderer(), view))
    assert {one["subject"] for one in before["files"][0]["verdict"]["basis"]} == {
        "voice of speaker 1",
        "voice of speaker 2",
    }
    assert len(text_of(CsvRenderer(), view).splitlines()) == 2


@pytest.mark.parametrize("version", [1, 2])
def test_the_schemas_of_before_hold(view: ReportView, version: int) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed (extra dev)")
    schema = json.loads(Path(FOLDER / f"report-v{version}.schema.json").read_text("utf-8"))
    renderer = {1: JsonV1Renderer(), 2: JsonRenderer()}[version]
    jsonschema.Draft202012Validator(schema).validate(json.loads(text_of(renderer, view)))
