"""The SQLAlchemy engine of a SQLite ledger: every connection durable, every transaction explicit."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event

_BUSY_SECONDS = 5

# EXTRA also syncs the folder after the rollback journal is gone, so that a commit survives power loss; a forgotten
# in-flight row would be a second invoice (www.sqlite.org/pragma.html#pragma_synchronous). fullfsync matters on macOS.
_WRITER_PRAGMAS = ("journal_mode=DELETE", "synchronous=EXTRA", "fullfsync=ON")
_PRAGMAS = ("foreign_keys=ON", "trusted_schema=OFF", "cell_size_check=ON")


def make_engine(path: Path, *, read_only: bool) -> Engine:
    """An engine on the existing file at `path`; nothing is opened yet.

    Never creates the file. With `read_only` SQLite itself refuses to change a byte, or to make a journal.
    """

    def connect() -> sqlite3.Connection:
        mode = "ro" if read_only else "rw"
        # isolation_level None: the driver adds no BEGIN of its own, the event below decides.
        connection = sqlite3.connect(
            f"file:{quote(str(path.absolute()))}?mode={mode}",
            uri=True,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            for pragma in _PRAGMAS if read_only else _PRAGMAS + _WRITER_PRAGMAS:
                connection.execute(f"PRAGMA {pragma}").fetchall()
        except BaseException:
            connection.close()
            raise
        return connection

    # hide_parameters: names and amounts of customers stay out of error texts.
    engine = create_engine(
        "sqlite://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=0,
        pool_timeout=_BUSY_SECONDS,
        hide_parameters=True,
    )
    event.listen(engine, "begin", _begin)
    return engine


def for_writing(engine: Engine) -> Engine:
    """The same engine, its transactions taking the write lock at once instead of failing half-way."""
    return engine.execution_options(ledger_writes=True)


def _begin(connection: Connection) -> None:
    # docs.sqlalchemy.org, SQLite dialect: "Transactions with SQLite and the sqlite3 driver".
    writes = connection.get_execution_options().get("ledger_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
