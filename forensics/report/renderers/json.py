"""JSON: everything that the case file holds except the pictures, under a versioned schema.

The schema is ``reports/schema/report-v2.schema.json``, generated from the dataclasses below; what changed
from version 1 stands in ``reports/schema/README.md``, and ``json_v1`` still writes that. Fields may be added
within a version; a field that is renamed, removed or changes its meaning raises the version.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO, ClassVar

from forensics.detectors import described
from forensics.records.case_info import RecordedCaseInfo
from forensics.report.examined import ExaminedPart
from forensics.report.renderers.json_document import (
    DocumentHead,
    FileFacts,
    file_fields,
    head_fields,
    schema_of,
    write_document,
)
from forensics.report.renderers.json_duplicates import JsonGroup, json_group
from forensics.report.renderers.json_persons import JsonPersons, json_persons
from forensics.report.view import FileView, ReportView

SCHEMA_VERSION = 2


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


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonFile(FileFacts):
    """One file.

    Attributes:
        detectors: those that scored something.
        exhibit_ids: the exhibits of the case data that the file belongs to.
        examined: what was and was not looked at, in words.
    """

    detectors: tuple[JsonDetector, ...]
    exhibit_ids: tuple[str, ...] = ()
    examined: tuple[ExaminedPart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonReport(DocumentHead):
    """A whole report; ``files`` comes last, one line each.

    Attributes:
        duplicates: files of the case that show or sound the same. The hashes by which they were found stand
            in the case file.
        persons: people of several files who look alike; null where nobody was compared (``--match-persons``).
        case_info: what the examiner states of the case, as the case file holds it; null where nothing was
            stated.
        ended_utc: run id to when the run ended; a run without an end is missing.
    """

    case_info: RecordedCaseInfo | None
    ended_utc: dict[str, str]
    duplicates: tuple[JsonGroup, ...]
    persons: JsonPersons | None
    files: tuple[JsonFile, ...]


class JsonRenderer:
    """Writes file by file, so that a large case needs no second copy in memory."""

    suffix: ClassVar[str] = ".json"

    def render(self, view: ReportView, out: BinaryIO) -> None:
        """Writes the document as UTF-8."""
        groups = tuple(map(json_group, view.duplicates))
        head = JsonReport(
            **head_fields(view, SCHEMA_VERSION),
            case_info=view.case_info,
            ended_utc=dict(view.ended_utc),
            duplicates=groups,
            persons=None if view.persons is None else json_persons(view.persons),
            files=(),
        )
        write_document(head, map(_json_file, view.files), out)


def _json_file(file: FileView) -> JsonFile:
    detectors = tuple(_json_detector(name, file) for name in file.highest)
    return JsonFile(
        **file_fields(file),
        detectors=detectors,
        exhibit_ids=file.exhibit_ids,
        examined=file.examined,
    )


def _json_detector(name: str, file: FileView) -> JsonDetector:
    spec = described(name)
    alone = {model: score for (detector, model), score in file.highest_of_members.items() if detector == name}
    return JsonDetector(name, spec.title, spec.role.value, file.highest[name], alone)


def report_schema() -> dict[str, Any]:
    """The JSON schema (2020-12) of this version."""
    return schema_of(JsonReport, SCHEMA_VERSION)
