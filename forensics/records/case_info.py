"""Case data: what an examiner states of a case beside the media, for a report that is to be filed."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from forensics.records.media import named_by


@dataclass(frozen=True, slots=True)
class CaseExhibit:
    """One item of evidence under the name that the case gives it.

    Attributes:
        id: as on the evidence bag: ``A-1``.
        files: which files belong to it: a path, the end of a path, or a pattern with ``*``, ``?`` and
            ``[...]``, in which ``*`` also stands for folders.
    """

    id: str
    files: tuple[str, ...]
    description: str = ""

    def holds(self, *names: str) -> bool:
        """Whether one of these names of a file is meant."""
        return any(_fits(name, wanted) for name in names for wanted in self.files)


@dataclass(frozen=True, slots=True)
class CaseInfo:
    """The case as its examiner describes it; what is not stated is empty.

    Attributes:
        case_number: as the laboratory files it.
        request: the question that the examination was to answer.
        client: who asked it.
        accreditation: standard, number and scope, in words.
        received: ISO 8601 date on which the items came in.
        time_zone: IANA name in which the report shows times, ``Europe/Berlin``; empty for UTC.
    """

    case_number: str
    title: str = ""
    client: str = ""
    request: str = ""
    received: str = ""
    examiner: str = ""
    reviewer: str = ""
    laboratory: str = ""
    accreditation: str = ""
    time_zone: str = ""
    exhibits: tuple[CaseExhibit, ...] = ()

    @property
    def heading(self) -> str:
        """Number and title on one line."""
        return f"{self.case_number}: {self.title}" if self.title else self.case_number

    def exhibits_of(self, *names: str) -> tuple[str, ...]:
        """Ids of the exhibits that a file with these names belongs to, mostly one."""
        return tuple(one.id for one in self.exhibits if one.holds(*names))


@dataclass(frozen=True, slots=True)
class RecordedCaseInfo:
    """Case data as a case file holds them.

    Attributes:
        row_id: the row of the case file.
        recorded_utc: ISO 8601, UTC.
        sha256: of the file that they were read from, hexadecimal.
    """

    row_id: int
    recorded_utc: str
    sha256: str
    info: CaseInfo


def _fits(name: str, wanted: str) -> bool:
    # The name itself comes first: brackets in it are no pattern.
    return named_by(name, wanted) or fnmatchcase(name, wanted) or fnmatchcase(name, f"*/{wanted}")
