"""Orders: what the server asks of the process that examines, and what that tells, as lines of JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO

import msgspec

from forensics.web.desk import DeskCase, UploadedFile


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the examination of a case is.

    Attributes:
        stage: in words.
        n_files: to examine, members of archives among them.
        n_done: files with a verdict.
        file: the name of the file that was last heard of; empty before the first.
        behind_s: seconds of it that are done.
        n_scores: frames and windows of sound that were scored, in the files that are done.
        elapsed_s: wall seconds since the examination began.
        left_s: wall seconds that it may still take, by the bytes that are done; None where nothing is yet.
    """

    case: str
    stage: str
    n_files: int
    n_done: int = 0
    file: str = ""
    behind_s: float = 0.0
    n_scores: int = 0
    elapsed_s: float = 0.0
    left_s: float | None = None


class Scan(msgspec.Struct, frozen=True, tag=True):
    """Scan a case; one at a time.

    Attributes:
        number: of the order; what is told of it has the same.
    """

    number: int
    case: DeskCase


class Draw(msgspec.Struct, frozen=True, tag=True):
    """Draw the reports of a case that is scanned.

    Attributes:
        judged: the files are wanted back with their verdicts.
    """

    number: int
    case: DeskCase
    judged: bool


class Stop(msgspec.Struct, frozen=True, tag=True):
    """End the scan that is under way; what is done is kept."""


class GettingOn(msgspec.Struct, frozen=True, tag=True):
    """How far a scan is."""

    number: int
    progress: Progress


class Done(msgspec.Struct, frozen=True, tag=True):
    """An order is done, for better or worse.

    Attributes:
        problem: what came in the way, with what to do about it; empty where nothing did.
        stopped: the scan was ended before its end.
        files: by id, with their verdicts, where they were wanted.
    """

    number: int
    problem: str = ""
    stopped: bool = False
    files: dict[str, UploadedFile] = {}


Order = Scan | Draw | Stop
Answer = GettingOn | Done


def send(stream: IO[bytes], what: Order | Answer) -> None:
    """Writes one line; JSON holds no line breaks.

    Raises:
        OSError: nobody reads any more.
    """
    stream.write(msgspec.json.encode(what) + b"\n")
    stream.flush()


def defect(what: str) -> str:
    """What the page says where nothing was raised on purpose."""
    return f"forensics met a defect of its own ({what}). Report it, or try again."
