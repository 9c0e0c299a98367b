"""The desk: cases on disk, each in a folder of its own, and their queue, which survives a restart."""

from __future__ import annotations

import contextlib
import enum
import logging
import os
import secrets
import shutil
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

import msgspec

from forensics.casefile.lock import WriterLock
from forensics.errors import CaseFileError, SettingsError
from forensics.settings import Profile
from forensics.web.places import Places

MOST_FILES: Final = 1_000
MOST_NAME_CHARACTERS: Final = 255
MOST_MEMBERS: Final = 200
LABELS: Final = ("", "manipulated", "pristine")
_RECORD: Final = "desk.json"
_LOG = logging.getLogger(__name__)


class CaseState(enum.StrEnum):
    """Where a case stands."""

    RECEIVING = "receiving"
    WAITING = "waiting"
    EXAMINING = "examining"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class MemberVerdict:
    """What was found of one member of an uploaded archive.

    Attributes:
        name: within the archive.
    """

    name: str
    verdict: str
    manipulation_score: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """One file of a case.

    Attributes:
        id: random hexadecimal; the file's name on disk.
        name: as the uploader called it; shown, never opened.
        sha256: of the bytes as they came in.
        verdict: label of the verdict, None before there is one.
        manipulation_score: in [0, 1], 1 means manipulated; None without scores.
        reason: of the verdict.
        label: ``manipulated`` or ``pristine`` where the truth is known, for it and all its members.
        members: of an archive, those that need a human's eye first; at most ``MOST_MEMBERS``.
        member_verdicts: label of the verdict to number of members, of all of them.
    """

    id: str
    name: str
    size_bytes: int
    sha256: str
    received_utc: str
    verdict: str | None = None
    manipulation_score: float | None = None
    reason: str = ""
    label: str = ""
    members: tuple[MemberVerdict, ...] = ()
    member_verdicts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeskCase:
    """One case of the desk.

    Attributes:
        id: random hexadecimal; the case's folder.
        queued_utc: since when it waits; None before that.
        problem: what stopped the scan, with what to do about it; empty otherwise.
        models: ids of the models that score; empty for those that ship.
        reports: how often the reports were drawn; a page that shows one loads it anew when that changes.
    """

    id: str
    title: str
    profile: Profile
    state: CaseState
    created_utc: str
    queued_utc: str | None = None
    files: tuple[UploadedFile, ...] = ()
    problem: str = ""
    models: tuple[str, ...] = ()
    reports: int = 0


def default_folder() -> Path:
    """Where cases lie unless another folder is named.

    Raises:
        SettingsError: there is no home folder.
    """
    try:
        home = Path.home()
    except RuntimeError as error:
        raise SettingsError("There is no home folder for the cases", "Give --folder FOLDER.") from error
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "forensics" / "desk"
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "forensics" / "desk"


class Desk(Places):
    """All cases of one folder; one server at a time. A context manager, safe for threads.

    Reading never waits: who writes puts a new table in the place of the old one. Writing waits for the disk,
    and is no business of an event loop.

    Raises:
        SettingsError: the folder cannot be used, or another server has it.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._mutex = threading.RLock()
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.chmod(0o700)
        except OSError as error:
            raise SettingsError(
                f"The folder {folder} cannot be used: {error.strerror or error}",
                "Give a folder of your own with --folder FOLDER.",
            ) from error
        try:
            self._lock = WriterLock(self.folder / "desk")
        except CaseFileError as error:
            raise SettingsError(
                f"Another forensics serve uses {folder}", "Use that one, or give --folder FOLDER."
            ) from error
        self._cases = {case.id: case for case in self._read()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    # -- reading ---------------------------------------------------------------------------------

    def cases(self) -> list[DeskCase]:
        """All, newest first."""
        return sorted(self._cases.values(), key=lambda case: case.created_utc, reverse=True)

    def case(self, case_id: str) -> DeskCase | None:
        """The case; None if there is none."""
        return self._cases.get(case_id)

    def next_waiting(self) -> DeskCase | None:
        """The case that has waited longest."""
        waiting = [case for case in self._cases.values() if case.state is CaseState.WAITING]
        return min(waiting, key=lambda case: case.queued_utc or "", default=None)

    # -- writing ---------------------------------------------------------------------------------

    def create(self, title: str, profile: Profile, models: Sequence[str] = ()) -> DeskCase:
        """A new case that receives files.

        Args:
            models: ids of those that score; none for those that ship.

        Raises:
            OSError: the disk is full, or the folder is gone.
        """
        case = DeskCase(
            secrets.token_hex(8),
            clean_name(title, "Untitled"),
            profile,
            CaseState.RECEIVING,
            now_utc(),
            models=tuple(models),
        )
        self.place(case.id).mkdir(mode=0o700)
        (self.place(case.id) / "files").mkdir(mode=0o700)
        return self._keep(case)

    def add(self, case_id: str, file: UploadedFile) -> DeskCase | None:
        """The case with one more file; None if it takes no more."""
        with self._mutex:
            case = self._cases.get(case_id)
            if case is None or case.state is not CaseState.RECEIVING or len(case.files) >= MOST_FILES:
                return None
            taken = {other.name for other in case.files}
            name, number = file.name, 1
            while name in taken:
                number += 1
                name = f"{file.name} ({number})"
            return self._keep(replace(case, files=(*case.files, replace(file, name=name))))

    def change(self, case_id: str, how: Callable[[DeskCase], DeskCase]) -> DeskCase | None:
        """Records a case as it is after a change; None if it was deleted meanwhile.

        A disk without room does not stop it: the change stands until the server ends.
        """
        with self._mutex:
            case = self._cases.get(case_id)
            if case is None:
                return None
            changed = how(case)
            try:
                return self._keep(changed)
            except OSError as error:
                _LOG.warning("the state of case %s could not be written: %s", case_id, error)
                self._cases = {**self._cases, case_id: changed}
                return changed

    def label(self, case_id: str, labels: Mapping[str, str]) -> DeskCase | None:
        """The case with known labels; None if there is no such case.

        Args:
            labels: id of a file to one of ``LABELS``; other files keep theirs.

        Raises:
            OSError: the disk is full.
        """
        with self._mutex:
            case = self._cases.get(case_id)
            if case is None:
                return None
            files = tuple(replace(file, label=labels.get(file.id, file.label)) for file in case.files)
            return self._keep(replace(case, files=files))

    def queue(self, case_id: str) -> DeskCase | None:
        """Lets a case with files wait for its examination; None if it cannot."""
        with self._mutex:
            case = self._cases.get(case_id)
            if case is None or not case.files or case.state not in (CaseState.RECEIVING, CaseState.FAILED):
                return None
            return self._keep(replace(case, state=CaseState.WAITING, queued_utc=now_utc(), problem=""))

    def delete(self, case_id: str) -> None:
        """Removes a case and all that belongs to it."""
        with self._mutex:
            self._cases = {key: case for key, case in self._cases.items() if key != case_id}
            shutil.rmtree(self.place(case_id), ignore_errors=True)

    # -- inside ----------------------------------------------------------------------------------

    def _keep(self, case: DeskCase) -> DeskCase:
        with self._mutex:
            path = self.place(case.id) / _RECORD
            temporary = path.with_suffix(".partial")
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as out:
                out.write(msgspec.json.encode(case))
                out.flush()
                os.fsync(out.fileno())
            temporary.replace(path)
            self._cases = {**self._cases, case.id: case}
            return case

    def _read(self) -> list[DeskCase]:
        """What an earlier server left: what it was examining waits again; pieces of uploads go."""
        cases = []
        for record in sorted(self.folder.glob(f"*/{_RECORD}")):
            with contextlib.suppress(OSError, msgspec.MsgspecError):
                case = msgspec.json.decode(record.read_bytes(), type=DeskCase)
                if case.id != record.parent.name:
                    continue
                if case.state is CaseState.EXAMINING:
                    case = replace(case, state=CaseState.WAITING)
                known = {file.id for file in case.files}
                for path in (record.parent / "files").iterdir():
                    if path.name not in known:
                        path.unlink()
                cases.append(case)
        return cases


def clean_name(name: str, otherwise: str) -> str:
    """A name as it can be shown: never empty, never long, without NUL; it is never used as a path."""
    return name.replace("\0", "")[:MOST_NAME_CHARACTERS].strip() or otherwise


def now_utc() -> str:
    """ISO 8601, UTC, to the microsecond: it orders the queue."""
    return datetime.now(UTC).isoformat()
