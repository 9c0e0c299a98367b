"""What was prepared already: one line per file of the data set, appended as it is done."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import msgspec

from forensics.training.data.prepared_file import Job, PreparedFile

JOURNAL_NAME = "prepared.jsonl"


class _Entry(msgspec.Struct, frozen=True):
    path: str
    size_bytes: int
    modified_ns: int
    how: str
    made: list[PreparedFile]


class Journal:
    """Lets a call that was interrupted go on where it stopped.

    A file counts as done if its size, its time of modification and the way of making are the same, and
    what was cut from it is still there. An unfinished last line is what a kill leaves; it is not used.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        path = out / JOURNAL_NAME
        content = path.read_bytes() if path.exists() else b""
        self._known = _entries(content)
        self._file = path.open("ab")
        if content and not content.endswith(b"\n"):
            self._file.write(b"\n")

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def done(self, job: Job) -> list[PreparedFile] | None:
        """What was made of an unchanged file earlier; None if it is to be done."""
        entry = self._known.get(str(job.path.absolute()))
        if entry is None or entry != _entry(job, entry.made):
            return None
        return entry.made if all((self._out / made.path).exists() for made in entry.made) else None

    def add(self, job: Job, made: list[PreparedFile]) -> None:
        """Notes what was made of a file."""
        self._file.write(msgspec.json.encode(_entry(job, made)) + b"\n")
        self._file.flush()


def _entry(job: Job, made: list[PreparedFile]) -> _Entry:
    status = job.path.stat()
    how = f"ready {job.crop_margin}" if job.ready else f"{job.n_frames} frames"
    if job.n_bursts and not job.ready:
        how += f", {job.n_bursts} bursts"
    return _Entry(str(job.path.absolute()), status.st_size, status.st_mtime_ns, how, made)


def _entries(content: bytes) -> dict[str, _Entry]:
    known = {}
    for line in content.splitlines():
        try:
            entry = msgspec.json.decode(line, type=_Entry)
        except msgspec.MsgspecError:
            continue
        known[entry.path] = entry
    return known
