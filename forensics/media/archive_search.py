"""Find media in files, folders, and the archives among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from forensics.errors import MediaError
from forensics.media.archives import (
    ArchiveMember,
    DamagedArchive,
    Entry,
    entries,
    refusal_of,
    sha256_of_member,
)
from forensics.media.discovery import Archive, Found, PassedOver, Rejected, discover
from forensics.media.disk_images import (
    MOST_FILES,
    DiskPlace,
    DiskReaderFailed,
    ImagePart,
    further_parts,
    head_of,
    rows,
)
from forensics.media.hashing import Fingerprint, fingerprint_of, sha256_of
from forensics.media.holders import may_be_archive, unopened
from forensics.media.signatures import known_format
from forensics.media.suffixes import claims_media


def find_media(
    paths: Iterable[Path], *, follow_links: bool = False, archives: bool = True
) -> Iterator[Found | Rejected | PassedOver]:
    """Finds media in files and folders as ``discover`` does, and in archives and disk images among them.

    What lies in an archive within an archive is not searched; such an archive is listed. So is what would
    not be taken out: links, paths that lead out of the archive, members beyond the limits of ``archives``.
    Where such a member is named like media, it is found instead, so that it gets its row with the reason.

    Args:
        paths: files and folders.
        follow_links: as for ``discover``.
        archives: look through archives; otherwise they are listed.
    """
    for item in discover(paths, follow_links=follow_links):
        if not isinstance(item, Archive):
            yield item
        elif archives:
            yield from _Opened(item).members()
        else:
            yield _left_shut(item)


def _left_shut(archive: Archive) -> Rejected:
    if archive.is_disk:
        return Rejected(
            archive.display,
            "is a disk image, which was not opened (--no-archives): what lies in it was not examined",
            "Scan again without --no-archives, or mount it read-only and scan the mount point.",
        )
    return Rejected(
        archive.display,
        "is an archive, which was not opened (--no-archives): what lies in it was not examined",
        "Scan again without --no-archives, or unpack it into a folder of its own and scan that.",
    )


@dataclass(slots=True)
class _Opened:
    """One archive on the way through."""

    archive: Archive
    parts: tuple[ImagePart, ...] = ()
    passed_over: Counter[str] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)

    def members(self) -> Iterator[Found | Rejected | PassedOver]:
        try:
            container = fingerprint_of(self.archive.path)
            if self.archive.is_disk:
                self.parts = tuple(further_parts(self.archive.path))
        except MediaError as error:
            yield Rejected(self.archive.display, error.message, error.hint)
            return
        try:
            for entry in self._on_disk() if self.archive.is_disk else entries(self.archive.path):
                yield from self._judged(entry, container)
        except DamagedArchive as damage:
            what = "a disk image" if self.archive.is_disk else "an archive"
            why = f"is {what} that cannot be read to its end: {damage}"
            hint = "Get it again from its source; otherwise unpack what can be saved of it, and scan that."
            member = ArchiveMember("", -1, container, (why, hint))
            yield self._found(member, container, container.size_bytes)
        if self.passed_over:
            yield PassedOver(self.archive.display, dict(self.passed_over))

    def _on_disk(self) -> Iterator[Entry]:
        try:
            for position, row in enumerate(rows(self.archive.path, self.parts)):
                if position == MOST_FILES:
                    raise DamagedArchive(
                        f"it holds more than {MOST_FILES:,} files; those behind were not looked at"
                    )
                refusal = row.refusal or refusal_of(row.name, row.size_bytes, row.stored_bytes)
                yield Entry(
                    row.name, position, row.size_bytes, head_of(row), row.modified, refusal, row.route
                )
        except DiskReaderFailed as failure:
            raise DamagedArchive(str(failure)) from failure

    def _judged(self, entry: Entry, container: Fingerprint) -> Iterator[Found | Rejected]:
        name = PurePosixPath(entry.name)
        is_media = known_format(entry.head) is not None or claims_media(name.suffix)
        if is_media:
            on_disk = DiskPlace(entry.route, entry.size_bytes, self.parts) if self.archive.is_disk else None
            member = ArchiveMember(
                self._unique(entry.name), entry.position, container, entry.refusal, on_disk
            )
            yield self._found(member, container, entry.size_bytes)
        elif entry.refusal is not None:
            yield Rejected(self._below(entry.name), *entry.refusal)
        elif may_be_archive(name, entry.head) or unopened(name, entry.head):
            yield Rejected(
                self._below(entry.name),
                "is an archive or a disk image within an archive, which is not opened",
                "Unpack the outer one into a folder of its own, and scan that.",
            )
        else:
            self.passed_over[name.suffix.lower()] += 1

    def _found(self, member: ArchiveMember, container: Fingerprint, size_bytes: int) -> Found:
        archive = self.archive
        inside = f"/{member.name}" if member.name else ""
        return Found(
            archive.path,
            archive.display + inside,
            size_bytes,
            container.modified_utc,
            archive.place + inside,
            member,
        )

    def _unique(self, name: str) -> str:
        """Two entries of one name are two files: programs differ in which of them they unpack."""
        self.names[name] += 1
        return name if self.names[name] == 1 else f"{name} (entry {self.names[name]} of this name)"

    def _below(self, name: str) -> str:
        return f"{self.archive.display}/{name}" if name else self.archive.display


def sha256_of_found(file: Found) -> str:
    """SHA-256 of a file, or of a member of an archive.

    Raises:
        MediaError: it cannot be read or unpacked.
    """
    return sha256_of(file.path) if file.member is None else sha256_of_member(file.path, file.member)


def still_there(file: Found) -> bool:
    """Whether an archive is what it was when it was looked through; of other files nothing is known."""
    if file.member is None:
        return True
    parts = () if file.member.on_disk is None else file.member.on_disk.parts
    return file.member.container.stands(file.path) and all(one.fingerprint.stands(one.path) for one in parts)
