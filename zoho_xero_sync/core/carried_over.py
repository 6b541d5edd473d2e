"""Deals of which the ledger that is replaced knew more than the marks in Xero tell.

An adopted invoice carries no mark, and a person may have taken one away, or put another deal's in its place. Of a deal
whose invoice was ended no mark tells whether it waits, was set aside, or is done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from zoho_xero_sync.core.model import DealRecord, DealRow, DealState, InvoiceLink, InvoiceStatus, XeroInvoice
from zoho_xero_sync.core.parts import newest
from zoho_xero_sync.core.plan import several_invoices
from zoho_xero_sync.core.rebuild import Found, Restored, known_record, linked_as_it_stands, live_ones
from zoho_xero_sync.core.rules import Rules
from zoho_xero_sync.core.sighting import see
from zoho_xero_sync.core.stages import match_rule
from zoho_xero_sync.core.staging import stage_row
from zoho_xero_sync.core.standing import made_from

Invoices = Mapping[str, tuple[XeroInvoice, ...]]
Links = Mapping[str, tuple[InvoiceLink, ...]]


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the ledger that is replaced still says; nothing when it cannot be read.

    `waiting` are the deals that wait, `links` by deal its invoices (of each part the live one, else the last), and
    `records` what it knew of these deals.
    """

    waiting: frozenset[str] = frozenset()
    links: Links = field(default_factory=dict)
    records: Mapping[str, DealRecord] = field(default_factory=dict)


def links_to_carry(remembered: Remembered, marked: Invoices) -> tuple[InvoiceLink, ...]:
    """The links of which the ledger knew more than Xero's marks tell.

    Their invoice carries no deal, or another one than the ledger says; or every invoice of their deal was ended.
    """
    carried = {invoice.id: deal_id for deal_id, invoices in marked.items() for invoice in invoices}
    standing = {deal_id for deal_id, links in remembered.links.items() if any(link.live for link in links)}
    standing |= {deal_id for deal_id, invoices in marked.items() if live_ones(invoices)}
    links = (link for deal_links in remembered.links.values() for link in deal_links)
    return tuple(link for link in links if carried.get(link.invoice_id) != link.deal_id or link.deal_id not in standing)


def without(marked: Invoices, links: Sequence[InvoiceLink]) -> dict[str, tuple[XeroInvoice, ...]]:
    """The marked invoices without those of these links: the ledger knew better whose they are."""
    ids = {link.invoice_id for link in links}
    kept = {deal_id: tuple(one for one in invoices if one.id not in ids) for deal_id, invoices in marked.items()}
    return {deal_id: invoices for deal_id, invoices in kept.items() if invoices}


def with_documents(restored: Restored, remembered: Remembered) -> Restored:
    """The deal whose invoices are known again by the documents they were made from.

    A mark does not tell the document, and the deal may have lost it to another one by now: merged, or moved.
    """
    links = remembered.links.get(restored.record.deal_id, ())
    known = {link.invoice_id: made_from(link) or link.document for link in links}
    link, *others = (_with_document(link, known) for link in (restored.link, *restored.others))
    return replace(restored, link=link, others=tuple(other for other in others if other is not None))


def _with_document(link: InvoiceLink | None, known: Mapping[str, str | None]) -> InvoiceLink | None:
    if link is None or link.document or made_from(link):
        return link
    return replace(link, document=known.get(link.invoice_id))


def carry_over(
    deal_id: str,
    row: DealRow | None,
    remembered: Remembered,
    invoices: Sequence[XeroInvoice],
    rules: Rules,
) -> Restored:
    """The deal as the replaced ledger knew it, with a change since then staged as that ledger would have staged it.

    `invoices` are the deal's as Xero has them now. One that the ledger did not know is linked beside the others, or has
    the deal wait where two would bill the same.
    """
    now = {invoice.id: invoice for invoice in invoices}
    known = tuple(_now(link, now.get(link.invoice_id)) for link in remembered.links[deal_id])
    ids = {link.invoice_id for link in known}
    strange = tuple(linked_as_it_stands(deal_id, one) for one in live_ones(invoices) if one.id not in ids)
    record = _staged(deal_id, row, remembered.records.get(deal_id), rules)
    live = [link.part for link in (*known, *strange) if link.live]
    if len(live) > len(set(live)):
        problem = several_invoices(deal_id, live_ones(invoices))
        record = replace(record, state=DealState.HELD, problem=problem, rules=rules.fingerprint())
        strange = ()
    links = (*known, *strange)
    link = newest(links)
    others = tuple(other for other in links if other != link)
    return Restored(_how(row, record, link, rules), record, link, others)


def _now(link: InvoiceLink, invoice: XeroInvoice | None) -> InvoiceLink:
    """The link with number, status and payments as Xero has them; what was last written stays."""
    if invoice is None:
        # Xero no longer has it; the deal is not invoiced again without a person.
        return replace(link, status=InvoiceStatus.DELETED, live=False)
    sighting = see(link, None, invoice)
    return sighting.link if sighting is not None else link


def _staged(deal_id: str, row: DealRow | None, record: DealRecord | None, rules: Rules) -> DealRecord:
    if row is None:
        return record or DealRecord(deal_id, "", "", DealState.SEEN, False, None, None)
    if record is None:
        return replace(known_record(row), state=DealState.PENDING)
    return stage_row(row, record, rules, requested=False) or replace(record, snapshot=row.snapshot)


def _how(row: DealRow | None, record: DealRecord, link: InvoiceLink | None, rules: Rules) -> Found:
    if record.waits_for_person:
        return Found.HELD
    if row is None:
        return Found.UNSEEN
    if record.state is DealState.PENDING:
        return Found.BEHIND
    if link is None or not link.live:
        return Found.ENDED
    return Found.LINKED if match_rule(rules.stages, row.stage, row.pipeline) else Found.LEFT
