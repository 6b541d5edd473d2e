"""Records beside the deals: which of them changed, and which of them still exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from zoho_xero_sync.core.document_modules import MODULES
from zoho_xero_sync.core.model import SeenRecord, Touched
from zoho_xero_sync.core.window import Window
from zoho_xero_sync.remote.zoho import coql
from zoho_xero_sync.remote.zoho.changed import SMALL_PAGE, changed_rows, readable_time
from zoho_xero_sync.remote.zoho.client import ZohoClient
from zoho_xero_sync.remote.zoho.rows import batches
from zoho_xero_sync.remote.zoho.values import BadValueError, lookup_of, text_of

# By module, the lookup of a document to its deal.
DEAL_FIELDS: Mapping[str, str] = {module.module: module.deal_field for module in MODULES.values()}


def fetch_touched(client: ZohoClient, module: str, since: datetime) -> Touched:
    """The records of the module that were modified since then; documents with the deal they are linked to now."""
    link = DEAL_FIELDS.get(module)
    columns = [*([link] if link else []), "Modified_Time"]
    rows, read_at = changed_rows(client, columns, module, Window(since), first_page=SMALL_PAGE, what="record")
    found = (
        SeenRecord(module, text_of(row, "id"), readable_time(row), _linked(row, link) if link else "")
        for row in rows.values()
    )
    return Touched(tuple(found), read_at)


def fetch_existing(client: ZohoClient, module: str, ids: Sequence[str]) -> frozenset[str]:
    """Which of these records Zoho still has and shows to this login."""
    return frozenset(
        text_of(row, "id")
        for batch in batches(ids)
        for row in client.rows_by_id(("Modified_Time",), module, coql.one_of("id", batch))
    )


def _linked(row: Mapping[str, object], field: str) -> str:
    """The id of the linked record; empty for none, or for one that cannot be read."""
    try:
        link = lookup_of(row, field)
    except BadValueError:
        return ""
    return link[0] if link else ""
