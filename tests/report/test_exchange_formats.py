"""SARIF, CASE/UCO and JUnit: complete, well-formed, and safe with hostile names."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from forensics.records.verdict import VerdictLabel
from forensics.report.renderers import RENDERERS, Renderer
from forensics.report.renderers.case_uco import CaseUcoRenderer
from forensics.report.renderers.junit import JunitRenderer
from forensics.report.renderers.sarif import SarifRenderer, uri_of
from forensics.report.view import ReportView
from tests.report.drawn import text_of
from tests.report.synthetic_case import Case, view_of

_UUID = re.compile(r"^kb:[a-z-]+-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


def n_of(view: ReportView, label: VerdictLabel) -> int:
    return sum(file.result.verdict.label is label for file in view.files)


def test_they_are_in_the_table_by_their_suffix() -> None:
    for renderer in (SarifRenderer, CaseUcoRenderer, JunitRenderer):
        assert RENDERERS[renderer.suffix].endswith(f":{renderer.__name__}")


def test_sarif_has_every_file_verdict_and_notice(rich_view: ReportView) -> None:
    document: dict[str, Any] = json.loads(text_of(SarifRenderer(), rich_view))
    [run] = document["runs"]
    assert document["version"] == "2.1.0"
    assert [one["hashes"]["sha-256"] for one in run["artifacts"] if "hashes" in one] == [
        file.result.media.sha256 for file in rich_view.files if file.result.media.sha256
    ]
    verdicts = [one for one in run["results"] if one["ruleId"].startswith("verdict/")]
    assert len(verdicts) == len(rich_view.files)
    n_notices = sum(len(file.result.notices) for file in rich_view.files)
    assert len(run["results"]) == len(rich_view.files) + n_notices
    failed = [one for one in verdicts if one["kind"] == "fail"]
    assert len(failed) == n_of(rich_view, VerdictLabel.SIGNS_OF_MANIPULATION)
    assert all((one["kind"] == "fail") == (one["level"] != "none") for one in run["results"])
    assert not any(one["kind"] == "pass" for one in run["results"])
    known = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert {one["ruleId"] for one in run["results"]} <= known
    for one in run["results"]:
        place = one["locations"][0]["physicalLocation"]["artifactLocation"]
        assert run["artifacts"][place["index"]]["location"]["uri"] == place["uri"]
        assert re.fullmatch(r"[A-Za-z0-9_.~/%-]*", place["uri"].removeprefix("file://"))


def test_paths_become_addresses_that_name_nothing_else() -> None:
    assert uri_of("/a b/c.mp4") == "file:///a%20b/c.mp4"
    assert uri_of("javascript:alert(1).mp4") == "javascript%3Aalert%281%29.mp4"
    assert uri_of("a\udcff.mp4") == "a%5Cudcff.mp4"


def test_case_uco_names_every_node_once_and_refers_to_nothing_else(rich_view: ReportView) -> None:
    text = text_of(CaseUcoRenderer(), rich_view)
    graph: list[dict[str, Any]] = json.loads(text)["@graph"]
    named = [node["@id"] for node in graph]
    assert len(set(named)) == len(named)
    assert all(_UUID.match(name) for name in named)
    referred = re.findall(r'\{"@id":"(kb:[^"]+)"\}', text)
    assert set(referred) <= set(named)
    kinds = [node["@type"] for node in graph]
    n_files = len(rich_view.files)
    assert kinds.count("uco-observable:File") == kinds.count("uco-analysis:AnalyticResult") == n_files
    assert kinds.count("case-investigation:InvestigativeAction") == len(rich_view.manifests)
    assert kinds.count("case-investigation:ProvenanceRecord") == kinds.count("uco-tool:Tool") == 1
    hashes = set(re.findall(r'"@type":"xsd:hexBinary","@value":"([0-9a-f]{64})"', text))
    assert hashes == {file.result.media.sha256 for file in rich_view.files if file.result.media.sha256}
    assert text_of(CaseUcoRenderer(), rich_view) == text


def test_junit_fails_where_there_are_signs(rich_view: ReportView) -> None:
    root = ET.fromstring(text_of(JunitRenderer(), rich_view))
    assert len(root) == len(rich_view.files) == int(root.attrib["tests"])
    assert len(root.findall("testcase/failure")) == n_of(rich_view, VerdictLabel.SIGNS_OF_MANIPULATION)
    assert len(root.findall("testcase/skipped")) == int(root.attrib["skipped"])


@pytest.mark.parametrize("renderer", [SarifRenderer(), CaseUcoRenderer(), JunitRenderer()])
def test_hostile_text_stays_text_and_no_files_is_a_document(
    renderer: Renderer, rich_view: ReportView
) -> None:
    text = text_of(renderer, rich_view)
    assert "\u202e" not in text
    assert "\x1b" not in text
    if renderer.suffix == ".xml":
        assert "<script" not in text
    empty = text_of(renderer, view_of(Case([], {})))
    assert (ET.fromstring(empty) if renderer.suffix == ".xml" else json.loads(empty)) is not None
