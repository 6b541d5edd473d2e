"""Invoices that leave by e-mail, each once. Every function works inside its caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from zoho_xero_sync.core.model import EmailNote, EmailState
from zoho_xero_sync.ledger import tables
from zoho_xero_sync.ledger.statements import chunks, upsert

_OPEN = (EmailState.WANTED, EmailState.DOUBTFUL)


def store(connection: Connection, notes: Sequence[EmailNote]) -> None:
    """Store the notes, over what was known of these invoices."""
    rows = [{"invoice_id": note.invoice_id, "deal_id": note.deal_id, "state": note.state.value} for note in notes]
    upsert(connection, tables.email, ["invoice_id"], rows)


def store_answered(connection: Connection, notes: Sequence[EmailNote]) -> None:
    """Store what answers of Xero brought; an invoice that has a note already is not wanted a second time."""
    wanted = [note.invoice_id for note in notes if note.state is EmailState.WANTED]
    known: set[str] = set()
    column = tables.email.c.invoice_id
    for chunk in chunks(wanted):
        known |= set(connection.execute(select(column).where(column.in_(chunk))).scalars())
    store(connection, [note for note in notes if note.state is not EmailState.WANTED or note.invoice_id not in known])


def find_open(connection: Connection) -> list[EmailNote]:
    """The notes that are not settled, in the order they were made."""
    table = tables.email
    query = select(table).where(table.c.state.in_([state.value for state in _OPEN])).order_by(table.c.id)
    return [EmailNote(row.invoice_id, row.deal_id, EmailState(row.state)) for row in connection.execute(query)]
