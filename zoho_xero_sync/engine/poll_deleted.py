"""Deals that were deleted in Zoho, or merged into another one: only the list of deleted records tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from zoho_xero_sync.core.model import DELETED_EVENT, DealRecord, Event, InvoiceLink
from zoho_xero_sync.engine.news import Found, News, Poll
from zoho_xero_sync.engine.ports import Context, LedgerView

# How long Zoho lists a record that is gone for good (.../crm/developer/docs/api/v8/get-deleted-records.html).
_LISTED_FOR = timedelta(days=120)


def deleted_poll(minutes: int) -> Poll:
    """Asks every so many minutes which deals were deleted since it asked last."""
    return Poll("deleted", timedelta(minutes=minutes), _ask)


def _ask(context: Context, ledger: LedgerView, since: datetime) -> Found:
    """The known ones among the deleted deals; those that have an invoice, or wait, are planned again."""
    deletions = context.zoho.fetch_deleted(since)
    known = ledger.find_deals(list(deletions.at))
    links = ledger.find_invoice_links(list(known))
    fresh = _not_noted(ledger, {deal_id: deletions.at[deal_id] for deal_id in known})
    return Found(
        deletions.read_at,
        frozenset(deal_id for deal_id, record in known.items() if _matters(record, links.get(deal_id))),
        events=_events(context, fresh),
        deletions=fresh,
    )


def with_deletions(context: Context, ledger: LedgerView, news: News, read: Sequence[DealRecord]) -> News:
    """The news, with the deletion of deals that were just read and that Zoho no longer shows.

    Nothing is asked when all of them are shown, or known to be deleted.
    """
    gone = {record.deal_id: record for record in read if record.snapshot is None}
    noted = ledger.find_deletions(list(gone)) if gone else {}
    unexplained = [
        record
        for deal_id, record in gone.items()
        if deal_id not in news.deletions and not explains(noted.get(deal_id), record)
    ]
    if not unexplained:
        return news
    oldest = context.clock.now() - _LISTED_FOR
    since = min(record.modified_at or oldest for record in unexplained)
    listed = context.zoho.fetch_deleted(since).at
    found = {record.deal_id: listed[record.deal_id] for record in unexplained if record.deal_id in listed}
    return replace(news, deletions={**news.deletions, **found}, events=(*news.events, *_events(context, found)))


def explains(deleted_at: datetime | None, record: DealRecord) -> bool:
    """Whether this deletion is why Zoho does not show the deal: it was not seen again after it."""
    return deleted_at is not None and (record.modified_at is None or record.modified_at <= deleted_at)


def _not_noted(ledger: LedgerView, deletions: Mapping[str, datetime]) -> dict[str, datetime]:
    noted = ledger.find_deletions(list(deletions))
    return {deal_id: at for deal_id, at in deletions.items() if noted.get(deal_id) != at}


def _events(context: Context, deletions: Mapping[str, datetime]) -> tuple[Event, ...]:
    now = context.clock.now()
    return tuple(
        Event(now, context.run_id, deal_id, DELETED_EVENT, {"deleted_at": at.isoformat()})
        for deal_id, at in deletions.items()
    )


def _matters(record: DealRecord, link: InvoiceLink | None) -> bool:
    """Whether the deal is to be planned once more; one that was planned as deleted already is not."""
    if record.waits:
        return record.problem is None or record.problem.code != "deal_deleted"
    return link is not None and link.live and record.snapshot is not None
