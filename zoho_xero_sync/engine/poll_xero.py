"""The poll of the invoices: what people did to them in Xero, asked for by what changed since, in one call.

Xero's If-Modified-Since counts whole seconds and does not notice a merged contact, nor the due date of a part-paid
invoice (developer.xero.com/documentation/api/accounting/requests-and-responses, "Retrieving modified records"): the
overlap of the polls covers the first, `reconcile` finds the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from zoho_xero_sync.core.model import DealState, Event, InvoiceLink, XeroInvoice
from zoho_xero_sync.core.sighting import Sighting, see
from zoho_xero_sync.engine.busy import busy_subjects
from zoho_xero_sync.engine.news import Found, Poll
from zoho_xero_sync.engine.ports import Context, LedgerView


def invoices_poll(minutes: int) -> Poll:
    """The poll; what it finds are the linked invoices that differ from what is known of them."""
    # A token that is minted for it is checked to be the right organisation's, which is a call of its own.
    return Poll("invoices", timedelta(minutes=minutes), _ask, calls=2)


def _ask(context: Context, ledger: LedgerView, since: datetime) -> Found:
    changed = {invoice.id: invoice for invoice in context.xero.fetch_sales(since)}
    read_at = context.xero.read_at
    links = [link for link in ledger.live_invoices() if link.invoice_id in changed] if changed else []
    if not links:
        return Found(read_at)
    sightings = meet(ledger, [(link, changed[link.invoice_id]) for link in links])
    return Found(
        read_at,
        deals=to_plan(ledger, sightings),
        invoices=tuple(sighting.link for sighting in sightings),
        events=tuple(events_of(sightings, context.clock.now(), context.run_id)),
        edits=tuple(sighting.edits for sighting in sightings),
    )


def meet(ledger: LedgerView, met: Sequence[tuple[InvoiceLink, XeroInvoice]]) -> list[Sighting]:
    """What came of meeting these linked invoices, as Xero has them; nothing of one of which everything is known."""
    edits, busy = ledger.find_edits([link.invoice_id for link, _ in met]), busy_subjects(ledger)
    seen = (see(link, edits.get(link.invoice_id), now, busy=link.deal_id in busy) for link, now in met)
    return [sighting for sighting in seen if sighting is not None]


def events_of(sightings: Sequence[Sighting], at: datetime, run_id: str | None) -> Iterator[Event]:
    """What is news of the invoices, as the history of their deals tells it."""
    for sighting in sightings:
        for kind, detail in sighting.news:
            yield Event(at, run_id, sighting.link.deal_id, kind, detail)


def to_plan(ledger: LedgerView, sightings: Sequence[Sighting]) -> frozenset[str]:
    """Deals whose invoice was ended, and deals that wait for a person, who may have seen to it now."""
    records = ledger.find_deals([sighting.link.deal_id for sighting in sightings])
    held = {deal_id for deal_id, record in records.items() if record.state is DealState.HELD}
    ended = {sighting.link.deal_id for sighting in sightings if not sighting.link.live}
    return frozenset(held | ended)
