"""CASE/UCO in JSON-LD: files with hashes, the tool, its runs as actions, a provenance record, results.

Terms are those of CASE 1.4 and UCO 1.4. Nodes are named by what they are of, so that a second report of the
same case names them alike.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, BinaryIO, ClassVar

import msgspec

from forensics.detectors import STRUCTURE_DETECTORS
from forensics.records.scan_result import RunManifest
from forensics.report.report_words import VERDICT_WORDS, visible
from forensics.report.view import FileView, ReportView

_UCO = "https://ontology.unifiedcyberontology.org/uco"
_CONTEXT = {
    "kb": "http://example.org/kb/",
    "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    "uco-action": f"{_UCO}/action/",
    "uco-analysis": f"{_UCO}/analysis/",
    "uco-core": f"{_UCO}/core/",
    "uco-observable": f"{_UCO}/observable/",
    "uco-tool": f"{_UCO}/tool/",
    "uco-types": f"{_UCO}/types/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_NAMES = uuid.UUID("6e1c0c5e-7a53-5c1f-9c1e-5f0d6a1b2c3d")


class CaseUcoRenderer:
    """A graph of nodes, written one by one."""

    suffix: ClassVar[str] = ".jsonld"

    def render(self, view: ReportView, out: BinaryIO) -> None:
        """Writes the document as UTF-8."""
        out.write(msgspec.json.encode({"@context": _CONTEXT, "@graph": []}).removesuffix(b"]}"))
        for number, node in enumerate(_nodes(view)):
            out.write((b",\n" if number else b"\n") + msgspec.json.encode(node))
        out.write(b"\n]}\n")


def _nodes(view: ReportView) -> Iterator[dict[str, Any]]:
    tool = _named("tool", view.tool_version)
    files = [_file_id(file) for file in view.files]
    results = [_result_id(file) for file in view.files]
    record = _named("provenance-record", view.chain_head, *results)
    yield {
        "@id": tool,
        "@type": "uco-tool:Tool",
        "uco-core:name": "forensics",
        "uco-tool:version": view.tool_version,
    }
    for run in view.manifests:
        yield _action(run, tool, files, record)
    yield {
        "@id": record,
        "@type": "case-investigation:ProvenanceRecord",
        "uco-core:description": f"Results of the case file whose chain ends in {view.chain_head or 'no head'}"
        + (" (the case file was changed after it was written)" if view.broken else ""),
        "uco-core:object": [{"@id": one} for one in (*files, *results)],
    }
    for file in view.files:
        yield _file(file)
        yield _result(file)
    yield from _relations(view)


def _action(run: RunManifest, tool: str, files: list[str], record: str) -> dict[str, Any]:
    return {
        "@id": _named("action", run.run_id),
        "@type": "case-investigation:InvestigativeAction",
        "uco-core:name": "Examination for signs of manipulation",
        "uco-core:description": visible(" ".join(run.command)),
        "uco-action:startTime": _typed("dateTime", run.started_utc),
        "uco-action:instrument": {"@id": tool},
        "uco-action:object": [{"@id": one} for one in files],
        "uco-action:result": {"@id": record},
    }


def _file(file: FileView) -> dict[str, Any]:
    media, name = file.result.media, _file_id(file)
    content: dict[str, Any] = {
        "@id": _named("content", name),
        "@type": "uco-observable:ContentDataFacet",
        "uco-observable:sizeInBytes": _typed("integer", str(media.size_bytes)),
    }
    if media.sha256:
        content["uco-observable:hash"] = {
            "@id": _named("hash", name),
            "@type": "uco-types:Hash",
            "uco-types:hashMethod": "SHA256",
            "uco-types:hashValue": _typed("hexBinary", media.sha256),
        }
    facet = {
        "@id": _named("file-facet", name),
        "@type": "uco-observable:FileFacet",
        "uco-observable:fileName": visible(PurePosixPath(media.path).name),
        "uco-observable:filePath": visible(media.path),
        "uco-observable:modifiedTime": _typed("dateTime", media.modified_utc),
        "uco-observable:sizeInBytes": _typed("integer", str(media.size_bytes)),
    }
    return {"@id": name, "@type": "uco-observable:File", "uco-core:hasFacet": [facet, content]}


def _result(file: FileView) -> dict[str, Any]:
    result = file.result
    verdict = result.verdict
    statements = [f"Verdict: {VERDICT_WORDS[verdict.label]} ({verdict.label.value}). {verdict.reason}"]
    if verdict.manipulation_score is not None:
        statements.append(f"Fakeness {verdict.manipulation_score:.3f}, policy {verdict.policy}.")
    statements += [f"Limit: {limit}" for limit in verdict.limits]
    statements += [
        f"{one.stage}: {one.message}" for one in result.notices if one.stage in STRUCTURE_DETECTORS
    ]
    statements += [f"Not judged by {one.detector}: {one.detail}" for one in result.abstentions]
    return {
        "@id": _result_id(file),
        "@type": "uco-analysis:AnalyticResult",
        "uco-core:name": visible(f"Result for {result.media.path}"),
        "uco-core:description": visible(f"About {_file_id(file)}"),
        "uco-core:statement": [visible(one) for one in dict.fromkeys(statements)],
    }


def _relations(view: ReportView) -> Iterator[dict[str, Any]]:
    """Which file likely derives from which; of files that the report leaves out, nothing."""
    ids = {file.row_id: _file_id(file) for file in view.files}
    for one in (link for group in view.duplicates for link in group.links):
        if one.first.row_id not in ids or one.second.row_id not in ids:
            continue
        first, second = ids[one.first.row_id], ids[one.second.row_id]
        yield {
            "@id": _named("relationship", first, second),
            "@type": "uco-observable:ObservableRelationship",
            "uco-core:source": {"@id": second},
            "uco-core:target": {"@id": first},
            "uco-core:kindOfRelationship": "Likely_Derived_From"
            if one.link.is_directed
            else "Looks_Or_Sounds_Like",
            "uco-core:isDirectional": _typed("boolean", "true" if one.link.is_directed else "false"),
            "uco-core:description": [visible(sentence) for sentence in (*one.says, *one.link.reasons)],
        }


def _file_id(file: FileView) -> str:
    media = file.result.media
    return _named("file", media.key, media.sha256 or "", str(file.row_id))


def _result_id(file: FileView) -> str:
    return _named("result", _file_id(file))


def _named(kind: str, *of: str) -> str:
    return f"kb:{kind}-{uuid.uuid5(_NAMES, chr(0).join((kind, *of)))}"


def _typed(kind: str, value: str) -> dict[str, str]:
    return {"@type": f"xsd:{kind}", "@value": value}
