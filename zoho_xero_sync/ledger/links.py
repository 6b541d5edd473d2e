"""Which Xero contact a Zoho customer is, and which invoice a deal has. Works inside its caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, literal_column, select

from zoho_xero_sync.core.model import CustomerKey, CustomerLink, InvoiceLink, OperationKind, OperationState
from zoho_xero_sync.core.stages import CLOSED
from zoho_xero_sync.ledger import tables
from zoho_xero_sync.ledger.statements import chunks, upsert


def find_customer_links(connection: Connection, keys: Collection[CustomerKey]) -> dict[CustomerKey, CustomerLink]:
    """The links of the known ones among `keys`."""
    table = tables.customer_link
    found: dict[CustomerKey, CustomerLink] = {}
    for module in sorted({key.module for key in keys}):
        for chunk in chunks([key.id for key in keys if key.module == module]):
            query = select(table).where(table.c.module == module, table.c.zoho_id.in_(chunk))
            for row in connection.execute(query):
                link = _customer(row)
                found[link.customer] = link
    return found


def find_contact_links(connection: Connection, contact_ids: Collection[str]) -> dict[str, CustomerKey]:
    """By ContactID, the Zoho customer that was linked to it first."""
    table = tables.customer_link
    found: dict[str, CustomerKey] = {}
    for chunk in chunks(contact_ids):
        query = select(table).where(table.c.contact_id.in_(chunk)).order_by(literal_column("rowid"))
        for row in connection.execute(query):
            found.setdefault(row.contact_id, CustomerKey(row.module, row.zoho_id))
    return found


def newest_customers(connection: Connection, limit: int) -> list[CustomerLink]:
    """The customers that were linked last, newest first."""
    table = tables.customer_link
    # Both keys are text, so the table has SQLite's own row number, which grows with each new row.
    query = select(table).order_by(literal_column("rowid").desc()).limit(limit)
    return [_customer(row) for row in connection.execute(query)]


def find_invoice_links(connection: Connection, deal_ids: Collection[str]) -> dict[str, InvoiceLink]:
    """By deal: its live invoice, that of the remainder first; else the one that was linked last."""
    table = tables.invoice_link
    found: dict[str, InvoiceLink] = {}
    for chunk in chunks(deal_ids):
        # In this order the last row of a deal is the one wanted.
        order = (table.c.live, table.c.live * table.c.part, table.c.id)
        query = select(table).where(table.c.deal_id.in_(chunk)).order_by(*order)
        found.update((row.deal_id, _invoice(row)) for row in connection.execute(query))
    return found


def last_linked(connection: Connection, deal_ids: Collection[str]) -> dict[str, str]:
    """By deal, the invoice that was linked last, live or not."""
    table = tables.invoice_link
    found: dict[str, str] = {}
    for chunk in chunks(deal_ids):
        query = select(table.c.deal_id, table.c.invoice_id).where(table.c.deal_id.in_(chunk)).order_by(table.c.id)
        found.update((row.deal_id, row.invoice_id) for row in connection.execute(query))
    return found


def find_parts(connection: Connection, deal_ids: Collection[str]) -> dict[str, tuple[InvoiceLink, ...]]:
    """By deal, of each part its live invoice, else the one that was linked last; part 1 first."""
    table = tables.invoice_link
    found: dict[tuple[str, int], InvoiceLink] = {}
    for chunk in chunks(deal_ids):
        # In this order the last row of a part is the one wanted.
        query = select(table).where(table.c.deal_id.in_(chunk)).order_by(table.c.live, table.c.id)
        found.update(((row.deal_id, row.part), _invoice(row)) for row in connection.execute(query))
    parts: dict[str, tuple[InvoiceLink, ...]] = {}
    for deal_id, part in sorted(found):
        parts[deal_id] = (*parts.get(deal_id, ()), found[deal_id, part])
    return parts


def linked_deals(connection: Connection) -> list[str]:
    """Every deal that has an invoice, or had one."""
    return list(connection.execute(select(tables.invoice_link.c.deal_id).distinct()).scalars())


def invoice_numbers(connection: Connection, deal_ids: Collection[str]) -> dict[str, frozenset[str]]:
    """By deal, the number of every invoice that was ever linked to it."""
    table = tables.invoice_link
    found: dict[str, set[str]] = {}
    for chunk in chunks(deal_ids):
        for row in connection.execute(select(table.c.deal_id, table.c.number).where(table.c.deal_id.in_(chunk))):
            found.setdefault(row.deal_id, set()).add(row.number)
    return {deal_id: frozenset(numbers) for deal_id, numbers in found.items()}


def has_live_invoice(connection: Connection) -> bool:
    """Whether any deal has a live invoice."""
    table = tables.invoice_link
    return connection.execute(select(table.c.id).where(table.c.live == 1).limit(1)).first() is not None


def live_invoices(connection: Connection) -> list[InvoiceLink]:
    """Every live invoice, in the order they were linked."""
    table = tables.invoice_link
    return [_invoice(row) for row in connection.execute(select(table).where(table.c.live == 1).order_by(table.c.id))]


def ended_among(connection: Connection, invoice_ids: Collection[str]) -> frozenset[str]:
    """Those of the invoices that are known to be voided or deleted in Xero."""
    table = tables.invoice_link
    closed = (table.c.live == 0, table.c.status.in_([status.value for status in CLOSED]))
    ended: set[str] = set()
    for chunk in chunks(invoice_ids):
        query = select(table.c.invoice_id).where(table.c.invoice_id.in_(chunk), *closed)
        ended.update(connection.execute(query).scalars())
    return frozenset(ended)


def ended_invoices(connection: Connection, deal_ids: Collection[str]) -> dict[str, tuple[InvoiceLink, ...]]:
    """By deal, its invoices that this program voided or deleted itself, in the order they were linked."""
    table, operation = tables.invoice_link, tables.operation
    ours = (operation.c.kind == OperationKind.VOID_INVOICE.value, operation.c.state == OperationState.APPLIED.value)
    found: dict[str, tuple[InvoiceLink, ...]] = {}
    for chunk in chunks(deal_ids):
        ended = select(operation.c.remote_id).where(operation.c.subject.in_(chunk), *ours)
        closed = select(table).where(table.c.deal_id.in_(chunk), table.c.live == 0, table.c.invoice_id.in_(ended))
        for row in connection.execute(closed.order_by(table.c.id)):
            found[row.deal_id] = (*found.get(row.deal_id, ()), _invoice(row))
    return found


def upsert_customers(connection: Connection, links: Sequence[CustomerLink]) -> None:
    """Store the links, over what was known of these customers."""
    rows = [
        {
            "module": link.customer.module,
            "zoho_id": link.customer.id,
            "contact_id": link.contact_id,
            "number": link.number,
            "name": link.name,
            "sent": link.sent,
            "person": link.person,
        }
        for link in links
    ]
    upsert(connection, tables.customer_link, ["module", "zoho_id"], rows)


def upsert_invoices(connection: Connection, links: Sequence[InvoiceLink]) -> None:
    """Store the links, over what was known of these invoices.

    Those no longer live go first, so that a replaced invoice makes room for its successor in the same call.
    """
    rows = [
        {
            "invoice_id": link.invoice_id,
            "deal_id": link.deal_id,
            "part": link.part,
            "number": link.number,
            "status": link.status,
            "currency": link.currency,
            "total": link.total,
            "sent": link.sent,
            "updated_at": link.updated_at,
            "live": int(link.live),
            "due": link.due,
            "paid_on": link.paid_on.isoformat() if link.paid_on else None,
            "document": link.document,
        }
        for link in sorted(links, key=lambda link: link.live)
    ]
    upsert(connection, tables.invoice_link, ["invoice_id"], rows)


def _customer(row: Row[Any]) -> CustomerLink:
    key = CustomerKey(row.module, row.zoho_id)
    return CustomerLink(key, row.contact_id, row.number, row.name, row.sent, row.person)


def _invoice(row: Row[Any]) -> InvoiceLink:
    return InvoiceLink(
        deal_id=row.deal_id,
        invoice_id=row.invoice_id,
        number=row.number,
        status=row.status,
        currency=row.currency,
        total=row.total,
        sent=row.sent,
        updated_at=row.updated_at,
        live=bool(row.live),
        due=row.due,
        paid_on=date.fromisoformat(row.paid_on) if row.paid_on else None,
        part=row.part,
        document=row.document,
    )
