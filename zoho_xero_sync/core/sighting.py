"""What people did to linked invoices in Xero: paid, ended, approved, renumbered or edited them.

Nothing of it is ever written over; it is told once, and stays to be seen beside what was sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from zoho_xero_sync.core.describe import drift
from zoho_xero_sync.core.model import Change, InvoiceLink, InvoiceStatus, XeroInvoice
from zoho_xero_sync.core.money import money_text
from zoho_xero_sync.core.stages import CLOSED

NONE = "(none)"


@dataclass(frozen=True, slots=True)
class Edits:
    """The fields of an invoice in which Xero differs from what was sent, as seen when Xero last updated it."""

    invoice_id: str
    updated_at: datetime | None
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Sighting:
    """An invoice as it was met: its link as it is from now on, its edits, and what is news of it (kind, detail)."""

    link: InvoiceLink
    edits: Edits
    news: tuple[tuple[str, Mapping[str, str]], ...]


def see(link: InvoiceLink, before: Edits | None, invoice: XeroInvoice, *, busy: bool = False) -> Sighting | None:
    """What came of meeting a linked invoice; None when everything of it is known.

    What was last written (`sent`, `total`, `updated_at`) stays as it is: it tells an edit from a write. While a write
    of ours to it is `busy`, its fields are not compared.
    """
    known = standing_edits(link, before)
    changes = known if busy else _changes(link, invoice)
    seen = replace(
        link,
        number=invoice.number or link.number,
        status=invoice.status,
        due=invoice.due,
        paid_on=invoice.paid_on,
        live=invoice.status not in CLOSED,
    )
    news = tuple(_news(link, known, seen, changes, invoice))
    edits = Edits(link.invoice_id, invoice.updated_at, changes)
    return Sighting(seen, edits, news) if seen != link or changes != known else None


def standing_edits(link: InvoiceLink, edits: Edits | None) -> tuple[Change, ...]:
    """The edits, unless the invoice was written by this program since they were seen."""
    if edits is None:
        return ()
    if link.updated_at is not None and edits.updated_at is not None and edits.updated_at <= link.updated_at:
        return ()
    return edits.changes


def still_due(link: InvoiceLink) -> Decimal:
    """What is still to be paid, as far as it is known."""
    if link.due is not None:
        return link.due
    return Decimal(0) if link.status == InvoiceStatus.PAID or link.status in CLOSED else link.total


def _changes(link: InvoiceLink, invoice: XeroInvoice) -> tuple[Change, ...]:
    if invoice.updated_at is not None and invoice.updated_at == link.updated_at:
        return ()
    found = drift(link.sent, invoice) if link.sent is not None else ()
    if found or invoice.total == link.total:
        return found
    before, now = (money_text(total, link.currency) for total in (link.total, invoice.total))
    return (Change("Total", before, now),)


def _news(
    link: InvoiceLink,
    known: Sequence[Change],
    seen: InvoiceLink,
    changes: Sequence[Change],
    invoice: XeroInvoice,
) -> Iterator[tuple[str, Mapping[str, str]]]:
    named = {"number": seen.number}
    if seen.number != link.number:
        yield "invoice_renumbered_in_xero", {"number": f"{link.number or NONE} → {seen.number}"}
    if changes != known:
        told = {change.field: f"{change.before or NONE} → {change.after or NONE}" for change in changes}
        yield "invoice_edited_in_xero", named | (told or {"edits": "taken back"})
    if seen.status != link.status:
        yield _moved(link, seen)
    elif still_due(seen) != still_due(link) and invoice.total == link.total:
        paid, due = (money_text(amount, seen.currency) for amount in (invoice.total - invoice.due, invoice.due))
        yield "invoice_part_paid", named | {"paid": f"{paid} paid", "due": f"{due} due"}


def _moved(link: InvoiceLink, seen: InvoiceLink) -> tuple[str, Mapping[str, str]]:
    named = {"number": seen.number}
    if seen.status in CLOSED:
        return "invoice_voided_in_xero", named | {"status": seen.status}
    if seen.status == InvoiceStatus.PAID:
        return "invoice_paid", named | {"paid_on": seen.paid_on.isoformat() if seen.paid_on else ""}
    return "invoice_status_in_xero", named | {"status": f"{link.status} → {seen.status}"}


# ---- as text, for the ledger ----


def changes_text(changes: Sequence[Change]) -> str:
    """The changes as one JSON text."""
    return json.dumps([[change.field, change.before, change.after] for change in changes], ensure_ascii=False)


def read_changes(text: str) -> tuple[Change, ...]:
    """The changes of a text that `changes_text` made."""
    return tuple(Change(field, before, after) for field, before, after in json.loads(text))
