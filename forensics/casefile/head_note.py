"""The head hash of a case, noted beside a report: against it, cut-off rows and older copies show.

The chain within a case file cannot tell that its newest rows are gone, since what is left is a shorter, sound
chain. A note that lies elsewhere can.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from forensics.errors import CaseFileError, SettingsError
from forensics.media.discovery import display_path

NOTE_SUFFIX: Final = ".head.json"
_HASH: Final = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class HeadNote:
    """What is noted.

    Attributes:
        case: absolute path of the case file, as shown to people.
        n_rows: rows that it had; the newest of them has the head hash.
        head_hash: hexadecimal.
        noted_utc: ISO 8601, UTC.
    """

    case: str
    n_rows: int
    head_hash: str
    noted_utc: str


def note_beside(report: Path) -> Path:
    """Where the note of a report lies: reports of one name in several forms share it."""
    return report.with_name(report.stem + NOTE_SUFFIX)


def case_place(case: Path) -> str:
    """A case file as notes name it."""
    return display_path(Path(os.path.realpath(case)))


def read_note(path: Path) -> HeadNote:
    """Reads a note.

    Raises:
        CaseFileError: it cannot be read or is something else.
    """
    try:
        note = msgspec.json.decode(path.read_bytes(), type=HeadNote)
    except OSError as error:
        raise CaseFileError(
            f"The noted head {path} cannot be read: {error.strerror or error}",
            "Check the path; forensics scan and forensics report write such a file beside each report.",
        ) from error
    except msgspec.MsgspecError as error:
        raise _not_a_note(path) from error
    if _HASH.fullmatch(note.head_hash) is None:
        raise _not_a_note(path)
    return note


def head_from(given: str) -> str:
    """The head hash that is meant by a hash as it was written down, or by the file that holds it.

    Raises:
        CaseFileError: the file cannot be read or is no note.
        SettingsError: it is neither.
    """
    written = given.strip()
    if _HASH.fullmatch(written) is not None:
        return written.lower()
    path = Path(given)
    if written and path.exists():
        return read_note(path).head_hash.lower()
    raise SettingsError(
        f"--head {given} is neither a head hash (64 hexadecimal digits) nor a file that is there",
        f"Give the hash that was printed after the scan, or the file REPORT{NOTE_SUFFIX} beside the report.",
    )


def write_note(path: Path, note: HeadNote) -> None:
    """Writes a note, readable by its owner alone, whole or not at all.

    Raises:
        CaseFileError: it cannot be written.
    """
    content = msgspec.json.format(msgspec.json.encode(note), indent=2) + b"\n"
    temporary = path.with_name(f".{path.name[:40]}-{os.getpid()}.partial")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise CaseFileError(
            f"The head hash cannot be noted in {path}: {error.strerror or error}",
            f"Write it down yourself: {note.head_hash}",
        ) from error


def _not_a_note(path: Path) -> CaseFileError:
    return CaseFileError(
        f"{path} is not a noted head of a case file",
        f"Give the file REPORT{NOTE_SUFFIX} that lies beside a report, or the hash itself.",
    )
