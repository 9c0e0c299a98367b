"""A report that can be filed: case data, what was examined, times with their zone, in every format."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from forensics.casefile.case_info_file import read_case_info
from forensics.errors import SettingsError
from forensics.records.case_info import CaseExhibit, RecordedCaseInfo
from forensics.records.findings import Abstention, AbstentionReason, Notice
from forensics.records.media import StreamKind
from forensics.records.scan_result import DetectorUse
from forensics.records.subject import person
from forensics.report import administration
from forensics.report.clock import clock_text, now_utc
from forensics.report.examined import account_of
from forensics.report.literature import references
from forensics.report.renderers.case_uco import CaseUcoRenderer
from forensics.report.renderers.csv import CsvRenderer
from forensics.report.renderers.html import HtmlRenderer
from forensics.report.renderers.json import JsonRenderer
from forensics.report.renderers.sarif import SarifRenderer
from forensics.report.view import ReportView, build_view
from tests.report.drawn import text_of
from tests.report.synthetic_case import cards, examined, manifest, rich_case, unexamined, view_of

EXAMPLE = Path(__file__).parents[2] / "examples" / "case.toml"


@pytest.fixture(scope="module")
def recorded() -> RecordedCaseInfo:
    info = read_case_info(EXAMPLE).info
    exhibits = (
        CaseExhibit("A-1", ("press-briefing.mp4",), "USB stick"),
        CaseExhibit("A-2", ("phone/*",), "Mobile phone"),
        CaseExhibit("A-3", ("nowhere.mp4",)),
    )
    return RecordedCaseInfo(2, "2026-11-21T09:41:08+00:00", "ab" * 32, replace(info, exhibits=exhibits))


@pytest.fixture(scope="module")
def view(recorded: RecordedCaseInfo) -> ReportView:
    ended = {manifest().run_id: "2026-11-21T09:59:00+00:00"}
    return view_of(rich_case(), case_info=recorded, ended_utc=ended)


def test_the_page_is_headed_by_the_case_and_states_its_data(view: ReportView) -> None:
    page = text_of(HtmlRenderer(), view)
    assert "<title>Media examination: 25 files, 2026-0815: Interview of 2 October 2026</title>" in page
    for said in ("A. Examiner", "R. Reviewer", "D-XX-00000-00", "District Court", "ab" * 32, "Mobile phone"):
        assert said in page
    assert "No file of this report belongs to these exhibits of the case data: A-3." in page
    assert "2026-11-21, 10:41:07 CET (UTC+01:00) to 2026-11-21, 10:59:00 CET (UTC+01:00)" in page
    assert page.index("1 Administration") < page.index("2 Items and their integrity")
    assert page.index("3 Methods and uncertainty") < page.index("4 Opinion") < page.index("5 Results")


def test_without_case_data_the_page_is_headed_by_a_title_or_the_case_file() -> None:
    assert view_of(rich_case()).heading == "briefing.case"
    assert view_of(rich_case(), title="My uploads").heading == "My uploads"
    assert view_of(rich_case(), case=None).heading == ""
    assert "no end is recorded" in text_of(HtmlRenderer(), view_of(rich_case()))


def test_hostile_case_data_stay_text(recorded: RecordedCaseInfo) -> None:
    evil = "<script>alert(1)</script>\u202e"
    info = replace(
        recorded.info, case_number=evil, examiner=evil, exhibits=(CaseExhibit(evil, ("*",), evil),)
    )
    view = view_of(rich_case(), case_info=replace(recorded, info=info))
    page = text_of(HtmlRenderer(), view)
    assert page.count("<script>") == 2  # our own
    assert "\u202e" not in page
    for renderer in (JsonRenderer(), CaseUcoRenderer(), SarifRenderer()):
        json.loads(text_of(renderer, view))
    assert "\u202e" not in text_of(SarifRenderer(), view) + text_of(CaseUcoRenderer(), view)


def test_json_csv_and_sarif_hold_the_case_data(view: ReportView) -> None:
    document = json.loads(text_of(JsonRenderer(), view))
    assert document["case_info"]["info"]["case_number"] == "2026-0815"
    assert document["ended_utc"] == {manifest().run_id: "2026-11-21T09:59:00+00:00"}
    ids = {one["media"]["path"]: one["exhibit_ids"] for one in document["files"]}
    assert ids["clips/interview/press-briefing.mp4"] == ["A-1"]
    assert ids["clips/phone/IMG_2041.mov"] == ["A-2"]
    assert ids["clips/notes.mp4"] == []
    rows = list(csv.DictReader(io.StringIO(text_of(CsvRenderer(), view))))
    assert {row["path"]: row["exhibit"] for row in rows}["clips/phone/IMG_2042.mov"] == "A-2"
    [run] = json.loads(text_of(SarifRenderer(), view))["runs"]
    assert run["properties"]["caseNumber"] == "2026-0815"
    assert run["invocations"][0]["endTimeUtc"] == "2026-11-21T09:59:00Z"
    assert sum(one.get("properties", {}).get("exhibits") == ["A-2"] for one in run["results"]) == 2


def test_case_uco_names_people_investigation_and_exhibits(view: ReportView) -> None:
    graph: list[dict[str, Any]] = json.loads(text_of(CaseUcoRenderer(), view))["@graph"]
    by_id = {node["@id"]: node for node in graph}
    assert len(by_id) == len(graph)
    [investigation] = [one for one in graph if one["@type"] == "case-investigation:Investigation"]
    assert investigation["uco-core:name"] == "2026-0815"
    assert all(one["@id"] in by_id for one in investigation["uco-core:object"])
    [action] = [one for one in graph if one["@type"] == "case-investigation:InvestigativeAction"]
    assert by_id[action["uco-action:performer"]["@id"]]["uco-core:name"] == "A. Examiner"
    assert action["uco-action:endTime"]["@value"] == "2026-11-21T09:59:00+00:00"
    numbers = {one["case-investigation:exhibitNumber"]: one for one in graph if "exhibitNumber" in str(one)}
    assert set(numbers) == {"A-1", "A-2"}
    assert len(numbers["A-2"]["uco-core:object"]) == 2


def test_times_have_their_zone() -> None:
    assert clock_text("2026-07-01T12:00:00+00:00") == "2026-07-01, 12:00:00 UTC"
    assert clock_text("2026-07-01T12:00:00Z", "Europe/Berlin") == "2026-07-01, 14:00:00 CEST (UTC+02:00)"
    assert clock_text("2026-07-01T12:00:00", "Nowhere/At-All") == "2026-07-01, 12:00:00 UTC"
    assert clock_text("at noon") == "at noon"


def test_the_time_of_drawing_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert now_utc() == "2023-11-14T22:13:20+00:00"
    assert build_view([], [], lambda _: ()).drawn_utc == now_utc()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(SettingsError, match="no number of seconds"):
        now_utc()


def test_the_account_of_a_video_names_streams_detectors_and_what_is_missing() -> None:
    result = examined("a.mp4", (0.9, 0.2), None, 1, lost_frames=50)
    streams = tuple(
        replace(one, chosen_frames=tuple(range(0, 320, 10)) if one.kind is StreamKind.VIDEO else ())
        for one in result.media.streams
    )
    small = Abstention("face", AbstentionReason.TOO_SMALL, "Smaller than 48 px.", person(3))
    result = replace(
        result,
        media=replace(result.media, streams=streams),
        abstentions=(*result.abstentions, small),
        notices=(*result.notices, Notice("container", "The writer is unknown.")),
    )
    parts = {one.name: one for one in account_of(result, ("face", "voice", "container", "stills"))}
    n_all = streams[0].n_frames_from_content
    film = parts["Stream 0: video, h264, 1280 × 720 px"]
    assert film.examined.startswith(f"32 of {n_all} frames were examined, spread over ")
    assert film.not_examined == f"{(n_all or 0) - 32} frames between them."
    assert parts["Stream 1: audio, aac, 44.1 kHz, 2 channels"].not_examined.startswith("No sound")
    assert parts["Face"].examined == "Scored: person 1 (32 frames), person 2 (32 frames)."
    assert parts["Face"].not_examined == "Too small (person 3)."
    assert parts["Voice"].not_examined == "There is no sound to examine."
    assert parts["Container"].examined == "It looked and noted 1 thing."
    assert parts["Stills"].examined == "It looked and had nothing to note."
    assert "Sequence" in parts["Not asked for"].not_examined
    assert "could be decoded" in parts["Missing from stream 0"].not_examined
    assert parts["Noted while reading"].not_examined == result.notices[0].message


def test_the_account_of_what_cannot_be_read_claims_nothing() -> None:
    parts = account_of(unexamined("a.mp4", "Zero bytes."), ("face", "container"))
    assert {one.name: one.examined for one in parts} == dict.fromkeys(
        ("Streams", "Face", "Container", "Not asked for", "Noted while reading"), ""
    )


def test_an_earlier_case_that_does_not_say_which_frames_is_not_said_to_be_unexamined() -> None:
    film, sound, *_ = account_of(examined("a.mp4", (0.9,), 0.1, 1), ("face", "voice"))
    assert film.not_examined == sound.not_examined == ""
    assert "is not recorded" in sound.examined


def test_literature_is_that_of_what_ran() -> None:
    asked = tuple(DetectorUse(name, name, "decides", "forensics") for name in ("face", "provenance"))
    run = replace(manifest(), detectors=asked)
    face = replace(cards()[0], net="efficientnet-autoatt-b4")
    view = build_view([run], [], lambda _: (), cards=(face,))
    listed = references(view)
    assert len(set(listed)) == len(listed)
    assert any("Bonettini" in one for one in listed)
    assert any("C2PA" in one for one in listed)
    assert not any("ENFSI" in one or "Silero" in one for one in listed)
    assert any("ENFSI" in one for one in references(replace(view, ratios=True)))


def test_items_of_exhibits_come_first_with_what_their_hashes_say(view: ReportView) -> None:
    items = administration.items(view)
    assert [one.exhibits for one in items[:4]] == ["A-1", "A-2", "A-2", ""]
    assert {one.fate for one in items} == {"same before and after"}
