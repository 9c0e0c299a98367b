"""JSON: valid against its own committed schema, complete, and without pictures."""

from __future__ import annotations

import io
import json
import math
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from forensics.records.labelled_figures import Curve, Figure
from forensics.report.renderers.json import JsonRenderer, JsonReport, report_schema
from forensics.report.view import ReportView
from tests.report.synthetic_case import Case, examined, labelled_figures, view_of

SCHEMA = Path(__file__).parents[2] / "reports" / "schema" / "report-v1.schema.json"


def written(view: ReportView) -> bytes:
    out = io.BytesIO()
    JsonRenderer().render(view, out)
    return out.getvalue()


def test_schema_is_up_to_date() -> None:
    fresh = json.dumps(report_schema(), indent=2, ensure_ascii=False) + "\n"
    assert SCHEMA.read_text("utf-8") == fresh, "write it again: python -m tests.report.test_json"


def test_report_obeys_the_schema(rich_view: ReportView) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed (extra dev)")
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(
        json.loads(written(rich_view))
    )


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
    broken = replace(result.scores[0], raw=math.inf)
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
    SCHEMA.write_text(json.dumps(report_schema(), indent=2, ensure_ascii=False) + "\n", "utf-8")
