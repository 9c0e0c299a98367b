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
from forensics.report.renderers.json_document import (
    DocumentHead,
    FileFacts,
    file_fields,
    head_fields,
    schema_of,
    write_document,
)
from forensics.report.view import FileView, ReportView

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonFileV1(FileFacts):
    """One file.

    Attributes:
        face_fakeness, voice_fakeness: the highest over the subjects of the detector of that name.
        highest: the same for every detector that scored something, by name.
    """

    face_fakeness: float | None
    voice_fakeness: float | None
    highest: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonReportV1(DocumentHead):
    """A whole report; ``files`` comes last, one line each."""

    files: tuple[JsonFileV1, ...]


class JsonV1Renderer:
    """Writes file by file, so that a large case needs no second copy in memory."""

    suffix: ClassVar[str] = ".v1.json"

    def render(self, view: ReportView, out: BinaryIO) -> None:
        """Writes the document as UTF-8."""
        head = JsonReportV1(**head_fields(view, SCHEMA_VERSION), files=())
        files = (_builtins(_json_file(file)) for file in view.files)
        write_document(_builtins(head), files, out)


def _builtins(record: object) -> object:
    return with_earlier_names(msgspec.to_builtins(record))


def _json_file(file: FileView) -> JsonFileV1:
    fields = file_fields(file) | {"exhibits": tuple(replace(one, content=None) for one in file.captions)}
    return JsonFileV1(
        **fields,
        face_fakeness=file.highest.get(FACE.name),
        voice_fakeness=file.highest.get(VOICE.name),
        highest=file.highest,
    )


def report_schema_v1() -> dict[str, Any]:
    """The JSON schema (2020-12) of version 1."""
    schema: dict[str, Any] = schema_with_earlier_names(schema_of(JsonReportV1, SCHEMA_VERSION))
    return schema
