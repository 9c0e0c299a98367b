"""CSV: one row per file, for spreadsheets and scripts.

A text cell that begins with one of ``= + - @``, a tab or a carriage return gets a leading apostrophe,
since spreadsheets would run it as a formula: a suspect's file name must not run on the examiner's machine.
"""

from __future__ import annotations

import csv
import io
from typing import BinaryIO, ClassVar

from forensics.detectors import DEFAULT_DETECTORS
from forensics.report.view import FileView, ReportView

COLUMNS = (
    "path",
    "sha256",
    "kind",
    "verdict",
    "fakeness",
    "lower",
    "upper",
    *(f"{name}_fakeness" for name in DEFAULT_DETECTORS),
    "people",
    "duration_s",
    "reason",
    "place",
    "stretch_start_s",
    "stretch_end_s",
    "shortest_s",
    "not_judged",
    "twin_of",
)
KIN_COLUMNS = ("likely_source", "alike")
PERSONS_COLUMN = "persons_alike"
RATIO_COLUMNS = ("log10_likelihood_ratio", "support")
EXHIBIT_COLUMN = "exhibit"
LABEL_COLUMN = "label"
BROKEN_COLUMN = "case_file"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class CsvRenderer:
    """Writes UTF-8 with a header row and line feeds; empty cells where there is no value."""

    suffix: ClassVar[str] = ".csv"

    def render(self, view: ReportView, out: BinaryIO) -> None:
        """Writes the table.

        With likelihood ratios there are two more columns, one for labels if any are known, and one for
        exhibits if there are case data. Of a case file that was changed after it was written, a cell of every
        row says so. Then come ``<detector>_score`` for every detector, the highest over its subjects, and
        ``<detector>_score_<model>`` for every model of an ensemble, the same by that model alone. The
        last two name the likely source of a file, and all files that show or sound the same. Where people
        were compared, one more names the files in which somebody looks like somebody in this one.
        """
        text = io.TextIOWrapper(
            out, encoding="utf-8", errors="backslashreplace", newline="", write_through=True
        )
        try:
            plain = csv.writer(text, lineterminator="\n")
            # Before Python 3.13 the writer leaves a lone carriage return unquoted: readers end the row there.
            quoted = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
            scored = [spec.name for spec in view.detectors]
            members = sorted({one for file in view.files for one in file.highest_of_members})
            more = (*(RATIO_COLUMNS if view.ratios else ()), *((LABEL_COLUMN,) if view.labelled else ()))
            more += (EXHIBIT_COLUMN,) if view.case_info else ()
            more += (BROKEN_COLUMN,) if view.broken else ()
            more += tuple(f"{name}_score" for name in scored)
            more += tuple(f"{name}_score_{model}" for name, model in members)
            more += KIN_COLUMNS + ((PERSONS_COLUMN,) if view.persons else ())
            plain.writerow([*COLUMNS, *more])
            for file in view.files:
                cells = _cells(file) + (_ratio_cells(file) if view.ratios else [])
                cells += [_safe(file.label or "")] if view.labelled else []
                cells += [_safe("; ".join(file.exhibit_ids))] if view.case_info else []
                cells += [_safe(_broken_cell(view))] if view.broken else []
                cells += [_number(file.highest.get(name)) for name in scored]
                cells += [_number(file.highest_of_members.get(one)) for one in members]
                cells += [_safe(one) for one in (_likely_source(file), "; ".join(_others(file)))]
                cells += [_safe("; ".join(view.persons.files_like(file.row_id)))] if view.persons else []
                writer = quoted if any("\r" in cell for cell in cells) else plain
                writer.writerow(cells)
        finally:
            text.detach()


def _cells(file: FileView) -> list[str]:
    media, verdict = file.result.media, file.result.verdict
    return [
        _safe(media.path),
        media.sha256 or "",
        media.kind.value,
        verdict.label.value,
        _number(verdict.manipulation_score),
        _number(verdict.lower),
        _number(verdict.upper),
        *(_number(file.highest.get(name)) for name in DEFAULT_DETECTORS),
        str(file.n_people),
        _number(media.duration_s, 3),
        _safe(verdict.reason),
        _safe(media.place),
        _number(None if verdict.stretch is None else verdict.stretch.start_s, 3),
        _number(None if verdict.stretch is None else verdict.stretch.end_s, 3),
        _number(verdict.shortest_s, 3),
        _safe(_not_judged(file)),
        _safe(file.result.twin_of or ""),
    ]


def _likely_source(file: FileView) -> str:
    """The path of the file that this one likely derives from."""
    sources = (
        one.first.path for one in file.kin if one.link.is_directed and one.second.row_id == file.row_id
    )
    return next(sources, "")


def _others(file: FileView) -> list[str]:
    """The paths of files that show or sound the same."""
    return [(one.second if one.first.row_id == file.row_id else one.first).path for one in file.kin]


def _not_judged(file: FileView) -> str:
    """``person 2: OUT_OF_DOMAIN; voice: NO_VERDICTS``: who was scored and decides nothing."""
    return "; ".join(
        f"{basis.subject}: {'OUT_OF_DOMAIN' if basis.judges else 'NO_VERDICTS'}"
        for basis in file.result.verdict.basis
        if not (basis.judges and basis.in_domain)
    )


def _ratio_cells(file: FileView) -> list[str]:
    stated = file.likelihood
    return ["", ""] if stated is None else [_number(stated.log10_ratio), stated.support or ""]


def _broken_cell(view: ReportView) -> str:
    problems = view.condition.problems if view.condition is not None else ()
    return f"BROKEN: {problems[0]}" if problems else "BROKEN"


def _number(value: float | None, n_decimals: int = 6) -> str:
    return "" if value is None else f"{value:.{n_decimals}f}"


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
