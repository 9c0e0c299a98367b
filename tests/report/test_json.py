"""JSON: valid against its own committed schema, complete, and without pictures."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from forensics.records.earlier_names import with_earlier_names
from forensics.records.labelled_figures import Curve, Figure
from forensics.report.renderers import Renderer, write_report
from forensics.report.renderers.json import JsonRenderer, JsonReport, report_schema
from forensics.report.renderers.json_v1 import JsonV1Renderer, report_schema_v1
from forensics.report.view import ReportView, build_view
from tests.report.drawn import drawn
from tests.report.synthetic_case import Case, examined, labelled_figures, view_of
from tests.report.test_exhibit_forms import SHOWN

FOLDER = Path(__file__).parents[2] / "reports" / "schema"
SCHEMAS = {
    FOLDER / "report-v2.schema.json": report_schema(),
    FOLDER / "report-v1.schema.json": report_schema_v1(),
}
RENDERERS = dict(zip(SCHEMAS, (JsonRenderer(), JsonV1Renderer()), strict=True))


def written(view: ReportView, renderer: Renderer | None = None) -> bytes:
    return drawn(renderer or JsonRenderer(), view)


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_schema_is_up_to_date(path: Path) -> None:
    fresh = json.dumps(SCHEMAS[path], indent=2, ensure_ascii=False) + "\n"
    assert path.read_text("utf-8") == fresh, "write it again: python -m tests.report.test_json"


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_report_obeys_the_schema(path: Path, rich_view: ReportView) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed (extra dev)")
    jsonschema.Draft202012Validator(json.loads(path.read_text("utf-8"))).validate(
        json.loads(written(rich_view, RENDERERS[path]))
    )


def test_version_1_is_written_on_request_with_the_fields_that_it_had(
    rich_view: ReportView, tmp_path: Path
) -> None:
    write_report(rich_view, tmp_path / "a.json")
    write_report(rich_view, tmp_path / "a.V1.json")
    new, old = (json.loads((tmp_path / name).read_bytes()) for name in ("a.json", "a.V1.json"))
    assert (new["schema_version"], old["schema_version"]) == (2, 1)
    for fresh, before, file in zip(new["files"], old["files"], rich_view.files, strict=True):
        assert before["face_fakeness"] == file.highest.get("face")
        assert before["voice_fakeness"] == file.highest.get("voice")
        assert "face_fakeness" not in fresh
        assert {one["name"]: one["score"] for one in fresh["detectors"]} == file.highest
        same = ("row_id", "media", "verdict", "scores", "abstentions", "tracks", "properties")
        assert [with_earlier_names(fresh[name]) for name in same] == [before[name] for name in same]
        assert before["verdict"]["fakeness"] == fresh["verdict"]["manipulation_score"]


def test_charts_tables_and_texts_are_there_with_their_content() -> None:
    view = build_view([], [(2, examined("clips/a.mp4", (0.9,), None, 1))], lambda _: SHOWN)
    report = msgspec.json.decode(written(view), type=JsonReport)
    assert [one.content for one in report.files[0].exhibits] == [one.content for one in SHOWN]
    old = json.loads(written(view, JsonV1Renderer()))["files"][0]["exhibits"]
    assert [one["caption"] for one in old] == [one.caption for one in SHOWN]
    assert {one["content"] for one in old} == {None}


def test_report_comes_back_as_it_went(rich_view: ReportView) -> None:
    report = msgspec.json.decode(written(rich_view), type=JsonReport)
    assert [file.media for file in report.files] == [file.result.media for file in rich_view.files]
    assert [file.scores for file in report.files] == [file.result.scores for file in rich_view.files]
    assert report.manifests == rich_view.manifests
    assert sum(report.counts.values()) == len(report.files)
    assert report.chain_head == rich_view.chain_head


def test_captions_are_there_and_pictures_are_not(rich_view: ReportView) -> None:
    text = written(rich_view)
    assert b"Where the net looked" in text
    assert b"jpeg" not in text


def test_numbers_are_finite() -> None:
    result = examined("a.mp4", (0.9,), None, 1)
    broken = replace(result.scores[0], logit=math.inf)
    figures = replace(
        labelled_figures(),
        figures=(Figure("auc", math.nan, 3), Figure("eer", 0.2, 3)),
        curves=(Curve("roc", (0.0, math.inf, 1.0), (0.0, 0.5, 1.0)),),
    )
    case = Case([(1, replace(result, scores=(broken, *result.scores[1:])))], {})
    report = msgspec.json.decode(written(view_of(case, figures=(figures,))), type=JsonReport)
    assert len(report.files[0].scores) == len(result.scores) - 1
    assert "not finite" in report.files[0].notices[-1].message
    assert report.figures[0].curves[0].x == (0.0, 1.0)
    assert [figure.name for figure in report.figures[0].figures] == ["eer"]
    assert "auc" in report.figures[0].notes[-1]


def test_no_files() -> None:
    assert json.loads(written(view_of(Case([], {}))))["files"] == []


if __name__ == "__main__":
    for schema_path, schema in SCHEMAS.items():
        schema_path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", "utf-8")
