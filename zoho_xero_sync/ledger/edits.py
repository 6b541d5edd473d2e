"""What people changed in the fields of linked invoices. Works inside its caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, select

from zoho_xero_sync.core.sighting import Edits, changes_text, read_changes
from zoho_xero_sync.ledger import tables
from zoho_xero_sync.ledger.statements import chunks, upsert


def find_edits(connection: Connection, invoice_ids: Collection[str]) -> dict[str, Edits]:
    """By invoice, what was last seen of it."""
    table = tables.edit
    found: dict[str, Edits] = {}
    for chunk in chunks(invoice_ids):
        for row in connection.execute(select(table).where(table.c.invoice_id.in_(chunk))):
            found[row.invoice_id] = Edits(row.invoice_id, row.updated_at, read_changes(row.changes))
    return found


def upsert_edits(connection: Connection, edits: Sequence[Edits]) -> None:
    """Store what was seen, over what was seen of these invoices before."""
    rows = [
        {"invoice_id": item.invoice_id, "updated_at": item.updated_at, "changes": changes_text(item.changes)}
        for item in edits
    ]
    upsert(connection, tables.edit, ["invoice_id"], rows)
