"""Records beside the deals, as they were when last taken into account. Works inside its caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, select

from zoho_xero_sync.core.model import SeenRecord
from zoho_xero_sync.ledger import tables
from zoho_xero_sync.ledger.statements import chunks, upsert


def find_seen(connection: Connection, module: str, ids: Collection[str]) -> dict[str, SeenRecord]:
    """The known ones among these records of the module, by id."""
    table = tables.seen_record
    found: dict[str, SeenRecord] = {}
    for chunk in chunks(ids):
        query = select(table).where(table.c.module == module, table.c.record_id.in_(chunk))
        for row in connection.execute(query):
            found[row.record_id] = SeenRecord(row.module, row.record_id, row.modified_at, row.deal_id)
    return found


def upsert_seen(connection: Connection, records: Sequence[SeenRecord]) -> None:
    """Store the records, over what was known of them."""
    rows = [
        {"module": seen.module, "record_id": seen.id, "modified_at": seen.modified_at, "deal_id": seen.deal_id}
        for seen in records
    ]
    upsert(connection, tables.seen_record, ["module", "record_id"], rows)
