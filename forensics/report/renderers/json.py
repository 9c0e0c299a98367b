"""JSON: everything that the case file holds except the pictures, under a versioned schema.

The schema is ``reports/schema/report-v1.schema.json``, generated from the dataclasses below. Fields may be
added within a version; a field that is renamed, removed or changes its meaning raises the version.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, BinaryIO, ClassVar

import msgspec

from forensics.detectors.declarations import FACE, VOICE
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

SCHEMA_VERSION = 1


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
class JsonFile:
    """One file.

    Attributes:
        row_id: the row in the case file.
        face_fakeness, voice_fakeness: the highest over the subjects of the detector of that name.
        highest: the same for every detector that scored something, by name.
        duration_s: the longest stream.
        label: ``manipulated`` or ``pristine`` where it is known.
        exhibits: what the case file shows of it, without the pictures.
        properties: how each subject looks or sounds.
        likelihood: of each subject where ratios were asked for (``--lr``), otherwise empty.
        twin_of: the place of the file with the same content that was examined in this one's stead; scores and
            exhibits stand there. null for a file that was examined itself.
    """

    row_id: int
    media: MediaFile
    verdict: Verdict
    face_fakeness: float | None
    voice_fakeness: float | None
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
    highest: dict[str, float] = field(default_factory=dict)
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
        out.write(msgspec.json.encode(head).removesuffix(b"]}"))
        for index, file in enumerate(view.files):
            out.write(b",\n" if index else b"\n")
            out.write(msgspec.json.encode(_json_file(file)))
        out.write(b"\n]}\n")


def _json_file(file: FileView) -> JsonFile:
    result = file.result
    return JsonFile(
        row_id=file.row_id,
        media=result.media,
        verdict=result.verdict,
        face_fakeness=file.highest.get(FACE.name),
        voice_fakeness=file.highest.get(VOICE.name),
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
        highest=file.highest,
        twin_of=result.twin_of,
        likelihood=tuple(
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
        ),
    )


def report_schema() -> dict[str, Any]:
    """The JSON schema (2020-12) of this version."""
    schema = msgspec.json.schema(JsonReport)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"forensics report, version {SCHEMA_VERSION}",
        **schema,
    }
