"""Identical files are examined once; what stands in their rows, what resuming and figures make of them."""

from __future__ import annotations

import csv
import io
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from forensics.casefile.case_file import CaseFile
from forensics.evaluation.content_once import each_content_once
from forensics.evaluation.labels import Label
from forensics.media.discovery import Found, discover
from forensics.records.findings import AbstentionReason
from forensics.records.scan_result import ScanResult
from forensics.records.verdict import VerdictLabel
from forensics.report.renderers.csv import CsvRenderer
from forensics.report.view import build_view
from forensics.scan import scan_run
from forensics.scan.events import BatchStarted, Event, FileDone, FileStarted, TwinsFound
from forensics.scan.scan_run import ScanPlan, run_scan
from forensics.scan.twins import distinct
from forensics.settings import ScanSettings
from tests.casefile.made import manifest
from tests.report.drawn import text_of
from tests.scan import fakes


@pytest.fixture(autouse=True)
def _no_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_run, "assemble_here", fakes.bench_for)
    monkeypatch.setattr(scan_run, "examine_found", fakes.examine)


def written(folder: Path, **contents: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in contents.items():
        (folder / f"{name.replace('_', '-')}.mp4").write_bytes(content)
    return folder


def found(folder: Path) -> tuple[Found, ...]:
    return tuple(one for one in discover([folder]) if isinstance(one, Found))


def scan(folder: Path, case: Path, **wishes: bool) -> tuple[dict[str, ScanResult], list[Event]]:
    """Results by name without suffix, and what was told."""
    events: list[Event] = []
    plan = ScanPlan(
        ScanSettings(paths=(folder,)), (), replace(manifest(), run_id=os.urandom(8).hex()), found(folder), ()
    )
    with CaseFile.create_or_resume(case) as opened:
        run_scan(plan, opened, on_event=events.append, **wishes)
        return {Path(result.media.path).stem: result for _, result in opened.results()}, events


def started(events: list[Event]) -> list[str]:
    return [Path(one.path).stem for one in events if isinstance(one, FileStarted)]


def test_identical_files_are_examined_once_and_each_has_its_row(tmp_path: Path) -> None:
    folder = written(
        tmp_path / "media", a=b"same" * 9, b=b"same" * 9, c=b"some" * 9, d=b"other", e=b"same" * 9
    )
    results, events = scan(folder, tmp_path / "x.case")
    assert set(results) == set("abcde")
    assert sorted(started(events)) == ["a", "c", "d"]
    assert [one.n_files for one in events if isinstance(one, TwinsFound)] == [2]
    assert [one.n_files for one in events if isinstance(one, BatchStarted)] == [5]
    assert sorted(one.n_done for one in events if isinstance(one, FileDone)) == [1, 2, 3, 4, 5]
    for name in "be":
        assert results[name].twin_of == str(folder / "a.mp4")
        assert results[name].verdict == results["a"].verdict
        assert results[name].media.sha256 == results["a"].media.sha256
        assert results[name].media.place == str(folder / f"{name}.mp4")
        assert f"The content is that of {folder / 'a.mp4'}" in results[name].notices[0].message
    assert [results[name].twin_of for name in "acd"] == [None] * 3


def test_nothing_is_read_of_files_whose_size_is_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = written(tmp_path / "media", a=b"1", b=b"12", c=b"abc", d=b"abd", e=b"abc")
    read: list[str] = []
    really = Path.open

    def noting(path: Path, *rest: object) -> object:
        read.append(path.stem)
        return really(path, *rest)  # type: ignore[call-overload]

    files = found(folder)
    monkeypatch.setattr(Path, "open", noting)
    alike = distinct(files, {}, 2)
    assert sorted(read) == ["c", "c", "d", "e", "e"]  # both ends of three, the whole of two
    assert [file.path.stem for file in alike.files] == ["a", "b", "c", "d"]
    assert alike.n_twins == 1


def test_ten_thousand_files_of_one_size_take_seconds(tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    for number in range(10_000):
        (tmp_path / "media" / f"{number}.jpg").write_bytes(number.to_bytes(4, "big") * 300)
    files = found(tmp_path / "media")
    began_s = time.process_time()
    assert distinct(files, {}, 2).n_twins == 0
    assert time.process_time() - began_s < 10


def test_files_that_differ_in_their_middle_alone_are_no_twins(tmp_path: Path) -> None:
    ends = bytes(40_000)
    folder = written(tmp_path / "media", a=ends + b"1" + ends, b=ends + b"2" + ends)
    assert distinct(found(folder), {}, 1).n_twins == 0


def test_a_copy_that_comes_later_takes_the_result_of_the_case(tmp_path: Path) -> None:
    folder = written(tmp_path / "media", a=b"same", b=b"once")
    scan(folder, tmp_path / "x.case")
    written(folder, z=b"same")
    results, events = scan(folder, tmp_path / "x.case")
    assert started(events) == []
    assert results["z"].twin_of == str(folder / "a.mp4")
    assert [one.result.media.path for one in events if isinstance(one, FileDone)] == [str(folder / "z.mp4")]
    # And nothing is left for a third run.
    _, events = scan(folder, tmp_path / "x.case")
    assert not any(isinstance(one, FileDone) for one in events)


def test_a_file_that_was_touched_is_no_twin_of_itself(tmp_path: Path) -> None:
    folder = written(tmp_path / "media", a=b"same", b=b"same")
    scan(folder, tmp_path / "x.case")
    os.utime(folder / "a.mp4", (1, 1))
    results, events = scan(folder, tmp_path / "x.case")
    assert started(events) == ["a"]
    assert (results["a"].twin_of, results["b"].twin_of) == (None, str(folder / "a.mp4"))


def test_a_crash_is_shared_and_tried_again_once(tmp_path: Path) -> None:
    folder = written(tmp_path / "media", defect_1=b"same", defect_2=b"same")
    results, events = scan(folder, tmp_path / "x.case")
    assert len(started(events)) == 1
    for result in results.values():
        assert result.verdict.label is VerdictLabel.NOT_EXAMINED
        assert [one.why for one in result.abstentions] == [AbstentionReason.FAILED]
    assert len(started(scan(folder, tmp_path / "x.case", retry_failed=True)[1])) == 1


def test_a_copy_that_changes_meanwhile_is_examined_itself(tmp_path: Path) -> None:
    folder = written(tmp_path / "media", a=b"same", b=b"same", c=b"same")
    alike = distinct(found(folder), {}, 1)
    (folder / "b.mp4").write_bytes(b"else")
    results: list[ScanResult] = []
    scan_run.run_batch(
        alike.files, fakes.make_bench, fakes.examine, n_workers=1, time_limit_s=60, on_result=results.append,
        twins=alike.twins,
    )  # fmt: skip
    by_name = {Path(result.media.path).stem: result for result in results}
    assert set(by_name) == set("abc")
    assert by_name["b"].twin_of is None
    assert by_name["b"].media.sha256 != by_name["a"].media.sha256
    assert by_name["c"].twin_of == str(folder / "a.mp4")


def test_reports_mark_copies_and_name_them_at_the_file_that_was_examined(tmp_path: Path) -> None:
    folder = written(tmp_path / "media", a=b"same", b=b"same")
    results, _ = scan(folder, tmp_path / "x.case")
    view = build_view([manifest()], list(enumerate(results.values(), 1)), lambda _: ())
    notices = {Path(file.path).stem: [one.message for one in file.result.notices] for file in view.files}
    assert f"The same content, byte for byte, lies at {folder / 'b.mp4'}." in notices["a"]
    rows = {Path(row["path"]).stem: row for row in csv.DictReader(io.StringIO(text_of(CsvRenderer(), view)))}
    assert (rows["a"]["twin_of"], rows["b"]["twin_of"]) == ("", str(folder / "a.mp4"))
    assert rows["a"]["verdict"] == rows["b"]["verdict"]


def test_figures_count_each_content_once(tmp_path: Path) -> None:
    folder = written(
        tmp_path / "media", a=b"one!", b=b"one!", c=b"two!", d=b"two!", e=b"six!", f=b"six!", g=b"?"
    )
    results, _ = scan(folder, tmp_path / "x.case")

    def label(name: str, manipulated: bool) -> tuple[str, Label]:
        key = str(folder / f"{name}.mp4")
        return key, Label(key, manipulated, key)

    # Both of a and b; only the copy of c; e and its copy against each other; g alone.
    known = dict([label("a", True), label("b", True), label("d", False), label("e", True), label("f", False)])
    known |= dict([label("g", False)])
    once, labels, notes = each_content_once(results.values(), known)
    assert [Path(result.media.path).stem for result in once] == ["a", "c", "e", "g"]
    assert {Path(key).stem: one.manipulated for key, one in labels.items()} == {
        "a": True,
        "c": False,
        "g": False,
    }
    assert notes == (
        "Labelled files that are copies of others, byte for byte: 3; a content counts once.",
        "Contents labelled both pristine and manipulated: 1; they are not counted.",
    )
