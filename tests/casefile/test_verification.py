from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from forensics.casefile.case_file import CaseFile
from forensics.casefile.chain import FIRST_PREVIOUS_HASH, row_hash
from forensics.casefile.verification import VerificationReport
from forensics.errors import CaseFileError
from tests.casefile.made import case_of_four_rows, manifest, result, tampering


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return case_of_four_rows(tmp_path / "case.forensics")


def checked(path: Path, expected_head: str | None = None) -> VerificationReport:
    with CaseFile.open_read_only(path) as case:
        return case.verify(expected_heads=() if expected_head is None else (expected_head,))


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE entries SET payload = '{}' WHERE row_id = 2",
        "DELETE FROM entries WHERE row_id = 4",
        "DELETE FROM entries",
        "INSERT OR REPLACE INTO entries SELECT * FROM entries WHERE row_id = 2",
        "INSERT INTO entries SELECT 9, kind, payload, row_hash FROM entries WHERE row_id = 2",
        "UPDATE exhibits SET jpeg = x'00'",
        "DELETE FROM exhibits",
        "INSERT OR REPLACE INTO exhibits VALUES (2, 0, x'00')",
        "INSERT INTO exhibits VALUES (2, 7, x'00')",
    ],
)
def test_rows_cannot_be_changed_through_sqlite(path: Path, sql: str) -> None:
    raw = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="only grows"):
        raw.execute(sql)
    raw.close()
    assert checked(path).sound


def test_a_sound_case_gives_its_head(path: Path) -> None:
    report = checked(path)
    assert report.sound
    assert (report.n_rows, report.n_exhibits) == (4, 2)
    with CaseFile.open_read_only(path) as case:
        assert case.head_hash == report.head_hash
    assert "kept elsewhere" in report.advice
    assert checked(path, report.head_hash.upper()).expected_head_row == 4


def test_the_chain_is_what_its_description_says(path: Path) -> None:
    raw = sqlite3.connect(path)
    previous = FIRST_PREVIOUS_HASH
    for row_id, kind, payload, stored in raw.execute("SELECT * FROM entries ORDER BY row_id"):
        previous = row_hash(previous, row_id, kind, payload)
        assert previous == stored
    raw.close()


def test_every_single_flipped_byte_of_a_payload_is_found(path: Path) -> None:
    with tampering(path) as raw:
        (payload,) = raw.execute("SELECT payload FROM entries WHERE row_id = 3").fetchone()
        flipped = bytearray(payload)
        place = flipped.index(b"0.1")
        flipped[place + 2] = ord("9")
        raw.execute("UPDATE entries SET payload = ? WHERE row_id = 3", (bytes(flipped),))
    report = checked(path)
    assert [problem.row_id for problem in report.problems] == [3]
    assert report.first_broken_row == 3


def test_a_row_sealed_anew_breaks_the_next_one(path: Path) -> None:
    with tampering(path) as raw:
        (before,) = raw.execute("SELECT row_hash FROM entries WHERE row_id = 2").fetchone()
        (payload,) = raw.execute("SELECT payload FROM entries WHERE row_id = 3").fetchone()
        changed = payload.replace(b"0.1", b"0.9")
        assert changed != payload
        seal = row_hash(before, 3, "result", changed)
        raw.execute("UPDATE entries SET payload = ?, row_hash = ? WHERE row_id = 3", (changed, seal))
    assert checked(path).first_broken_row == 4


def test_a_removed_row_is_found(path: Path) -> None:
    with tampering(path) as raw:
        raw.execute("DELETE FROM entries WHERE row_id = 3")
    report = checked(path)
    assert report.first_broken_row == 4
    assert "row 3 before it is missing" in report.problems[0].text


def test_a_removed_row_is_found_when_the_others_close_up(path: Path) -> None:
    with tampering(path) as raw:
        raw.execute("DELETE FROM entries WHERE row_id = 3")
        raw.execute("UPDATE entries SET row_id = 3 WHERE row_id = 4")
    assert checked(path).first_broken_row == 3


def test_swapped_rows_are_found(path: Path) -> None:
    with tampering(path) as raw:
        for old, new in ((2, 90), (3, 2), (90, 3)):
            raw.execute("UPDATE entries SET row_id = ? WHERE row_id = ?", (new, old))
    assert checked(path).first_broken_row == 2


def test_a_changed_kind_is_found(path: Path) -> None:
    with tampering(path) as raw:
        raw.execute("UPDATE entries SET kind = 'end' WHERE row_id = 3")
    assert checked(path).first_broken_row == 3


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("UPDATE exhibits SET jpeg = x'ffd800' WHERE position = 1", "exhibit 2 (crop at 1.0 s)"),
        ("DELETE FROM exhibits WHERE position = 0", "names 2 exhibits and 1 are there"),
        ("INSERT INTO exhibits VALUES (2, 2, x'ffd8')", "names 2 exhibits and 3 are there"),
        ("INSERT INTO exhibits VALUES (4, 0, x'ffd8')", "belong to no result"),
        ("UPDATE exhibits SET position = 7 - position", "is not what was recorded"),
    ],
)
def test_tampered_exhibits_are_found(path: Path, sql: str, words: str) -> None:
    with tampering(path) as raw:
        raw.execute(sql)
    report = checked(path)
    assert not report.sound
    assert words in report.problems[0].what


def test_missing_exhibits_are_not_passed_over_by_a_reader(path: Path) -> None:
    with tampering(path) as raw:
        raw.execute("DELETE FROM exhibits WHERE position = 0")
    with (
        CaseFile.open_read_only(path) as case,
        pytest.raises(CaseFileError, match="holds 1 exhibits") as caught,
    ):
        case.exhibits(2)
    assert "forensics verify" in caught.value.hint


def test_removed_guards_are_found(path: Path) -> None:
    with tampering(path, leave_guards=True):
        pass
    report = checked(path)
    assert len(report.problems) == 6
    assert "the guard" in report.problems[0].text
    assert report.first_broken_row is None


def test_a_cut_tail_shows_by_the_run_that_has_no_end(path: Path) -> None:
    assert checked(path).finished
    with tampering(path) as raw:
        raw.execute("DELETE FROM entries WHERE row_id = 4")
    report = checked(path)
    assert report.sound
    assert not report.finished
    (run,) = report.without_end
    assert (run.begin_row, run.last_row, run.n_results) == (1, 3, 2)
    assert "rows after row 3 were cut off" in run.text


def test_a_whole_run_that_was_cut_off_shows_against_a_head_kept_elsewhere(path: Path) -> None:
    with CaseFile.create_or_resume(path) as case:
        case.begin_run(manifest(run_id="f" * 16), 3)
        case.add(result("clips/c.mp4"))
        case.finish({})
    head = checked(path).head_hash
    with tampering(path) as raw:
        raw.execute("DELETE FROM entries WHERE row_id > 4")
    assert checked(path).finished
    report = checked(path, head)
    assert not report.sound
    assert "no row has the head hash" in report.problems[0].text


def test_runs_say_how_they_ended(path: Path) -> None:
    with CaseFile.create_or_resume(path) as case:
        case.begin_run(manifest(run_id="e" * 16), 7)
        case.add(result("clips/c.mp4"))
    with CaseFile.create_or_resume(path) as case:
        assert case.at_opening is not None
        assert [run.run_id for run in case.at_opening.without_end] == ["e" * 16]
        case.begin_run(manifest(run_id="f" * 16), 7)
        case.finish({}, interrupted=True)
    report = checked(path)
    assert [(run.ended, run.interrupted, run.followed) for run in report.runs] == [
        (True, False, True),
        (False, False, True),
        (True, True, False),
    ]
    assert not report.finished
    assert (
        "before the next run began. Results of it that are here: 1; it had found 7 files"
        in report.runs[1].text
    )
    assert report.runs[0].n_found is None  # as in cases of earlier versions


def test_rows_outside_a_run_are_found(path: Path) -> None:
    with CaseFile.create_or_resume(path) as case:
        case._run_id = "0123456789abcdef"  # a writer that was told so by a debugger
        case.add(result("clips/planted.mp4"))
    assert "belongs to no run" in checked(path).problems[0].text


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE entries SET payload = 10000000000000 WHERE row_id = 3",
        "UPDATE entries SET payload = CAST(payload AS TEXT) WHERE row_id = 1",
        "UPDATE entries SET payload = CAST(payload AS TEXT) WHERE row_id = 3",
        "UPDATE entries SET payload = CAST(x'7bff7d' AS TEXT) WHERE row_id = 3",
        "UPDATE entries SET row_id = -3 WHERE row_id = 3",
        "UPDATE entries SET row_id = 9223372036854775807 WHERE row_id = 4",
        "UPDATE exhibits SET jpeg = 'text' WHERE position = 1",
        "CREATE TRIGGER helper AFTER INSERT ON entries BEGIN SELECT 1; END",
        "CREATE VIEW results AS SELECT * FROM entries",
        "DROP TABLE exhibits",
        "DROP TABLE entries",
    ],
)
def test_what_no_writer_writes_is_a_problem_and_no_defect(path: Path, sql: str) -> None:
    with tampering(path, leave_guards="DROP" in sql) as raw:
        raw.execute(sql)
    assert not checked(path).sound


def test_a_head_noted_earlier_is_still_found_after_more_rows(path: Path) -> None:
    head = checked(path).head_hash
    with CaseFile.create_or_resume(path) as case:
        case.begin_run(case.manifests()[0])
    report = checked(path, head)
    assert report.sound
    assert report.expected_head_row == 4
    assert report.n_rows == 5


def test_nothing_is_added_to_a_broken_chain(path: Path) -> None:
    with tampering(path) as raw:
        raw.execute("UPDATE entries SET payload = replace(payload, '0.1', '0.9') WHERE row_id = 3")
    with pytest.raises(CaseFileError, match="row 3") as caught:
        CaseFile.create_or_resume(path)
    assert "--case" in caught.value.hint
    assert [other.name for other in path.parent.iterdir()] == [path.name]
