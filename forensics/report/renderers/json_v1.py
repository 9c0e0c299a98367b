"""JSON in version 1, for programs that read that: ``--report FILE.v1.json``.

The schema is ``reports/schema/report-v1.schema.json``. Of exhibits it knows the captions alone,
and fields have the names that they had then (``records/earlier_names.py``).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, ClassVar

import msgspec

from forensics.detectors.declarations import FACE, VOICE
from forensics.records.earlier_names import schema_with_earlier_names, with_earlier_names
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
from forensics.report.renderers.json import JsonLikelihood, likelihoods, report_schema, write_document
from forensics.report.view import FileView, ReportView

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class JsonFileV1:
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
class JsonReportV1:
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
    files: tuple[JsonFileV1, ...]


class JsonV1Renderer:
    """Writes file by file, so that a large case needs no second copy in memory."""

    suffix: ClassVar[str] = ".v1.json"

    def render(self, view: ReportView, out: BinaryIO) -> None:
        """Writes the document as UTF-8."""
        head = JsonReportV1(
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
        files = (_builtins(_json_file(file)) for file in view.files)
        write_document(_builtins(head), files, out)


def _builtins(record: object) -> object:
    return with_earlier_names(msgspec.to_builtins(record))


def _json_file(file: FileView) -> JsonFileV1:
    result = file.result
    return JsonFileV1(
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
        exhibits=tuple(replace(one, content=None) for one in file.captions),
        timings_s=result.timings_s,
        properties=result.properties,
        highest=file.highest,
        twin_of=result.twin_of,
        likelihood=likelihoods(file),
    )


def report_schema_v1() -> dict[str, Any]:
    """The JSON schema (2020-12) of version 1."""
    schema: dict[str, Any] = schema_with_earlier_names(report_schema(JsonReportV1, SCHEMA_VERSION))
    return schema
