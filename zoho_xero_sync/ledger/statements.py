"""The few statement shapes the rooms of the ledger share; the only place where the SQL dialects differ."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, and_, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from zoho_xero_sync.errors import BugError

# Well under SQLite's limit of 999 variables in old builds (www.sqlite.org/limits.html).
_CHUNK = 500

Values = Mapping[str, Any]


def chunks(items: Collection[str]) -> Iterator[list[str]]:
    """The distinct items in sorted order, in lists short enough for one IN."""
    ordered = sorted(set(items))
    for start in range(0, len(ordered), _CHUNK):
        yield ordered[start : start + _CHUNK]


def upsert(connection: Connection, table: Table, key: Sequence[str], rows: Sequence[Values]) -> None:
    """Insert the rows, or replace every given column of those whose key is already there. All rows alike in columns."""
    if not rows:
        return
    columns = [name for name in rows[0] if name not in key]
    statement: sqlite.Insert | postgresql.Insert
    match connection.dialect.name:
        case "sqlite":
            statement = sqlite.insert(table)
        case "postgresql":
            statement = postgresql.insert(table)
        case other:
            raise BugError(f"The ledger cannot write to a database of the kind {other}.")
    replaced = {name: statement.excluded[name] for name in columns}
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=replaced), list(rows))


def update_each(connection: Connection, table: Table, key: str, changes: Sequence[Values]) -> None:
    """Update one row per change, found by its column `key`; the changes are alike in columns.

    Raises BugError, naming table and key, when a change finds no row.
    """
    if not changes:
        return
    column = table.c[key]
    values: Values = {name: bindparam(f"new_{name}") for name in changes[0] if name != key}
    statement = update(table).where(column == bindparam(f"old_{key}")).values(dict(values))
    parameters = [
        {(f"old_{name}" if name == key else f"new_{name}"): value for name, value in change.items()}
        for change in changes
    ]
    if connection.execute(statement, parameters).rowcount == len(changes):
        return
    missing = [
        change[key]
        for change in changes
        if connection.execute(select(column).where(column == change[key])).first() is None
    ]
    raise BugError(f"The ledger has no row in `{table.name}` for {key} {', '.join(map(str, missing))}.")


def update_one(connection: Connection, table: Table, key: Values, values: Values) -> None:
    """Update the one row whose columns equal `key`. Raises BugError, naming table and key, unless it is exactly one."""
    matches = and_(*(table.c[name] == value for name, value in key.items()))
    touched = connection.execute(update(table).where(matches).values(dict(values))).rowcount
    if touched != 1:
        named = ", ".join(f"{name} {value}" for name, value in key.items())
        raise BugError(f"A change of `{table.name}` for {named} touched {touched} rows instead of one.")
