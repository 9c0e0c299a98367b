"""Disk images: the files on them are files of the case; a bad disk costs its reader and nothing else."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from forensics.casefile.media_check import MediaState, check_media
from forensics.errors import MediaError
from forensics.media import discovery, disk_images, holders
from forensics.media.archive_search import find_media, sha256_of_found
from forensics.media.discovery import Found, PassedOver, Rejected
from forensics.records.findings import AbstentionReason
from forensics.records.verdict import VerdictLabel
from forensics.scan.archived import examine_any
from forensics.scan.worker_context import WorkerContext
from tests import disks, mutations, synthetic
from tests.scan.finding import found

pytest.importorskip("dissect.ntfs")

KINDS = ["ext2", "ext4", "fat12", "fat16", "fat32", "ntfs", "exfat"]
DEEP = "inner/deeper/a still with a long name.jpg"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    (folder / "inner" / "deeper").mkdir(parents=True)
    synthetic.normal_clip(folder, "a clip with a long name.mp4")
    synthetic.still(folder / "inner" / "deeper", "a still with a long name.jpg")
    (folder / "notes.txt").write_text("who and when", "utf-8")
    return folder


def made(kind: str, tree: Path, path: Path) -> Path:
    family = kind.rstrip("0123456789")
    if not disks.can_make(family):
        pytest.skip(f"the tools that make {family} are not installed")
    if family == "ext":
        return disks.ext(tree, path, kind)
    if family == "fat":
        bits = int(kind[3:])
        return disks.fat(tree, path, bits, 40 if bits == 32 else 12)
    return disks.ntfs(tree, path) if kind == "ntfs" else disks.exfat(tree, path)


def rejected(*paths: Path) -> dict[str, Rejected]:
    return {one.display: one for one in find_media(paths) if isinstance(one, Rejected)}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("kind", KINDS)
def test_files_on_a_volume_are_found_with_their_content(kind: str, tree: Path, tmp_path: Path) -> None:
    image = made(kind, tree, tmp_path / "volume.dd")
    files = found(image)
    expected = {"a clip with a long name.mp4"}
    if kind not in ("ntfs", "exfat"):  # the tools that fill them make no folders
        expected.add(DEEP)
    assert set(files) == expected
    for name, file in files.items():
        assert sha256_of_found(file) == sha256(tree / name)
        assert file.size_bytes == (tree / name).stat().st_size
    [rest] = [one for one in find_media([image]) if isinstance(one, PassedOver)]
    assert (rest.display, rest.n_by_suffix) == (str(image), {".txt": 1})


def test_a_file_of_an_image_is_examined_like_any_other(
    context: WorkerContext, tree: Path, tmp_path: Path
) -> None:
    image = disks.ext(tree, tmp_path / "volume.dd")
    result = examine_any(found(image)[DEEP], context)
    alone = examine_any(found(tree)[DEEP], context)
    assert (result.scores, result.verdict) == (alone.scores, alone.verdict)
    assert result.media.path == f"{image}/{DEEP}"
    assert result.media.sha256 == sha256(tree / DEEP)
    origin = result.media.archive
    assert origin is not None
    assert (origin.path, origin.sha256, origin.member) == (str(image), sha256(image), DEEP)
    assert [one.state for one in check_media([result.media], None).findings] == [MediaState.SAME]


@pytest.mark.parametrize("sector_bytes", [512, 4096])
def test_a_disk_of_large_sectors_is_listed_and_read(sector_bytes: int, tree: Path, tmp_path: Path) -> None:
    volume = made("ext4", tree, tmp_path / "volume").read_bytes()
    files = found(disks.gpt(volume, tmp_path / "whole-disk.dd", sector_bytes))
    assert sha256_of_found(files[f"partition 1/{DEEP}"]) == sha256(tree / DEEP)


def test_partitions_are_folders_and_what_is_not_read_is_listed(tree: Path, tmp_path: Path) -> None:
    volume = disks.ext(tree, tmp_path / "inner.dd").read_bytes()
    secret = b"LUKS\xba\xbe".ljust(1 << 20, b"\0")
    unknown = bytes(1 << 20)
    image = disks.partitioned([(0x83, volume), (0x83, secret), (0x07, unknown)], tmp_path / "whole-disk")
    assert set(found(image)) == {f"partition 1/{DEEP}", "partition 1/a clip with a long name.mp4"}
    rows = rejected(image)
    assert "encrypted with LUKS" in rows[f"{image}/partition 2"].reason
    assert "nothing that was recognised" in rows[f"{image}/partition 3"].reason


@pytest.mark.parametrize("n_parts", [1, 3])
def test_e01_in_one_part_and_in_several(tree: Path, tmp_path: Path, n_parts: int) -> None:
    logit = disks.ext(tree, tmp_path / "logit.bin", size="6M")
    parts = disks.e01(logit.read_bytes(), tmp_path / "case[1].E01", n_parts)
    logit.unlink()
    files = found(tmp_path)
    assert set(files) == {f"case[1].E01/{DEEP}", "case[1].E01/a clip with a long name.mp4"}
    assert sha256_of_found(files[f"case[1].E01/{DEEP}"]) == sha256(tree / DEEP)
    others = rejected(tmp_path)
    assert set(others) == {str(part) for part in parts[1:]}
    assert all("further part" in one.reason for one in others.values())


def test_e01_as_libewf_writes_it(tree: Path, tmp_path: Path) -> None:
    writer = shutil.which("ewfacquire")
    if writer is None:
        pytest.skip("ewf-tools are not installed")
    logit = disks.ext(tree, tmp_path / "logit.dd")
    out = tmp_path / "out"
    out.mkdir()
    command = [writer, "-u", "-t", str(out / "case"), "-f", "encase6", "-c", "deflate:best", str(logit)]
    subprocess.run(command, check=True, capture_output=True)
    files = found(out / "case.E01")
    assert sha256_of_found(files[DEEP]) == sha256(tree / DEEP)


def test_parts_of_an_image_are_hashed_and_watched(context: WorkerContext, tree: Path, tmp_path: Path) -> None:
    logit = disks.ext(tree, tmp_path / "logit.bin", size="6M")
    parts = disks.e01(logit.read_bytes(), tmp_path / "case.E01", 2)
    file = found(parts[0])[DEEP]
    result = examine_any(file, context)
    origin = result.media.archive
    assert origin is not None
    assert [(one.name, one.sha256) for one in origin.parts] == [("case.E02", sha256(parts[1]))]
    assert check_media([result.media], None).sound
    assert check_media([result.media], tmp_path).sound

    parts[1].write_bytes(parts[1].read_bytes() + b"\0")
    assert [one.state for one in check_media([result.media], None).findings] == [MediaState.CHANGED]
    [changed] = examine_any(file, context).abstentions
    assert changed.why is AbstentionReason.CHANGED

    parts[1].unlink()
    assert [one.state for one in check_media([result.media], None).findings] == [MediaState.MISSING]
    [row] = [one for one in find_media([parts[0]]) if isinstance(one, Found)]
    assert row.member is not None
    assert row.member.refusal is not None
    assert "parts of it are missing" in row.member.refusal[0]


def test_without_the_packages_an_image_is_listed(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for room in (discovery, holders):
        monkeypatch.setattr(room, "can_read_disks", lambda: False)
    image = disks.ext(tree, tmp_path / "volume.dd")
    [row] = rejected(image).values()
    assert "is a disk image, which was not opened" in row.reason
    assert "forensics[disk]" in row.hint


def test_an_image_is_left_shut_where_archives_are(tree: Path, tmp_path: Path) -> None:
    image = disks.ext(tree, tmp_path / "volume.dd")
    [row] = find_media([image], archives=False)
    assert isinstance(row, Rejected)
    assert "is a disk image, which was not opened (--no-archives)" in row.reason


def test_a_file_of_holes_is_not_unpacked(context: WorkerContext, tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    folder.mkdir()
    with (folder / "long.mp4").open("wb") as file:
        file.write(b"\0\0\0\x18ftypisom")
        file.truncate(5 << 30)
    image = disks.ext(folder, tmp_path / "volume.dd")
    result = examine_any(found(image)["long.mp4"], context)
    assert result.verdict.label is VerdictLabel.NOT_EXAMINED
    assert "more than 200 times its size" in result.verdict.reason


def test_links_are_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "clip.mp4").symlink_to("/etc/passwd")
    image = disks.ext(folder, tmp_path / "volume.dd")
    with pytest.raises(MediaError, match="is a link or a device"):
        sha256_of_found(found(image)["clip.mp4"])


def test_a_chain_of_clusters_that_runs_in_a_circle_ends(tree: Path, tmp_path: Path) -> None:
    image = made("fat16", tree, tmp_path / "volume.dd")
    disk = bytearray(image.read_bytes())
    fat = struct.unpack_from("<H", disk, 14)[0] * disks.SECTOR_BYTES
    chained = next(
        at for at in range(fat + 4, fat + 4000, 2) if 2 < struct.unpack_from("<H", disk, at)[0] < 0xFFF0
    )
    struct.pack_into("<H", disk, chained, (chained - fat) // 2)
    image.write_bytes(disk)
    rows = rejected(image) | {name: one.member.refusal for name, one in found(image).items()}
    assert any("circle" in str(row) for row in rows.values())


def test_a_folder_that_holds_itself_is_searched_once(tree: Path, tmp_path: Path) -> None:
    image = made("fat16", tree, tmp_path / "volume.dd")
    disk = bytearray(image.read_bytes())
    inner, deeper = (disk.index(name.ljust(11)) for name in (b"INNER", b"DEEPER"))
    disk[deeper + 26 : deeper + 28] = disk[inner + 26 : inner + 28]
    image.write_bytes(disk)
    assert set(found(image)) == {"a clip with a long name.mp4"}


def test_a_reader_that_dies_costs_its_image(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = disks.ext(tree, tmp_path / "volume.dd")
    killed = tmp_path / "python"
    killed.write_text("#!/bin/sh\nkill -9 $$\n")
    killed.chmod(0o755)
    monkeypatch.setattr(disk_images.sys, "executable", str(killed))
    [row] = found(image).values()
    assert row.member is not None
    assert row.member.refusal is not None
    assert "ended by signal 9" in row.member.refusal[0]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ext4", "fat16", "ntfs", "exfat", "E01"])
def test_damaged_images_give_rows_and_never_a_crash(kind: str, tree: Path, tmp_path: Path) -> None:
    n_files = mutations.n_files(2)
    name = "E01" if kind == "E01" else "dd"
    image = made("ext4" if kind == "E01" else kind, tree, tmp_path / f"whole.{name}")
    if kind == "E01":
        [image] = disks.e01(image.read_bytes(), image)
    for path in mutations.mutated([image], tmp_path / "damaged", n_files, seed=16):
        for file in found(path).values():
            with contextlib.suppress(MediaError):
                assert len(sha256_of_found(file)) == 64
        path.unlink()


def test_the_image_itself_is_left_alone(tree: Path, tmp_path: Path) -> None:
    image = disks.ext(tree, tmp_path / "volume.dd")
    image.chmod(0o444)
    before = sha256(image), image.stat().st_mtime_ns
    for file in found(image).values():
        sha256_of_found(replace(file))
    assert (sha256(image), image.stat().st_mtime_ns) == before
