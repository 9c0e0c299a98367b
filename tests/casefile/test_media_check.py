from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from forensics.casefile.case_file import CaseFile
from forensics.casefile.media_check import MediaCheck, MediaState
from forensics.errors import PathError
from forensics.media.discovery import display_path
from tests.casefile.made import manifest, result

CONTENT = {"a.mp4": b"first clip", "sub/b.mp4": b"second, longer clip", "c.wav": b"sound"}


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    folder = tmp_path / "clips"
    for name, content in CONTENT.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def case(tmp_path: Path, clips: Path) -> Path:
    path = tmp_path / "case.forensics"
    with CaseFile.create_or_resume(path) as case:
        case.begin_run(manifest())
        for name, content in CONTENT.items():
            sha256 = hashlib.sha256(content).hexdigest()
            case.add(result(display_path(clips / name), size_bytes=len(content), sha256=sha256))
    return path


def checked(case: Path, root: Path | None = None) -> MediaCheck:
    with CaseFile.open_read_only(case) as opened:
        return opened.verify_media(root)


def states(check: MediaCheck) -> list[MediaState]:
    return [finding.state for finding in check.findings]


def test_untouched_media(case: Path, clips: Path) -> None:
    assert states(checked(case)) == [MediaState.SAME] * 3
    assert states(checked(case, clips)) == [MediaState.SAME] * 3
    assert checked(case).sound


def test_changed_and_missing_media(case: Path, clips: Path) -> None:
    (clips / "a.mp4").write_bytes(b"first CLIP")
    (clips / "c.wav").unlink()
    for check in (checked(case), checked(case, clips)):
        assert states(check) == [MediaState.CHANGED, MediaState.SAME, MediaState.MISSING]
        assert not check.sound
        assert [finding.path for finding in check.of(MediaState.MISSING)] == [str(clips / "c.wav")]


def test_moved_and_renamed_media_are_found_by_content(case: Path, clips: Path, tmp_path: Path) -> None:
    moved = tmp_path / "archive"
    clips.rename(moved)
    (moved / "a.mp4").rename(moved / "exhibit 1.bin")
    (moved / "a.mp4").write_bytes(b"something else of this name")
    assert states(checked(case)) == [MediaState.MISSING] * 3
    check = checked(case, moved)
    assert states(check) == [MediaState.CHANGED, MediaState.MOVED, MediaState.MOVED]
    assert "archive/a.mp4 holds other content; what was examined lies at" in check.findings[0].detail
    assert check.findings[0].detail.endswith("exhibit 1.bin")
    (moved / "a.mp4").unlink()
    check = checked(case, moved)
    assert states(check) == [MediaState.MOVED] * 3
    assert check.sound
    assert check.findings[0].detail.endswith("exhibit 1.bin")


def test_a_changed_file_is_changed_also_where_a_copy_of_the_old_content_lies(case: Path, clips: Path) -> None:
    (clips / "sub" / "backup").mkdir()
    (clips / "sub" / "backup" / "a.mp4").write_bytes(CONTENT["a.mp4"])
    (clips / "a.mp4").write_bytes(b"first CLIP")
    check = checked(case, clips)
    assert states(check) == [MediaState.CHANGED, MediaState.SAME, MediaState.SAME]
    assert not check.sound
    assert check.findings[0].detail.endswith("what was examined lies at " + str(clips / "sub/backup/a.mp4"))


def test_swapped_files_are_both_changed(case: Path, clips: Path) -> None:
    first, second = clips / "a.mp4", clips / "sub" / "b.mp4"
    first.rename(clips / "x")
    second.rename(first)
    (clips / "x").rename(second)
    assert states(checked(case, clips)) == [MediaState.CHANGED, MediaState.CHANGED, MediaState.SAME]


def test_a_lost_file_is_not_taken_for_another_one_of_its_name(tmp_path: Path) -> None:
    case = tmp_path / "case.forensics"
    with CaseFile.create_or_resume(case) as opened:
        opened.begin_run(manifest())
        for folder in ("x", "y"):
            (tmp_path / folder).mkdir()
            content = f"clip of {folder}".encode()
            place = tmp_path / folder / "clip.mp4"
            place.write_bytes(content)
            sha256 = hashlib.sha256(content).hexdigest()
            opened.add(result(str(place), place=str(place), size_bytes=len(content), sha256=sha256))
    (tmp_path / "x" / "clip.mp4").unlink()
    assert states(checked(case, tmp_path)) == [MediaState.MISSING, MediaState.SAME]


def test_a_name_that_is_not_utf8_is_found_again(tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/clip\xff.mp4"))
    try:
        odd.write_bytes(b"clip")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    case = tmp_path / "case.forensics"
    with CaseFile.create_or_resume(case) as opened:
        opened.begin_run(manifest())
        sha256 = hashlib.sha256(b"clip").hexdigest()
        opened.add(result(display_path(odd), size_bytes=4, sha256=sha256))
    assert states(checked(case)) == [MediaState.SAME]


def test_a_file_that_was_never_hashed_cannot_be_checked(tmp_path: Path) -> None:
    case = tmp_path / "case.forensics"
    (tmp_path / "x.mp4").write_bytes(b"x")
    with CaseFile.create_or_resume(case) as opened:
        opened.begin_run(manifest())
        opened.add(result(str(tmp_path / "x.mp4"), sha256=None))
    assert states(checked(case)) == [MediaState.NOT_HASHED]
    assert checked(case).sound


def test_a_root_has_to_be_a_folder(case: Path, tmp_path: Path) -> None:
    with pytest.raises(PathError, match="is not a folder") as caught:
        checked(case, tmp_path / "absent")
    assert "--media" in caught.value.hint
