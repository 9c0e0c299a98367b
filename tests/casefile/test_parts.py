from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import pytest

from forensics.casefile.case_file import CaseFile
from forensics.casefile.coverage import uncovered
from forensics.errors import CaseFileError, SettingsError
from forensics.evaluation.content_once import each_content_once
from forensics.evaluation.labels import Label
from forensics.records.scan_result import ShardUse
from forensics.workflows.merging import merge
from tests.casefile.made import exhibit, manifest, result


def part(
    folder: Path,
    index: int,
    *names: str,
    count: int = 3,
    found: str = "f" * 64,
    ended: bool = True,
    **changes: object,
) -> Path:
    """A case of one shard with a result, and an exhibit, for each name; ``a-copy`` has the content of a."""
    path = folder / f"part{index}.case"
    use = ShardUse(index, count, 6, found)
    made = manifest(run_id=f"{index:016x}", shard=use, **changes)
    with CaseFile.create_or_resume(path) as case:
        case.begin_run(made, len(names))
        for name in names:
            content = hashlib.sha256(name.partition("-")[0].encode()).hexdigest()
            place = f"/media/{name}"
            case.add(result(name, exhibits=(exhibit(f"frame of {name}"),), place=place, sha256=content))
        if ended:
            case.finish({"SIGNS_OF_MANIPULATION": len(names)})
    return path


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    return [part(tmp_path, 1, "a", "b"), part(tmp_path, 2), part(tmp_path, 3, "c")]


def head_of(path: Path) -> str:
    with CaseFile.open_read_only(path) as case:
        return case.head_hash


def alter(path: Path, sql: str) -> None:
    connection = sqlite3.connect(path)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(sql)
    connection.commit()
    connection.close()


def test_a_merged_case_holds_the_results_of_its_parts_and_their_chains(
    tmp_path: Path, parts: list[Path]
) -> None:
    before = [path.read_bytes() for path in parts]
    merged = merge(parts, tmp_path / "all.case")
    assert (merged.n_files, merged.notes) == (3, ())
    assert [path.read_bytes() for path in parts] == before
    with CaseFile.open_read_only(tmp_path / "all.case") as case:
        found = list(case.results())
        assert [one.media.path for _, one in found] == ["a", "b", "c"]
        assert [case.exhibits(row_id)[0].caption for row_id, _ in found] == [f"frame of {n}" for n in "abc"]
        assert len(case.manifests()) == len(case.ends()) == 3
        # A head that was noted of a part is found in the whole.
        report = case.verify(expected_heads=[head_of(path) for path in parts])
    assert report.sound
    assert [(one.name, one.head_hash) for one in report.parts] == [(str(p), head_of(p)) for p in parts]
    assert [one.n_rows for one in report.parts] == [4, 2, 3]


def test_a_scan_goes_on_in_a_merged_case_and_merged_cases_merge(tmp_path: Path, parts: list[Path]) -> None:
    merge(parts[:2], tmp_path / "two.case")
    with CaseFile.create_or_resume(tmp_path / "two.case") as case:
        assert {place for place, _, _ in case.examined()} == {"/media/a", "/media/b"}
        case.begin_run(manifest(run_id="e" * 16), 1)
        case.add(result("d", place="/media/d"))
        case.finish({})
    inner = head_of(tmp_path / "two.case")
    merged = merge([tmp_path / "two.case", parts[2]], tmp_path / "all.case")
    assert merged.n_files == 4
    assert [Path(one.name).name for one in merged.checked.parts] == [
        "two.case",
        "part1.case",
        "part2.case",
        "part3.case",
    ]
    with CaseFile.open_read_only(tmp_path / "all.case") as case:
        assert case.verify(expected_heads=[inner, *map(head_of, parts)]).sound


def test_a_missing_shard_one_without_end_and_other_files_are_told(tmp_path: Path) -> None:
    one, two = part(tmp_path, 1, "a", count=4), part(tmp_path, 2, "b", count=4, ended=False)
    three = part(tmp_path, 4, "d", count=4, found="e" * 64)
    notes = merge([one, two, three], tmp_path / "all.case").notes
    assert any("Of 4 shards, 3 is missing" in note for note in notes)
    assert any("Of 4 shards, 2 was not scanned to the end" in note for note in notes)
    assert any("not cut from the same files" in note for note in notes)
    assert any("has no end row" in note for note in notes)


def test_a_whole_scan_leaves_no_shard_missing(tmp_path: Path, parts: list[Path]) -> None:
    with CaseFile.open_read_only(parts[0]) as case:
        report = case.verify()
        (shard,) = case.manifests()
        assert uncovered([shard], report.runs) == (
            "Of 3 shards, 2, 3 are missing: the files of them were not examined",
        )
        assert uncovered([shard, manifest()], report.runs) == ()
        assert uncovered([manifest()], report.runs) == ()


def test_files_in_several_parts_and_other_versions_are_told(tmp_path: Path) -> None:
    one = part(tmp_path, 1, "a", "b", count=2)
    two = part(tmp_path, 2, "b", "c", count=2, versions={"python": "3.12"}, isa="avx512f")
    merged = merge([one, two], tmp_path / "all.case")
    assert merged.n_files == 3
    assert any("more than one part: /media/b." in note for note in merged.notes)
    assert any(
        "instruction sets avx512f instead of avx2, python 3.12 instead of 3.11" in n for n in merged.notes
    )


def test_copies_in_several_parts_are_told_and_figures_count_them_once(tmp_path: Path) -> None:
    one = part(tmp_path, 1, "a", "b", "b-again", count=2)
    two = part(tmp_path, 2, "a-copy", "c", count=2)
    merged = merge([one, two], tmp_path / "all.case")
    assert merged.n_files == 5
    assert [note for note in merged.notes if "content of a file in another part" in note] == [
        "1 file has the content of a file in another part, byte for byte: each part examined its own, and "
        "figures count a content once"
    ]
    with CaseFile.open_read_only(tmp_path / "all.case") as case:
        results = [one for _, one in case.results()]
    known = {key: Label(key, True, key) for key in ("/media/a", "/media/a-copy", "/media/c")}
    once, labels, notes = each_content_once(results, known)
    assert [one.media.path for one in once] == ["a", "b", "c"]
    assert set(labels) == {"/media/a", "/media/c"}
    assert notes == ("Labelled files that are copies of others, byte for byte: 1; a content counts once.",)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"profile": "triage"}, "profile was examination, is triage"),
        ({"models": ()}, "face model was face-b0"),
        ({"count": 8}, "one of 3 shards"),
    ],
)
def test_parts_that_do_not_fit_together_are_refused(
    tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    one, two = part(tmp_path, 1, "a"), part(tmp_path, 2, "b", **changes)  # type: ignore[arg-type]
    with pytest.raises(CaseFileError, match=words):
        merge([one, two], tmp_path / "all.case")
    assert not (tmp_path / "all.case").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"part1.case", "part2.case"}


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE entries SET payload = replace(payload, '0.9', '0.1') WHERE row_id = 2",
        "DELETE FROM entries WHERE row_id = 3",
        "UPDATE exhibits SET jpeg = x'ffd8'",
    ],
)
def test_an_altered_part_is_refused(tmp_path: Path, parts: list[Path], sql: str) -> None:
    alter(parts[0], sql)
    with pytest.raises(CaseFileError, match=r"part1.case was changed after it was written"):
        merge(parts, tmp_path / "all.case")
    assert not (tmp_path / "all.case").exists()


def test_a_part_given_twice_and_a_case_that_is_there_are_refused(tmp_path: Path, parts: list[Path]) -> None:
    copy = tmp_path / "copy.case"
    copy.write_bytes(parts[0].read_bytes())
    for given, out, words in (
        ([parts[0], parts[0]], "all.case", "2 times"),
        ([parts[0], copy], "all.case", "is a copy of"),
        (parts, "part1.case", "is there already"),
    ):
        with pytest.raises(SettingsError, match=words):
            merge(given, tmp_path / out)
    (tmp_path / "empty.case").touch()
    with pytest.raises(CaseFileError):
        merge([parts[0], tmp_path / "empty.case"], tmp_path / "all.case")


def test_rows_of_a_part_that_were_exchanged_together_with_the_outer_chain_are_found(
    tmp_path: Path, parts: list[Path]
) -> None:
    """Whoever writes the outer chain anew still has to match what each part's own chain says."""
    merge(parts, tmp_path / "all.case")
    forged = tmp_path / "forged.case"
    with (
        CaseFile.open_read_only(tmp_path / "all.case") as whole,
        CaseFile.create_or_resume(forged) as case,
    ):
        head = case._head()
        for row_id, kind, payload in whole._all_rows():
            head = case._insert(head, kind, payload.replace(b"0.9", b"0.1"), whole._contents(row_id))
    with CaseFile.open_read_only(forged) as case:
        report = case.verify()
    assert [one.text for one in report.problems] == [
        f"row {row}: the rows of the part {path} are not what its head hash sealed"
        for row, path in ((1, parts[0]), (9, parts[2]))
    ]


def test_a_part_whose_last_rows_are_gone_is_told(tmp_path: Path, parts: list[Path]) -> None:
    merge(parts, tmp_path / "all.case")
    alter(tmp_path / "all.case", "DELETE FROM entries WHERE row_id = (SELECT MAX(row_id) FROM entries)")
    with CaseFile.open_read_only(tmp_path / "all.case") as case:
        problems = [one.text for one in case.verify().problems]
    assert any("part3.case has 3 rows, and 2 of them are here" in text for text in problems)
