"""The administrative part of a report: whose case it is, who examined what for whom, and when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from forensics.languages import gettext as _
from forensics.languages import later
from forensics.records.findings import AbstentionReason
from forensics.report.clock import clock_text
from forensics.report.view import FileView, ReportView

MOST_ITEMS: Final = 200
"""Files in the table of items; the CSV and JSON reports hold all of them."""

NO_END: Final = later("no end is recorded")


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the administrative part."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """A file as a numbered item of the case.

    Attributes:
        exhibits: ids of the exhibits that it belongs to; empty for none.
        fate: what the hash after the examination says.
    """

    file: FileView
    exhibits: str
    fate: str


def time_zone_of(view: ReportView) -> str:
    """In which times are shown; empty for UTC."""
    return "" if view.case_info is None else view.case_info.info.time_zone


def entries(view: ReportView) -> list[Entry]:
    """The lines for which there is something to say."""
    return [one for one in _entries(view) if one.text]


def _entries(view: ReportView) -> Iterator[Entry]:
    recorded, zone = view.case_info, time_zone_of(view)
    if recorded is not None:
        info = recorded.info
        yield Entry(later("Case number"), info.case_number)
        yield Entry(later("Title"), info.title)
        yield Entry(later("Requested by"), info.client)
        yield Entry(later("Request"), info.request)
        yield Entry(later("Items received"), info.received)
        yield Entry(later("Laboratory"), info.laboratory)
        yield Entry(later("Accreditation"), info.accreditation)
        yield Entry(later("Examiner"), info.examiner)
        yield Entry(later("Reviewer"), info.reviewer)
    yield Entry(later("Examination"), "; ".join(spans(view)))
    yield Entry(later("Report drawn"), clock_text(view.drawn_utc, zone))
    yield Entry(later("Case file"), view.case or "")
    if recorded is not None:
        yield Entry(
            later("Case data"),
            _("Row {row} of the case file, recorded {when}; SHA-256 of the file with them {sha256}").format(
                row=recorded.row_id, when=clock_text(recorded.recorded_utc, zone), sha256=recorded.sha256
            ),
        )


def spans(view: ReportView) -> list[str]:
    """From when to when each run examined."""
    zone = time_zone_of(view)
    return [
        _("{start} to {end}").format(
            start=clock_text(run.started_utc, zone), end=_end(view, run.run_id, zone)
        )
        for run in view.manifests
    ]


def _end(view: ReportView, run_id: str, zone: str) -> str:
    ended_utc = view.ended_utc.get(run_id)
    return _(NO_END) if ended_utc is None else clock_text(ended_utc, zone)


def items(view: ReportView) -> list[Item]:
    """The files in the order of the case file, those of exhibits first."""
    ordered = sorted(view.files, key=lambda file: (not file.exhibit_ids, file.index))
    return [Item(file, ", ".join(file.exhibit_ids), _fate(file)) for file in ordered]


def unmatched_exhibits(view: ReportView) -> list[str]:
    """Exhibits of the case data that no file of this report belongs to.

    None where the report has several pages: each knows its own files alone.
    """
    if view.case_info is None or view.paging is not None:
        return []
    found = {name for file in view.files for name in file.exhibit_ids}
    return [one.id for one in view.case_info.info.exhibits if one.id not in found]


def _fate(file: FileView) -> str:
    """A file that changes under examination gets no verdict, so all others did not."""
    if file.result.media.sha256 is None:
        return _("not hashed")
    if any(one.why is AbstentionReason.CHANGED for one in file.result.abstentions):
        return _("changed during its examination")
    return _("same before and after")
