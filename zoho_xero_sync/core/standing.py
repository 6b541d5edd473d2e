"""Where a deal's invoice stands, and what happened to the deal since: the row and the column of the table of life."""

from __future__ import annotations

import json
from datetime import date

from zoho_xero_sync.core.describe import DOCUMENT, differences, drift, invoice_fields
from zoho_xero_sync.core.life import Event, State
from zoho_xero_sync.core.model import Change, InvoiceDraft, InvoiceLink, InvoiceStatus, XeroInvoice
from zoho_xero_sync.core.money import money_text
from zoho_xero_sync.core.stages import Step, status_step

_PLAIN = {
    InvoiceStatus.DRAFT: State.DRAFT,
    InvoiceStatus.SUBMITTED: State.SUBMITTED,
    InvoiceStatus.AUTHORISED: State.AUTHORISED,
    InvoiceStatus.PAID: State.PAID,
    InvoiceStatus.VOIDED: State.VOIDED,
    InvoiceStatus.DELETED: State.DELETED,
}
# What Xero takes on an invoice with payments (developer.xero.com/documentation/api/accounting/invoices, updating).
_HEADER = frozenset({"Reference", "DueDate", "BrandingThemeID"})


def state_of(link: InvoiceLink, current: XeroInvoice | None, locked_until: date | None) -> State:
    """Where the invoice stands; from the ledger alone when Xero was not asked."""
    if current is None:
        return _PLAIN[InvoiceStatus(link.status)]
    plain = _PLAIN[InvoiceStatus(current.status)]
    if plain in (State.VOIDED, State.DELETED):
        return plain
    approved = plain in (State.AUTHORISED, State.PAID)
    if locked_until is not None and current.date is not None and current.date <= locked_until:
        return State.LOCKED if approved else State.LOCKED_DRAFT
    if approved and current.amount_credited:
        return State.CREDITED
    if plain is State.PAID:
        return State.PAID
    if approved and current.amount_paid:
        return State.PART_PAID
    if edits(link, current):
        return State.EDITED if approved else _edited_draft(link, current)
    return State.SENT if approved and current.sent_to_contact else plain


def _edited_draft(link: InvoiceLink, current: XeroInvoice) -> State:
    return State.REWORDED if current.total == link.total else State.RECOUNTED


def events_of(link: InvoiceLink, status: str, draft: InvoiceDraft, *, content: bool) -> tuple[Event, ...]:
    """What happened since the invoice was last carried over; `content` says whether a change is to be carried over.

    A deal that asks for nothing new has at most come back, or was touched.
    """
    events = list(_changes(link, draft)) if content else []
    if status_step(status, draft.status) is Step.ADVANCE:
        events.append(Event.MOVED_ON)
    return tuple(events) or (Event.REENTERED,)


def _changes(link: InvoiceLink, draft: InvoiceDraft) -> tuple[Event, ...]:
    named = {change.field for change in content_changes(link, draft)}
    if named and named <= _HEADER:
        return (Event.HEADER,)
    events = [
        *([Event.CURRENCY] if "CurrencyCode" in named else []),
        *([Event.CUSTOMER] if "Contact" in named else []),
        *([Event.DOCUMENT] if replaced_document(link, draft) else []),
    ]
    # A total that differs although nothing that was sent does is a change of what the lines come to.
    others = named - {"CurrencyCode", "Contact", "CurrencyRate"}
    if others or not events:
        events.append(Event.LINES)
    return tuple(events)


def content_changes(link: InvoiceLink, draft: InvoiceDraft) -> tuple[Change, ...]:
    """What the deal now asks for differently than was last carried over. An adopted invoice is as it stood.

    The number is given once: Xero keeps the one the invoice was made with, whatever the template says now.
    """
    if link.sent is None:
        return ()
    changed = differences(link.sent, invoice_fields(draft))
    return tuple(change for change in changed if change.field != "InvoiceNumber")


def replaced_document(link: InvoiceLink, draft: InvoiceDraft) -> Change | None:
    """The document the invoice was made from, and the one it would be made from now, when they are not the same."""
    before = made_from(link)
    return Change(DOCUMENT, before, draft.document) if before and draft.document and before != draft.document else None


def made_from(link: InvoiceLink) -> str:
    """The document the invoice was made from; empty when it was the deal itself, or is not known."""
    sent: dict[str, str] = json.loads(link.sent) if link.sent else {}
    return sent.get(DOCUMENT, "")


def total_differs(link: InvoiceLink, draft: InvoiceDraft) -> bool:
    """Whether Xero computed another total than the deal comes to. An adopted invoice is as it stood."""
    return link.sent is not None and link.total != draft.total


def edits(link: InvoiceLink, current: XeroInvoice) -> tuple[Change, ...]:
    """What a person changed in Xero since the invoice was last written: fields, or at least another total."""
    same_stamp = current.updated_at is not None and current.updated_at == link.updated_at
    found = () if link.sent is None or same_stamp else drift(link.sent, current)
    if found or current.total == link.total:
        return found
    before, now = (money_text(total, current.currency) for total in (link.total, current.total))
    return (Change("Total", before, now),)


def worked_on(link: InvoiceLink, current: XeroInvoice | None) -> bool:
    """Whether anybody changed an invoice since it was adopted as it stood: of such a one, only the time is known."""
    return link.sent is None and current is not None and current.updated_at != link.updated_at
