"""What is examined, what is passed over, and what is refused."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from forensics.media.discovery import Found, Rejected, discover, display_path
from tests import synthetic


def _found(*paths: Path) -> list[str]:
    return [item.display for item in discover(paths) if isinstance(item, Found)]


def _rejected(*paths: Path) -> list[Rejected]:
    return [item for item in discover(paths) if isinstance(item, Rejected)]


def test_media_are_found_by_content_in_a_fixed_order(tmp_path: Path) -> None:
    inner = tmp_path / "b"
    inner.mkdir()
    synthetic.numbered_clip(tmp_path, 5, "seed.mp4").rename(inner / "no_suffix")
    synthetic.sound_clip(tmp_path, "seed.wav", 0.2).rename(tmp_path / "z.txt")
    synthetic.still(tmp_path, "a.png")
    (tmp_path / "notes.txt").write_text("who and when", encoding="utf-8")
    (tmp_path / "labels.csv").write_text("path,label\n", encoding="utf-8")
    (tmp_path / "data.json").write_text("{}", encoding="utf-8")

    expected = [str(tmp_path / "a.png"), str(inner / "no_suffix"), str(tmp_path / "z.txt")]
    assert _found(tmp_path) == expected
    assert _found(tmp_path) == expected
    assert _rejected(tmp_path) == []


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".flv", ".avi"])
def test_every_video_container_is_known_by_its_first_bytes(tmp_path: Path, suffix: str) -> None:
    synthetic.numbered_clip(tmp_path, 25, f"seed{suffix}").rename(tmp_path / "evidence")
    assert _found(tmp_path) == [str(tmp_path / "evidence")]


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".ogg", ".m4a", ".aac"])
def test_every_sound_format_is_known_by_its_first_bytes(tmp_path: Path, suffix: str) -> None:
    synthetic.sound_clip(tmp_path, f"seed{suffix}", 0.5, 48_000).rename(tmp_path / "evidence")
    assert _found(tmp_path) == [str(tmp_path / "evidence")]


def test_text_in_utf_16_is_not_taken_for_sound(tmp_path: Path) -> None:
    (tmp_path / "windows.txt").write_bytes("The first word of a note.".encode("utf-16"))
    assert _found(tmp_path) == []


def test_a_false_claim_gets_its_row(tmp_path: Path) -> None:
    empty, text = synthetic.empty_file(tmp_path), synthetic.text_file(tmp_path)
    assert _found(tmp_path) == [str(empty), str(text)]


def test_what_is_named_is_found_whatever_it_is(tmp_path: Path) -> None:
    note = tmp_path / "notes.txt"
    note.write_text("not media", encoding="utf-8")
    assert _found(note) == [str(note)]


def test_a_file_named_twice_is_found_once(tmp_path: Path) -> None:
    clip = synthetic.still(tmp_path)
    assert _found(clip, tmp_path, clip) == [str(clip)]
    assert _rejected(clip, tmp_path, clip) == []


def test_every_spelling_of_a_file_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = synthetic.still(tmp_path)
    (tmp_path / "alias").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    spellings = [Path(clip.name), clip, Path("..") / tmp_path.name / clip.name, Path("alias") / clip.name]
    items = [item for item in discover(spellings) if isinstance(item, Found)]
    assert [(item.display, item.place) for item in items] == [(clip.name, os.path.realpath(clip))]
    for spelling in spellings:
        assert [item.place for item in discover([spelling]) if isinstance(item, Found)] == [
            os.path.realpath(clip)
        ]


def test_a_missing_path_is_rejected_with_a_reason(tmp_path: Path) -> None:
    (rejected,) = _rejected(tmp_path / "gone.mp4")
    assert rejected.reason == "does not exist"
    assert "spelling" in rejected.hint


def test_a_link_that_leads_back_ends_the_search_there(tmp_path: Path) -> None:
    clip = synthetic.still(tmp_path)
    loop = synthetic.link_loop(tmp_path)
    assert _found(tmp_path) == [str(clip)]
    (rejected,) = _rejected(tmp_path)
    assert rejected.display == str(loop)
    assert "searched already" in rejected.reason


def test_folders_that_link_to_each_other_are_searched_once(tmp_path: Path) -> None:
    folders = [tmp_path / str(index) for index in range(6)]
    for folder in folders:
        folder.mkdir()
        synthetic.still(folder)
    for folder in folders:
        for other in folders:
            (folder / f"to_{other.name}").symlink_to(other, target_is_directory=True)
    assert len(_found(tmp_path)) == 6


def test_links_that_lead_elsewhere_are_listed_and_followed_on_demand(tmp_path: Path) -> None:
    case, store, single = tmp_path / "case", tmp_path / "store", tmp_path / "single"
    for folder in (case, store, single):
        folder.mkdir()
    synthetic.still(store)
    picture = synthetic.still(single)
    (case / "media").symlink_to(store, target_is_directory=True)
    (case / "one.jpg").symlink_to(picture)
    (case / "lost.jpg").symlink_to(tmp_path / "nowhere.jpg")

    assert _found(case) == []
    reasons = {Path(one.display).name: one.reason for one in _rejected(case)}
    for name, target in (("media", store), ("one.jpg", picture), ("lost.jpg", tmp_path / "nowhere.jpg")):
        assert f"leads out of what was named, to {target}, and was not followed" in reasons[name]
    assert all("--follow-links" in one.hint for one in _rejected(case))

    followed = list(discover([case], follow_links=True))
    assert [(item.display, item.place) for item in followed if isinstance(item, Found)] == [
        (str(case / "media" / "still.jpg"), str(store / "still.jpg")),
        (str(case / "one.jpg"), str(picture)),
    ]
    # Named themselves, the targets are found under their own names, and the links say so.
    assert _found(case, store, single) == [str(store / "still.jpg"), str(picture)]


def test_a_link_that_is_named_is_followed(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    picture = synthetic.still(tmp_path / "store")
    (tmp_path / "link").symlink_to(tmp_path / "store", target_is_directory=True)
    (tmp_path / "link.jpg").symlink_to(picture)
    assert _found(tmp_path / "link") == [str(tmp_path / "link" / "still.jpg")]
    assert _found(tmp_path / "link.jpg") == [str(tmp_path / "link.jpg")]


def test_a_link_beside_its_target_is_not_a_second_file(tmp_path: Path) -> None:
    picture = synthetic.still(tmp_path)
    (tmp_path / "again.jpg").symlink_to(picture)
    (tmp_path / "notes.txt").write_text("not media", encoding="utf-8")
    (tmp_path / "more.txt").symlink_to(tmp_path / "notes.txt")
    assert _found(tmp_path) == [str(picture)]
    (rejected,) = _rejected(tmp_path)
    assert rejected.reason == f"is a link to {picture}, which is examined under that name"


def test_a_broken_link_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "lost.mp4").symlink_to(tmp_path / "nowhere.mp4")
    (rejected,) = _rejected(tmp_path)
    assert "does not exist" in rejected.reason


def test_links_in_a_ring_are_rejected(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert [one.reason for one in _rejected(tmp_path)] == ["is a link that leads back to itself"] * 2


def test_pipes_and_sockets_are_rejected_unopened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = synthetic.pipe(tmp_path)
    monkeypatch.chdir(tmp_path)  # a socket's path is limited to about 100 bytes
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.mp4")
        rejected = {item.display: item.reason for item in _rejected(tmp_path)}
    assert "a named pipe" in rejected[str(pipe)]
    assert "a socket" in rejected[str(tmp_path / "socket.mp4")]
    assert _found(tmp_path) == []


def test_a_device_that_is_named_is_rejected() -> None:
    (rejected,) = _rejected(Path("/dev/null"))
    assert "a character device" in rejected.reason


def test_an_unreadable_folder_is_rejected_and_the_rest_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = synthetic.still(tmp_path)
    locked = tmp_path / "locked"
    locked.mkdir()
    listing = Path.iterdir

    # The superuser, as whom tests may run, is refused nothing by real permissions.
    def refusing(folder: Path):  # type: ignore[no-untyped-def]  # noqa: ANN202
        if folder == locked:
            raise PermissionError(13, "Permission denied")
        return listing(folder)

    monkeypatch.setattr(Path, "iterdir", refusing)
    assert _found(tmp_path) == [str(clip)]
    (rejected,) = _rejected(tmp_path)
    assert rejected.display == str(locked)
    assert "permission denied" in rejected.reason
    assert "chmod" in rejected.hint


def test_hostile_names_are_found_and_shown_as_utf_8(tmp_path: Path) -> None:
    paths = synthetic.hostile_names(tmp_path)
    items = [item for item in discover([tmp_path]) if isinstance(item, Found)]
    assert {item.path for item in items} == set(paths)
    for item in items:
        item.display.encode("utf-8")
    assert any("\\xe9" in item.display for item in items)


def test_display_path_keeps_what_is_utf_8_and_escapes_what_is_not() -> None:
    assert display_path(Path("Ölbild 'a'\n.mp4")) == "Ölbild 'a'\n.mp4"
    assert display_path(Path(os.fsdecode(b"caf\xe9.mp4"))) == "caf\\xe9.mp4"


def test_a_transport_stream_with_a_damaged_start_has_its_row_and_typescript_has_none(tmp_path: Path) -> None:
    clip = synthetic.numbered_clip(tmp_path, 25, "clip.ts")
    clip.write_bytes(bytes(1_000) + clip.read_bytes()[1_000:])
    (tmp_path / "code.ts").write_text("export const answer: number = 42;\n", encoding="utf-8")
    assert _found(tmp_path) == [str(clip)]
