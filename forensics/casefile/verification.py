"""Checks a case file row by row, and says what it cannot tell."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from forensics.casefile.chain import (
    FIRST_PREVIOUS_HASH,
    CaseInfoPayload,
    ExhibitReference,
    ManifestPayload,
    PartPayload,
    RejectedPayload,
    ResultPayload,
    RowKind,
    RunEnd,
    is_recorded,
    row_hash,
)
from forensics.casefile.database import missing_objects, stray_objects
from forensics.numerals import count_text
from forensics.records import earlier_names

MOST_PROBLEMS: Final = 50
"""A file that was rewritten from the middle on breaks everywhere: the first breaks tell the story."""

ADVICE: Final = (
    "The chain shows that no row was changed, removed or put in between. Whole runs cut off at the end, an "
    "older copy of the file, or a file written anew from the start show only against a head hash that was "
    "kept elsewhere: write the head hash down in your case notes and give it to --head next time."
)

_FORMS: Final[dict[str, type[object]]] = {
    RowKind.MANIFEST: ManifestPayload,
    RowKind.RESULT: ResultPayload,
    RowKind.REJECTED: RejectedPayload,
    RowKind.END: RunEnd,
    RowKind.PART: PartPayload,
    RowKind.CASE_INFO: CaseInfoPayload,
}


@dataclass(frozen=True, slots=True)
class VerificationProblem:
    """Something that is not as it was written.

    Attributes:
        row_id: the row, None where it is about the whole file.
    """

    row_id: int | None
    what: str

    @property
    def text(self) -> str:
        """For people."""
        return self.what if self.row_id is None else f"row {self.row_id}: {self.what}"


@dataclass(frozen=True, slots=True)
class RunAccount:
    """One run, from its first row to its last.

    Attributes:
        begin_row, last_row: the manifest's row, and the newest row before the next run.
        n_found: files that it found; None in cases of earlier versions, which do not say.
        n_results: results that it recorded.
        ended: its last row says that it ended in order.
        interrupted: a person, or an error that stopped the whole scan, ended it before all was done.
        followed: another run came after it.
    """

    run_id: str
    started_utc: str
    begin_row: int
    last_row: int
    n_found: int | None
    n_results: int = 0
    ended: bool = False
    interrupted: bool = False
    followed: bool = False

    @property
    def text(self) -> str:
        """For people: what is known of its end."""
        named = f"The run of {self.started_utc} ({self.run_id[:8]}, row {self.begin_row})"
        found = "" if self.n_found is None else f"; it had found {count_text(self.n_found, 'file', 'files')}"
        recorded = f"Results of it that are here: {self.n_results}{found}."
        if self.ended:
            return f"{named} {'was interrupted' if self.interrupted else 'ended in order'}. {recorded}"
        cut = f"rows after row {self.last_row} were cut off"
        if self.followed:
            why = f"it was stopped by force, or {cut} before the next run began"
        else:
            why = f"it is still under way, was stopped by force, or {cut}"
        return f"{named} has no end row: {why}. {recorded}"


@dataclass(frozen=True, slots=True)
class PartAccount:
    """Another case that lies within this one, with its own chain.

    Attributes:
        row_id: of the row that names it; its rows follow.
        head_hash: hexadecimal hash of its newest row, as it was where it was written.
    """

    name: str
    row_id: int
    n_rows: int
    head_hash: str

    @property
    def text(self) -> str:
        """For people."""
        last = self.row_id + self.n_rows
        return f"Part {self.name}, rows {self.row_id + 1} to {last}, has the head hash {self.head_hash}"


class _PartChain:
    """Follows the chain that the rows of a part had where they were written."""

    def __init__(self, account: PartAccount) -> None:
        self.account = account
        self.n_rows = 0
        self.head = FIRST_PREVIOUS_HASH

    @property
    def complete(self) -> bool:
        return self.n_rows == self.account.n_rows

    @property
    def intact(self) -> bool:
        return self.head.hex() == self.account.head_hash

    def follow(self, kind: str, payload: bytes) -> None:
        self.n_rows += 1
        self.head = row_hash(self.head, self.n_rows, kind, payload)


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """What a check of a case file found.

    Attributes:
        n_rows, n_exhibits: what was checked.
        head_hash: of the newest row, hexadecimal; zeros for a case without rows.
        problems: the first ``MOST_PROBLEMS``, in the order of the rows.
        runs: every run, oldest first.
        expected_head_row: the row whose hash is the expected head (of several, the newest); None if none was
            given or found.
        advice: what the chain alone cannot show.
        parts: cases that were merged into this one, each with its own chain.
    """

    n_rows: int
    n_exhibits: int
    head_hash: str
    problems: tuple[VerificationProblem, ...]
    runs: tuple[RunAccount, ...] = ()
    expected_head_row: int | None = None
    advice: str = ADVICE
    parts: tuple[PartAccount, ...] = ()

    @property
    def sound(self) -> bool:
        """Nothing was found."""
        return not self.problems

    @property
    def without_end(self) -> tuple[RunAccount, ...]:
        """Runs that were stopped by force, or whose last rows are gone."""
        return tuple(run for run in self.runs if not run.ended)

    @property
    def finished(self) -> bool:
        """The newest run examined all that it was to examine, and said so."""
        return bool(self.runs) and self.runs[-1].ended and not self.runs[-1].interrupted

    @property
    def first_broken_row(self) -> int | None:
        """The lowest row with a problem."""
        return min((one.row_id for one in self.problems if one.row_id is not None), default=None)


def verify(
    connection: sqlite3.Connection, *, expected_heads: Collection[str] = (), with_exhibits: bool = True
) -> VerificationReport:
    """Walks the chain from its first row.

    Args:
        expected_heads: hexadecimal hashes, for each of which there must be a row.
        with_exhibits: hash the exhibits as well as the rows.

    Raises:
        sqlite3.Error: the file cannot be read at all.
    """
    walk = _Walk(connection, expected_heads, with_exhibits)
    try:
        if with_exhibits:
            walk.database()
        walk.rows()
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and not _of_content(error):
            raise
        walk.note(None, f"the database is damaged ({error})")
    return walk.report()


def _of_content(error: sqlite3.OperationalError) -> bool:
    """A missing table or column, or text that is not UTF-8: the file's fault, not the moment's."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) == sqlite3.SQLITE_ERROR


class _Walk:
    def __init__(
        self, connection: sqlite3.Connection, expected_heads: Collection[str], with_exhibits: bool
    ) -> None:
        self._connection = connection
        self._missing_heads = {one.strip().lower() for one in expected_heads}
        self._with_exhibits = with_exhibits
        self._problems: list[VerificationProblem] = []
        self._runs: list[RunAccount] = []
        self._parts: list[PartAccount] = []
        self._open_parts: list[_PartChain] = []
        self._n_rows = 0
        self._n_exhibits = 0
        self._head = FIRST_PREVIOUS_HASH
        self._expected_head_row: int | None = None

    def note(self, row_id: int | None, what: str) -> None:
        if len(self._problems) < MOST_PROBLEMS:
            self._problems.append(VerificationProblem(row_id, what))

    def database(self) -> None:
        for (line,) in self._connection.execute("PRAGMA quick_check(5)"):
            if line != "ok":
                self.note(None, f"the database is damaged ({line})")
        stray = self._connection.execute(
            "SELECT DISTINCT row_id FROM exhibits WHERE row_id NOT IN "
            "(SELECT row_id FROM entries WHERE kind = 'result')"
        )
        for (row_id,) in stray:
            self.note(row_id, "exhibits lie here that belong to no result")

    def rows(self) -> None:
        for name in missing_objects(self._connection):
            self.note(None, f"{name} was removed or altered")
        for name in stray_objects(self._connection):
            self.note(None, f"{name} does not belong in a case file")
        expected_id = 1
        for row_id, kind, content, stored_hash in self._connection.execute(
            "SELECT row_id, kind, payload, row_hash FROM entries ORDER BY row_id"
        ):
            if row_id < expected_id:
                self.note(row_id, "no row has a number below 1")
            elif row_id != expected_id:
                missing = (
                    f"row {expected_id}"
                    if row_id == expected_id + 1
                    else f"rows {expected_id} to {row_id - 1}"
                )
                self.note(row_id, f"{missing} before it is missing")
            stored = stored_hash if isinstance(stored_hash, bytes) else b""
            if not isinstance(content, bytes) or not isinstance(kind, str):
                # The same bytes as text too: they hash alike, and cannot be read as results.
                self.note(row_id, "its content is of a kind that is never written")
            payload = content.encode() if isinstance(content, str) else content
            if isinstance(payload, bytes) and isinstance(kind, str):
                if row_id < 1 or row_hash(self._head, row_id, kind, payload) != stored:
                    self.note(
                        row_id, "its content, or the order of rows up to it, is not what its hash sealed"
                    )
                self._parts_go_on(row_id, kind, payload)
                self._content(row_id, kind, payload)
            self._look_for(stored, row_id)
            self._head = stored
            self._n_rows += 1
            expected_id = max(row_id, 0) + 1

    def _look_for(self, one_hash: bytes, row_id: int) -> None:
        if one_hash.hex() in self._missing_heads:
            self._missing_heads.discard(one_hash.hex())
            self._expected_head_row = row_id

    def _parts_go_on(self, row_id: int, kind: str, payload: bytes) -> None:
        """Parts may hold parts: a row belongs to all of them that are not complete yet."""
        for part in self._open_parts:
            part.follow(kind, payload)
            self._look_for(part.head, row_id)
            if part.complete and not part.intact:
                name = part.account.name
                self.note(
                    part.account.row_id, f"the rows of the part {name} are not what its head hash sealed"
                )
        self._open_parts = [part for part in self._open_parts if not part.complete]

    def _content(self, row_id: int, kind: str, payload: bytes) -> None:
        form = _FORMS.get(kind)
        if form is None:
            self.note(row_id, f"no version of this program writes rows of kind {kind!r}")
            return
        try:
            content = earlier_names.decode(payload, form)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            self.note(row_id, f"its content cannot be read ({error})")
            return
        self._follow(row_id, content)
        if self._with_exhibits and isinstance(content, ResultPayload):
            self._exhibits(row_id, content.exhibits)

    def _follow(self, row_id: int, content: object) -> None:
        """Which run a row belongs to; rows of none were not written by this program."""
        if isinstance(content, CaseInfoPayload):
            return
        if isinstance(content, PartPayload):
            account = PartAccount(content.name, row_id, content.n_rows, content.head_hash)
            self._parts.append(account)
            self._open_parts.append(_PartChain(account))
            return
        if isinstance(content, ManifestPayload):
            if self._runs:
                self._runs[-1] = replace(self._runs[-1], followed=True)
            manifest = content.manifest
            self._runs.append(
                RunAccount(manifest.run_id, manifest.started_utc, row_id, row_id, content.n_files)
            )
            return
        assert isinstance(content, ResultPayload | RejectedPayload | RunEnd)
        run = self._runs[-1] if self._runs else None
        if run is None or run.run_id != content.run_id or run.ended:
            self.note(row_id, "it belongs to no run that was under way")
            return
        n_results = run.n_results + isinstance(content, ResultPayload)
        run = replace(run, last_row=row_id, n_results=n_results)
        if isinstance(content, RunEnd):
            run = replace(run, ended=True, interrupted=content.interrupted)
        self._runs[-1] = run

    def _exhibits(self, row_id: int, named: tuple[ExhibitReference, ...]) -> None:
        stored = self._connection.execute(
            "SELECT jpeg FROM exhibits WHERE row_id = ? ORDER BY position", (row_id,)
        ).fetchall()
        if len(stored) != len(named):
            self.note(row_id, f"it names {len(named)} exhibits and {len(stored)} are there")
        for number, (one, (kept,)) in enumerate(zip(named, stored, strict=False), start=1):
            self._n_exhibits += 1
            if not is_recorded(one, kept):
                self.note(row_id, f"exhibit {number} ({one.caption}) is not what was recorded")

    def report(self) -> VerificationReport:
        for part in self._open_parts:
            account = part.account
            what = f"the part {account.name} has {account.n_rows} rows, and {part.n_rows} of them are here"
            self.note(account.row_id, what)
        for head in sorted(self._missing_heads):
            self.note(
                None,
                f"no row has the head hash {head}, which was noted earlier: rows were cut off or replaced, "
                "or this is another or an older copy of the case",
            )
        return VerificationReport(
            n_rows=self._n_rows,
            n_exhibits=self._n_exhibits,
            head_hash=self._head.hex(),
            problems=tuple(self._problems),
            runs=tuple(self._runs),
            expected_head_row=self._expected_head_row,
            parts=tuple(self._parts),
        )
