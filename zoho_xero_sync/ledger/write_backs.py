"""What the deals in Zoho were told of their invoices. Works inside its caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Row,
    Select,
    Text,
    and_,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy import type_coerce as as_type

from zoho_xero_sync.core.write_back import GONE_IS_KEPT, GONE_IS_TRIED_AFTER, DueWriteBack, WriteBack
from zoho_xero_sync.ledger import statements, tables
from zoho_xero_sync.ledger.edits import find_edits
from zoho_xero_sync.ledger.links import find_invoice_links
from zoho_xero_sync.ledger.statements import chunks


def find_due(connection: Connection, rules: str, limit: int, at: datetime) -> list[DueWriteBack]:
    """The deals whose invoice has another stamp than the one they were told, those linked last first.

    Those that were gone are due together, a day after the first of them was tried, while their invoice lives and they
    may come back.
    """
    link, told, edit = tables.invoice_link, tables.write_back, tables.edit
    later = link.alias()
    # As find_invoice_links chooses.
    rank, later_rank = (tuple_(row.c.live, row.c.live * row.c.part, row.c.id) for row in (link, later))
    replaced = exists().where(later.c.deal_id == link.c.deal_id, later_rank > rank)
    stamp = _stamp(rules)
    untold = or_(told.c.stamp.is_(None), told.c.stamp != stamp)
    there = or_(told.c.gone_at.is_(None), told.c.deal_id.in_(_tried_again(at)))
    query = (
        select(link.c.deal_id, stamp.label("stamp"))
        .outerjoin(edit, edit.c.invoice_id == link.c.invoice_id)
        .outerjoin(told, told.c.deal_id == link.c.deal_id)
        .where(~replaced, untold, there)
        .order_by(link.c.id.desc())
        .limit(limit)
    )
    stamps = {row.deal_id: row.stamp for row in connection.execute(query)}
    links, before, made = find_invoice_links(connection, stamps), find(connection, stamps), _made(connection, stamps)
    edits = find_edits(connection, [item.invoice_id for item in links.values()])
    return [
        DueWriteBack(links[deal], edits.get(links[deal].invoice_id), stamp, before.get(deal), made.get(deal))
        for deal, stamp in stamps.items()
    ]


def _tried_again(at: datetime) -> Select[tuple[str]]:
    """The deals that were gone, may come back and have a live invoice; none while all of them were tried of late."""
    link, told = tables.invoice_link, tables.write_back
    billed = exists().where(link.c.deal_id == told.c.deal_id, link.c.live == 1)
    awaited = and_(told.c.gone_since > at - GONE_IS_KEPT, billed)
    first = select(func.min(told.c.gone_at)).where(awaited).scalar_subquery()
    return select(told.c.deal_id).where(awaited, first <= at - GONE_IS_TRIED_AFTER)


def find(connection: Connection, deal_ids: Collection[str]) -> dict[str, WriteBack]:
    """By deal, what it was last told."""
    table = tables.write_back
    found: dict[str, WriteBack] = {}
    for chunk in chunks(deal_ids):
        for row in connection.execute(select(table).where(table.c.deal_id.in_(chunk))):
            found[row.deal_id] = _read(row)
    return found


def find_refused(connection: Connection) -> list[WriteBack]:
    """Those that have a problem, by deal."""
    table = tables.write_back
    query = select(table).where(table.c.problem.is_not(None)).order_by(table.c.deal_id)
    return [_read(row) for row in connection.execute(query)]


def upsert(connection: Connection, rows: Sequence[WriteBack]) -> None:
    """Store what the deals were told, over what was known."""
    values = [
        {
            "deal_id": row.deal_id,
            "stamp": row.stamp,
            "sent": row.sent,
            "noted": row.noted,
            "problem": row.problem,
            "gone_since": row.gone_since,
            "gone_at": row.gone_at,
        }
        for row in rows
    ]
    statements.upsert(connection, tables.write_back, ["deal_id"], values)


def note_there(connection: Connection, deal_ids: Collection[str]) -> None:
    """Note that deals which were gone are there."""
    table = tables.write_back
    for chunk in chunks(deal_ids):
        gone = table.c.deal_id.in_(chunk), table.c.gone_at.is_not(None)
        connection.execute(update(table).where(*gone).values(gone_since=None, gone_at=None))


def _stamp(rules: str) -> ColumnElement[str]:
    """All of an invoice that may be told, as one text."""
    link, edit = tables.invoice_link, tables.edit
    parts = (link.c.invoice_id, link.c.number, link.c.status, link.c.total, link.c.due, link.c.paid_on)
    stamp: ColumnElement[str] = literal(rules, Text)
    for part in (*parts, edit.c.updated_at, edit.c.changes):
        stamp = stamp + literal("|", Text) + _plain(part)
    return stamp


def _plain(column: Column[Any]) -> ColumnElement[str]:
    return func.coalesce(as_type(column, Text), literal("", Text))


def _made(connection: Connection, deal_ids: Collection[str]) -> dict[str, datetime]:
    table = tables.event
    found: dict[str, datetime] = {}
    for chunk in chunks(deal_ids):
        made = table.c.deal_id.in_(chunk), table.c.kind == "invoice_created"
        query = select(table.c.deal_id, func.max(table.c.at).label("at")).where(*made).group_by(table.c.deal_id)
        found.update((row.deal_id, row.at) for row in connection.execute(query))
    return found


def _read(row: Row[Any]) -> WriteBack:
    return WriteBack(row.deal_id, row.stamp, row.sent, row.noted, row.problem, row.gone_since, row.gone_at)
