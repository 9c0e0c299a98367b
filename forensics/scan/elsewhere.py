"""A scan on other machines: what they have to have in common, and how they find the files again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import forensics
from forensics import catalog
from forensics.errors import MediaError, ModelError
from forensics.media.discovery import Found, modified_utc
from forensics.media.hashing import Fingerprint, fingerprint_of, unreadable
from forensics.processor import cpu_isa
from forensics.scan.executors.executor import Workplace
from forensics.scan.machine import package_versions
from forensics.scan.worker_context import (
    ChosenDetector,
    ChosenModel,
    WorkerContext,
    assemble,
    landmark_model,
)
from forensics.settings import ScanSettings

if TYPE_CHECKING:
    from forensics.media.archives import ArchiveMember

_ARCHIVES_KNOWN: Final = 64


def workplace(detectors: Sequence[ChosenDetector]) -> Workplace[Found]:
    """What machines need that are to examine files with these detectors."""
    return Workplace(
        partial(facts_of, tuple(detectors)), at_hand=found_again, parcel=file_of, unpacked=from_parcel
    )


def facts_of(detectors: Sequence[ChosenDetector]) -> dict[str, str]:
    """What has to be the same wherever a file is scored: versions, instruction sets, the models' content.

    Raises:
        ModelError: a model is missing or damaged here.
    """
    models = [model for one in detectors for model in (*one.models, *one.aids)]
    models += landmark_model(detectors)
    facts = {"forensics": forensics.__version__, **package_versions()}
    facts["instruction sets"] = cpu_isa()
    for model in models:
        for one in model.single:
            facts |= _digests(one)
    return facts


def assemble_here(settings: ScanSettings, detectors: Sequence[ChosenDetector]) -> WorkerContext:
    """What a worker keeps, on whatever machine it is.

    Raises:
        ForensicsError: a model is missing here or cannot be run, or the finder is missing.
    """
    return assemble(settings, models_here(detectors))


def models_here(detectors: Sequence[ChosenDetector]) -> tuple[ChosenDetector, ...]:
    """The detectors with their models where this machine has them: at the same place, or as installed."""
    return tuple(
        replace(one, models=tuple(map(_here, one.models)), aids=tuple(map(_here, one.aids)))
        for one in detectors
    )


def found_again(file: Found) -> Found:
    """The file as this machine sees it; an archive is hashed once for all that lies in it.

    Raises:
        MediaError: it is not here, or is not what was found.
    """
    try:
        status = file.path.stat()
    except OSError as error:
        raise MediaError(
            f"{file.display} cannot be reached from the machine that was to examine it ({error.strerror})",
            "Mount the storage at the same place on every machine, or give --ship.",
        ) from error
    member = file.member
    size_bytes = file.size_bytes if member is None else member.container.size_bytes
    if (status.st_size, modified_utc(status)) != (size_bytes, file.modified_utc):
        raise MediaError(
            f"{file.display} is another file on the machine that was to examine it: {status.st_size} bytes "
            f"of {modified_utc(status)}, not {size_bytes} of {file.modified_utc}",
            "Mount the same storage at the same place on every machine, or give --ship.",
        )
    return file if member is None else replace(file, member=_member_here(member, file.path))


def file_of(file: Found) -> Path:
    """The file to send along: of a member, the archive.

    Raises:
        MediaError: it is in a disk image, which is too large to be sent for each file in it.
    """
    if file.member is not None and file.member.on_disk is not None:
        raise MediaError(
            f"{file.display} lies in a disk image, which is not sent to other machines",
            "Scan the image by itself with --executor local, or mount its storage on every machine and leave "
            "--ship out.",
        )
    return file.path


def from_parcel(file: Found, path: Path) -> Found:
    """The file as it was sent here.

    Raises:
        MediaError: it is not what was found: it changed, or could not be read to its end.
    """
    status = path.stat()
    size_bytes = file.size_bytes if file.member is None else file.member.container.size_bytes
    if (status.st_size, modified_utc(status)) != (size_bytes, file.modified_utc):
        raise MediaError(
            f"{file.display} changed since it was found, or could not be read to its end",
            "Let nobody write to it, then run the same command again.",
        )
    member = None if file.member is None else _member_here(file.member, path)
    return replace(file, path=path, member=member)


def _member_here(member: ArchiveMember, path: Path) -> ArchiveMember:
    """Device and inode are of the machine that looked."""
    on_disk = member.on_disk
    if on_disk is not None:
        # The files of an image that is split lie in one folder.
        beside = ((path.with_name(one.path.name), one) for one in on_disk.parts)
        parts = tuple(
            replace(one, path=place, fingerprint=_as_it_was(place, one.fingerprint)) for place, one in beside
        )
        on_disk = replace(on_disk, parts=parts)
    return replace(member, container=_as_it_was(path, member.container), on_disk=on_disk)


def _as_it_was(path: Path, known: Fingerprint) -> Fingerprint:
    """The fingerprint of an archive as this machine sees it."""
    try:
        status = path.stat()
        here = _hashed(path, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise unreadable(path, error) from error
    if here.sha256 != known.sha256:
        raise MediaError(
            f"{path.name} is another archive on the machine that was to examine it",
            "Mount the same storage at the same place on every machine, or give --ship.",
        )
    return here


@lru_cache(maxsize=_ARCHIVES_KNOWN)
def _hashed(path: Path, _size_bytes: int, _modified_ns: int) -> Fingerprint:
    return fingerprint_of(path)


def _here(model: ChosenModel) -> ChosenModel:
    members = tuple(map(_here, model.members))
    if model.folder is None or model.folder.is_dir():
        return replace(model, members=members)
    _, folder = catalog.find(model.card.id)
    return replace(model, folder=folder, members=members)


def _digests(model: ChosenModel) -> Mapping[str, str]:
    """The content of all the files that a model's card names, which are as it says."""
    folder = _here(model).folder
    if folder is None:
        raise ModelError(f"{model.card.id} has no files to run", "Give a model's folder with --model.")
    catalog.verify(model.card, folder)
    return {
        f"{model.card.id}/{name}": digest
        for one in model.card.variants
        for name, digest in ((one.xml, one.xml_sha256), (one.bin, one.bin_sha256))
    }
