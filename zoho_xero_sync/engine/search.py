"""Searching Xero, before an invoice is made or ended, for invoices of the deals that the ledger does not know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from zoho_xero_sync.core.drafted import Drafted
from zoho_xero_sync.core.model import InvoiceDraft, InvoiceLink
from zoho_xero_sync.core.plan import needs_search
from zoho_xero_sync.core.standing import made_from
from zoho_xero_sync.engine.books import BookKeeper
from zoho_xero_sync.engine.owners import own_invoices, owners
from zoho_xero_sync.engine.ports import CLOCK_MARGIN, Context, LedgerView
from zoho_xero_sync.engine.writers import knows_earlier_ledgers, require_only_writer


def with_found(context: Context, ledger: LedgerView, keeper: BookKeeper, items: Sequence[Drafted]) -> list[Drafted]:
    """The items with the invoices in Xero that carry them, where that must be known before one is made or ended.

    The ledger may be a restored backup, a new one, or not the only one; but no invoice of a deal is older than it, and
    none that a restored ledger forgot is older than the last write that it remembers.
    Raises TwoLedgersError when another ledger writes too.
    """
    wanted = [item for item in items if needs_search(item)]
    if not wanted:
        return list(items)
    prefix = context.link_prefix(context.zoho.organisation())
    ids = {item.deal.id for item in wanted}
    created = [at for item in wanted if (at := _made_after(item)) is not None]
    complete = len(created) == len(wanted) and knows_earlier_ledgers(context, ledger)
    swept = context.xero.sweep(prefix, ids, since=min(created) - CLOCK_MARGIN if complete else None)
    require_only_writer(context, ledger, keeper, swept)
    found = own_invoices(owners(ledger), swept.carrying) if swept.carrying else {}
    rivals = _rivals(ledger, wanted)
    return [
        replace(item, found=found.get(item.deal.id, ()), rival=rivals.get(item.deal.id))
        if item.deal.id in ids
        else item
        for item in items
    ]


def _made_after(item: Drafted) -> datetime | None:
    """A time before any invoice of the deal that the ledger may have forgotten; None when there is none known."""
    if item.deal.created_at is not None or item.link is None:
        return item.deal.created_at
    return item.link.updated_at


def _rivals(ledger: LedgerView, items: Sequence[Drafted]) -> dict[str, InvoiceLink]:
    """By deal, the live invoice of another deal that was made from the same document, or adopted for it.

    When deals are merged, the documents of the one that goes become those of the one that stays.
    """
    documents = {item.deal.id: item.invoice.document for item in items if isinstance(item.invoice, InvoiceDraft)}
    if not any(documents.values()):
        return {}
    made: dict[str, list[InvoiceLink]] = {}
    for link in ledger.live_invoices():
        made.setdefault(made_from(link) or link.document or "", []).append(link)
    return {
        deal_id: link
        for deal_id, document in documents.items()
        for link in (made.get(document, ()) if document else ())
        if link.deal_id != deal_id
    }
