from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from forensics.casefile.case_file import CaseFile
from forensics.errors import CaseFileError
from forensics.records.exhibit_content import Picture
from forensics.records.findings import AbstentionReason
from forensics.records.scan_result import RunManifest
from tests.casefile.made import (
    MODEL,
    as_before_places,
    case_of_four_rows,
    exhibit,
    failed,
    manifest,
    result,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "case.forensics"


def refusal(action: Callable[[], object], *words: str) -> CaseFileError:
    """The error of an action, whose message says all of these words and which has a hint."""
    with pytest.raises(CaseFileError) as caught:
        action()
    for word in words:
        assert word in caught.value.message
    assert len(caught.value.hint) > 10
    assert caught.value.exit_code == 4
    return caught.value


def test_what_was_added_comes_back(path: Path) -> None:
    pictures = (exhibit(), exhibit("crop"))
    first = result("clips/a.mp4", exhibits=pictures, facts={"title": 'a "quoted" <name>\n'})
    with CaseFile.create_or_resume(path) as case:
        case.begin_run(manifest())
        row_id = case.add(first)
        case.add_rejected("clips/locked", "It cannot be read", "Run as a user who may read it.")
        case.finish({"SIGNS_OF_MANIPULATION": 1})
    with CaseFile.open_read_only(path) as case:
        assert case.manifests() == [manifest()]
        assert list(case.results()) == [(row_id, replace(first, exhibits=()))]
        assert case.exhibits(row_id) == list(pictures)
        assert [rejection.path for rejection in case.rejections()] == ["clips/locked"]
        assert [end.counts for end in case.ends()] == [{"SIGNS_OF_MANIPULATION": 1}]
        assert case.verify().sound


def test_a_closed_case_is_one_file(path: Path) -> None:
    case_of_four_rows(path)
    assert [other.name for other in path.parent.iterdir()] == [path.name]
    assert path.read_bytes()[68:72] == b"FRNS"  # the application id, where file(1) looks for it


def test_resuming_skips_what_is_done_and_goes_on_with_the_chain(path: Path) -> None:
    case_of_four_rows(path)
    with CaseFile.create_or_resume(path) as case:
        identity = ("clips/a.mp4", 1000, "2026-11-20T10:00:00+00:00")
        assert identity in case.examined()
        assert len(case.examined()) == 2
        case.begin_run(manifest(run_id="f" * 16))
        case.add(result("clips/c.mp4"))
        assert case.verify().sound
        assert [row_id for row_id, _ in case.results()] == [2, 3, 6]


def test_the_newest_result_of_the_same_content_stands(path: Path) -> None:
    case_of_four_rows(path)
    with CaseFile.create_or_resume(path) as case:
        case.begin_run(manifest())
        case.add(result("clips/a.mp4", manipulation_score=0.25, modified_utc="2026-11-21T10:00:00+00:00"))
        by_path = {one.media.path: one for _, one in case.results()}
        assert len(by_path) == 2
        assert by_path["clips/a.mp4"].verdict.manipulation_score == 0.25
        assert ("clips/a.mp4", 1000, "2026-11-20T10:00:00+00:00") not in case.examined()


def test_files_are_told_apart_by_their_place_and_their_content(path: Path) -> None:
    with CaseFile.create_or_resume(path) as case:
        case.begin_run(manifest())
        case.add(result("a.mp4", manipulation_score=0.1, place="/first/a.mp4"))
        case.add(result("a.mp4", manipulation_score=0.2, place="/second/a.mp4"))  # typed in another folder
        case.add(result("../first/a.mp4", manipulation_score=0.3, place="/first/a.mp4"))  # another spelling
        case.add(
            result("a.mp4", manipulation_score=0.4, place="/second/a.mp4", sha256="e" * 64)
        )  # other content
        stand = [(one.media.place, one.verdict.manipulation_score) for _, one in case.results()]
        assert stand == [("/second/a.mp4", 0.2), ("/first/a.mp4", 0.3), ("/second/a.mp4", 0.4)]


def test_a_file_that_can_be_read_now_answers_for_what_could_not_be_read(path: Path) -> None:
    with CaseFile.create_or_resume(path) as case:
        case.begin_run(manifest())
        case.add(result("a.mp4", place="/first/a.mp4", sha256=None))
        case.add(result("a.mp4", place="/first/a.mp4"))
        assert [one.media.sha256 for _, one in case.results()] == ["d" * 64]


def test_a_file_that_changed_meanwhile_is_never_done(path: Path) -> None:
    changed = failed()
    why = replace(changed.abstentions[0], why=AbstentionReason.CHANGED)
    with CaseFile.create_or_resume(path) as case:
        case.begin_run(manifest())
        case.add(replace(changed, abstentions=(why,), media=replace(changed.media, sha256=None)))
        assert case.examined() == {}


def test_cases_of_the_version_before_places_go_on(path: Path) -> None:
    as_before_places(case_of_four_rows(path))
    with CaseFile.create_or_resume(path) as case:
        assert case.at_opening is not None
        assert [(run.ended, run.n_found) for run in case.at_opening.runs] == [(True, None)]
        assert ("clips/a.mp4", 1000, "2026-11-20T10:00:00+00:00") in case.examined()
        case.begin_run(manifest(run_id="f" * 16), 3)
        case.add(result("clips/a.mp4", manipulation_score=0.3, place="/first/clips/a.mp4"))
        case.add(result("clips/b.mp4", manipulation_score=0.4, place="/first/clips/b.mp4", sha256="e" * 64))
        case.finish({})
        stand = [(one.media.key, one.verdict.manipulation_score) for _, one in case.results()]
        # The same content under the same spelling is the same file; another content may be another folder's.
        assert stand == [("clips/b.mp4", 0.1), ("/first/clips/a.mp4", 0.3), ("/first/clips/b.mp4", 0.4)]
        assert case.verify().sound


def test_failed_files_count_as_done_unless_they_are_to_be_retried(path: Path) -> None:
    with CaseFile.create_or_resume(path) as case:
        case.begin_run(manifest())
        case.add(failed())
        case.add(result())
        assert len(case.examined()) == 2
        assert [one[0] for one in case.examined(retry_failed=True)] == ["clips/a.mp4"]


def test_the_same_rejection_is_recorded_once(path: Path) -> None:
    for _ in range(2):
        with CaseFile.create_or_resume(path) as case:
            case.begin_run(manifest())
            case.add_rejected("clips/loop", "It links to itself", "Give the folder that it points to.")
            case.add_rejected("clips/loop", "It links to itself", "Give the folder that it points to.")
            assert len(case.rejections()) == 1


def test_results_need_a_run(path: Path) -> None:
    with CaseFile.create_or_resume(path) as case:
        refusal(lambda: case.add(result()), "No run has begun")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (manifest(profile="triage"), ["profile was examination, is triage"]),
        (manifest(policy="worst-subject/2"), ["policy was worst-subject/1"]),
        (manifest(settings={**manifest().settings, "frames": "16"}), ["frames was 32, is 16"]),
        (manifest(settings={**manifest().settings, "finder": "yunet"}), ["finder was not set, is yunet"]),
        (manifest(models=(replace(MODEL, precision="int8"),)), ["face model was face-b0 1 f32", "int8"]),
        (manifest(models=(replace(MODEL, card_sha256="e" * 64),)), ["face model", "eeeeeeee"]),
        (manifest(models=()), ["face model was", "is none"]),
    ],
)
def test_settings_that_change_scores_need_another_case(
    path: Path, changed: RunManifest, words: list[str]
) -> None:
    case_of_four_rows(path)
    with CaseFile.create_or_resume(path) as case:
        error = refusal(lambda: case.begin_run(changed), *words)
        assert "--case" in error.hint
        assert len(case.manifests()) == 1


def test_workers_paths_and_command_may_change(path: Path) -> None:
    case_of_four_rows(path)
    settings = {**manifest().settings, "workers": "8", "paths": "more", "time_limit_s": "5", "case": "x"}
    with CaseFile.create_or_resume(path) as case:
        case.begin_run(manifest(settings=settings, command=("forensics", "scan", "more")))
        assert len(case.manifests()) == 2


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_not_finite_are_never_stored(path: Path, bad: float) -> None:
    with CaseFile.create_or_resume(path) as case:
        case.begin_run(manifest())
        refusal(
            lambda: case.add(result(manipulation_score=bad)), "result.verdict.manipulation_score", "finite"
        )
        refusal(lambda: case.add(result(exhibits=(replace(exhibit(), at_s=bad),))), "exhibits[0].at_s")
        assert list(case.results()) == []


def test_text_that_is_not_text_is_refused(path: Path) -> None:
    with CaseFile.create_or_resume(path) as case:
        case.begin_run(manifest())
        refusal(lambda: case.add(result(facts={"title": "\udcff"})), "clips/a.mp4")


def test_two_writers_are_refused_and_a_reader_is_not(path: Path) -> None:
    with CaseFile.create_or_resume(path) as case:
        case.begin_run(manifest())
        case.add(result())
        refusal(lambda: CaseFile.create_or_resume(path), "Another scan is writing")
        with CaseFile.open_read_only(path) as reader:
            assert len(list(reader.results())) == 1
            case.add(result("clips/b.mp4"))
            assert len(list(reader.results())) == 2
    CaseFile.create_or_resume(path).close()


def test_a_full_disk_loses_nothing_that_was_recorded(path: Path) -> None:
    with CaseFile.create_or_resume(path) as case:
        case.begin_run(manifest())
        case.add(result("clips/a.mp4"))
        n_pages = case._connection.execute("PRAGMA page_count").fetchone()[0]
        case._connection.execute(f"PRAGMA max_page_count={n_pages}")
        big = replace(exhibit(), content=Picture(bytes(100_000)))
        error = refusal(lambda: case.add(result("clips/b.mp4", exhibits=(big,))), "disk is full")
        assert "kept" in error.hint
    with CaseFile.create_or_resume(path) as case:
        assert [one.media.path for _, one in case.results()] == ["clips/a.mp4"]
        assert case.verify().sound


def test_a_text_file_is_not_a_case_and_stays_as_it_is(path: Path) -> None:
    path.write_text("minutes of the meeting\n" * 100)
    before = path.read_bytes()
    refusal(lambda: CaseFile.create_or_resume(path), "is not a case file")
    refusal(lambda: CaseFile.open_read_only(path), "is not a case file")
    assert path.read_bytes() == before


def test_the_database_of_another_program_stays_as_it_is(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.close()
    before = path.read_bytes()
    refusal(lambda: CaseFile.create_or_resume(path), "is not a case file")
    refusal(lambda: CaseFile.open_read_only(path), "is not a case file")
    assert path.read_bytes() == before


def test_an_empty_file_becomes_a_case(path: Path) -> None:
    path.touch()
    refusal(lambda: CaseFile.open_read_only(path), "is not a case file")
    case_of_four_rows(path)


def test_a_newer_case_is_refused_with_the_way_out(path: Path) -> None:
    case_of_four_rows(path)
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA user_version=99")
    raw.close()
    for opened in (CaseFile.create_or_resume, CaseFile.open_read_only):
        error = refusal(lambda opened=opened: opened(path), "newer forensics", "99")  # type: ignore[misc]
        assert "pip install --upgrade" in error.hint


def test_places_where_no_case_can_be(tmp_path: Path) -> None:
    refusal(lambda: CaseFile.create_or_resume(tmp_path / "absent" / "case"), "cannot be written")
    refusal(lambda: CaseFile.create_or_resume(Path("/proc/case")), "cannot be written")
    refusal(lambda: CaseFile.create_or_resume(tmp_path), "is a folder")
    refusal(lambda: CaseFile.open_read_only(tmp_path / "absent"), "is not there")
    refusal(lambda: CaseFile.open_read_only(tmp_path), "is not a file")


def test_a_case_can_be_read_where_nothing_can_be_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case_of_four_rows(path)
    real = sqlite3.connect

    def connect(address: str, **options: object) -> sqlite3.Connection:
        if "immutable" not in address:
            # What SQLite says to a WAL file on a medium that cannot be written.
            address = address.replace(path.name, "absent")
        return real(address, **options)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(sqlite3, "connect", connect)
    with CaseFile.open_read_only(path) as case:
        assert len(list(case.results())) == 2


def test_a_damaged_database_is_named(path: Path) -> None:
    case_of_four_rows(path)
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xaa" * (len(content) - 4096)
    path.write_bytes(content)
    refusal(lambda: CaseFile.create_or_resume(path), "case.forensics")
    with CaseFile.open_read_only(path) as case:
        refusal(lambda: list(case.results()), "damaged")
        assert not case.verify().sound


def test_an_interrupted_addition_leaves_no_half_row(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with CaseFile.create_or_resume(path) as case:
        case.begin_run(manifest())

        def interrupted(*_: object) -> bytes:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr("forensics.casefile.case_file.row_hash", interrupted)
            with pytest.raises(KeyboardInterrupt):
                case.add(result())
        case.add(result("clips/b.mp4"))
        assert case.verify().sound
        assert [one.media.path for _, one in case.results()] == ["clips/b.mp4"]


def test_names_with_signs_that_mean_something_in_addresses(tmp_path: Path) -> None:
    path = tmp_path / "a ?b#c%20d&mode=ro.forensics"
    case_of_four_rows(path)
    with CaseFile.open_read_only(path) as case:
        assert len(list(case.results())) == 2
