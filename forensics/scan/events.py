"""What a batch tells while it runs; whoever draws progress listens."""

from __future__ import annotations

from dataclasses import dataclass

from forensics.records.scan_result import ScanResult


@dataclass(frozen=True, slots=True)
class RehashStarted:
    """Files that an earlier run examined are being hashed again."""

    n_files: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class Rehashed:
    """They have been.

    Attributes:
        n_changed: files with another content than was examined; they are examined anew.
    """

    n_files: int
    n_changed: int


@dataclass(frozen=True, slots=True)
class TwinsFound:
    """Some of the files hold the same content as others; each content is examined once.

    Attributes:
        n_files: files that are not examined themselves.
    """

    n_files: int


@dataclass(frozen=True, slots=True)
class BatchStarted:
    """Workers are being started.

    Attributes:
        n_files: files to examine now.
        n_skipped: files that an earlier run of the same case has done.
        total_bytes: of the files to examine now.
    """

    n_files: int
    n_skipped: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class FileStarted:
    """A worker begins with a file.

    Attributes:
        path: as shown to people.
        worker: the worker's number, from 1.
    """

    path: str
    worker: int


@dataclass(frozen=True, slots=True)
class FileProgressed:
    """A worker is getting on with a file.

    Attributes:
        path: as shown to people.
        behind_s: seconds of the file that are done.
    """

    path: str
    behind_s: float


@dataclass(frozen=True, slots=True)
class FileFailed:
    """A worker crashed, hung or failed on a file; its FileDone follows."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class FileDone:
    """A file has its result, whatever it is.

    Attributes:
        result: without its exhibits.
        n_done: files done in this batch, with this one.
    """

    result: ScanResult
    n_done: int


@dataclass(frozen=True, slots=True)
class BatchEnded:
    """No worker runs any more.

    Attributes:
        n_done: files done in this batch.
        interrupted: the batch was stopped before all were done.
    """

    n_done: int
    interrupted: bool
    elapsed_s: float


Event = (
    RehashStarted
    | Rehashed
    | TwinsFound
    | BatchStarted
    | FileStarted
    | FileProgressed
    | FileFailed
    | FileDone
    | BatchEnded
)
