"""Find media in files and folders, by content; what cannot be looked at is rejected with a reason."""

from __future__ import annotations

import errno
import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from forensics.media.holders import can_read_disks, first_part, may_be_archive, may_be_disk, unopened
from forensics.media.signatures import HEAD_BYTES, known_format, looks_like_text
from forensics.media.suffixes import claims_media, claims_media_unless_text
from forensics.numerals import count_text

if TYPE_CHECKING:
    from forensics.media.archives import ArchiveMember

_MOST_SUFFIXES = 12

_NONBLOCK = getattr(os, "O_NONBLOCK", 0)
_BINARY = getattr(os, "O_BINARY", 0)

_SPECIAL_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A file to examine.

    Attributes:
        path: opens the file; may hold bytes that are not UTF-8, as surrogates.
        display: the path as typed, or reached from what was typed, see ``display_path``.
        modified_utc: ISO 8601 time of last modification, UTC.
        place: absolute path without links, written like ``display``: the file's identity in the case file.
        member: what to take out of the archive that ``path`` opens; its name ends ``display`` and ``place``.
    """

    path: Path
    display: str
    size_bytes: int
    modified_utc: str
    place: str = ""
    member: ArchiveMember | None = None

    @property
    def key(self) -> str:
        """As ``MediaFile.key`` of its result."""
        return self.place or self.display


@dataclass(frozen=True, slots=True)
class Rejected:
    """What stands on the way of a search and was not looked at, and why."""

    display: str
    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class Archive:
    """A zip or tar file or a disk image, to be looked through (``archive_search.find_media`` does).

    Attributes:
        path, display, place: as of ``Found``.
        is_disk: it is a disk image.
    """

    path: Path
    display: str
    place: str
    is_disk: bool = False


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Files below one of the named folders that neither their content nor their name calls media.

    Attributes:
        display: the named folder.
        n_by_suffix: how many there are of each suffix; the empty one stands for none.
    """

    display: str
    n_by_suffix: dict[str, int]

    @property
    def told(self) -> Rejected:
        """In words, the most frequent suffixes first."""
        often = sorted(self.n_by_suffix.items(), key=lambda item: (-item[1], item[0]))
        named = [
            f"{n:,} {suffix}" if suffix else f"{n:,} without suffix" for suffix, n in often[:_MOST_SUFFIXES]
        ]
        rest = sum(n for _, n in often[_MOST_SUFFIXES:])
        named += [f"{rest:,} others"] if rest else []
        total = sum(self.n_by_suffix.values())
        n_files = count_text(total, "file", "files")
        return Rejected(
            self.display,
            f"holds {n_files} passed over, media neither by content nor by name: {', '.join(named)}",
            "If one of them is media all the same, name the file itself: it is examined then.",
        )


def display_path(path: Path) -> str:
    r"""The path as shown to people and stored in the case file.

    Bytes that are not UTF-8 stand as ``\xNN``; everything else is kept as it is, also quotes and newlines.
    """
    return os.fsencode(path).decode("utf-8", errors="backslashreplace")


def discover(
    paths: Iterable[Path], *, follow_links: bool = False
) -> Iterator[Found | Rejected | PassedOver | Archive]:
    """Finds media in files and folders, recursively and in a fixed order.

    What is named itself is always found or rejected. Within folders, files are taken by their first bytes
    or, so that a false claim gets its row, by a media suffix; other files are passed over and counted. No
    folder is searched twice. Pipes, sockets and devices are never opened. Disk images and archives that are
    not opened are rejected one by one.

    A link is never followed without a word: one to what was named, or lies in it, is listed, since its target
    is found there; one that leads elsewhere is listed with its target, and not even looked at.

    Args:
        paths: files and folders, in the order in which they are searched; links among them are followed.
        follow_links: links that lead elsewhere are followed.

    Yields:
        Each file once, and what was not searched with its reason.
    """
    named_paths = [Path(named) for named in paths]
    search = _Search([os.path.realpath(named) for named in named_paths], follow_links)
    seen_files: set[str] = set()
    for named in named_paths:
        for outcome in search.below(named):
            if isinstance(outcome, Found | Archive):
                if outcome.place in seen_files:
                    continue
                seen_files.add(outcome.place)
            yield outcome
        if search.passed_over:
            yield PassedOver(display_path(named), dict(search.passed_over))
            search.passed_over.clear()


class _Search:
    """One search over everything that was named."""

    def __init__(self, roots: list[str], follow_links: bool) -> None:
        self._roots = roots
        self._follow_links = follow_links
        self._seen: dict[tuple[int, int], str] = {}
        self.passed_over: Counter[str] = Counter()

    def below(self, named: Path) -> Iterator[Found | Rejected | Archive]:
        # A stack of its own: folders may be nested deeper than Python's recursion goes.
        stack = [named]
        while stack:
            path = stack.pop()
            is_named = path is named
            if not is_named and path.is_symlink():
                target = os.path.realpath(path)
                if self._covers(target):
                    yield from _inner_link(path, target)
                    continue
                if not self._follow_links:
                    yield _outer_link(path, target)
                    continue
            try:
                status = path.stat()
            except OSError as error:
                yield _not_reachable(path, error)
                continue
            if not stat.S_ISDIR(status.st_mode):
                outcome = _file(path, status, is_named)
                if outcome is not None:
                    yield outcome
                else:
                    self.passed_over[path.suffix.lower()] += 1
                continue
            key = (status.st_dev, status.st_ino)
            if key in self._seen:
                if not is_named:
                    yield _searched_already(path, self._seen[key])
                continue
            self._seen[key] = display_path(path)
            try:
                inside = sorted(path.iterdir(), key=os.fsencode, reverse=True)
            except OSError as error:
                yield _not_reachable(path, error)
                continue
            stack.extend(inside)

    def _covers(self, target: str) -> bool:
        """Whether this is, or lies in, what was named."""
        return any(target == root or target.startswith(root.rstrip(os.sep) + os.sep) for root in self._roots)


def _inner_link(path: Path, target: str) -> Iterator[Rejected]:
    try:
        status = path.stat()
    except OSError as error:
        yield _not_reachable(path, error)
        return
    if stat.S_ISDIR(status.st_mode):
        yield _searched_already(path, display_path(Path(target)))
    elif isinstance(_file(path, status, is_named=False), Found | Archive):
        yield Rejected(
            display_path(path),
            f"is a link to {display_path(Path(target))}, which is examined under that name",
            "Nothing is missed. Remove the link to be rid of this line.",
        )


def _outer_link(path: Path, target: str) -> Rejected:
    return Rejected(
        display_path(path),
        f"is a link that leads out of what was named, to {display_path(Path(target))}, and was not followed",
        "Name its target too, or give --follow-links.",
    )


def _file(path: Path, status: os.stat_result, is_named: bool) -> Found | Rejected | Archive | None:
    special = _SPECIAL_KINDS.get(stat.S_IFMT(status.st_mode))
    if special is not None or not stat.S_ISREG(status.st_mode):
        return Rejected(
            display_path(path),
            f"is {special or 'not a regular file'}, not a file with media",
            "Record what it delivers into a file and scan that.",
        )
    place = display_path(Path(os.path.realpath(path)))
    if not claims_media(path.suffix):
        try:
            head = _head(path)
        except OSError as error:
            # What is named and cannot be read gets its row, with the reason.
            if not is_named:
                return _not_reachable(path, error)
            head = b""
        if known_format(head) is None:
            if may_be_archive(path, head):
                return Archive(path, display_path(path), place)
            kept_shut = unopened(path, head)
            if kept_shut is not None:
                return _disk(path, head, place) or Rejected(display_path(path), *kept_shut)
            if not is_named and (looks_like_text(head) or not claims_media_unless_text(path.suffix)):
                return None
    return Found(path, display_path(path), status.st_size, modified_utc(status), place)


def _disk(path: Path, head: bytes, place: str) -> Archive | Rejected | None:
    """A disk image that is opened, or a part of one that is read with its first."""
    if not can_read_disks():
        return None
    if may_be_disk(path, head):
        return Archive(path, display_path(path), place, is_disk=True)
    first = first_part(path)
    if first is None:
        return None
    return Rejected(
        display_path(path),
        f"is a further part of the disk image {display_path(first)}, with which it is read",
        "Nothing is missed if that image is examined, too.",
    )


def modified_utc(status: os.stat_result) -> str:
    """ISO 8601 time of last modification, UTC, in seconds."""
    return datetime.fromtimestamp(status.st_mtime, UTC).isoformat(timespec="seconds")


def _head(path: Path) -> bytes:
    # Not blocking: the file may have been replaced by a pipe since it was looked at.
    descriptor = os.open(path, os.O_RDONLY | _NONBLOCK | _BINARY)
    try:
        return os.read(descriptor, HEAD_BYTES)
    finally:
        os.close(descriptor)


def _searched_already(path: Path, as_what: str) -> Rejected:
    return Rejected(
        display_path(path),
        f"leads to a folder that is searched already, as {as_what}",
        "Nothing is missed: its files are listed there. Remove the link to be rid of this line.",
    )


def _not_reachable(path: Path, error: OSError) -> Rejected:
    if isinstance(error, FileNotFoundError):
        if path.is_symlink():
            reason, hint = (
                f"is a link to {display_path(Path(os.path.realpath(path)))}, which does not exist",
                "Restore its target or remove it.",
            )
        else:
            reason, hint = "does not exist", "Check the spelling and that the drive is mounted."
    elif error.errno == errno.ELOOP:
        reason, hint = "is a link that leads back to itself", "Nothing is missed. Remove the link."
    elif isinstance(error, PermissionError):
        reason = "cannot be read: permission denied"
        hint = "Give yourself the right to read it (chmod u+rX), then scan again."
    else:
        reason, hint = f"cannot be read: {error.strerror}", "Check the drive and the path, then scan again."
    return Rejected(display_path(path), reason, hint)
