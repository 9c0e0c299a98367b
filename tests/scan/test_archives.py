"""Zip and tar files: their members are files of the case, within limits, and nothing leads out of them."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import random
import shutil
import tarfile
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from forensics.casefile.media_check import MediaState, check_media
from forensics.errors import MediaError
from forensics.media import archives
from forensics.media.archive_search import find_media, sha256_of_found
from forensics.media.discovery import Found, PassedOver, Rejected
from forensics.records.findings import AbstentionReason
from forensics.records.scan_result import ScanResult
from forensics.records.verdict import VerdictLabel
from forensics.scan.archived import examine_any
from forensics.scan.twins import distinct
from forensics.scan.worker_context import WorkerContext
from tests import synthetic
from tests.scan.finding import found

TAR_MODES = {"a.tar": "w", "a.tar.gz": "w:gz", "a.tgz": "w:gz", "a.tar.xz": "w:xz", "a.tar.bz2": "w:bz2"}


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    synthetic.normal_clip(folder, "clip.mp4")
    synthetic.still(folder, "still.jpg")
    (folder / "notes.txt").write_text("who and when", "utf-8")
    return folder


def zipped(media: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(media.iterdir()):
            archive.write(file, f"inner/{file.name}")
    return path


def tarred(media: Path, path: Path) -> Path:
    with tarfile.open(path, TAR_MODES[path.name]) as archive:
        archive.add(media, "inner")
    return path


def packed(media: Path, path: Path) -> Path:
    return zipped(media, path) if path.suffix == ".zip" else tarred(media, path)


def rejected(*paths: Path) -> dict[str, Rejected]:
    return {Path(one.display).name: one for one in find_media(paths) if isinstance(one, Rejected)}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["a.zip", *TAR_MODES])
def test_members_are_examined_like_files(
    context: WorkerContext, media: Path, tmp_path: Path, name: str
) -> None:
    archive = packed(media, tmp_path / name)
    files = found(archive)
    assert set(files) == {"inner/clip.mp4", "inner/still.jpg"}
    result = examine_any(files["inner/still.jpg"], context)
    alone = examine_any(found(media / "still.jpg").popitem()[1], context)
    assert result.scores == alone.scores
    assert result.verdict == alone.verdict
    assert result.media.sha256 == sha256(media / "still.jpg")
    assert result.media.path == f"{archive}/inner/still.jpg"
    origin = result.media.archive
    assert origin is not None
    assert (origin.path, origin.sha256, origin.member) == (str(archive), sha256(archive), "inner/still.jpg")
    [rest] = [one for one in find_media([archive]) if isinstance(one, PassedOver)]
    assert (rest.display, rest.n_by_suffix) == (str(archive), {".txt": 1})


def test_nothing_stays_on_the_disk(
    context: WorkerContext, media: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = tmp_path / "tmp"
    room.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(room))
    seen: list[int] = []
    really = os.utime

    def looking(path: Path, **rest: object) -> None:
        seen.append(Path(path).parent.stat().st_mode & 0o777)
        really(path, **rest)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "utime", looking)
    for file in found(zipped(media, tmp_path / "a.zip")).values():
        result = examine_any(file, context)
        assert str(room) not in repr(result)
    assert list(room.iterdir()) == []
    assert seen == [0o700, 0o700]


def test_a_member_cut_short_names_the_archive_and_no_temporary_file(
    context: WorkerContext, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("empty.mp4", b"")
    result = examine_any(found(tmp_path / "a.zip")["empty.mp4"], context)
    assert result.verdict.label is VerdictLabel.NOT_EXAMINED
    assert result.verdict.reason.startswith(f"{tmp_path}/a.zip/empty.mp4 is empty")


def test_encrypted_members_have_rows_that_say_so(context: WorkerContext, media: Path, tmp_path: Path) -> None:
    path = zipped(media, tmp_path / "a.zip")
    data = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = -1
        while (start := data.find(mark, start + 1)) >= 0:
            data[start + at] |= 1
    path.write_bytes(data)
    result = examine_any(found(path)["inner/clip.mp4"], context)
    assert result.verdict.label is VerdictLabel.NOT_EXAMINED
    assert "is encrypted in its archive. Unpack the archive with its password" in result.verdict.reason
    assert "encrypted" in rejected(path)["notes.txt"].reason


@pytest.mark.parametrize("name", ["a.zip", *TAR_MODES])
def test_a_broken_archive_has_a_row_that_says_so(
    context: WorkerContext, media: Path, tmp_path: Path, name: str
) -> None:
    path = packed(media, tmp_path / name)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    files = found(path)
    [whole] = [file for file in files.values() if file.display == str(path)]
    result = examine_any(whole, context)
    assert result.verdict.label is VerdictLabel.NOT_EXAMINED
    assert "is an archive that cannot be read to its end" in result.verdict.reason
    assert "Get it again from its source" in result.verdict.reason


def test_no_damage_to_an_archive_stops_the_search(media: Path, tmp_path: Path) -> None:
    rng = random.Random(5)
    for name in ("a.zip", *TAR_MODES):
        whole = packed(media, tmp_path / name).read_bytes()
        for _ in range(20):
            content = bytearray(whole)
            for _ in range(rng.choice((1, 3, 30))):
                content[rng.randrange(len(content))] = rng.randrange(256)
            # A zip's directory, which is small, lies at its end; every format's first header at its start.
            content[rng.choice((-1, 1)) * rng.randrange(6, 200)] = rng.randrange(256)
            (tmp_path / name).write_bytes(content)
            for file in found(tmp_path / name).values():
                with contextlib.suppress(MediaError):
                    sha256_of_found(file)


def test_a_damaged_member_costs_itself_alone(context: WorkerContext, media: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(media / "clip.mp4", "clip.mp4")
        archive.write(media / "still.jpg", "still.jpg")
    data = bytearray(path.read_bytes())
    data[20_000] ^= 0xFF
    path.write_bytes(data)
    files = found(path)
    damaged = examine_any(files["clip.mp4"], context)
    assert damaged.verdict.label is VerdictLabel.NOT_EXAMINED
    assert "cannot be unpacked: Bad CRC-32" in damaged.verdict.reason
    assert examine_any(files["still.jpg"], context).media.sha256 == sha256(media / "still.jpg")


def test_links_and_paths_that_lead_out_are_refused(
    context: WorkerContext, media: Path, tmp_path: Path
) -> None:
    picture = (media / "still.jpg").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("../out.jpg", "/root.jpg", "C:\\windows.jpg", "in/../../up.txt"):
            archive.writestr(name, picture)
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        for name in ("../out.jpg", "/root.jpg"):
            info = tarfile.TarInfo(name)
            info.size = len(picture)
            tar.addfile(info, io.BytesIO(picture))
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE):
            info = tarfile.TarInfo(f"special-{kind.decode()}")
            info.type, info.linkname = kind, "/etc/passwd"
            tar.addfile(info)
    for path in (tmp_path / "a.zip", tmp_path / "a.tar"):
        for file in found(path).values():
            reason = examine_any(file, context).verdict.reason
            assert "has a path that leads out of its archive" in reason
        listed = rejected(path)
        assert all("link or a device" in one.reason for name, one in listed.items() if name != "up.txt")
    assert len(found(tmp_path / "a.zip")) == 3
    assert {*rejected(tmp_path / "a.zip")} == {"link", "up.txt"}
    assert len(rejected(tmp_path / "a.tar")) == 3


def test_bombs_are_not_unpacked(
    context: WorkerContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_bytes = 80 << 20
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.mp4", bytes(n_bytes))
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as tar:
        info = tarfile.TarInfo("bomb.mp4")
        info.size = n_bytes
        tar.addfile(info, io.BytesIO(bytes(n_bytes)))
    monkeypatch.setattr(tempfile, "TemporaryDirectory", None)  # nothing may be unpacked
    assert (
        "more than 200 times its size"
        in examine_any(found(tmp_path / "a.zip")["bomb.mp4"], context).verdict.reason
    )
    [whole] = found(tmp_path / "a.tar.gz").values()
    assert "unpacks to more than 200 times its size" in examine_any(whole, context).verdict.reason


def test_a_member_that_is_longer_than_it_says_is_not_unpacked_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("still.jpg", b"\xff\xd8\xff" + bytes(1 << 20))
    data = bytearray(path.read_bytes())
    at = data.find(b"PK\x01\x02")
    data[at + 24 : at + 28] = (1000).to_bytes(4, "little")
    path.write_bytes(data)
    file = found(path)["still.jpg"]
    assert file.member is not None
    with (
        pytest.raises(MediaError, match="cannot be unpacked"),
        archives.extracted(path, file.member),
    ):
        pass


def test_numbers_and_sizes_have_limits(
    context: WorkerContext, media: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zipped(media, tmp_path / "a.zip")
    monkeypatch.setattr(archives, "MOST_MEMBERS", 2)
    files = found(path)
    assert "inner/clip.mp4" in files
    assert "holds more than 2 files" in examine_any(files[str(path)], context).verdict.reason
    monkeypatch.undo()
    monkeypatch.setattr(archives, "MOST_MEMBER_BYTES", 5_000)
    reason = examine_any(found(path)["inner/clip.mp4"], context).verdict.reason
    assert "the limit is" in reason
    monkeypatch.setattr(archives, "MOST_BYTES", 10)
    assert "it unpacks to more than" in examine_any(found(path)[str(path)], context).verdict.reason


def test_archives_within_archives_are_listed(media: Path, tmp_path: Path) -> None:
    inner = zipped(media, tmp_path / "inner.zip")
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as archive:
        archive.write(inner, "inner.zip")
        archive.write(media / "still.jpg", "still.jpg")
    assert set(found(tmp_path / "outer.zip")) == {"still.jpg"}
    assert "within an archive" in rejected(tmp_path / "outer.zip")["inner.zip"].reason


def test_office_documents_are_not_taken_apart(tmp_path: Path, media: Path) -> None:
    with zipfile.ZipFile(tmp_path / "letter", "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.write(media / "still.jpg", "word/media/image1.jpg")
    (tmp_path / "x").mkdir()
    shutil.move(tmp_path / "letter", tmp_path / "x" / "letter")
    items = list(find_media([tmp_path / "x"]))
    assert [type(one) for one in items] == [PassedOver]


def test_they_can_be_left_alone(media: Path, tmp_path: Path) -> None:
    path = zipped(media, tmp_path / "a.zip")
    [only] = find_media([path], archives=False)
    assert isinstance(only, Rejected)
    assert "--no-archives" in only.reason


def test_a_name_that_occurs_twice_is_two_files(context: WorkerContext, media: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(media / "still.jpg", "a.jpg")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.jpg", b"")
    files = found(tmp_path / "a.zip")
    assert set(files) == {"a.jpg", "a.jpg (entry 2 of this name)"}
    assert examine_any(files["a.jpg"], context).media.sha256 == sha256(media / "still.jpg")
    assert "is empty" in examine_any(files["a.jpg (entry 2 of this name)"], context).verdict.reason


def test_an_archive_that_changes_meanwhile_gives_no_verdict(
    context: WorkerContext, media: Path, tmp_path: Path
) -> None:
    path = zipped(media, tmp_path / "a.zip")
    file = found(path)["inner/still.jpg"]
    os.utime(path, (1, 1))
    result = examine_any(file, context)
    assert [one.why for one in result.abstentions] == [AbstentionReason.CHANGED]
    assert (result.verdict.label, result.scores, result.media.sha256) == (VerdictLabel.NOT_EXAMINED, (), None)


def test_a_copy_in_an_archive_is_a_twin(media: Path, tmp_path: Path) -> None:
    shutil.copytree(media, tmp_path / "case")
    archive = zipped(media, tmp_path / "case" / "z.zip")
    files = [one for one in find_media([tmp_path / "case"]) if isinstance(one, Found)]
    alike = distinct(files, {}, 1)
    assert {file.path.name for file in alike.files} == {"clip.mp4", "still.jpg"}
    [twin] = alike.twins[str(tmp_path / "case" / "clip.mp4")]
    original = examined_stub(alike.files[0])
    shared = twin.result_from(original)
    assert shared is not None
    assert shared.media.archive is not None
    assert shared.media.archive.member == "inner/clip.mp4"
    os.utime(archive, (1, 1))
    assert twin.result_from(original) is None


def examined_stub(file: Found) -> ScanResult:
    from forensics.records.media import MediaFile
    from tests.casefile.made import result

    media = MediaFile(file.display, file.size_bytes, file.modified_utc, sha256(file.path), place=file.place)
    return replace(result(), media=media)


def test_media_are_checked_by_their_archive(context: WorkerContext, media: Path, tmp_path: Path) -> None:
    path = zipped(media, tmp_path / "a.zip")
    results = [examine_any(file, context) for file in found(path).values()]
    recorded = [result.media for result in results]
    assert {one.state for one in check_media(recorded, None).findings} == {MediaState.SAME}
    assert {one.path for one in check_media(recorded, None).findings} == {one.path for one in recorded}
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    shutil.move(path, moved / "b.zip")
    assert {one.state for one in check_media(recorded, None).findings} == {MediaState.MISSING}
    assert {one.state for one in check_media(recorded, moved).findings} == {MediaState.MOVED}
    zipped(tmp_path, path)
    assert {one.state for one in check_media(recorded, None).findings} == {MediaState.CHANGED}
