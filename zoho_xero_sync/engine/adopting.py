"""A person says which invoice in Xero is a deal's: everything is checked, and only the ledger is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from zoho_xero_sync.core.customers import draft_contact
from zoho_xero_sync.core.invoices import document_name
from zoho_xero_sync.core.marks import deal_of, part_of
from zoho_xero_sync.core.model import (
    ContactDraft,
    Deal,
    DealRow,
    Event,
    InvoiceLink,
    Problem,
    SourceDocument,
    XeroInvoice,
)
from zoho_xero_sync.core.money import money_text
from zoho_xero_sync.core.parts import WHOLE, billing, link_of
from zoho_xero_sync.core.plan import Drafted, Triage
from zoho_xero_sync.core.rebuild import known_record, live_ones
from zoho_xero_sync.core.reconcile import Pair
from zoho_xero_sync.core.rules import StageRule
from zoho_xero_sync.core.stages import CLOSED, match_rule
from zoho_xero_sync.engine.billed import with_billing
from zoho_xero_sync.engine.books import BookKeeper
from zoho_xero_sync.engine.busy import busy_subjects
from zoho_xero_sync.engine.owners import owners
from zoho_xero_sync.engine.ports import CLOCK_MARGIN, Context, LedgerDesk
from zoho_xero_sync.engine.prepare import draft_deals
from zoho_xero_sync.engine.reconcile import contacts_of, source_total
from zoho_xero_sync.errors import UsageError


@dataclass(frozen=True, slots=True)
class Adopted:
    """What was linked, and what a person should know about it: the notes say what could not be compared."""

    deal_name: str
    invoice: XeroInvoice
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Bill:
    """What a deal's invoice is to come to and in which currency, or why nobody knows, and the document it is of."""

    amount: tuple[Decimal, str] | str
    document: str | None = None


def adopt_invoice(context: Context, ledger: LedgerDesk, deal_id: str, named: str, *, sure: bool) -> Adopted:
    """Link the deal to the sales invoice with this number or InvoiceID, as it stands; nothing is written to Xero.

    Raises UsageError when the deal or the invoice is not there, is taken, has ended, or totals something else; and,
    unless a person is `sure`, when the invoice is made out to another contact or there is no total to compare.
    """
    row = next(iter(context.zoho.fetch_deals([deal_id]).rows), None)
    if row is None:
        raise UsageError(
            f"Zoho has no deal {deal_id}, or this login may not see it.",
            "Check the id: it is the long number at the end of the deal's web address.",
        )
    if match_rule(context.rules.stages, row.stage, row.pipeline) is None:
        raise UsageError(
            f"Deal {deal_id} ({row.name}) is in {row.stage}, which is not invoiced.",
            "Move it to a stage that is invoiced first, or leave both as they are.",
        )
    _require_settled(ledger, row)
    invoice = _chosen(context, named)
    _require_free(context, ledger, row, invoice, owners(ledger))
    _require_no_mark(context, ledger, row, invoice)
    bill = _bills(context, ledger, [row])[row.id]
    doubts = [*_total_doubts(bill, invoice), *_contact_doubts(context, ledger, row, invoice)]
    if doubts and not sure:
        again = f"zoho-xero-sync resolve {deal_id} --adopt {invoice.number or invoice.id} --yes"
        raise UsageError(" ".join(doubts), f"If it is the deal's all the same, type: {again}")
    _record(context, ledger, row, invoice, bill.document)
    return Adopted(row.name, invoice, tuple(doubts))


def adopt_pairs(
    context: Context, ledger: LedgerDesk, pairs: Sequence[Pair]
) -> tuple[tuple[Pair, ...], tuple[str, ...]]:
    """Link the pairs a person said yes to; those that changed since they were proposed are left, each with a sentence.

    Returns the linked ones and the sentences.
    """
    if not pairs:
        return (), ()
    rows = {row.id: row for row in context.zoho.fetch_deals([pair.deal_id for pair in pairs]).rows}
    now = context.xero.fetch_invoices([pair.invoice.id for pair in pairs])
    known = owners(ledger)
    same = [row for pair in pairs if (row := rows.get(pair.deal_id)) is not None and row.snapshot == pair.snapshot]
    bills = _bills(context, ledger, same)
    linked: list[Pair] = []
    left: list[str] = []
    for pair in pairs:
        row, invoice = rows.get(pair.deal_id), now.get(pair.invoice.id)
        bill = bills.get(pair.deal_id)
        trouble = _changed_since(context, ledger, pair, row, invoice, known, bill)
        if trouble is not None or row is None or invoice is None or bill is None:
            left.append(f"{pair.deal_name} and invoice {pair.invoice.number} are not linked: {trouble}")
            continue
        _record(context, ledger, row, invoice, bill.document)
        linked.append(pair)
    return tuple(linked), tuple(left)


def _changed_since(
    context: Context,
    ledger: LedgerDesk,
    pair: Pair,
    row: DealRow | None,
    invoice: XeroInvoice | None,
    known: Mapping[str, str],
    bill: _Bill | None,
) -> str | None:
    if row is None or invoice is None:
        return "one of them is gone"
    before = pair.invoice
    was = (before.total, before.currency, before.contact_id, before.url)
    if invoice.status in CLOSED or was != (invoice.total, invoice.currency, invoice.contact_id, invoice.url):
        return "the invoice changed meanwhile"
    if row.snapshot != pair.snapshot or bill is None:
        return "the deal changed meanwhile"
    if bill.amount != (invoice.total, invoice.currency):
        return "what the deal comes to changed meanwhile"
    try:
        _require_settled(ledger, row)
        _require_free(context, ledger, row, invoice, known)
    except UsageError as error:
        return error.message
    return None


# ---- checks ----


def _require_settled(ledger: LedgerDesk, row: DealRow) -> None:
    if row.id in busy_subjects(ledger):
        raise UsageError(
            f"Xero has not answered yet what became of the invoice of deal {row.id} ({row.name}).",
            "Let a run settle that first: zoho-xero-sync sync",
        )


def _chosen(context: Context, named: str) -> XeroInvoice:
    found = context.xero.find_invoice(named)
    live = [invoice for invoice in found if invoice.status not in CLOSED]
    if len(live) == 1:
        return live[0]
    if live:
        listed = ", ".join(invoice.id for invoice in live)
        raise UsageError(f"{len(live)} sales invoices in Xero have the number {named}.", f"Give one's id: {listed}")
    if found:
        raise UsageError(
            f"Invoice {found[0].number} is {found[0].status} in Xero; a deal cannot have it.",
            "Name an invoice that is still there.",
        )
    raise UsageError(
        f"Xero has no sales invoice with the number or InvoiceID {named}.",
        "The number is on the invoice, the InvoiceID at the end of its web address. A bill is not a sales invoice.",
    )


def _require_free(
    context: Context, ledger: LedgerDesk, row: DealRow, invoice: XeroInvoice, known: Mapping[str, str]
) -> None:
    """Neither the deal has another live invoice, nor the invoice another deal."""
    owner = known.get(invoice.id)
    carried = deal_of(invoice.url, context.link_prefix(context.zoho.organisation()))
    other = owner if owner not in (None, row.id) else carried if carried not in (None, row.id) else None
    if other is not None:
        raise UsageError(
            f"Invoice {invoice.number} is the invoice of another deal ({other}).",
            f"Look at that one: zoho-xero-sync show {other}",
        )
    links = ledger.find_parts([row.id]).get(row.id, ())
    link = link_of(links, _part(context, row, links))
    if any(known.live and known.invoice_id == invoice.id for known in links):
        raise UsageError(
            f"Invoice {invoice.number} is the invoice of deal {row.id} ({row.name}) already.",
            f"Look at it: zoho-xero-sync show {row.id}",
        )
    if link is None or not link.live:
        return
    current = context.xero.fetch_invoices([link.invoice_id]).get(link.invoice_id)
    if current is not None and current.status not in CLOSED:
        raise UsageError(
            f"Deal {row.id} ({row.name}) has invoice {current.number} already, which is {current.status} in Xero.",
            "A deal has one invoice. Void that one in Xero first if the other is the right one, then type this again.",
        )


def _require_no_mark(context: Context, ledger: LedgerDesk, row: DealRow, invoice: XeroInvoice) -> None:
    """Xero has no other live invoice of the same part of the deal, which the ledger may have forgotten."""
    part = _part(context, row, ledger.find_parts([row.id]).get(row.id, ()))
    prefix = context.link_prefix(context.zoho.organisation())
    created = row.content.created_at if isinstance(row.content, Deal) else None
    swept = context.xero.sweep(prefix, {row.id}, since=created - CLOCK_MARGIN if created is not None else None)
    live = live_ones(swept.carrying.get(row.id, ()))
    others = [one for one in live if one.id != invoice.id and part_of(one.url) == part]
    if others:
        raise UsageError(
            f"Xero has invoice {others[0].number} ({others[0].status}) for deal {row.id} ({row.name}) already.",
            "A deal has one invoice. Void that one in Xero first if the other is the right one, then type this again.",
        )


def _total_doubts(bill: _Bill, invoice: XeroInvoice) -> list[str]:
    """Raises UsageError when the deal comes to another total than the invoice."""
    if isinstance(bill.amount, str):
        return [f"There is no total to compare invoice {invoice.number} with: {bill.amount}"]
    amount, currency = bill.amount
    if (amount, currency) == (invoice.total, invoice.currency):
        return []
    theirs = f"{money_text(invoice.total, invoice.currency)} {invoice.currency}"
    raise UsageError(
        f"Invoice {invoice.number} totals {theirs} and the deal comes to {money_text(amount, currency)} {currency}.",
        "Correct one of them so that they agree, then type this again.",
    )


def _bills(context: Context, ledger: LedgerDesk, rows: Sequence[DealRow]) -> dict[str, _Bill]:
    links = ledger.find_parts([row.id for row in rows])
    readable = [(row, row.content) for row in rows if isinstance(row.content, Deal)]
    items = [_item(context, row, deal, links.get(row.id, ())) for row, deal in readable]
    bills = {row.id: _Bill(row.content.message) for row in rows if isinstance(row.content, Problem)}
    drafted, documents = draft_deals(context, BookKeeper(context, ledger), items) if items else ([], {})
    for (row, deal), item in zip(readable, drafted, strict=True):
        document = documents[row.id]
        named = document_name(document, deal) if isinstance(document, SourceDocument) else ""
        bills[row.id] = _Bill(_amount_of(context, row, item, document), named or None)
    return bills


def _item(context: Context, row: DealRow, deal: Deal, links: Sequence[InvoiceLink]) -> Drafted:
    rule = match_rule(context.rules.stages, row.stage, row.pipeline)
    if rule is None or rule.invoice == "none":
        rule = StageRule((row.stage,), "draft", row.pipeline)
    return with_billing(Drafted(deal, known_record(row), Triage.BILL, rule), links)


def _amount_of(
    context: Context, row: DealRow, drafted: Drafted, document: SourceDocument | Problem
) -> tuple[Decimal, str] | str:
    amount, currency = source_total(context, row, drafted, document)
    if amount is not None:
        return amount, currency
    trouble = next((part for part in (drafted.contact, drafted.invoice, document) if isinstance(part, Problem)), None)
    return trouble.message if trouble is not None else "the deal's document says none."


def _contact_doubts(context: Context, ledger: LedgerDesk, row: DealRow, invoice: XeroInvoice) -> list[str]:
    """What speaks against the invoice's contact being the deal's customer; nothing when it is."""
    draft = _draft_contact(context, row)
    if not isinstance(draft, ContactDraft):
        return [f"The deal has no customer to compare with: {draft}"]
    link = ledger.find_customer_links([draft.customer]).get(draft.customer)
    order = context.rules.customer.match
    if link is not None:
        same = {link.contact_id}
    else:
        candidates = context.xero.find_contacts([draft], order)
        same = set(contacts_of(draft, candidates.get(draft.customer, ()), order))
    if invoice.contact_id in same:
        return []
    named = next(iter(context.xero.find_contact(invoice.contact_id)), None)
    theirs = named.name if named is not None else invoice.contact_id
    return [f"Invoice {invoice.number} is made out to {theirs}, and the deal's customer is {draft.name}."]


def _draft_contact(context: Context, row: DealRow) -> ContactDraft | str:
    if not isinstance(row.content, Deal):
        return row.content.message
    draft = draft_contact(row.content, context.rules.customer)
    return draft.message if isinstance(draft, Problem) else draft


# ---- recording ----


def _record(context: Context, ledger: LedgerDesk, row: DealRow, invoice: XeroInvoice, document: str | None) -> None:
    """The deal as settled as it is now, with the invoice as it stands, and the document it would be made from."""
    links = ledger.find_parts([row.id]).get(row.id, ())
    part = _part(context, row, links)
    link = InvoiceLink(
        row.id,
        invoice.id,
        invoice.number,
        invoice.status,
        invoice.currency,
        invoice.total,
        None,
        invoice.updated_at,
        due=invoice.due,
        paid_on=invoice.paid_on,
        part=part,
        document=document,
    )
    old = link_of(links, part)
    stale = [_ended(context, old)] if old is not None and old.live and old.invoice_id != invoice.id else []
    detail = {"number": invoice.number, "status": invoice.status}
    event = Event(context.clock.now(), None, row.id, "invoice_adopted", detail)
    ledger.record_links([], [*stale, link], [event])
    ledger.stage([known_record(row)], None)


def _part(context: Context, row: DealRow, links: Sequence[InvoiceLink]) -> int:
    """The part of the deal that its stage is about."""
    rule = match_rule(context.rules.stages, row.stage, row.pipeline)
    asked = billing(rule, links) if rule is not None else None
    return asked.part if asked is not None else WHOLE


def _ended(context: Context, old: InvoiceLink) -> InvoiceLink:
    """The link of an invoice that is no longer there, or was ended in Xero."""
    current = context.xero.fetch_invoices([old.invoice_id]).get(old.invoice_id)
    return replace(old, status=old.status if current is None else current.status, live=False)
