"""What all versions of the JSON report have in common: its head, most of a file, and how it is written."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO, get_args, get_type_hints

import msgspec

from forensics.records.faces import FaceTrack
from forensics.records.findings import Abstention, Notice, Score
from forensics.records.labelled_figures import LabelledFigures
from forensics.records.media import MediaFile
from forensics.records.model_card import ModelCard
from forensics.records.properties import Properties
from forensics.records.scan_result import RunManifest
from forensics.records.subject import Subject
from forensics.records.verdict import Verdict
from forensics.report.condition import CaseCondition
from forensics.report.evidence import ExhibitCaption
from forensics.report.view import FileView, ReportView


@dataclass(frozen=True, slots=True)
class JsonLikelihood:
    """A subject's likelihood ratio, or why there is none.

    Attributes:
        log10_ratio: positive speaks for manipulation; null where no ratio can be stated.
        bounded: held at the most that the validation files support.
        support: in the words of the ENFSI scale; null below a ratio of 2.
    """

    detector: str
    subject: Subject
    log10_ratio: float | None
    bounded: bool
    support: str | None
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """What every version says of a file.

    Attributes:
        row_id: the row in the case file.
        duration_s: the longest stream.
        label: ``manipulated`` or ``pristine`` where it is known.
        exhibits: what the case file shows of it: charts, tables and texts with their content, pictures
            without; version 1 has the captions alone.
        properties: how each subject looks or sounds.
        likelihood: of each subject where ratios were asked for (``--lr``), otherwise empty.
        twin_of: the place of the file with the same content that was examined in this one's stead; scores and
            exhibits stand there. null for a file that was examined itself.
    """

    row_id: int
    media: MediaFile
    verdict: Verdict
    people: int
    duration_s: float | None
    label: str | None
    scores: tuple[Score, ...]
    abstentions: tuple[Abstention, ...]
    tracks: tuple[FaceTrack, ...]
    notices: tuple[Notice, ...]
    exhibits: tuple[ExhibitCaption, ...]
    timings_s: dict[str, float]
    properties: tuple[Properties, ...] = ()
    likelihood: tuple[JsonLikelihood, ...] = ()
    twin_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentHead:
    """What every version says of the whole case.

    Attributes:
        schema_version: of this document.
        counts: verdict label to number of files; all four labels are there.
        chain_head: digest of the case file's last row, empty where there is no chain.
        case_file: whether the case file is what was written; where ``intact`` is false, nothing in this
            document can be relied on.
    """

    schema_version: int
    tool_version: str
    drawn_utc: str
    chain_head: str
    counts: dict[str, int]
    manifests: tuple[RunManifest, ...]
    notices: tuple[Notice, ...]
    models: tuple[ModelCard, ...]
    figures: tuple[LabelledFigures, ...]
    case_file: CaseCondition | None


def head_fields(view: ReportView, version: int) -> dict[str, Any]:
    """The fields of ``DocumentHead``."""
    return {
        "schema_version": version,
        "tool_version": view.tool_version,
        "drawn_utc": view.drawn_utc,
        "chain_head": view.chain_head,
        "counts": {count.label.value: count.n for count in view.counts},
        "manifests": view.manifests,
        "notices": view.notices,
        "models": view.cards,
        "figures": view.figures,
        "case_file": view.condition,
    }


def file_fields(file: FileView) -> dict[str, Any]:
    """The fields of ``FileFacts``."""
    result = file.result
    return {
        "row_id": file.row_id,
        "media": result.media,
        "verdict": result.verdict,
        "people": file.n_people,
        "duration_s": result.media.duration_s,
        "label": file.label,
        "scores": result.scores,
        "abstentions": result.abstentions,
        "tracks": result.tracks,
        "notices": result.notices,
        "exhibits": file.captions,
        "timings_s": result.timings_s,
        "properties": result.properties,
        "likelihood": _likelihoods(file),
        "twin_of": result.twin_of,
    }


def write_document(head: object, files: Iterable[object], out: BinaryIO) -> None:
    """Writes a document whose last field is ``files``, one line each, in place of the head's empty list."""
    out.write(msgspec.json.encode(head).removesuffix(b"]}"))
    for index, file in enumerate(files):
        out.write(b",\n" if index else b"\n")
        out.write(msgspec.json.encode(file))
    out.write(b"\n]}\n")


def _likelihoods(file: FileView) -> tuple[JsonLikelihood, ...]:
    """The likelihood ratio of each subject, where ratios were asked for."""
    return tuple(
        JsonLikelihood(
            detector=subject.detector,
            subject=subject.subject,
            log10_ratio=stated.log10_ratio,
            bounded=stated.bounded,
            support=stated.support,
            words=stated.words,
        )
        for subject in file.subjects
        if (stated := subject.likelihood) is not None
    )


def schema_of(document: type[DocumentHead], version: int) -> dict[str, Any]:
    """The JSON schema (2020-12) of a version.

    Args:
        document: its record.
        version: as the document says it.
    """
    schema = msgspec.json.schema(document)
    [file, _] = get_args(get_type_hints(document)["files"])
    for form, shared in ((document, DocumentHead), (file, FileFacts)):
        # What is inherited is described, too.
        schema["$defs"][form.__name__]["description"] += f"\n\n{inspect.getdoc(shared)}"
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"forensics report, version {version}",
        **schema,
    }
