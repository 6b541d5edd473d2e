"""Searching Xero, before an invoice is made or ended, for invoices of the deals that the ledger does not know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from zoho_xero_sync.core.drafted import Drafted
from zoho_xero_sync.core.model import InvoiceDraft, InvoiceLink
from zoho_xero_sync.core.plan import needs_search, waits_for_rival
from zoho_xero_sync.core.stages import CLOSED
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
    searched = [replace(item, found=found.get(item.deal.id, ())) if item.deal.id in ids else item for item in items]
    return _with_rivals(context, rivals, searched)


def _made_after(item: Drafted) -> datetime | None:
    """A time before any invoice of the deal that the ledger may have forgotten; None when there is none known."""
    if item.deal.created_at is not None or item.link is None:
        return item.deal.created_at
    return item.link.updated_at


def _with_rivals(
    context: Context, rivals: Mapping[str, Sequence[InvoiceLink]], items: Sequence[Drafted]
) -> list[Drafted]:
    """The items; those that must wait for it with the invoice that bills their document for another deal.

    Xero is asked before a deal waits: a person may have ended that invoice, which no poll has met yet. Only what Xero
    calls voided or deleted is ended.
    """
    waiting = {
        item.deal.id: rivals[item.deal.id]
        for item in items
        if item.deal.id in rivals and waits_for_rival(replace(item, rival=rivals[item.deal.id][-1]), context.rules)
    }
    if not waiting:
        return list(items)
    now = context.xero.fetch_invoices(sorted({link.invoice_id for links in waiting.values() for link in links}))
    ended = {invoice_id for invoice_id, invoice in now.items() if invoice.status in CLOSED}
    standing = {deal_id: link for deal_id, links in waiting.items() for link in links if link.invoice_id not in ended}
    return [replace(item, rival=standing.get(item.deal.id)) for item in items]


def _rivals(ledger: LedgerView, items: Sequence[Drafted]) -> dict[str, tuple[InvoiceLink, ...]]:
    """By deal, the live invoices of others that were made from its document, or adopted for it; deals with any.

    When deals are merged, the documents of the one that goes become those of the one that stays.
    """
    documents = {item.deal.id: item.invoice.document for item in items if isinstance(item.invoice, InvoiceDraft)}
    if not any(documents.values()):
        return {}
    made: dict[str, list[InvoiceLink]] = {}
    for link in ledger.live_invoices():
        made.setdefault(made_from(link) or link.document or "", []).append(link)
    found = {
        deal_id: tuple(link for link in made.get(document, ()) if link.deal_id != deal_id)
        for deal_id, document in documents.items()
        if document
    }
    return {deal_id: links for deal_id, links in found.items() if links}
