"""Files that took their worker down or met a defect: in words, and as results."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from forensics.media.discovery import Found, display_path
from forensics.records.findings import Abstention, AbstentionReason, Notice
from forensics.records.media import ArchiveOrigin, ArchivePart, MediaFile
from forensics.records.scan_result import ScanResult
from forensics.records.verdict import Verdict, VerdictLabel
from forensics.verdicts.policy import POLICY

LAST_WORDS_CHARS: Final = 300
AGAIN: Final = (
    "Scan this file again by itself; if it fails again, please report it with the file's properties."
)
LITTLE_MEMORY: Final = "Scan this file again by itself with --workers 1, or on a machine with more memory."


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a file has no verdict, and what to do about it."""

    reason: str
    hint: str


def not_examined(file: Found, failure: Failure, sha256: str | None, words: str = "") -> ScanResult:
    """The result of a file that took its worker down or met a defect.

    Args:
        words: what the worker wrote last before it ended.
    """
    reason = failure.reason.rstrip(".")
    said = (Notice("score", f"The last words of the worker: {words}"),) if words else ()
    return ScanResult(
        media=MediaFile(
            file.display,
            file.size_bytes,
            file.modified_utc,
            sha256,
            place=file.place,
            archive=origin_of(file),
        ),
        verdict=Verdict(VerdictLabel.NOT_EXAMINED, f"{reason}. {failure.hint}", POLICY),
        abstentions=(Abstention("scan", AbstentionReason.FAILED, f"{reason}. {failure.hint}"),),
        notices=said,
    )


def origin_of(file: Found) -> ArchiveOrigin | None:
    """What a result says of the archive that a file lies in; None where it lies in none."""
    member = file.member
    if member is None:
        return None
    inside = f"/{member.name}" if member.name else ""
    path, place = file.display.removesuffix(inside), file.place.removesuffix(inside)
    further = () if member.on_disk is None else member.on_disk.parts
    parts = tuple(
        ArchivePart(display_path(Path(one.path.name)), one.fingerprint.sha256, one.fingerprint.size_bytes)
        for one in further
    )
    return ArchiveOrigin(
        path, place, member.container.sha256, member.container.size_bytes, member.name, parts
    )


def examined_again(first: Failure) -> Notice:
    """What is said of a file whose first worker died, perhaps of what it had examined before, or was lost."""
    return Notice(
        "score",
        f"{first.reason} while it had this file. The file was examined again in a new process, and what "
        "stands here is what that gave.",
    )


def death(exit_code: int | None) -> Failure:
    """What an exit code says."""
    if exit_code is None or exit_code >= 0:
        return Failure(f"The worker process ended with exit code {exit_code}", AGAIN)
    try:
        name = signal.Signals(-exit_code).name
    except ValueError:
        name = f"signal {-exit_code}"
    if name == "SIGKILL":
        return Failure(
            "The worker process was killed (SIGKILL), most often because the machine ran out of memory",
            LITTLE_MEMORY,
        )
    return Failure(f"The worker process crashed ({name})", AGAIN)


_FATAL: Final = {
    "Segmentation fault": signal.SIGSEGV,
    "Aborted": signal.SIGABRT,
    "Bus error": signal.SIGBUS,
    "Floating-point exception": signal.SIGFPE,
    "Illegal instruction": signal.SIGILL,
}


def death_by_words(words: str) -> Failure:
    """What a worker's last words say of its end, where nobody has its exit code."""
    for said, number in _FATAL.items():
        if words.startswith(f"Fatal Python error: {said}"):
            return death(-number)
    return Failure(
        "The worker process ended without a word: it was killed (SIGKILL), most often because the machine "
        "ran out of memory, or it ended itself",
        LITTLE_MEMORY,
    )


def last_words(log: Path) -> str:
    """The line of a worker's log that tells most: where it crashed, or otherwise the last one."""
    try:
        lines = log.read_bytes()[-20_000:].decode(errors="replace").splitlines()
    except OSError:
        return ""
    lines = [line.strip() for line in lines if line.strip()]
    fatal = next((index for index, line in enumerate(lines) if line.startswith("Fatal Python error")), None)
    if fatal is None:
        return lines[-1][:LAST_WORDS_CHARS] if lines else ""
    where = next((line for line in lines[fatal:] if line.startswith("File ")), "")
    return f"{lines[fatal]} {where}".strip()[:LAST_WORDS_CHARS]
