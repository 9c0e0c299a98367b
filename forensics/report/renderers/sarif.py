"""SARIF 2.1.0: verdicts and what was noted of each file, for systems that collect the results of checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, ClassVar
from urllib.parse import quote

import msgspec

from forensics.detectors import STRUCTURE_DETECTORS
from forensics.records.findings import Notice
from forensics.records.scan_result import RunManifest
from forensics.records.verdict import VerdictLabel
from forensics.report.report_words import VERDICT_WORDS, visible
from forensics.report.view import FileView, ReportView

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
# SARIF's "pass" would say more than a verdict does: no signs found does not mean genuine.
_KINDS = {
    VerdictLabel.SIGNS_OF_MANIPULATION: ("fail", "error"),
    VerdictLabel.INCONCLUSIVE: ("open", "none"),
    VerdictLabel.NO_SIGNS_FOUND: ("informational", "none"),
    VerdictLabel.NOT_EXAMINED: ("notApplicable", "none"),
}


class SarifRenderer:
    """One run of SARIF for the whole case; its invocations are the runs of the scan."""

    suffix: ClassVar[str] = ".sarif"

    def render(self, view: ReportView, out: BinaryIO) -> None:
        """Writes the document as UTF-8, file by file."""
        rules = {f"verdict/{label.value}": words for label, words in VERDICT_WORDS.items()}
        stages = {notice.stage for file in view.files for notice in file.result.notices}
        rules |= {f"notice/{stage}": f"Noted by {stage}" for stage in sorted(stages)}
        run = {
            "tool": {
                "driver": {
                    "name": "forensics",
                    "version": view.tool_version,
                    "rules": [
                        {"id": name, "shortDescription": {"text": words}} for name, words in rules.items()
                    ],
                }
            },
            "invocations": [_invocation(one, view.ended_utc.get(one.run_id)) for one in view.manifests],
            "properties": _case(view),
            "artifacts": [_artifact(file) for file in view.files],
            "results": [],
        }
        head = msgspec.json.encode({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})
        out.write(head.removesuffix(b"]}]}"))
        is_first = True
        for index, file in enumerate(view.files):
            for result in _results(index, file):
                out.write((b"\n" if is_first else b",\n") + msgspec.json.encode(result))
                is_first = False
        out.write(b"\n]}]}\n")


def uri_of(path: str) -> str:
    """A path as a URI; a relative one stays relative."""
    return ("file://" if path.startswith("/") else "") + quote(path.encode("utf-8", "backslashreplace"))


def _case(view: ReportView) -> dict[str, Any]:
    case: dict[str, Any] = {"chainHead": view.chain_head, "caseFileIntact": not view.broken}
    return case if view.case_info is None else case | {"caseNumber": visible(view.case_info.info.case_number)}


def _invocation(run: RunManifest, ended_utc: str | None) -> dict[str, Any]:
    ended = {} if ended_utc is None else {"endTimeUtc": ended_utc.replace("+00:00", "Z")}
    return {
        "commandLine": visible(" ".join(run.command)),
        "startTimeUtc": run.started_utc.replace("+00:00", "Z"),
        **ended,
        "executionSuccessful": True,
        "properties": {"runId": run.run_id, "policy": run.policy, "profile": run.profile},
    }


def _artifact(file: FileView) -> dict[str, Any]:
    media = file.result.media
    artifact: dict[str, Any] = {"location": {"uri": uri_of(media.path)}, "length": media.size_bytes}
    return artifact | ({"hashes": {"sha-256": media.sha256}} if media.sha256 else {})


def _results(index: int, file: FileView) -> Iterator[dict[str, Any]]:
    verdict = file.result.verdict
    kind, level = _KINDS[verdict.label]
    limits = "".join(f" {limit}" for limit in verdict.limits)
    properties = {
        "manipulation_score": verdict.manipulation_score,
        "policy": verdict.policy,
        "rowId": file.row_id,
        "exhibits": [visible(one) for one in file.exhibit_ids],
        "notExamined": [f"{one.detector}: {one.detail}" for one in file.result.abstentions],
    }
    yield {
        "ruleId": f"verdict/{verdict.label.value}",
        "kind": kind,
        "level": level,
        "message": {"text": visible(f"{VERDICT_WORDS[verdict.label]}: {verdict.reason}{limits}")},
        "locations": [_location(index, file)],
        "properties": {name: value for name, value in properties.items() if value not in (None, [])},
    }
    for notice in file.result.notices:
        yield _noted(notice, _location(index, file))


def _noted(notice: Notice, location: dict[str, Any]) -> dict[str, Any]:
    noted: dict[str, Any] = {
        "ruleId": f"notice/{notice.stage}",
        # What a structure detector notes is for a person to judge; the rest tells how the scan went.
        "kind": "review" if notice.stage in STRUCTURE_DETECTORS else "informational",
        "level": "none",
        "message": {"text": visible(notice.message)},
        "locations": [location],
    }
    return noted | ({} if notice.at_s is None else {"properties": {"atSeconds": notice.at_s}})


def _location(index: int, file: FileView) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": {"uri": uri_of(file.result.media.path), "index": index}}}
