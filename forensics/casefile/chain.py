"""The chain: what a row's bytes are and how each row's hash covers the row before it.

A row's hash is::

    SHA-256( hash of the row before (32 bytes; zeros before the first)
             || row number  (8 bytes, big-endian)
             || length of kind (8 bytes, big-endian) || kind (UTF-8)
             || payload )

The payload is the JSON that is stored, byte for byte; it names the SHA-256 of every exhibit of the row.
"""

from __future__ import annotations

import enum
import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Final

import msgspec

from forensics.records.case_info import CaseInfo, RecordedCaseInfo
from forensics.records.exhibit_content import restored, stored
from forensics.records.findings import Exhibit, ExhibitKind
from forensics.records.scan_result import RunManifest, ScanResult
from forensics.records.subject import Subject

FIRST_PREVIOUS_HASH: Final = bytes(32)


class RowKind(enum.StrEnum):
    """What a row of the case file says."""

    MANIFEST = "manifest"
    RESULT = "result"
    REJECTED = "rejected"
    END = "end"
    PART = "part"
    CASE_INFO = "case_info"


@dataclass(frozen=True, slots=True)
class ExhibitReference:
    """An exhibit as its row's payload names it; its content lies in another table."""

    kind: ExhibitKind
    caption: str
    subject: Subject
    group: str
    at_s: float | None
    manipulation_score: float | None
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ManifestPayload:
    """A run began; its end is a ``RunEnd``.

    Attributes:
        n_files: how many files it found; None in cases of earlier versions.
    """

    manifest: RunManifest
    n_files: int | None = None


@dataclass(frozen=True, slots=True)
class ResultPayload:
    """A file was examined, or could not be."""

    run_id: str
    recorded_utc: str
    result: ScanResult
    exhibits: tuple[ExhibitReference, ...]


@dataclass(frozen=True, slots=True)
class Rejection:
    """A path that discovery could not read, so that it was never scheduled.

    Attributes:
        path: as shown to people.
    """

    path: str
    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class RejectedPayload:
    """A path was passed over."""

    run_id: str
    recorded_utc: str
    rejection: Rejection


@dataclass(frozen=True, slots=True)
class RunEnd:
    """A run ended in order; a run without this row was killed, or its last rows were cut off.

    Attributes:
        counts: what the run did, for example verdict label to number of files.
        interrupted: a person, or an error that stopped the whole scan, ended it before all files were done.
    """

    run_id: str
    ended_utc: str
    counts: dict[str, int]
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class PartPayload:
    """The rows that follow are those of another case, byte for byte, from its first to its last.

    Counted from 1 and hashed from zeros, as in the case where they were written, they have the hashes that
    they had there: the last of them is ``head_hash``.

    Attributes:
        name: the other case's file, as it was given.
        n_rows: how many rows follow that are its own.
        head_hash: hexadecimal hash of its newest row.
    """

    name: str
    merged_utc: str
    n_rows: int
    head_hash: str


@dataclass(frozen=True, slots=True)
class CaseInfoPayload:
    """What an examiner states of the case; it belongs to no run, and the newest stands in reports.

    Attributes:
        sha256: of the file that it was read from, hexadecimal.
    """

    recorded_utc: str
    sha256: str
    info: CaseInfo


Payload = ManifestPayload | ResultPayload | RejectedPayload | RunEnd | PartPayload | CaseInfoPayload


def recorded_case_info(row_id: int, payload: CaseInfoPayload) -> RecordedCaseInfo:
    """Case data with the row that holds them."""
    return RecordedCaseInfo(row_id, payload.recorded_utc, payload.sha256, payload.info)


def encode(payload: Payload) -> bytes:
    """The stored form: JSON in the records' own field order, keys of mappings sorted."""
    return msgspec.json.encode(payload, order="deterministic")


def row_hash(previous_hash: bytes, row_id: int, kind: str, payload: bytes) -> bytes:
    """The 32 bytes that seal a row."""
    named = kind.encode()
    head = previous_hash + row_id.to_bytes(8, "big") + len(named).to_bytes(8, "big") + named
    return hashlib.sha256(head + payload).digest()


def reference(exhibit: Exhibit) -> ExhibitReference:
    """What the payload says of an exhibit."""
    kept = stored(exhibit.content)
    return ExhibitReference(
        kind=exhibit.kind,
        caption=exhibit.caption,
        subject=exhibit.subject,
        group=exhibit.group,
        at_s=exhibit.at_s,
        manipulation_score=exhibit.manipulation_score,
        sha256=hashlib.sha256(kept).hexdigest(),
        size_bytes=len(kept),
    )


def is_recorded(named: ExhibitReference, kept: object) -> bool:
    """Whether these bytes are the exhibit that a row's payload names."""
    return isinstance(kept, bytes) and hashlib.sha256(kept).hexdigest() == named.sha256


def exhibit_of(named: ExhibitReference, kept: bytes) -> Exhibit:
    """The exhibit that was recorded as these bytes.

    Raises:
        msgspec.MsgspecError: they are no content of its kind.
    """
    content = restored(named.kind.form, kept)
    return Exhibit(
        named.kind, content, named.caption, named.subject, named.group, named.at_s, named.manipulation_score
    )


def why_unstorable(result: ScanResult) -> str | None:
    """What in a result cannot be written as JSON and read back the same; None if all of it can.

    JSON has no NaN and no infinity: the encoder would write null, and a score would turn into none.
    """
    problem = None
    try:
        # As it is stored: what exhibits hold lies beside the JSON.
        exhibits = tuple(reference(exhibit) for exhibit in result.exhibits)
        payload = ResultPayload("", "", replace(result, exhibits=()), exhibits)
        if msgspec.json.decode(encode(payload), type=ResultPayload) == payload and all(
            restored(one.kind.form, stored(one.content)) == one.content for one in result.exhibits
        ):
            return None
    except (TypeError, ValueError) as error:
        problem = str(error)
    # What is wrong is looked for only where something is: the search costs more than all the rest.
    names = list(_not_finite(result, "result"))
    return f"{', '.join(names[:3])} is not a finite number" if names else problem


def _not_finite(value: object, name: str) -> Iterator[str]:
    if isinstance(value, float):
        if not math.isfinite(value):
            yield name
    elif isinstance(value, (tuple, list)):
        for index, part in enumerate(value):
            yield from _not_finite(part, f"{name}[{index}]")
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _not_finite(part, f"{name}[{key}]")
    elif is_dataclass(value) or isinstance(value, msgspec.Struct):
        parts = (
            value.__struct_fields__ if isinstance(value, msgspec.Struct) else [f.name for f in fields(value)]
        )
        for part_name in parts:
            yield from _not_finite(getattr(value, part_name), f"{name}.{part_name}")
