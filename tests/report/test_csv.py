"""CSV: the columns that were promised, and no formula from a file name."""

from __future__ import annotations

import csv
import io

from forensics.report.renderers.csv import CsvRenderer
from forensics.report.view import ReportView
from tests.report.drawn import text_of
from tests.report.synthetic_case import Case, examined, unexamined, view_of

PROMISED = (
    "path,sha256,kind,verdict,fakeness,lower,upper,"
    "face_fakeness,voice_fakeness,people,duration_s,reason,place,"
    "stretch_start_s,stretch_end_s,shortest_s,not_judged,twin_of"
)
SCORES = ",face_score,voice_score,likely_source,alike"


def written(view: ReportView) -> str:
    return text_of(CsvRenderer(), view)


def test_columns(rich_view: ReportView) -> None:
    assert written(view_of(Case([], {}))) == PROMISED + SCORES + "\n"
    assert written(rich_view).splitlines()[0] == PROMISED + ",label" + SCORES


def test_one_row_per_file_in_the_order_of_the_case(rich_view: ReportView) -> None:
    rows = list(csv.DictReader(io.StringIO(written(rich_view))))
    assert [row["sha256"] for row in rows] == [file.result.media.sha256 for file in rich_view.files]
    assert {row["label"] for row in rows} == {"manipulated", "pristine"}


def test_values() -> None:
    result = examined("a.mp4", (0.9, 0.1), 0.2, 1)
    case = Case([(1, result), (2, unexamined("b.mp4", "The file has zero bytes."))], {})
    first, second = csv.DictReader(io.StringIO(written(view_of(case))))
    assert first["verdict"] == "SIGNS_OF_MANIPULATION"
    assert first["fakeness"] == f"{result.verdict.manipulation_score:.6f}" == first["face_fakeness"]
    assert float(first["lower"]) < float(first["fakeness"]) < float(first["upper"])
    assert float(first["voice_fakeness"]) < 0.5
    assert [first[f"{name}_score"] for name in ("face", "voice")] == [
        first[f"{name}_fakeness"] for name in ("face", "voice")
    ]
    assert first["people"] == "2"
    assert first["duration_s"] == f"{result.media.duration_s:.3f}"
    assert second["verdict"] == "NOT_EXAMINED"
    assert second["reason"] == "The file has zero bytes."
    assert [
        second[name]
        for name in ("fakeness", "lower", "upper", "face_fakeness", "voice_fakeness", "duration_s")
    ] == [""] * 6


def test_formulas_are_defused() -> None:
    names = ("=1+1.mp4", "+a.mp4", "-a.mp4", "@a.mp4", "\ta.mp4", "\ra.mp4", "a=b.mp4", 'a,"b"\nc.mp4')
    case = Case([(i, examined(name, (0.5,), None, i)) for i, name in enumerate(names, 1)], {})
    paths = [row["path"] for row in csv.DictReader(io.StringIO(written(view_of(case)), newline=""))]
    assert paths == [f"'{name}" for name in names[:6]] + list(names[6:])
