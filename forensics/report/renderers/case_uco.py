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
    "uco-identity": f"{_UCO}/identity/",
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
    people = _people(view)
    yield from people.values()
    yield from _investigation(view, record)
    for run in view.manifests:
        yield _action(run, tool, files, record, view.ended_utc.get(run.run_id), people.get("examiner"))
    yield {
        "@id": record,
        "@type": "case-investigation:ProvenanceRecord",
        "uco-core:description": f"Results of the case file whose chain ends in {view.chain_head or 'no head'}"
        + (" (the case file was changed after it was written)" if view.broken else ""),
        "uco-core:object": [{"@id": one} for one in (*files, *results)],
    }
    yield from _exhibits(view)
    for file in view.files:
        yield _file(file)
        yield _result(file)
    yield from _relations(view)


def _people(view: ReportView) -> dict[str, dict[str, Any]]:
    """Role to the node of who had it, for the roles that the case data name."""
    if view.case_info is None:
        return {}
    info = view.case_info.info
    kinds = {
        "examiner": (info.examiner, "Person"),
        "reviewer": (info.reviewer, "Person"),
        "laboratory": (info.laboratory, "Organization"),
        "client": (info.client, "Identity"),
    }
    return {
        role: {
            "@id": _named("identity", role, name),
            "@type": f"uco-identity:{kind}",
            "uco-core:name": visible(name),
            "uco-core:description": role.capitalize(),
        }
        for role, (name, kind) in kinds.items()
        if name
    }


def _investigation(view: ReportView, record: str) -> Iterator[dict[str, Any]]:
    if view.case_info is None:
        return
    info = view.case_info.info
    said = {"Title": info.title, "Request": info.request, "Accreditation": info.accreditation}
    yield {
        "@id": _named("investigation", info.case_number),
        "@type": "case-investigation:Investigation",
        "uco-core:name": visible(info.case_number),
        "uco-core:description": [visible(f"{name}: {text}") for name, text in said.items() if text],
        "uco-core:object": [{"@id": record}, *({"@id": one["@id"]} for one in _people(view).values())],
    }


def _exhibits(view: ReportView) -> Iterator[dict[str, Any]]:
    """A provenance record for every exhibit that has files here, under its number."""
    for exhibit in () if view.case_info is None else view.case_info.info.exhibits:
        files = [_file_id(file) for file in view.files if exhibit.id in file.exhibit_ids]
        if files:
            yield {
                "@id": _named("exhibit", exhibit.id),
                "@type": "case-investigation:ProvenanceRecord",
                "case-investigation:exhibitNumber": visible(exhibit.id),
                "uco-core:description": visible(exhibit.description),
                "uco-core:object": [{"@id": one} for one in files],
            }


def _action(
    run: RunManifest,
    tool: str,
    files: list[str],
    record: str,
    ended_utc: str | None,
    examiner: dict[str, Any] | None,
) -> dict[str, Any]:
    action: dict[str, Any] = {
        "@id": _named("action", run.run_id),
        "@type": "case-investigation:InvestigativeAction",
        "uco-core:name": "Examination for signs of manipulation",
        "uco-core:description": visible(" ".join(run.command)),
        "uco-action:startTime": _typed("dateTime", run.started_utc),
        "uco-action:instrument": {"@id": tool},
        "uco-action:object": [{"@id": one} for one in files],
        "uco-action:result": {"@id": record},
    }
    if ended_utc is not None:
        action["uco-action:endTime"] = _typed("dateTime", ended_utc)
    if examiner is not None:
        action["uco-action:performer"] = {"@id": examiner["@id"]}
    return action


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
