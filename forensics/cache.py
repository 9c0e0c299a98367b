"""Things that are costly to make, kept in the user's cache folder between runs.

Nothing here is needed: what is missing, damaged or cannot be written is made anew. Every entry carries the
SHA-256 of its content, since the libraries that read such things do not notice a flipped bit: OpenVINO runs
a damaged net and gives other scores.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
from pathlib import Path

VARIABLE = "FORENSICS_CACHE"
"""Names another folder, or is ``off``."""

_DIGEST_BYTES = 32
# A net takes some ten megabytes, and every new model, OpenVINO or processor brings entries of its own.
_MOST_ENTRIES = 24


def cache_folder() -> Path | None:
    """Where entries lie, whether or not it exists yet; None where caching is off or there is no home."""
    named = os.environ.get(VARIABLE)
    if named:
        return None if named == "off" else Path(named)
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "forensics" / "cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "forensics"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "forensics"


def key_of(*parts: str) -> str:
    """A short name for everything that an entry depends on."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def recall(name: str) -> bytes | None:
    """An entry's content; None if there is none or it is not what was kept."""
    folder = cache_folder()
    if folder is None:
        return None
    try:
        stored = (folder / name).read_bytes()
    except OSError:
        return None
    content = stored[_DIGEST_BYTES:]
    return content if hashlib.sha256(content).digest() == stored[:_DIGEST_BYTES] else None


def keep(name: str, content: bytes) -> bool:
    """Keeps an entry, all of it or nothing; the oldest make room.

    Returns:
        Whether it was kept.
    """
    folder = cache_folder()
    if folder is None:
        return False
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Workers that start together write the same entry: each its own file, the last one stays.
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".new-", delete=False) as file:
            fresh = Path(file.name)
            try:
                file.write(hashlib.sha256(content).digest())
                file.write(content)
                file.close()
                fresh.replace(folder / name)
            except OSError:
                fresh.unlink(missing_ok=True)
                raise
        _make_room(folder)
    except OSError:
        return False
    return True


def _make_room(folder: Path) -> None:
    entries = []
    for path in folder.iterdir():
        with contextlib.suppress(OSError):  # another process may have removed it
            entries.append((path.stat().st_mtime, path))
    for _, path in sorted(entries, reverse=True)[_MOST_ENTRIES:]:
        path.unlink(missing_ok=True)
