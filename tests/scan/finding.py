"""What discovery finds, for tests of files that hold others."""

from __future__ import annotations

from pathlib import Path

from forensics.media.archive_search import find_media
from forensics.media.discovery import Found


def found(*paths: Path) -> dict[str, Found]:
    """By the end of the path within the first of them."""
    return {
        one.display.removeprefix(f"{paths[0]}/"): one for one in find_media(paths) if isinstance(one, Found)
    }
