"""The SQLite file under a case: its marks, its tables, how it is opened and closed, and what its errors mean.

WAL with ``synchronous=NORMAL``: after ``kill -9`` nothing is lost, since committed rows are in the
operating system's hands. After a power cut the newest rows can be missing, never one in the middle, and the
next run examines those files again. FULL would add a disk flush per file and save only that repetition;
the manifest and the end of a run are flushed to disk all the same.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from forensics.errors import CaseFileError

APPLICATION_ID: Final = 0x46524E53  # "FRNS", shown by file(1) and PRAGMA application_id
SCHEMA_VERSION: Final = 3
"""Of cases that are made today: earlier versions of this program, which know no case data, refuse them."""
_WITH_CASE_INFO: Final = 3
BUSY_TIMEOUT_S: Final = 10.0

# The column ``jpeg`` is called after what it held at first; it also holds JSON of curves, tables and texts.
_TABLES: Final = {
    "entries": """CREATE TABLE entries (
        row_id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('manifest', 'result', 'rejected', 'end')),
        payload BLOB NOT NULL,
        row_hash BLOB NOT NULL CHECK (length(row_hash) = 32)
    )""",
    "exhibits": """CREATE TABLE exhibits (
        row_id INTEGER NOT NULL REFERENCES entries (row_id),
        position INTEGER NOT NULL,
        jpeg BLOB NOT NULL,
        UNIQUE (row_id, position)
    )""",
}


def _tables(version: int) -> dict[str, str]:
    """The tables of a case file: version 2 could hold other cases, version 3 case data too."""
    kinds = "'manifest', 'result', 'rejected', 'end'"
    more = {1: "", 2: ", 'part'"}.get(version, ", 'part', 'case_info'")
    return _TABLES | {"entries": _TABLES["entries"].replace(kinds, kinds + more)}


# INSERT OR REPLACE deletes without calling a delete trigger, hence the two guards on INSERT.
_TRIGGERS: Final = {
    "entries_keep": "BEFORE UPDATE ON entries",
    "entries_stay": "BEFORE DELETE ON entries",
    "entries_follow": """BEFORE INSERT ON entries
        WHEN NEW.row_id IS NOT (SELECT COALESCE(MAX(row_id), 0) + 1 FROM entries)""",
    "exhibits_keep": "BEFORE UPDATE ON exhibits",
    "exhibits_stay": "BEFORE DELETE ON exhibits",
    "exhibits_follow": """BEFORE INSERT ON exhibits
        WHEN NEW.row_id IS NOT (SELECT MAX(row_id) FROM entries)
        OR EXISTS (SELECT 1 FROM exhibits WHERE row_id = NEW.row_id AND position = NEW.position)""",
}


def _trigger_sql(name: str) -> str:
    return (
        f"CREATE TRIGGER {name} {_TRIGGERS[name]}\n"
        "    BEGIN SELECT RAISE(ABORT, 'a case file only grows: its rows are never changed or removed'); END"
    )


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Opens a case file, or makes one where there is none.

    Raises:
        CaseFileError: it cannot be written or is something else.
    """
    if path.is_dir():
        raise CaseFileError(
            f"{path} is a folder", "Give a file for --case, for example --case case.forensics."
        )
    # It holds faces: SQLite would leave it open to whomever the umask does. What SQLite lays beside it (-wal,
    # -shm) has the same rights. Where it cannot be made, SQLite says why.
    with contextlib.suppress(OSError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with explained(path):
        connection = _connect(path, "mode=rwc")
    try:
        with explained(path):
            # Looked at before anything is set: a file of another program must not be touched.
            if not _is_empty(connection):
                _check_marks(connection, path)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            if _is_empty(connection):
                _make_tables(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Opens a case file that is not to be changed, also from a medium that cannot be written.

    Raises:
        CaseFileError: there is none, or it is something else.
    """
    if not path.is_file():
        raise CaseFileError(
            f"{path} is not there" if not path.exists() else f"{path} is not a file",
            "Check the path; forensics scan ... --case FILE writes a case file.",
        )
    with explained(path):
        try:
            return _open_checked(path, "mode=ro")
        except sqlite3.OperationalError as error:
            # On a medium that cannot be written SQLite finds no room for the file that guards simultaneous
            # use; where no rows wait in the WAL, it can do without.
            wal = path.with_name(path.name + "-wal")
            if _primary(error) not in _UNWRITABLE or (wal.exists() and wal.stat().st_size > 0):
                raise
            return _open_checked(path, "mode=ro&immutable=1")


def _open_checked(path: Path, mode: str) -> sqlite3.Connection:
    connection = _connect(path, mode)
    try:
        _check_marks(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def close_as_one_file(connection: sqlite3.Connection) -> None:
    """Closes a connection for writing and leaves a single file without ``-wal`` beside it, where it can.

    Such a file can be copied alone and read from a medium that cannot be written.
    """
    # A reader in another process keeps the WAL open, and a full disk cannot take it in: the rows are safe
    # in the WAL, and the next writer folds it in.
    with contextlib.suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA busy_timeout=200")
        connection.execute("PRAGMA journal_mode=DELETE")
    connection.close()


def flush(connection: sqlite3.Connection) -> None:
    """Puts everything committed so far on the disk itself, unless a reader holds it up."""
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)")


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing, also when it is interrupted."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def missing_objects(connection: sqlite3.Connection) -> list[str]:
    """Tables, and guards against changes, that somebody took out or altered; in words."""
    found = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    expected = _tables(_number(connection, "user_version"))
    tables = [f"the table {name}" for name, sql in expected.items() if found.get(name) != sql]
    guards = [
        f"the guard {name} against changes" for name in _TRIGGERS if found.get(name) != _trigger_sql(name)
    ]
    return tables + guards


def stray_objects(connection: sqlite3.Connection) -> list[str]:
    """Tables, views and triggers that this program does not make; in words."""
    rows = connection.execute("SELECT type, name FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
    return [f"the {kind} {name}" for kind, name in rows if name not in _TABLES and name not in _TRIGGERS]


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?{mode}"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def check_holds_case_info(connection: sqlite3.Connection, path: Path) -> None:
    """Makes sure that case data can be recorded.

    Raises:
        CaseFileError: an earlier version of this program made the tables, or they cannot be read.
    """
    with explained(path):
        version = _number(connection, "user_version")
    if version < _WITH_CASE_INFO:
        raise CaseFileError(
            f"{path} was begun by an earlier forensics, whose case files hold no case data",
            f"Carry it over with forensics merge {path} --case NEW.case, and use the new case.",
        )


def _is_empty(connection: sqlite3.Connection) -> bool:
    n_objects = connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
    return n_objects == 0 and _number(connection, "application_id") == 0


def _make_tables(connection: sqlite3.Connection) -> None:
    with transaction(connection):
        for sql in (*_tables(SCHEMA_VERSION).values(), *(_trigger_sql(name) for name in _TRIGGERS)):
            connection.execute(sql)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")


def _check_marks(connection: sqlite3.Connection, path: Path) -> None:
    if _number(connection, "application_id") != APPLICATION_ID:
        raise _not_a_case(path)
    version = _number(connection, "user_version")
    if version > SCHEMA_VERSION:
        raise CaseFileError(
            f"{path} was written by a newer forensics (case file version {version}, "
            f"this one knows {SCHEMA_VERSION})",
            "Update with pip install --upgrade forensics, or give another --case.",
        )


def _not_a_case(path: Path) -> CaseFileError:
    return CaseFileError(
        f"{path} is not a case file of forensics",
        "Give the file that forensics scan --case wrote, or a new name; nothing was changed in this one.",
    )


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns SQLite's errors into ours, each with what to do next."""
    try:
        yield
    except sqlite3.Error as error:
        raise _explain(path, error) from error


_UNWRITABLE: Final = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM)


def _primary(error: sqlite3.Error) -> int:
    """The primary result code: the low byte of SQLite's extended one."""
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)) & 0xFF


def _explain(path: Path, error: sqlite3.Error) -> CaseFileError:
    code = _primary(error)
    if code == sqlite3.SQLITE_NOTADB:
        return _not_a_case(path)
    if code == sqlite3.SQLITE_FULL:
        return CaseFileError(
            f"{path} cannot grow: the disk is full",
            "Free some space and run the same command again; everything recorded so far is kept.",
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return CaseFileError(
            f"{path} is in use by another program",
            "Close the program that has it open, then run the same command again.",
        )
    if code in _UNWRITABLE:
        return CaseFileError(
            f"{path} cannot be opened or written ({error})",
            "Check that its folder exists and that you may write there, or give another --case.",
        )
    if code == sqlite3.SQLITE_IOERR:
        return CaseFileError(
            f"Reading or writing {path} failed ({error})",
            "Check that the disk has space left, and its connection, then run the same command again.",
        )
    return CaseFileError(
        f"{path} is damaged ({error})",
        "Take a copy from a backup and check it with forensics verify; scan on with another --case.",
    )
