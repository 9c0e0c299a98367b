"""JSON: everything that the case file holds except the pictures, under a versioned schema.

The schema is ``reports/schema/report-v2.schema.json``, generated from the dataclasses below; what changed
from version 1 stands in ``reports/schema/README.md``, and ``json_v1`` still writes that. Fields may be added
within a version; a field that is renamed, removed or changes its meaning raises the version.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO, ClassVar

import msgspec

from forensics.detectors import described
from forensics.records.faces import FaceTrack
from forensics.records.findings import Abstention, Notice, Score
from forensics.records.labelled_figures import LabelledFigures
from forensics.records.media import MediaFile
from forensics.records.model_card import ModelCard
from forensics.records.properties import Properties
from forensics.records.scan_result import RunManifest
from forensics.records.verdict import Verdict
from forensics.report.condition import CaseCondition
from forensics.report.evidence import ExhibitCaption
from forensics.report.view import FileView, ReportView

SCHEMA_VERSION = 2


@dataclass(frozen=True, slots=True)
class JsonLikelihood:
    """A subject's likelihood ratio, or why there is none.

    Attributes:
        log10_ratio: positive speaks for manipulation; null where no ratio can be stated.
        bounded: held at the most that the validation files support.
        support: in the words of the ENFSI scale; null below a ratio of 2.
    """

    detector: str
    subject: str
    log10_ratio: float | None
    bounded: bool
    support: str | None
    words: str


@dataclass(frozen=True, slots=True)
class JsonDetector:
    """What one detector says of a file in one number.

    Attributes:
        role: ``decides``, ``supports`` or ``reports``.
        score: the highest over its subjects, calibrated, in [0, 1].
        members: model id to the same by that model of an ensemble alone; empty for a single model.
    """

    name: str
    title: str
    role: str
    score: float
    members: dict[str, float]


@dataclass(frozen=True, slots=True)
class JsonFile:
    """One file.

    Attributes:
        row_id: the row in the case file.
        detectors: those that scored something.
        duration_s: the longest stream.
        label: ``manipulated`` or ``pristine`` where it is known.
        exhibits: what the case file shows of it: charts, tables and texts with their content, pictures
            without.
        properties: how each subject looks or sounds.
        likelihood: of each subject where ratios were asked for (``--lr``), otherwise empty.
        twin_of: the place of the file with the same content that was examined in this one's stead; scores and
            exhibits stand there. null for a file that was examined itself.
    """

    row_id: int
    media: MediaFile
    verdict: Verdict
    detectors: tuple[JsonDetector, ...]
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


@dataclass(frozen=True, slots=True)
class JsonReport:
    """A whole report; ``files`` comes last, one line each.

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
    files: tuple[JsonFile, ...]


class JsonRenderer:
    """Writes file by file, so that a large case needs no second copy in memory."""

    suffix: ClassVar[str] = ".json"

    def render(self, view: ReportView, out: BinaryIO) -> None:
        """Writes the document as UTF-8."""
        head = JsonReport(
            schema_version=SCHEMA_VERSION,
            tool_version=view.tool_version,
            drawn_utc=view.drawn_utc,
            chain_head=view.chain_head,
            counts={count.label.value: count.n for count in view.counts},
            manifests=view.manifests,
            notices=view.notices,
            models=view.cards,
            figures=view.figures,
            case_file=view.condition,
            files=(),
        )
        write_document(head, map(_json_file, view.files), out)


def write_document(head: object, files: Iterable[object], out: BinaryIO) -> None:
    """Writes a document whose last field is ``files``, one line each, in place of the head's empty list."""
    out.write(msgspec.json.encode(head).removesuffix(b"]}"))
    for index, file in enumerate(files):
        out.write(b",\n" if index else b"\n")
        out.write(msgspec.json.encode(file))
    out.write(b"\n]}\n")


def _json_file(file: FileView) -> JsonFile:
    result = file.result
    return JsonFile(
        row_id=file.row_id,
        media=result.media,
        verdict=result.verdict,
        detectors=tuple(_json_detector(name, file) for name in file.highest),
        people=file.n_people,
        duration_s=result.media.duration_s,
        label=file.label,
        scores=result.scores,
        abstentions=result.abstentions,
        tracks=result.tracks,
        notices=result.notices,
        exhibits=file.captions,
        timings_s=result.timings_s,
        properties=result.properties,
        twin_of=result.twin_of,
        likelihood=likelihoods(file),
    )


def _json_detector(name: str, file: FileView) -> JsonDetector:
    spec = described(name)
    alone = {model: score for (detector, model), score in file.highest_of_members.items() if detector == name}
    return JsonDetector(name, spec.title, spec.role.value, file.highest[name], alone)


def likelihoods(file: FileView) -> tuple[JsonLikelihood, ...]:
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


def report_schema(document: type[object] = JsonReport, version: int = SCHEMA_VERSION) -> dict[str, Any]:
    """The JSON schema (2020-12) of a version."""
    schema = msgspec.json.schema(document)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"forensics report, version {version}",
        **schema,
    }
