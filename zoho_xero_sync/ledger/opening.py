"""Making a ledger file, and refusing to open what is not a sound ledger of ours."""

from __future__ import annotations

import glob
import os
import sqlite3
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, select

from zoho_xero_sync.core.model import Identity
from zoho_xero_sync.errors import LedgerError
from zoho_xero_sync.ledger import tables
from zoho_xero_sync.ledger.engine import for_writing, make_engine
from zoho_xero_sync.ledger.faults import REPLACE_HINT, translated

# Marks the file as ours: "ZXSL" (www.sqlite.org/pragma.html#pragma_application_id).
APPLICATION_ID = 0x5A58534C

_MIGRATIONS = Path(__file__).parent / "migrations"
_FULL_CHECK_BYTES = 20_000_000
_MINIMUM_SQLITE = (3, 37)

# Offsets in the first page (www.sqlite.org/fileformat.html#the_database_header).
_MAGIC = b"SQLite format 3\x00"
_HEADER_BYTES = 100
_WRITE_VERSION = 18
_WAL = 2
_APPLICATION_ID_AT = slice(68, 72)


def create_file(path: Path, identity: Identity) -> None:
    """Make a new ledger at `path`, 0600 from its first byte.

    It is built beside its place under another name and appears there whole: a crash leaves no half-made ledger. The
    caller holds the run lock. Raises LedgerError when something is already there or the folder cannot be written.
    """
    _require_strict_tables()
    _clear_leftovers(path)
    if path.exists() or path.is_symlink():
        raise _already_there(path)
    _require_no_journal(path)
    try:
        # mkstemp creates with O_EXCL and 0600, whatever the umask.
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    except OSError as error:
        raise LedgerError(
            f"The ledger cannot be created at {path}: {error.strerror}.",
            "Create its folder, or make it writable for this user, then run again.",
        ) from error
    os.close(descriptor)
    scratch = Path(name)
    try:
        _fill(scratch, identity)
        _put_in_place(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)
        scratch.with_name(f"{scratch.name}-journal").unlink(missing_ok=True)


def open_engine(path: Path, *, read_only: bool) -> Engine:
    """An engine on the sound, current ledger at `path`. The caller holds the run lock, unless `read_only`.

    A ledger of an older version is brought up to date first, in one transaction. Raises LedgerError, each with its
    hint, for everything that is not a ledger to be trusted; then, and with `read_only`, not one byte is changed.
    """
    _require_strict_tables()
    _check_file(path)
    _check_header(path, read_only=read_only)
    if not read_only:
        _check_writable(path)
    engine = make_engine(path, read_only=read_only)
    try:
        with translated(str(path)):
            _check_content(engine, path, read_only=read_only)
    except BaseException:
        engine.dispose()
        raise
    if not read_only:
        _clear_leftovers(path)
    return engine


def _clear_leftovers(path: Path) -> None:
    """Remove what a killed creation left beside the ledger; nobody is making one while the run lock is held."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.{'[a-z0-9_]' * 8}.new*"):
        if left.is_file() and not left.is_symlink():
            with suppress(OSError):
                left.unlink()


def _fill(scratch: Path, identity: Identity) -> None:
    engine = make_engine(scratch, read_only=False)
    try:
        with translated(str(scratch)), for_writing(engine).begin() as connection:
            connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
            _migrate(connection)
            connection.execute(
                insert(tables.ledger).values(
                    one=1,
                    zoho_org_id=identity.zoho_org_id,
                    zoho_org_name=identity.zoho_org_name,
                    xero_tenant_id=identity.xero_tenant_id,
                    xero_org_name=identity.xero_org_name,
                    created_at=identity.created_at,
                )
            )
    finally:
        engine.dispose()


def _put_in_place(scratch: Path, path: Path) -> None:
    # A hard link, unlike a rename, never replaces what another process put there in the meantime.
    try:
        path.hardlink_to(scratch)
    except FileExistsError as error:
        raise _already_there(path) from error
    except OSError as error:
        raise LedgerError(
            f"The ledger cannot be put at {path}: {error.strerror}.", "Keep it on a local disk of this machine."
        ) from error
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _require_no_journal(path: Path) -> None:
    """SQLite would play the journal of a ledger that is gone into the new one."""
    journal = path.with_name(f"{path.name}-journal")
    if journal.exists():
        raise LedgerError(
            f"There is no ledger at {path}, but the journal of one ({journal.name}): it was removed or moved.",
            "Bring both back, or type: zoho-xero-sync rebuild",
        )


def _already_there(path: Path) -> LedgerError:
    return LedgerError(
        f"There is already something at {path}; a ledger is never made over it.",
        "Use it as it is, or move it away first.",
    )


def _require_strict_tables() -> None:
    if sqlite3.sqlite_version_info < _MINIMUM_SQLITE:
        raise LedgerError(
            f"This Python comes with SQLite {sqlite3.sqlite_version}, and the ledger needs 3.37 or later.",
            "Run the program with a newer Python.",
        )


def _check_file(path: Path) -> None:
    try:
        status = path.stat()
    except OSError as error:
        if path.is_symlink() or not isinstance(error, FileNotFoundError | NotADirectoryError):
            raise LedgerError(
                f"The ledger at {path} cannot be reached: {error.strerror}.",
                "Check the path and the permissions of its folder.",
            ) from error
        raise LedgerError(
            f"There is no ledger at {path}.",
            "Run `zoho-xero-sync init` to make the first one; if it was lost, restore a backup or run "
            "`zoho-xero-sync rebuild`.",
        ) from error
    if not stat.S_ISREG(status.st_mode):
        kind = "a directory" if stat.S_ISDIR(status.st_mode) else "not a plain file"
        raise LedgerError(
            f"The ledger at {path} is {kind}.",
            "Name a file, such as `ledger: sqlite:///ledger.db`, in the configuration.",
        )
    if status.st_mode & 0o077:
        raise LedgerError(
            f"The ledger at {path} can be read or changed by other users (mode {stat.S_IMODE(status.st_mode):04o}).",
            f"Type `chmod 600 {path}`, then run again.",
        )


def _check_header(path: Path, *, read_only: bool) -> None:
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except OSError as error:
        raise LedgerError(
            f"The ledger at {path} cannot be read: {error.strerror}.", "Make it readable for this user, then run again."
        ) from error
    if not header:
        raise LedgerError(f"The ledger at {path} is an empty file.", REPLACE_HINT)
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
        raise LedgerError(f"The file at {path} is not a ledger: it is no SQLite database.", REPLACE_HINT)
    if int.from_bytes(header[_APPLICATION_ID_AT], "big") != APPLICATION_ID:
        raise LedgerError(
            f"The file at {path} is a database of another program, not a ledger.",
            "Name the right file as `ledger:` in the configuration.",
        )
    if read_only and header[_WRITE_VERSION] == _WAL:
        raise LedgerError(
            f"The ledger at {path} was switched to SQLite's WAL mode, which cannot be read without writing.",
            "Run `zoho-xero-sync sync`, which switches it back.",
        )


def _check_writable(path: Path) -> None:
    # The mode bits are asked as well, because the superuser passes every access check. SQLite needs the folder of the
    # real file for its journal.
    folder = path.resolve().parent
    for place, kind in ((path, "file"), (folder, "folder")):
        if not os.access(place, os.W_OK) or not place.stat().st_mode & 0o222:
            raise LedgerError(
                f"The ledger at {path} cannot be written: its {kind} is read-only.",
                f"Type `chmod u+w {place}` if that was not on purpose, then run again.",
            )


def _check_content(engine: Engine, path: Path, *, read_only: bool) -> None:
    with engine.begin() as connection:
        check = "integrity_check" if path.stat().st_size < _FULL_CHECK_BYTES else "quick_check"
        found = connection.exec_driver_sql(f"PRAGMA {check}(1)").scalar_one()
        if found != "ok":
            raise LedgerError(f"The ledger at {path} is damaged ({found}).", REPLACE_HINT)
        current = _version(connection)
        has_identity = "ledger" in _table_names(connection) and connection.execute(select(tables.ledger.c.one)).first()
    if current is None or not has_identity:
        raise LedgerError(
            f"The ledger at {path} does not say whose it is; it was never finished or was cut.", REPLACE_HINT
        )
    if current == tables.SCHEMA_VERSIONS[-1]:
        return
    if current not in tables.SCHEMA_VERSIONS:
        raise LedgerError(
            f"The ledger at {path} was written by a newer version of this program (schema {current}).",
            "Upgrade with `pip install --upgrade zoho-xero-sync`, then run again.",
        )
    if read_only:
        raise LedgerError(
            f"The ledger at {path} is of an older version (schema {current}), and reading alone cannot upgrade it.",
            "Run `zoho-xero-sync sync`, which upgrades it.",
        )
    with for_writing(engine).begin() as connection:
        _migrate(connection)


def _version(connection: Connection) -> str | None:
    if "alembic_version" not in _table_names(connection):
        return None
    versions = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all()
    return str(versions[0]) if len(versions) == 1 else None


def _table_names(connection: Connection) -> set[str]:
    return set(connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars())


def _migrate(connection: Connection) -> None:
    # Alembic takes about a tenth of a second to load, and nearly every run does without it.
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, "head")
