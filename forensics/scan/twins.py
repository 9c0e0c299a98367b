"""Identical files: what several of the files to examine have in common byte for byte is examined once."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from forensics.errors import MediaError
from forensics.media.archive_search import sha256_of_found, still_there
from forensics.media.discovery import Found
from forensics.media.hashing import Fingerprint, fingerprint_of
from forensics.records.findings import Notice
from forensics.records.scan_result import ScanResult
from forensics.scan.failures import origin_of

K = TypeVar("K", bound=Hashable)

# Files of one size most often differ within so much of their start or end: headers, checksums, indexes.
_END_BYTES: Final = 16_384


@dataclass(frozen=True, slots=True)
class Twin:
    """A file whose content another one has too.

    Attributes:
        fingerprint: of the file when both were compared.
    """

    file: Found
    fingerprint: Fingerprint

    @property
    def _stands(self) -> bool:
        if self.file.member is not None:
            return still_there(self.file)
        return self.fingerprint.stands(self.file.path)

    def result_from(self, result: ScanResult) -> ScanResult | None:
        """The result of the file with the same content, as this file's own.

        None where that result is of other content, or this file may have changed since: then it has to be
        examined itself.
        """
        if result.media.sha256 != self.fingerprint.sha256 or not self._stands:
            return None
        media = replace(
            result.media,
            path=self.file.display,
            place=self.file.place,
            modified_utc=self.fingerprint.modified_utc,
            archive=origin_of(self.file),
        )
        notice = Notice(
            "hash",
            f"The content is that of {result.media.path}, byte for byte. It was examined there, and its "
            "verdict holds for this file.",
        )
        verdict, other = result.verdict, result.media.path
        if verdict.reason.startswith(f"{other} "):
            verdict = replace(verdict, reason=self.file.display + verdict.reason.removeprefix(other))
        return replace(
            result,
            media=media,
            verdict=verdict,
            scores=(),
            exhibits=(),
            timings_s={},
            notices=(notice, *result.notices),
            hashes=None,
            descriptors=(),
            twin_of=result.twin_of or result.media.key,
        )


@dataclass(frozen=True, slots=True)
class Distinct:
    """Files by their content.

    Attributes:
        files: one for each content, in the order of the search.
        twins: by ``Found.key`` of one of these, the others with its content.
        known: files whose content was examined before.
    """

    files: tuple[Found, ...]
    twins: dict[str, tuple[Twin, ...]] = field(default_factory=dict)
    known: tuple[Twin, ...] = ()

    @property
    def n_twins(self) -> int:
        """Files that need no examination of their own."""
        return len(self.known) + sum(map(len, self.twins.values()))


def distinct(files: Sequence[Found], examined: Mapping[int, Collection[str]], n_threads: int) -> Distinct:
    """Finds identical files: by size, then by the hash of both ends, then by the hash of the whole.

    Nothing is read of a file whose size no other one has. A file that cannot be read is left to be examined,
    which says why.

    Args:
        files: to examine.
        examined: size in bytes to SHA-256 of what earlier runs examined.
        n_threads: files that are read at the same time.
    """
    with ThreadPoolExecutor(n_threads) as pool:
        try:
            suspects = _suspects(files, examined, pool)
            prints = dict(zip(_keys(suspects), pool.map(_fingerprint, suspects), strict=True))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    first_of: dict[str, Found] = {}
    twins: dict[str, list[Twin]] = defaultdict(list)
    known: list[Twin] = []
    kept: list[Found] = []
    for file in files:
        one = prints.get(file.key)
        if one is None:
            kept.append(file)
        elif one.sha256 in examined.get(file.size_bytes, ()):
            known.append(Twin(file, one))
        elif (first := first_of.setdefault(one.sha256, file)) is file:
            kept.append(file)
        else:
            twins[first.key].append(Twin(file, one))
    return Distinct(tuple(kept), {key: tuple(some) for key, some in twins.items()}, tuple(known))


def _suspects(
    files: Sequence[Found], examined: Mapping[int, Collection[str]], pool: ThreadPoolExecutor
) -> list[Found]:
    """Files whose whole content has to be hashed."""
    suspects: list[Found] = []
    for size_bytes, alike in _grouped(files, [file.size_bytes for file in files]).items():
        # Of what was examined the whole hash alone is known; to the end of an archive's member
        # one comes by reading it all.
        if size_bytes in examined or (len(alike) > 1 and any(file.member for file in alike)):
            suspects.extend(alike)
        elif len(alike) > 1:
            by_ends = _grouped(alike, pool.map(_ends, alike))
            suspects.extend(file for group in by_ends.values() if len(group) > 1 for file in group)
    return suspects


def _keys(files: Iterable[Found]) -> list[str]:
    return [file.key for file in files]


def _grouped(files: Iterable[Found], keys: Iterable[K | None]) -> dict[K, list[Found]]:
    groups: dict[K, list[Found]] = defaultdict(list)
    for file, key in zip(files, keys, strict=True):
        if key is not None:
            groups[key].append(file)
    return groups


def _ends(file: Found) -> bytes | None:
    try:
        with file.path.open("rb") as opened:
            start = opened.read(_END_BYTES)
            opened.seek(-min(_END_BYTES, opened.seek(0, os.SEEK_END)), os.SEEK_END)
            return start + opened.read(_END_BYTES)
    except OSError:
        return None


def _fingerprint(file: Found) -> Fingerprint | None:
    try:
        if file.member is not None:
            if file.member.refusal is not None:
                return None
            return replace(file.member.container, sha256=sha256_of_found(file), size_bytes=file.size_bytes)
        return fingerprint_of(file.path)
    except MediaError:
        return None
