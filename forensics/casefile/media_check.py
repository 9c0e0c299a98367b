"""Hashes the examined files again: are they still what was examined?"""

from __future__ import annotations

import contextlib
import enum
import os
import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from forensics.errors import MediaError, PathError
from forensics.media.discovery import display_path
from forensics.media.hashing import sha256_of
from forensics.records.media import ArchiveOrigin, MediaFile


class MediaState(enum.StrEnum):
    """What became of an examined file."""

    SAME = "same"
    MOVED = "moved"
    CHANGED = "changed"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    NOT_HASHED = "not hashed"


@dataclass(frozen=True, slots=True)
class MediaFinding:
    """One examined file.

    Attributes:
        path: as the case file names it.
        detail: where it lies now, or why it could not be checked.
    """

    path: str
    state: MediaState
    detail: str = ""


@dataclass(frozen=True, slots=True)
class MediaCheck:
    """All examined files of a case, in its order."""

    findings: tuple[MediaFinding, ...]

    @property
    def sound(self) -> bool:
        """Every file that was hashed is there, unchanged."""
        return not self.of(MediaState.CHANGED, MediaState.MISSING, MediaState.UNREADABLE)

    def of(self, *states: MediaState) -> tuple[MediaFinding, ...]:
        """The findings in one of these states."""
        return tuple(finding for finding in self.findings if finding.state in states)


def check_root(root: Path) -> None:
    """Makes sure that there is a folder to look through.

    Raises:
        PathError: the root is not a folder.
    """
    if not root.is_dir():
        raise PathError(f"{root} is not a folder", "Give --media the folder that holds the examined files.")


def check_media(files: Iterable[MediaFile], root: Path | None) -> MediaCheck:
    """Compares files with their recorded hashes.

    Args:
        files: as recorded.
        root: a folder that holds them now, under the same names or others; None means that they lie where
            they were.

    Raises:
        PathError: the root is not a folder.
    """
    if root is None:
        return MediaCheck(tuple(_in_their_places(files)))
    check_root(root)
    recorded = tuple(files)
    collection = _Collection(root, recorded)
    return MediaCheck(tuple(collection.find(media) for media in recorded))


def _in_their_places(files: Iterable[MediaFile]) -> Iterator[MediaFinding]:
    archives: dict[ArchiveOrigin, MediaFinding] = {}
    for media in files:
        if media.archive is None:
            yield _in_place(media)
            continue
        archive = replace(media.archive, member="")
        if archive not in archives:
            archives[archive] = _parts_too(_in_place(_as_archive(media, archive)), archive)
        yield replace(archives[archive], path=media.path)


def _in_place(media: MediaFile) -> MediaFinding:
    here = _opened_as(media.key)
    if here is None:
        return MediaFinding(media.path, MediaState.MISSING, "give --media FOLDER if it was moved")
    return _compared(media, here, MediaState.SAME)


def _as_archive(media: MediaFile, archive: ArchiveOrigin) -> MediaFile:
    """The archive that a file was taken out of: while it is the same, its members are."""
    return MediaFile(
        archive.path, archive.size_bytes, media.modified_utc, archive.sha256, place=archive.place
    )


def _parts_too(first: MediaFinding, archive: ArchiveOrigin) -> MediaFinding:
    """A disk image that is split is what it was while all its parts are."""
    if first.state not in (MediaState.SAME, MediaState.MOVED):
        return first
    for part in archive.parts:
        here = _opened_as(str(Path(first.detail).with_name(part.name)))
        if here is None:
            return replace(first, state=MediaState.MISSING, detail=f"its part {part.name} is not beside it")
        recorded = MediaFile(part.name, part.size_bytes, "", part.sha256)
        found = _compared(recorded, here, first.state)
        if found.state is not first.state:
            return replace(found, path=first.path)
    return first


def _opened_as(shown: str) -> Path | None:
    """The file that is shown to people by this path; bytes that are not UTF-8 are escaped in it."""
    path = Path(shown)
    try:
        if path.is_file():
            return path
        if "\\" in shown:
            return next((other for other in path.parent.iterdir() if display_path(other) == shown), None)
    except OSError:  # an escaped name can be longer than names may be, a folder can be gone
        return None
    return None


def _compared(media: MediaFile, here: Path, state_if_same: MediaState) -> MediaFinding:
    if media.sha256 is None:
        return MediaFinding(media.path, MediaState.NOT_HASHED, "it could not be read when it was scanned")
    try:
        same = sha256_of(here) == media.sha256
    except (MediaError, OSError) as error:
        return MediaFinding(media.path, MediaState.UNREADABLE, str(error))
    if not same:
        return MediaFinding(media.path, MediaState.CHANGED, f"{display_path(here)} holds other content")
    return MediaFinding(media.path, state_if_same, display_path(here))


class _Collection:
    """The files below a folder, to be found by their place, by the end of their path or by their content."""

    def __init__(self, root: Path, recorded: Iterable[MediaFile]) -> None:
        self._recorded: dict[str, set[str | None]] = defaultdict(set)
        for media in recorded:
            self._recorded[_parts(media.key)[-1]].add(media.sha256)
        self._by_name: dict[str, list[Path]] = defaultdict(list)
        self._by_size: dict[int, list[Path]] = defaultdict(list)
        self._hashes: dict[Path, str | None] = {}
        for path, size_bytes in _files_below(root):
            self._by_name[_parts(display_path(path))[-1]].append(path)
            self._by_size[size_bytes].append(path)

    def find(self, media: MediaFile) -> MediaFinding:
        """What stands where the file stood comes first; a copy elsewhere does not make up for a change."""
        if media.archive is not None:
            whole = _parts_too(self.find(_as_archive(media, media.archive)), media.archive)
            return replace(whole, path=media.path)
        if media.sha256 is None:
            return MediaFinding(media.path, MediaState.NOT_HASHED, "it could not be read when it was scanned")
        here = self._successor(media)
        if here is not None and self._hash(here) == media.sha256:
            same = _place(here) == media.key or display_path(here) == media.path
            state = MediaState.SAME if same else MediaState.MOVED
            return MediaFinding(media.path, state, display_path(here))
        copy = self._copy(media)
        if here is None and copy is None:
            return MediaFinding(media.path, MediaState.MISSING, "neither its name nor its content was found")
        if here is None and copy is not None:
            return MediaFinding(media.path, MediaState.MOVED, display_path(copy))
        assert here is not None
        finding = _compared(media, here, MediaState.SAME)
        found = "" if copy is None else f"; what was examined lies at {display_path(copy)}"
        return replace(finding, detail=finding.detail + found)

    def _successor(self, media: MediaFile) -> Path | None:
        """The file at the same place; otherwise the one of this name whose path is most like its own.

        Files whose content is that of another examined file of this name are those files, not this one.
        """
        namesakes = self._by_name[_parts(media.key)[-1]]
        for path in namesakes:
            if _place(path) == media.key:
                return path
        others = self._recorded[_parts(media.key)[-1]] - {media.sha256}
        free = [path for path in namesakes if self._hash(path) not in others]
        return max(
            free, key=lambda path: (_likeness(path, media), self._hash(path) == media.sha256), default=None
        )

    def _copy(self, media: MediaFile) -> Path | None:
        """Any file with the content that was examined."""
        same_size = self._by_size[media.size_bytes]
        return next((path for path in same_size if self._hash(path) == media.sha256), None)

    def _hash(self, path: Path) -> str | None:
        if path not in self._hashes:
            try:
                self._hashes[path] = sha256_of(path)
            except (MediaError, OSError):
                self._hashes[path] = None
        return self._hashes[path]


def _files_below(root: Path) -> Iterator[tuple[Path, int]]:
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            with contextlib.suppress(OSError):  # a link that leads nowhere, a file that goes away
                status = path.stat()
                if stat.S_ISREG(status.st_mode):
                    yield path, status.st_size


def _place(path: Path) -> str:
    return display_path(Path(os.path.realpath(path)))


def _parts(shown: str) -> tuple[str, ...]:
    return Path(shown).parts or ("",)


def _likeness(path: Path, media: MediaFile) -> int:
    """How many folders and names, from the end, are the same."""
    n_same = 0
    for ours, theirs in zip(reversed(_parts(_place(path))), reversed(_parts(media.key)), strict=False):
        if ours != theirs:
            break
        n_same += 1
    return n_same
