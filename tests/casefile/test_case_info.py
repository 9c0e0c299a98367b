"""Case data: read with clear errors, recorded under the chain, the newest standing."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import pytest

from forensics.casefile import database
from forensics.casefile.case_file import CaseFile
from forensics.casefile.case_info_file import read_case_info
from forensics.errors import CaseFileError, SettingsError
from forensics.records.case_info import CaseExhibit, CaseInfo
from forensics.workflows.case_data import record_case_info
from forensics.workflows.merging import merge
from tests.casefile.made import case_of_four_rows, tampering

EXAMPLE = Path(__file__).parents[2] / "examples" / "case.toml"


def written(folder: Path, text: str) -> Path:
    path = folder / "case.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_is_read_whole() -> None:
    given = read_case_info(EXAMPLE)
    info = given.info
    assert info.heading == "2026-0815: Interview of 2 October 2026"
    assert info.request.startswith("Are there signs")
    assert "\n" not in info.request
    assert info.received == "2026-11-20"
    assert [one.id for one in info.exhibits] == ["A-1", "A-2"]
    assert info.exhibits[0].files == ("interview.mp4",)
    assert given.sha256 == hashlib.sha256(EXAMPLE.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("case_number = ", "are not TOML", "case_number ="),
        ("title = 'x'", "have no case_number", "Add a line"),
        ("case_number = ''", "have no case_number", "Add a line"),
        ("case_number = 815", "case_number is not a text", 'case_number = "815"'),
        ("case_number = '1'\nexaminor = 'x'", "'examinor', which is not known", "Did you mean examiner?"),
        ("case_number = '1'\nzzz = 'x'", "'zzz', which is not known", "There are case_number"),
        ("case_number = '1'\nreceived = 'soon'", "'soon', which is not a date", "2026-11-30"),
        ("case_number = '1'\ntime_zone = 'Mars/Base'", "'Mars/Base'", "Europe/Berlin"),
        ("case_number = '1'\ntime_zone = '../../etc/passwd'", "does not know", "Europe/Berlin"),
        ("case_number = '1'\nrequest = '" + "x" * 4001 + "'", "4,001 characters", "Shorten"),
        ("case_number = '1'\nexhibits = 'A-1'", "no list of tables", "[[exhibits]]"),
        ("case_number = '1'\n[[exhibits]]\nfiles = 'a'", "has no id", 'id = "A-1"'),
        ("case_number = '1'\n[[exhibits]]\nid = 'A'", "The exhibit A", "files ="),
        ("case_number = '1'\n[[exhibits]]\nid = 'A'\nfiles = ['']", "names no files", "files ="),
        (
            "case_number = '1'\n[[exhibits]]\nid = 'A'\nfiles = 'a'\n[[exhibits]]\nid = 'A'\nfiles = 'b'",
            "more than once",
            "one table",
        ),
    ],
)
def test_what_is_wrong_is_said_with_a_remedy(tmp_path: Path, text: str, message: str, hint: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_case_info(written(tmp_path, text))
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_case_info(tmp_path / "none.toml")
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="are not TOML"):
        read_case_info(tmp_path / "a.toml")


@pytest.mark.parametrize(
    ("wanted", "fitting", "others"),
    [
        ("clip.mp4", ("clip.mp4", "a/clip.mp4", "/b/c/clip.mp4"), ("a/my-clip.mp4", "clip.mp4/x.mp4")),
        ("phone/*", ("phone/a.mp4", "x/phone/DCIM/a.mp4"), ("telephone/a.mp4", "phone")),
        ("a[1].mp4", ("x/a[1].mp4", "a1.mp4"), ("a2.mp4",)),
        ("/x/*.wav", ("/x/a.wav",), ("x/a.wav", "/y/x/b.mp3")),
    ],
)
def test_files_belong_to_exhibits_by_path_end_or_pattern(
    wanted: str, fitting: tuple[str, ...], others: tuple[str, ...]
) -> None:
    exhibit = CaseExhibit("A", (wanted,))
    assert [name for name in fitting if not exhibit.holds(name)] == []
    assert [name for name in others if exhibit.holds(name)] == []


def test_the_newest_case_data_stand_and_the_same_are_not_recorded_twice(tmp_path: Path) -> None:
    path = tmp_path / "a.case"
    case_of_four_rows(path)
    record_case_info(path, written(tmp_path, "case_number = '1'"))
    record_case_info(path, written(tmp_path, "case_number = '1'"))
    with CaseFile.open_read_only(path) as case:
        assert case.checked().n_rows == 5
    record_case_info(path, written(tmp_path, "case_number = '2'"))
    with CaseFile.open_read_only(path) as case:
        assert case.checked().n_rows == 6
        assert case.checked().runs[-1].ended
        recorded = case.case_info()
    assert recorded is not None
    assert (recorded.row_id, recorded.info) == (6, CaseInfo("2"))
    assert recorded.sha256 == hashlib.sha256(b"case_number = '2'").hexdigest()


def test_changed_case_data_break_the_chain(tmp_path: Path) -> None:
    path = tmp_path / "a.case"
    case_of_four_rows(path)
    record_case_info(path, EXAMPLE)
    with tampering(path) as raw:
        raw.execute("UPDATE entries SET payload = replace(payload, 'A. Examiner', 'B. Examiner')")
    with CaseFile.open_read_only(path) as case:
        assert not case.verify().sound


def test_no_case_is_made_for_case_data(tmp_path: Path) -> None:
    with pytest.raises(CaseFileError, match="is not there"):
        record_case_info(tmp_path / "none.case", EXAMPLE)
    assert not (tmp_path / "none.case").exists()


def test_a_case_of_an_earlier_version_is_carried_over_by_a_merge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "old.case"
    with monkeypatch.context() as earlier:
        earlier.setattr(database, "SCHEMA_VERSION", 1)
        case_of_four_rows(old)
    raw = sqlite3.connect(old)
    assert raw.execute("PRAGMA user_version").fetchone() == (1,)
    raw.close()
    with pytest.raises(CaseFileError, match="begun by an earlier forensics") as caught:
        record_case_info(old, EXAMPLE)
    assert "forensics merge" in caught.value.hint
    merge([old], tmp_path / "new.case")
    record_case_info(tmp_path / "new.case", EXAMPLE)
    with CaseFile.open_read_only(tmp_path / "new.case") as case:
        assert case.checked().sound
        assert case.case_info() is not None
