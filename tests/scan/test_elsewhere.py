"""What other machines are told of a scan, as far as one machine can show it."""

from __future__ import annotations

import os
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

import forensics
from forensics.errors import MediaError, ModelError
from forensics.media.archive_search import find_media, sha256_of_found, still_there
from forensics.media.discovery import Found
from forensics.media.disk_images import DiskPlace
from forensics.scan.elsewhere import facts_of, file_of, found_again, from_parcel, models_here
from forensics.scan.worker_context import choose_detectors
from forensics.settings import ScanSettings


@pytest.fixture
def clip(tmp_path: Path) -> Found:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"\0\0\0\x18ftypisom" + b"content" * 100)
    [found] = find_media([path])
    assert isinstance(found, Found)
    return found


@pytest.fixture
def member(tmp_path: Path, clip: Found) -> Found:
    packed = tmp_path / "all.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(clip.path, "inside.mp4")
    [found] = find_media([packed])
    assert isinstance(found, Found)
    assert found.member is not None
    return found


def sent(file: Found, folder: Path) -> Path:
    """As a parcel arrives: another file, of the same content and time."""
    folder.mkdir()
    copy = folder / file.path.name
    shutil.copyfile(file.path, copy)
    modified_ns = file.path.stat().st_mtime_ns
    os.utime(copy, ns=(modified_ns, modified_ns))
    return copy


def test_a_file_is_found_again_only_if_it_is_what_was_found(clip: Found) -> None:
    assert found_again(clip) == clip
    clip.path.write_bytes(b"another")
    with pytest.raises(MediaError, match="is another file on the machine that was to examine it: 7 bytes"):
        found_again(clip)
    clip.path.unlink()
    with pytest.raises(MediaError, match="cannot be reached") as caught:
        found_again(clip)
    assert "--ship" in caught.value.hint


def test_a_parcel_is_examined_in_the_place_of_the_file(tmp_path: Path, clip: Found) -> None:
    arrived = from_parcel(clip, sent(clip, tmp_path / "parcel"))
    assert (arrived.path, arrived.display, arrived.key) == (
        tmp_path / "parcel" / "a.mp4",
        clip.display,
        clip.key,
    )
    assert sha256_of_found(arrived) == sha256_of_found(clip)
    arrived.path.write_bytes(b"cut off")
    with pytest.raises(MediaError, match="changed since it was found"):
        from_parcel(clip, arrived.path)


def test_what_lies_in_an_archive_is_found_on_a_machine_that_sees_another_inode(
    tmp_path: Path, member: Found
) -> None:
    copy = sent(member, tmp_path / "parcel")
    there = replace(member, path=copy)
    assert not still_there(there)
    for again in (found_again(there), from_parcel(member, copy)):
        assert still_there(again)
        assert sha256_of_found(again) == sha256_of_found(member)
    content, modified_ns = bytearray(copy.read_bytes()), copy.stat().st_mtime_ns
    content[-1] ^= 1
    copy.unlink()
    copy.write_bytes(content)
    os.utime(copy, ns=(modified_ns + 1, modified_ns + 1))
    with pytest.raises(MediaError, match=r"all\.zip is another archive"):
        found_again(there)


def test_a_disk_image_is_not_sent(member: Found) -> None:
    assert file_of(member) == member.path
    assert member.member is not None
    on_disk = replace(member, member=replace(member.member, on_disk=DiskPlace("0/1", 1_000)))
    with pytest.raises(MediaError, match="lies in a disk image"):
        file_of(on_disk)


def test_facts_name_versions_and_the_content_of_the_models() -> None:
    detectors = choose_detectors(ScanSettings((), detectors=("face",)))
    facts = facts_of(detectors)
    card = detectors[0].models[0].card
    assert facts["forensics"] == forensics.__version__
    assert {"python", "openvino", "instruction sets"} <= facts.keys()
    for variant in card.variants:
        assert facts[f"{card.id}/{variant.bin}"] == variant.bin_sha256
        assert facts[f"{card.id}/{variant.xml}"] == variant.xml_sha256


def test_a_model_that_is_not_as_its_card_says_is_refused(tmp_path: Path) -> None:
    detectors = choose_detectors(ScanSettings((), detectors=("face",)))
    [model] = detectors[0].models
    assert model.folder is not None
    folder = tmp_path / model.folder.name
    shutil.copytree(model.folder, folder)
    (folder / model.card.variants[0].xml).write_text("<net/>")
    moved = replace(detectors[0], models=(replace(model, folder=folder),))
    with pytest.raises(ModelError, match="is not the file that the card"):
        facts_of([moved])


def test_models_that_lie_elsewhere_on_this_machine_are_found_by_their_names() -> None:
    detectors = choose_detectors(ScanSettings((), detectors=("face",)))
    [model] = detectors[0].models
    moved = replace(detectors[0], models=(replace(model, folder=Path("/nowhere") / model.card.id),))
    assert models_here([moved]) == models_here(detectors)
