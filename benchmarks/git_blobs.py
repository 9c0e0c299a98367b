"""Contents of files that a list names by repository and git blob, read from clones."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path


def git_dir(repositories: Path, repository: str) -> Path | None:
    """The clone of ``OWNER/NAME``, bare or with a work tree, as ``OWNER+NAME`` or ``OWNER/NAME``."""
    for name in (repository.replace("/", "+"), repository):
        for inner in (".", ".git", "repo", "repo/.git"):
            found = repositories / name / inner
            if (found / "HEAD").is_file():
                return found
    return None


def contents(clone: Path, blobs: list[str]) -> dict[str, bytes]:
    """The contents by blob; without those that the clone does not hold."""
    asked = "".join(f"{name}\n" for name in blobs).encode()
    command = ["git", f"--git-dir={clone}", "cat-file", "--batch"]
    stream = io.BytesIO(subprocess.run(command, input=asked, capture_output=True, check=True).stdout)
    found = {}
    for name in blobs:
        header = stream.readline().split()
        if header[1] == b"missing":
            continue
        found[name] = stream.read(int(header[2]))
        stream.readline()
    return found
