"""Checks a case file row by row, and says what it cannot tell."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass
from typing import Final

import msgspec

from forensics.casefile.chain import (
    FIRST_PREVIOUS_HASH,
    ExhibitReference,
    ManifestPayload,
    RejectedPayload,
    ResultPayload,
    RowKind,
    RunEnd,
    row_hash,
)
from forensics.casefile.database import missing_triggers

MOST_PROBLEMS: Final = 50
"""A file that was rewritten from the middle on breaks everywhere: the first breaks tell the story."""

ADVICE: Final = (
    "The chain shows that no row was changed, removed or put in between. Rows cut off at the end, or a file "
    "written anew from the start, show only against a head hash that was kept elsewhere: write the head hash "
    "down in your case notes and give it to --expected-head next time."
)

_FORMS: Final[dict[str, type[object]]] = {
    RowKind.MANIFEST: ManifestPayload,
    RowKind.RESULT: ResultPayload,
    RowKind.REJECTED: RejectedPayload,
    RowKind.END: RunEnd,
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
class VerificationReport:
    """What a check of a case file found.

    Attributes:
        n_rows, n_exhibits: what was checked.
        head_hash: of the newest row, hexadecimal; zeros for a case without rows.
        problems: the first ``MOST_PROBLEMS``, in the order of the rows.
        expected_head_row: the row whose hash is the expected head; None if none was given or found.
        advice: what the chain alone cannot show.
    """

    n_rows: int
    n_exhibits: int
    head_hash: str
    problems: tuple[VerificationProblem, ...]
    expected_head_row: int | None = None
    advice: str = ADVICE

    @property
    def sound(self) -> bool:
        """Nothing was found."""
        return not self.problems

    @property
    def first_broken_row(self) -> int | None:
        """The lowest row with a problem."""
        return min((one.row_id for one in self.problems if one.row_id is not None), default=None)


def verify(
    connection: sqlite3.Connection, *, expected_head: str | None = None, with_exhibits: bool = True
) -> VerificationReport:
    """Walks the chain from its first row.

    Args:
        expected_head: hexadecimal hash that some row must have.
        with_exhibits: hash the exhibits as well as the rows.

    Raises:
        sqlite3.Error: the file cannot be read at all.
    """
    walk = _Walk(connection, expected_head, with_exhibits)
    try:
        if with_exhibits:
            walk.database()
        walk.rows()
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        walk.note(None, f"the database is damaged ({error})")
    return walk.report()


class _Walk:
    def __init__(
        self, connection: sqlite3.Connection, expected_head: str | None, with_exhibits: bool
    ) -> None:
        self._connection = connection
        self._expected_head = expected_head.strip().lower() if expected_head else None
        self._with_exhibits = with_exhibits
        self._problems: list[VerificationProblem] = []
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
        for name in missing_triggers(self._connection):
            self.note(None, f"the guard {name} against changes was removed or altered")
        expected_id = 1
        for row_id, kind, content, stored_hash in self._connection.execute(
            "SELECT row_id, kind, payload, row_hash FROM entries ORDER BY row_id"
        ):
            if row_id != expected_id:
                missing = (
                    f"row {expected_id}"
                    if row_id == expected_id + 1
                    else f"rows {expected_id} to {row_id - 1}"
                )
                self.note(row_id, f"{missing} before it is missing")
            payload = content.encode() if isinstance(content, str) else bytes(content)
            stored = stored_hash if isinstance(stored_hash, bytes) else b""
            if row_hash(self._head, row_id, str(kind), payload) != stored:
                self.note(row_id, "its content, or the order of rows up to it, is not what its hash sealed")
            self._content(row_id, str(kind), payload)
            if stored.hex() == self._expected_head:
                self._expected_head_row = row_id
            self._head = stored
            self._n_rows += 1
            expected_id = row_id + 1

    def _content(self, row_id: int, kind: str, payload: bytes) -> None:
        try:
            content = msgspec.json.decode(payload, type=_FORMS.get(kind, object))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            self.note(row_id, f"its content cannot be read ({error})")
            return
        if self._with_exhibits and isinstance(content, ResultPayload):
            self._exhibits(row_id, content.exhibits)

    def _exhibits(self, row_id: int, named: tuple[ExhibitReference, ...]) -> None:
        stored = self._connection.execute(
            "SELECT jpeg FROM exhibits WHERE row_id = ? ORDER BY position", (row_id,)
        ).fetchall()
        if len(stored) != len(named):
            self.note(row_id, f"it names {len(named)} exhibits and {len(stored)} are there")
        for number, (one, (jpeg,)) in enumerate(zip(named, stored, strict=False), start=1):
            self._n_exhibits += 1
            if hashlib.sha256(jpeg).hexdigest() != one.sha256:
                self.note(row_id, f"exhibit {number} ({one.caption}) is not the picture that was recorded")

    def report(self) -> VerificationReport:
        if self._expected_head is not None and self._expected_head_row is None:
            self.note(
                None,
                f"no row has the expected head hash {self._expected_head}: rows were cut off or replaced",
            )
        return VerificationReport(
            n_rows=self._n_rows,
            n_exhibits=self._n_exhibits,
            head_hash=self._head.hex(),
            problems=tuple(self._problems),
            expected_head_row=self._expected_head_row,
        )
