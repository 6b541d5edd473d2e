"""Deals that were deleted in Zoho, or merged into another one: only the list of deleted records tells."""

from __future__ import annotations

from datetime import datetime, timedelta

from zoho_xero_sync.core.model import DELETED_EVENT, DealRecord, DealState, Event, InvoiceLink
from zoho_xero_sync.engine.news import Found, Poll
from zoho_xero_sync.engine.ports import Context, LedgerView

_WAITS = (DealState.PENDING, DealState.HELD, DealState.REJECTED)


def deleted_poll(minutes: int) -> Poll:
    """Asks every so many minutes which deals were deleted since it asked last."""
    return Poll("deleted", timedelta(minutes=minutes), _ask)


def _ask(context: Context, ledger: LedgerView, since: datetime) -> Found:
    """The known ones among the deleted deals; those that have an invoice, or wait, are planned again."""
    deletions = context.zoho.fetch_deleted(since)
    known = ledger.find_deals(list(deletions.at))
    noted = ledger.find_deletions(list(known))
    fresh = {deal_id: deletions.at[deal_id] for deal_id in known if noted.get(deal_id) != deletions.at[deal_id]}
    links = ledger.find_invoice_links(list(known))
    now = context.clock.now()
    return Found(
        deletions.read_at,
        frozenset(deal_id for deal_id, record in known.items() if _matters(record, links.get(deal_id))),
        events=tuple(
            Event(now, context.run_id, deal_id, DELETED_EVENT, {"deleted_at": at.isoformat()})
            for deal_id, at in fresh.items()
        ),
        deletions=fresh,
    )


def _matters(record: DealRecord, link: InvoiceLink | None) -> bool:
    """Whether the deal is to be planned once more; one that was planned as deleted already is not."""
    if record.state in _WAITS:
        return record.problem is None or record.problem.code != "deal_deleted"
    return link is not None and link.live and record.snapshot is not None
