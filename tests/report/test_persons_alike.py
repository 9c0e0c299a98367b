"""People who look alike are grouped across files; nothing that a report writes holds a descriptor."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from forensics.casefile.case_file import CaseFile
from forensics.evaluation.labels import LabelSet
from forensics.records.face_descriptor import FaceDescriptor
from forensics.records.faces import FaceTrack
from forensics.records.scan_result import DetectorUse, ScanResult
from forensics.records.subject import person
from forensics.records.verdict import VerdictLabel
from forensics.report.persons import matching
from forensics.report.persons.alike import compare_persons
from forensics.report.persons.matching import compare, people_of
from forensics.report.persons.worth import WORTH
from forensics.report.renderers import RENDERERS, renderer_for
from forensics.report.renderers.csv import CsvRenderer
from forensics.report.renderers.html import HtmlRenderer
from forensics.report.renderers.json import JsonRenderer
from forensics.report.view import ReportView, build_view
from forensics.workflows import drawing, paging
from forensics.workflows.merging import merge
from forensics.workflows.redrawing import RedrawOptions, redraw
from tests.casefile.made import manifest
from tests.report.synthetic_case import examined, exhibits_of

[(METHOD, OF_METHOD)] = WORTH.items()
LIMIT = OF_METHOD.threshold


def looks(seed: int, away: float = 0.0, towards: int = 99) -> np.ndarray:
    """float32[128] of length 1; of another seed nearly at right angles, or so far away in a direction."""
    one, other = (np.random.default_rng(number).normal(size=128) for number in (seed, towards))
    one /= np.linalg.norm(one)
    other -= (other @ one) * one
    other /= np.linalg.norm(other)
    angle = 2 * np.arcsin(away / 2)
    return np.asarray(np.cos(angle) * one + np.sin(angle) * other, np.float32)


def descriptor(vector: np.ndarray, track_id: int = 1) -> FaceDescriptor:
    return FaceDescriptor(METHOD, track_id, vector.astype("<f2").tobytes(), 5, 2.0, 0.1)


def seen(name: str, score: float, *vectors: np.ndarray, together: bool = True) -> ScanResult:
    """A file with these people, all in view at once or one after the other."""
    result = examined(name, (score,) * len(vectors), None, 1)
    starts = [0.0 if together else 3.0 * place for place in range(len(vectors))]
    tracks = tuple(
        FaceTrack(place, 32, start_s, start_s + 2.5, 120.0) for place, start_s in enumerate(starts, start=1)
    )
    found = tuple(descriptor(vector, place) for place, vector in enumerate(vectors, start=1))
    return replace(result, tracks=tracks, descriptors=found)


ANNA, BERT = looks(1), looks(2)
ROWS = [
    (1, seen("film.mp4", 0.05, ANNA)),
    (2, seen("swapped.mp4", 0.94, looks(1, 0.2), BERT)),
    (3, seen("other.mp4", 0.05, looks(3))),
    (4, seen("third.mp4", 0.05, looks(1, 0.25, towards=98))),
]


def groups_of(rows: list[tuple[int, ScanResult]]) -> list[list[tuple[int, int]]]:
    found = compare(people_of(rows, METHOD), LIMIT)
    return [[(one.row_id, one.track.track_id) for one in group.people] for group in found.groups]


def test_one_person_is_found_in_several_files_and_others_are_not() -> None:
    assert groups_of(ROWS) == [[(1, 1), (2, 1), (4, 1)]]


def test_the_order_of_rows_changes_nothing_but_the_order() -> None:
    [group] = groups_of(ROWS[::-1])
    assert sorted(group) == [(1, 1), (2, 1), (4, 1)]


def test_no_chain_joins_people_who_are_unlike() -> None:
    chain = [(number, seen(f"{number}.mp4", 0.1, looks(1, number * LIMIT * 0.6))) for number in range(4)]
    assert groups_of(chain) == [[(0, 1), (1, 1)], [(2, 1), (3, 1)]]
    assert groups_of([chain[0], chain[2]]) == []


def test_two_who_are_in_view_at_once_are_not_one() -> None:
    both = (5, seen("both.mp4", 0.1, ANNA, looks(1, 0.1)))
    [group] = groups_of([ROWS[0], both])
    assert group == [(1, 1), (5, 1)]
    in_turn = (5, seen("both.mp4", 0.1, ANNA, looks(1, 0.1), together=False))
    assert groups_of([ROWS[0], in_turn]) == [[(1, 1), (5, 1), (5, 2)]]
    assert groups_of([in_turn]) == [], "of one file alone, nothing is told"


def test_descriptors_of_another_method_are_not_compared() -> None:
    [strange] = ROWS[0][1].descriptors
    other = replace(ROWS[0][1], descriptors=(replace(strange, method="another/1"),))
    assert groups_of([(1, other), ROWS[3]]) == []
    assert compare_persons([(1, other)]) is None


def test_pairs_are_counted_across_files() -> None:
    found = compare(people_of(ROWS, METHOD), LIMIT)
    assert (found.n_persons, found.n_compared) == (5, 5)
    assert found.n_pairs == 5 * 4 // 2 - 1
    assert found.n_alike == 3


def test_thousands_of_clips_of_one_person_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "MOST_NEAR", 500)
    monkeypatch.setattr(matching, "_ROWS_AT_ONCE", 7)
    rows = [(number, seen(f"{number}.mp4", 0.1, looks(1, 0.1, towards=number + 50))) for number in range(60)]
    found = compare(people_of(rows, METHOD), LIMIT)
    assert found.n_alike == 60 * 59 // 2
    assert found.groups
    monkeypatch.setattr(matching, "MOST_NEAR", 100_000)
    [group] = compare(people_of(rows, METHOD), LIMIT).groups
    assert len(group.people) == 60


def test_more_people_than_can_be_compared_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "MOST_PERSONS", 3)
    view = build_view([], ROWS, lambda _: ())
    assert view.persons is not None
    assert "Not compared, since there are too many: 2." in view.persons.says


@pytest.fixture
def view() -> ReportView:
    return build_view([], ROWS, lambda row_id: exhibits_of(dict(ROWS)[row_id]))


def drawn(view: ReportView) -> str:
    out = io.BytesIO()
    HtmlRenderer().render(view, out)
    page = out.getvalue().decode()
    return page[page.index('id="persons"') : page.index('id="evidence"')]


def test_the_page_shows_groups_with_faces_distances_and_their_worth(view: ReportView) -> None:
    section = drawn(view)
    assert "3 persons who look alike" in section
    assert section.count("<img") == 3
    assert re.search(r"No\. 1: very much alike \(0\.2\d\)", section)
    assert '<a href="#f2"><bdi>' in section
    assert "other.mp4" not in section
    assert "It does not say that they are one person" in section
    assert "one of the others may be where the face or the film comes from" in section
    assert "95 % interval" in section


def test_nobody_alike_is_said() -> None:
    section = drawn(build_view([], [ROWS[0], ROWS[2]], lambda _: ()))
    assert "Nobody in one file looks like anybody in another." in section
    assert "<table" not in section


def test_without_descriptors_there_is_no_section() -> None:
    plain = build_view([], [(1, examined("a.mp4", (0.9,), None, 1))], lambda _: ())
    assert plain.persons is None
    out = io.BytesIO()
    HtmlRenderer().render(plain, out)
    assert b'id="persons"' not in out.getvalue()
    assert b"#persons" not in out.getvalue()


def test_files_that_are_left_out_are_named() -> None:
    some = build_view([], ROWS, lambda _: (), only=["third.mp4"])
    assert some.persons is not None
    [group] = some.persons.groups
    assert [(one.row_id, one.index) for one in group.people] == [(1, None), (2, None), (4, 1)]
    others = build_view([], ROWS, lambda _: (), only=["other.mp4"])
    assert "Nobody in the files that are shown here looks like anybody in another file." in drawn(others)


def test_json_and_csv_have_the_groups(view: ReportView) -> None:
    out, table = io.BytesIO(), io.BytesIO()
    JsonRenderer().render(view, out)
    CsvRenderer().render(view, table)
    persons = json.loads(out.getvalue())["persons"]
    [group] = persons["groups"]
    assert [(one["row_id"], one["subject"]["number"]) for one in group["people"]] == [(1, 1), (2, 1), (4, 1)]
    assert group["people"][0]["distance"] == pytest.approx(0.2, abs=0.01)
    assert group["people"][0]["nearest"] == 1
    assert persons["n_alike"] == 3
    rows = {
        row["path"]: row["persons_alike"] for row in csv.DictReader(io.StringIO(table.getvalue().decode()))
    }
    assert rows == {
        "film.mp4": "swapped.mp4; third.mp4",
        "swapped.mp4": "film.mp4; third.mp4",
        "other.mp4": "",
        "third.mp4": "film.mp4; swapped.mp4",
    }


def test_json_obeys_the_schema(view: ReportView) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed (extra dev)")
    schema = Path(__file__).parents[2] / "reports" / "schema" / "report-v2.schema.json"
    out = io.BytesIO()
    JsonRenderer().render(view, out)
    jsonschema.Draft202012Validator(json.loads(schema.read_text("utf-8"))).validate(
        json.loads(out.getvalue())
    )


@pytest.mark.parametrize("suffix", sorted(set(RENDERERS) - {".pdf"}))
def test_no_format_holds_a_descriptor(view: ReportView, suffix: str) -> None:
    out = io.BytesIO()
    renderer_for(Path(f"out{suffix}")).render(view, out)
    for _, result in ROWS:
        for one in result.descriptors:
            assert base64.b64encode(one.values)[:40] not in out.getvalue()
            assert one.values[:30] not in out.getvalue()
    for file in view.files:
        assert file.result.descriptors == ()


def recorded(path: Path, rows: list[tuple[int, ScanResult]], run_id: str = "0" * 16) -> Path:
    with CaseFile.create_or_resume(path) as case:
        asked = (DetectorUse("persons", "Persons", "reports", "forensics"),)
        case.begin_run(manifest(run_id=run_id, detectors=asked), len(rows))
        for _, result in rows:
            case.add(replace(result, exhibits=exhibits_of(result)))
        case.finish({})
    return path


def test_a_redacted_copy_shows_no_face(tmp_path: Path) -> None:
    folder = "/srv/alice"
    rows = [(n, replace(one, media=replace(one.media, path=f"{folder}/{one.media.path}"))) for n, one in ROWS]
    case, page = recorded(tmp_path / "a.case", rows), tmp_path / "a.html"
    redraw(case, [page], RedrawOptions(redact=True))
    text = page.read_text("utf-8")
    section = text[text.index('id="persons"') : text.index('id="evidence"')]
    assert "3 persons who look alike" in section
    assert "<img" not in section
    assert "not shown" in section
    assert folder not in text


def test_people_of_two_machines_are_found_in_the_merged_case(tmp_path: Path) -> None:
    parts = [recorded(tmp_path / f"{n}.case", [row], f"{n:016x}") for n, row in enumerate(ROWS[:2])]
    merge(parts, tmp_path / "both.case")
    with CaseFile.open_read_only(tmp_path / "both.case") as both:
        found = compare_persons(both.results())
        assert found is not None
        [group] = found.comparison.groups
        assert {path for path, _ in found.files.values()} == {"film.mp4", "swapped.mp4"}
    assert len(group.people) == 2


def test_people_are_found_across_the_pages_of_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (paging, drawing):
        monkeypatch.setattr(module, "MOST_FILES_ON_A_PAGE", 2)
    page = tmp_path / "a.html"
    with CaseFile.open_read_only(recorded(tmp_path / "a.case", ROWS)) as opened:
        drawing.draw(opened, (page,), LabelSet({}), (), checked=opened.checked(), name="a.case")
    pages = sorted(paging.folder_of_pages(page).iterdir())
    assert len(pages) == 2
    for one in (page, *pages):
        text = one.read_text("utf-8")
        section = text[text.index('id="persons"') : text.index('id="evidence"')]
        assert "3 persons who look alike" in section
        assert all(name in section for name in ("film.mp4", "swapped.mp4", "third.mp4"))


def test_what_the_measurement_says_is_possible() -> None:
    for worth in WORTH.values():
        assert 0 < worth.near < worth.threshold < 1
        for rate in (worth.false_matches, worth.false_near, worth.misses):
            assert rate.lower <= rate.share <= rate.upper
        assert worth.false_matches.share <= 0.001


def test_a_clip_with_signs_is_compared_like_any_other(view: ReportView) -> None:
    assert view.persons is not None
    [group] = view.persons.groups
    assert {one.label for one in group.people} == {
        VerdictLabel.SIGNS_OF_MANIPULATION,
        VerdictLabel.NO_SIGNS_FOUND,
    }
    assert [one.subject for one in group.people] == [person(1)] * 3
