"""What a failing database means to the person running the program."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from zoho_xero_sync.errors import BugError, LedgerError, LockedError, SyncError

REPLACE_HINT = "Move it away, then restore the newest backup or run `zoho-xero-sync rebuild`. Nothing was sent."
_BUG_HINT = "Please report this; nothing of the refused change was recorded."

# Primary result codes (www.sqlite.org/rescode.html); an extended code carries its primary one in the low byte.
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_SCHEMA, sqlite3.SQLITE_ERROR}
_MEDIUM = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turn what SQLAlchemy and the driver raise about the ledger at `place` into this program's own errors.

    A broken constraint and a value that cannot be stored are bugs; a busy database is LockedError; everything else is
    LedgerError with its way out.
    """
    try:
        yield
    except StatementError as error:
        raise _meaning(error, place) from error
    except sqlite3.Error as error:
        raise _sqlite_meaning(error, place) from error


def _meaning(error: StatementError, place: str) -> SyncError:
    if isinstance(error.orig, SyncError):
        return error.orig
    if isinstance(error, IntegrityError):
        return BugError(f"The ledger refused a change that must not happen: {error.orig}.", _BUG_HINT)
    if isinstance(error.orig, sqlite3.Error):
        return _sqlite_meaning(error.orig, place)
    if isinstance(error, DBAPIError):
        return LedgerError(
            f"The ledger at {place} could not be used: {error.orig}.", "Check its database, then run again."
        )
    return BugError(f"A value cannot be stored in the ledger: {error.orig}.", _BUG_HINT)


def _sqlite_meaning(error: sqlite3.Error, place: str) -> SyncError:
    # Only errors of the SQLite library itself carry a code; misuse of the driver carries none.
    extended: int | None = getattr(error, "sqlite_errorcode", None)
    if extended is None:
        return BugError(f"The ledger was asked for something impossible: {error}.", _BUG_HINT)
    code = extended & 0xFF
    if extended in {sqlite3.SQLITE_READONLY_ROLLBACK, sqlite3.SQLITE_READONLY_RECOVERY}:
        return _unfinished(place)
    if code in _BUSY:
        return LockedError(f"Another program is using the ledger at {place}.", "Nothing to do: the next run goes on.")
    if code == sqlite3.SQLITE_FULL:
        return LedgerError(
            f"The ledger at {place} could not be written: the disk is full.", "Free some space there, then run again."
        )
    if code == sqlite3.SQLITE_READONLY:
        return LedgerError(
            f"The ledger at {place} could not be written: it is read-only.",
            "Make the file and its folder writable for this user, then run again.",
        )
    if code in _DAMAGED:
        return LedgerError(f"The ledger at {place} is damaged ({error}).", REPLACE_HINT)
    if code in _MEDIUM:
        return LedgerError(
            f"The ledger at {place} could not be read or written ({error}).",
            "Check the disk and the permissions of its folder, then run again.",
        )
    return BugError(f"The ledger at {place} failed in an unexpected way: {error}.", _BUG_HINT)


def _unfinished(place: str) -> LedgerError:
    return LedgerError(
        f"A run was cut off while it wrote the ledger at {place}, and reading alone cannot undo the half of it.",
        "Run `zoho-xero-sync sync`, which puts it right by itself.",
    )
