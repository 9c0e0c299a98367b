"""A shard's files out of all that were found."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from forensics.media.discovery import Found
from forensics.records.scan_result import ShardUse
from forensics.settings import Shard


def share_of(
    shard: Shard, files: Sequence[Found], named: Sequence[Path]
) -> tuple[tuple[Found, ...], ShardUse]:
    """The files of a shard, by the hash of their paths within the folders that were named.

    Args:
        files: all that were found.
        named: the folders and files that were searched, in order.
    """
    relatives = [_relative(file.path, named) for file in files]
    listed = sorted(
        relative + b"\0" + str(file.size_bytes).encode()
        for relative, file in zip(relatives, files, strict=True)
    )
    taken = tuple(file for relative, file in zip(relatives, files, strict=True) if shard.takes(relative))
    digest = hashlib.sha256(b"\n".join(listed)).hexdigest()
    return taken, ShardUse(shard.index, shard.count, len(files), digest)


def _relative(path: Path, named: Sequence[Path]) -> bytes:
    for folder in named:  # the first one that covers it is the one in which it was found
        if path != folder and path.is_relative_to(folder):
            return os.fsencode(path.relative_to(folder).as_posix())
    return os.fsencode(path.name)
