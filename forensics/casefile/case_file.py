"""The case file: everything that scans found, in one SQLite file that only grows and can be resumed."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import msgspec

from forensics.casefile import database
from forensics.casefile.chain import (
    FIRST_PREVIOUS_HASH,
    CaseInfoPayload,
    ManifestPayload,
    PartPayload,
    Payload,
    RejectedPayload,
    Rejection,
    ResultPayload,
    RowKind,
    RunEnd,
    encode,
    exhibit_of,
    is_recorded,
    recorded_case_info,
    reference,
    row_hash,
    why_unstorable,
)
from forensics.casefile.continuity import differences
from forensics.casefile.identity import Identity, Outcome, newest
from forensics.casefile.lock import WriterLock
from forensics.casefile.media_check import MediaCheck, check_media
from forensics.casefile.verification import VerificationReport, verify
from forensics.errors import CaseFileError
from forensics.records import earlier_names
from forensics.records.case_info import CaseInfo, RecordedCaseInfo
from forensics.records.exhibit_content import stored
from forensics.records.findings import Exhibit
from forensics.records.scan_result import RunManifest, ScanResult

_P = TypeVar("_P")


class CaseFile:
    """One open case. Made by ``create_or_resume`` or ``open_read_only``; a context manager.

    Methods that touch the file raise ``CaseFileError`` when it cannot be read or written.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: WriterLock | None) -> None:
        self.path = path
        self._connection = connection
        self._lock = lock
        self.at_opening: VerificationReport | None = None
        self._run_id: str | None = None
        self._rejected: set[Rejection] = set()
        self._broken = False
        self._known: tuple[tuple[int, bool], frozenset[int]] | None = None

    @classmethod
    def create_or_resume(cls, path: Path, *, expected_heads: Collection[str] = ()) -> Self:
        """Opens a case for writing; makes it where there is none.

        An existing chain is checked first: nothing is added to a broken one.

        Args:
            expected_heads: head hashes that were noted earlier; each must be found in a case that is there.

        Raises:
            CaseFileError: another scan writes it, it cannot be written, or it cannot be trusted.
        """
        lock = WriterLock(path)
        try:
            case = cls(path, database.open_for_writing(path), lock)
        except BaseException:
            lock.release()
            raise
        try:
            case.at_opening = case.checked(expected_heads=expected_heads if case.begun else ())
        except BaseException:
            case.close()
            raise
        return case

    @classmethod
    def open_read_only(cls, path: Path) -> Self:
        """Opens a case for reading, also while a scan writes it.

        Call ``checked`` before anything in it is believed.

        Raises:
            CaseFileError: there is none, or the file is something else.
        """
        return cls(path, database.open_for_reading(path), None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the case; a second call does nothing."""
        if self._lock is None:
            self._connection.close()
            return
        database.close_as_one_file(self._connection)
        self._lock.release()
        self._lock = None

    # -- writing ---------------------------------------------------------------------------------

    def begin_run(self, manifest: RunManifest, n_files: int | None = None) -> None:
        """Records that a run starts, on the disk itself, before its first frame is read.

        Args:
            n_files: how many files it found, those of earlier runs included.

        Raises:
            CaseFileError: the case's earlier runs used settings or models that give other scores.
        """
        for earlier in self.manifests():
            changed = differences(earlier, manifest)
            if changed:
                raise CaseFileError(
                    f"{self.path} was scanned with other settings: {'; '.join(changed)}",
                    "Repeat the earlier settings to resume it, or give another --case.",
                )
        self._append(RowKind.MANIFEST, ManifestPayload(manifest, n_files))
        self._run_id = manifest.run_id
        self._rejected = set(self.rejections())
        self._flush()

    def add(self, result: ScanResult) -> int:
        """Records one file's result and its exhibits: all of it or nothing.

        Returns:
            The row's number.

        Raises:
            CaseFileError: also if the result holds a number that is not finite.
        """
        problem = why_unstorable(result)
        if problem is not None:
            raise CaseFileError(
                f"The result for {result.media.path} cannot be recorded: {problem}",
                "This is a defect of forensics; please report it with the file's properties.",
            )
        exhibits = tuple(reference(exhibit) for exhibit in result.exhibits)
        payload = ResultPayload(self._running(), _now_utc(), replace(result, exhibits=()), exhibits)
        return self._append(RowKind.RESULT, payload, tuple(stored(one.content) for one in result.exhibits))

    def add_rejected(self, path: str, reason: str, hint: str) -> None:
        """Records a path that could not be scheduled; not again if a run before said the same of it.

        Args:
            path: as shown to people.
            reason: what is the matter with it.
            hint: what to do about it.
        """
        rejection = Rejection(path, reason, hint)
        if rejection not in self._rejected:
            self._append(RowKind.REJECTED, RejectedPayload(self._running(), _now_utc(), rejection))
            self._rejected.add(rejection)

    def finish(self, counts: dict[str, int], *, interrupted: bool = False) -> None:
        """Records that the run ended, on the disk itself."""
        self._append(RowKind.END, RunEnd(self._running(), _now_utc(), counts, interrupted))
        self._run_id = None
        self._flush()

    def add_case_info(self, info: CaseInfo, sha256: str) -> int:
        """Records what the examiner states of the case, unless it is what was recorded last; gives its row.

        Args:
            info: the newest that is recorded stands in reports; the ones before stay in the case.
            sha256: of the file that it was read from, hexadecimal.

        Raises:
            CaseFileError: also if an earlier version of this program began the case.
        """
        newest = self.case_info()
        if newest is not None and (newest.info, newest.sha256) == (info, sha256):
            return newest.row_id
        database.check_holds_case_info(self._connection, self.path)
        return self._append(RowKind.CASE_INFO, CaseInfoPayload(_now_utc(), sha256, info))

    def add_part(self, part: CaseFile, name: str) -> None:
        """Records every row of another case, byte for byte, so that its own chain can be checked in here.

        Args:
            part: open for reading and ``checked``.
            name: its file, as it was given.
        """
        with database.explained(part.path):
            n_rows, head = part._head()
        payload = encode(PartPayload(name, _now_utc(), n_rows, head.hex()))
        with database.explained(self.path), database.transaction(self._connection):
            at = self._insert(self._head(), RowKind.PART, payload, ())
            for row_id, kind, content in part._all_rows():
                at = self._insert(at, kind, content, part._contents(row_id))

    # -- reading ---------------------------------------------------------------------------------

    def examined(self, *, retry_failed: bool = False) -> dict[Identity, str | None]:
        """The files that a resumed scan skips, with the SHA-256 of the content that was examined.

        A file that changed while it was examined is never among them.

        Args:
            retry_failed: files that crashed, ran out of time or memory, or whose detectors all failed are
                not counted as done. By default they are: the same file would mostly fail again.
        """
        return {
            outcome.identity: outcome.sha256
            for _, outcome in self._latest().values()
            if not outcome.unsettled and not (retry_failed and outcome.failed)
        }

    def manifests(self) -> list[RunManifest]:
        """Every run's manifest, oldest first."""
        return [payload.manifest for _, payload in self._payloads(RowKind.MANIFEST, ManifestPayload)]

    @property
    def n_results(self) -> int:
        """How many ``results`` gives."""
        return len(self._latest_rows())

    def results(self) -> Iterator[tuple[int, ScanResult]]:
        """(row number, result without exhibits) of each content at each place, in the order of the rows.

        Where a file was retried, the newest result stands. Where it changed between runs, the results of both
        contents stand.
        """
        rows, latest = self._payloads(RowKind.RESULT, ResultPayload), self._latest_rows()
        yield from ((row_id, payload.result) for row_id, payload in rows if row_id in latest)

    def exhibits(self, row_id: int) -> list[Exhibit]:
        """The exhibits of one result: those, and only those, that are what was recorded.

        Raises:
            CaseFileError: some are not, unless ``checked`` was told to read on regardless.
        """
        with database.explained(self.path):
            query = "SELECT payload FROM entries WHERE row_id = ? AND kind = 'result'"
            row = self._connection.execute(query, (row_id,)).fetchone()
        contents = self._contents(row_id)
        if row is None:
            raise CaseFileError(
                f"{self.path} has no result in row {row_id}", f"Look at forensics verify {self.path}."
            )
        named = self._decode(row_id, row[0], ResultPayload).exhibits
        if len(named) != len(contents) and not self._broken:
            raise CaseFileError(
                f"{self.path} holds {len(contents)} exhibits for row {row_id}, which names {len(named)}",
                f"Look at forensics verify {self.path}.",
            )
        exhibits = []
        for one, kept in zip(named, contents, strict=False):
            if is_recorded(one, kept):
                exhibits.append(exhibit_of(one, kept))
            elif not self._broken:
                raise CaseFileError(
                    f"{self.path} holds another exhibit for row {row_id} ({one.caption}) than was recorded",
                    f"Look at forensics verify {self.path}.",
                )
        return exhibits

    def rejections(self) -> list[Rejection]:
        """Paths that could not be scheduled, in the order of the rows."""
        return [payload.rejection for _, payload in self._payloads(RowKind.REJECTED, RejectedPayload)]

    def case_info(self) -> RecordedCaseInfo | None:
        """The newest case data; None where none were given."""
        found = list(self._payloads(RowKind.CASE_INFO, CaseInfoPayload))
        return None if not found else recorded_case_info(*found[-1])

    def ends(self) -> list[RunEnd]:
        """The ends of runs; a run without one was killed, or its last rows were cut off."""
        return [payload for _, payload in self._payloads(RowKind.END, RunEnd)]

    @property
    def begun(self) -> bool:
        """Some run has written to the case."""
        with database.explained(self.path):
            return self._head()[0] > 0

    @property
    def head_hash(self) -> str:
        """Hexadecimal hash of the newest row: kept elsewhere, it seals the whole case."""
        with database.explained(self.path):
            return self._head()[1].hex()

    def row_of_head(self, head_hash: str) -> int | None:
        """The row with this hash (hexadecimal); None if there is none."""
        with database.explained(self.path):
            query = "SELECT row_id FROM entries WHERE row_hash = ?"
            row = self._connection.execute(query, (bytes.fromhex(head_hash),)).fetchone()
        return None if row is None else int(row[0])

    # -- checking --------------------------------------------------------------------------------

    def verify(
        self, *, expected_heads: Collection[str] = (), with_exhibits: bool = True
    ) -> VerificationReport:
        """Checks every row, every exhibit and the guards against changes.

        Args:
            expected_heads: head hashes that were noted earlier; each must be found in the chain.
            with_exhibits: hash the exhibits too.
        """
        with database.explained(self.path):
            return verify(self._connection, expected_heads=expected_heads, with_exhibits=with_exhibits)

    def checked(
        self, *, even_if_broken: bool = False, expected_heads: Collection[str] = ()
    ) -> VerificationReport:
        """Makes sure that the case is what was written; to be called before its content is shown or used.

        A case that is open for reading stands still from here on, whatever a scan adds to it meanwhile.

        Args:
            even_if_broken: read on if it is not. Rows that cannot be read and pictures that are not those
                that were recorded are then passed over; the report returned names them.
            expected_heads: head hashes that were noted earlier; each must be found in the chain.

        Raises:
            CaseFileError: it is not what was written.
        """
        if self._lock is None and not self._connection.in_transaction:
            with database.explained(self.path):
                self._connection.execute("BEGIN")
        report = self.verify(expected_heads=expected_heads)
        if not report.sound and not even_if_broken:
            raise CaseFileError(
                f"{self.path} was changed after it was written: {report.problems[0].text}",
                f"Keep the file as it is, look at forensics verify {self.path}, and compare it with a copy "
                "from a backup. To scan on, give another --case.",
            )
        self._broken = not report.sound
        return report

    def verify_media(self, root: Path | None = None) -> MediaCheck:
        """Hashes the examined files again.

        Args:
            root: where they lie now, if they were moved; None means where they were.
        """
        return check_media((result.media for _, result in self.results()), root)

    # -- inside ----------------------------------------------------------------------------------

    def _running(self) -> str:
        if self._run_id is None:
            raise CaseFileError(
                f"No run has begun in {self.path}", "Call begin_run before results are recorded."
            )
        return self._run_id

    def _append(self, kind: RowKind, payload: Payload, contents: tuple[bytes, ...] = ()) -> int:
        encoded = encode(payload)
        with database.explained(self.path), database.transaction(self._connection):
            # Asked for each time: after an interrupt, nothing kept in memory can be relied on.
            row_id, _ = self._insert(self._head(), kind, encoded, contents)
        return row_id

    def _insert(
        self, head: tuple[int, bytes], kind: str, payload: bytes, contents: Sequence[bytes]
    ) -> tuple[int, bytes]:
        """Puts a row behind the newest one; gives the number and the hash of the row."""
        newest, previous_hash = head
        row_id = newest + 1
        sealed = row_hash(previous_hash, row_id, str(kind), payload)
        self._connection.execute(
            "INSERT INTO entries VALUES (?, ?, ?, ?)", (row_id, str(kind), payload, sealed)
        )
        self._connection.executemany(
            "INSERT INTO exhibits VALUES (?, ?, ?)",
            [(row_id, position, kept) for position, kept in enumerate(contents)],
        )
        return row_id, sealed

    def _all_rows(self) -> Iterator[tuple[int, str, bytes]]:
        with database.explained(self.path):
            yield from self._connection.execute("SELECT row_id, kind, payload FROM entries ORDER BY row_id")

    def _contents(self, row_id: int) -> list[bytes]:
        with database.explained(self.path):
            kept = self._connection.execute(
                "SELECT jpeg FROM exhibits WHERE row_id = ? ORDER BY position", (row_id,)
            ).fetchall()
        return [content for (content,) in kept]

    def _flush(self) -> None:
        with database.explained(self.path):
            database.flush(self._connection)

    def _head(self) -> tuple[int, bytes]:
        query = "SELECT row_id, row_hash FROM entries ORDER BY row_id DESC LIMIT 1"
        row = self._connection.execute(query).fetchone()
        return (0, FIRST_PREVIOUS_HASH) if row is None else (int(row[0]), bytes(row[1]))

    def _rows(self, kind: RowKind) -> Iterator[tuple[int, bytes]]:
        with database.explained(self.path):
            yield from self._connection.execute(
                "SELECT row_id, payload FROM entries WHERE kind = ? ORDER BY row_id", (kind.value,)
            )

    def _payloads(self, kind: RowKind, form: type[_P]) -> Iterator[tuple[int, _P]]:
        for row_id, payload in self._rows(kind):
            try:
                content = self._decode(row_id, payload, form)
            except CaseFileError:
                if not self._broken:
                    raise
                continue
            yield row_id, content

    def _latest(self) -> dict[tuple[str, str | None], tuple[int, Outcome]]:
        return newest(self._payloads(RowKind.RESULT, Outcome))

    def _latest_rows(self) -> frozenset[int]:
        """The rows that ``results`` gives, found once as long as nothing is written."""
        with database.explained(self.path):
            state = self._head()[0], self._broken
        if self._known is None or self._known[0] != state:
            self._known = state, frozenset(row_id for row_id, _ in self._latest().values())
        return self._known[1]

    def _decode(self, row_id: int, payload: bytes, form: type[_P]) -> _P:
        try:
            return earlier_names.decode(payload, form)
        except (msgspec.MsgspecError, UnicodeDecodeError, TypeError) as error:
            raise CaseFileError(
                f"Row {row_id} of {self.path} cannot be read ({error})",
                f"Look at forensics verify {self.path}, and take a copy from a backup.",
            ) from error


def _now_utc() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
