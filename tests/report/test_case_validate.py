"""The export for CASE/UCO obeys the ontology: checked by case-utils, offline."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from forensics.report.renderers.case_uco import CaseUcoRenderer
from forensics.report.view import ReportView

pytest.importorskip("case_utils", reason="case-utils is not installed (extra dev)")

_VERSION = "case-1.4.0"


def validated(path: Path) -> subprocess.CompletedProcess[str]:
    """What ``case_validate`` says; a proxy that refuses stands between it and the network."""
    nowhere = "http://127.0.0.1:9"
    environment = {**os.environ, "http_proxy": nowhere, "https_proxy": nowhere, "no_proxy": ""}
    start = "from case_utils.case_validate import main; main()"
    command = [sys.executable, "-c", start, "--built-version", _VERSION]
    return subprocess.run(
        [*command, "--allow-info", "--format", "human", str(path)],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
    )


@pytest.fixture
def document(rich_view: ReportView, tmp_path: Path) -> Path:
    path = tmp_path / "report.jsonld"
    with path.open("wb") as out:
        CaseUcoRenderer().render(rich_view, out)
    return path


def test_the_export_conforms(document: Path) -> None:
    result = validated(document)
    assert "Conforms: True" in result.stdout, result.stdout[-3000:] + result.stderr[-2000:]
    assert result.returncode == 0


def test_the_validator_sees_what_is_wrong(document: Path) -> None:
    graph: dict[str, Any] = json.loads(document.read_text("utf-8"))
    file = next(node for node in graph["@graph"] if node["@type"] == "uco-observable:File")
    file["uco-core:hasFacet"][0]["uco-observable:sizeInBytes"] = "many"
    document.write_text(json.dumps(graph), "utf-8")
    result = validated(document)
    assert "Conforms: False" in result.stdout
    assert result.returncode != 0
