"""Runs, the history of deals, and facts read once and kept. Works inside its caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from zoho_xero_sync.core.model import DELETED_EVENT, Event, RunRecord
from zoho_xero_sync.ledger import tables
from zoho_xero_sync.ledger.statements import chunks, update_one, upsert

# An idle run a minute is half a million rows a year; those older than this tell nobody anything.
_IDLE_RUNS_KEPT = timedelta(days=30)


def insert_run(connection: Connection, run_id: str, mode: str, at: datetime) -> None:
    """Note that a run began."""
    connection.execute(insert(tables.run).values(run_id=run_id, mode=mode, started_at=at))


def finish_run(connection: Connection, run_id: str, at: datetime, exit_code: int, report: str | None) -> None:
    """Note how a run ended, and forget the old runs that left no report."""
    update_one(
        connection, tables.run, {"run_id": run_id}, {"finished_at": at, "exit_code": exit_code, "report": report}
    )
    table = tables.run
    connection.execute(delete(table).where(table.c.started_at < at - _IDLE_RUNS_KEPT, table.c.report.is_(None)))


def find_runs(connection: Connection, limit: int) -> list[RunRecord]:
    """The last `limit` runs, newest first."""
    table = tables.run
    query = select(table).order_by(table.c.started_at.desc(), table.c.run_id.desc()).limit(limit)
    return [
        RunRecord(row.run_id, row.mode, row.started_at, row.finished_at, row.exit_code, row.report)
        for row in connection.execute(query)
    ]


def insert_events(connection: Connection, events: Sequence[Event]) -> None:
    """Append to the history."""
    if not events:
        return
    rows = [
        {"at": item.at, "run_id": item.run_id, "deal_id": item.deal_id, "kind": item.kind, "detail": item.detail}
        for item in events
    ]
    connection.execute(insert(tables.event), rows)


def find_events(connection: Connection, deal_id: str) -> list[Event]:
    """A deal's history in the order it was written."""
    table = tables.event
    query = select(table).where(table.c.deal_id == deal_id).order_by(table.c.id)
    return [Event(row.at, row.run_id, row.deal_id, row.kind, row.detail) for row in connection.execute(query)]


def held_before(connection: Connection, deal_ids: Collection[str]) -> frozenset[str]:
    """Those of the deals that waited for a person once."""
    table = tables.event
    found: set[str] = set()
    for chunk in chunks(deal_ids):
        query = select(table.c.deal_id).where(table.c.kind == "held", table.c.deal_id.in_(chunk))
        found.update(connection.execute(query.distinct()).scalars())
    return frozenset(found)


def find_deletions(connection: Connection, deal_ids: Collection[str]) -> dict[str, datetime]:
    """By deal, when its last deletion that was seen happened."""
    table = tables.event
    found: dict[str, datetime] = {}
    for chunk in chunks(deal_ids):
        query = select(table).where(table.c.kind == DELETED_EVENT, table.c.deal_id.in_(chunk)).order_by(table.c.id)
        for row in connection.execute(query):
            found[row.deal_id] = datetime.fromisoformat(row.detail["deleted_at"])
    return found


def find_fact(connection: Connection, name: str) -> tuple[str, datetime] | None:
    """The value kept under `name` and when it was read."""
    table = tables.fact
    row = connection.execute(select(table.c.value, table.c.read_at).where(table.c.name == name)).one_or_none()
    return None if row is None else (row.value, row.read_at)


def upsert_fact(connection: Connection, name: str, value: str, at: datetime) -> None:
    """Keep `value` under `name`, over an earlier one."""
    upsert(connection, tables.fact, ["name"], [{"name": name, "value": value, "read_at": at}])
