"""Xero as the engine sees it: settings, look-ups, and writes with an outcome for each item."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from zoho_xero_sync.core.marks import Swept
from zoho_xero_sync.core.model import (
    Books,
    ContactDraft,
    ContactNow,
    ContactStep,
    CustomerKey,
    InvoiceDraft,
    InvoiceStep,
    ItemDraft,
    Operation,
    OperationKind,
    XeroContact,
    XeroInvoice,
)
from zoho_xero_sync.core.outcome import NotSent as WasNotSent
from zoho_xero_sync.core.outcome import Reply, Unknown
from zoho_xero_sync.core.rules import ContactMatch
from zoho_xero_sync.remote.http import NoAnswer, NotSent
from zoho_xero_sync.remote.xero import contacts, invoices, items, settings, wire
from zoho_xero_sync.remote.xero.answers import CONTACT_KINDS, read_answer
from zoho_xero_sync.remote.xero.client import BASE, XeroClient

_CREATES = (OperationKind.CREATE_CONTACT, OperationKind.CREATE_INVOICE)


class XeroDesk:
    """Everything the engine asks of one Xero organisation."""

    def __init__(self, client: XeroClient, calls: Callable[[], int]) -> None:
        """`calls` counts what reached Xero, by whichever client."""
        self._client, self._calls = client, calls

    @property
    def calls(self) -> int:
        """How many calls reached Xero so far."""
        return self._calls()

    @property
    def read_at(self) -> datetime | None:
        """Xero's clock at the last read; None before the first."""
        return self._client.read_at

    def probe(self) -> None:
        """Make one cheap call, and raise AllowanceError when its answer says that no more should follow."""
        self._client.read("/Organisation")
        self._client.require_allowance()

    # ---- settings ----

    def fetch_setting(self, name: str) -> str:
        """One settings answer as JSON text, fit to be kept."""
        return wire.dump(settings.fetch_setting(self._client, name)).decode()

    def read_books(self, texts: Mapping[str, str]) -> Books:
        """The books from settings fetched now or kept from before."""
        return settings.parse_books({name: _elements(text) for name, text in texts.items()})

    # ---- look-ups ----

    def find_contacts(
        self, drafts: Sequence[ContactDraft], order: Sequence[ContactMatch]
    ) -> dict[CustomerKey, tuple[XeroContact, ...]]:
        """For each customer the contacts that share a field it is recognised by."""
        return contacts.find_candidates(self._client, drafts, order)

    def fetch_contacts(self) -> tuple[XeroContact, ...]:
        """Every contact, archived ones included."""
        return contacts.fetch_all(self._client)

    def find_contact(self, named: str) -> tuple[XeroContact, ...]:
        """The contacts, archived ones included, whose ContactID or ContactNumber is `named`."""
        return contacts.find_named(self._client, named)

    def read_contacts(self, ids: Sequence[str]) -> dict[str, ContactNow]:
        """The contacts with these ids in full, archived ones included. One call per 40."""
        return contacts.read_full(self._client, ids)

    def fetch_invoices(self, ids: Sequence[str]) -> dict[str, XeroInvoice]:
        """The invoices with these ids as they are now."""
        return invoices.fetch_invoices(self._client, ids)

    def fetch_sales(self, since: datetime | None) -> tuple[XeroInvoice, ...]:
        """Every sales invoice that Xero updated since then (None: every one), voided and deleted ones included."""
        return invoices.fetch_sales(self._client, since)

    def find_invoice(self, named: str) -> tuple[XeroInvoice, ...]:
        """The sales invoices whose InvoiceID or InvoiceNumber is `named`."""
        return invoices.find_named(self._client, named)

    def sweep(
        self,
        link_prefix: str,
        deals: Collection[str] | None,
        *,
        numbers: Collection[str] = (),
        since: datetime | None = None,
    ) -> Swept:
        """One pass over the sales invoices: those that carry these deals or have these numbers, and who marked any."""
        return invoices.sweep(self._client, link_prefix, deals, numbers=numbers, since=since)

    def find_carrying(self, urls: Sequence[str], since: datetime | None = None) -> dict[str, tuple[XeroInvoice, ...]]:
        """By Url, every sales invoice that carries it, or only those Xero updated since an instant."""
        return invoices.find_by_urls(self._client, urls, since)

    # ---- writes ----

    def contact_element(self, step: ContactStep) -> bytes:
        """The step as one element of a request, exactly as it will be sent."""
        if step.contact_id is None:
            return wire.dump(contacts.create_element(step.draft))
        if step.action == "adopt":
            return wire.dump(contacts.stamp_element(step.draft, step.contact_id))
        changed = [change.field for change in step.changes]
        return wire.dump(contacts.update_element(step.draft, step.contact_id, changed))

    def invoice_element(self, step: InvoiceStep, contact_id: str) -> bytes:
        """The step as one element of a request, exactly as it will be sent."""
        if step.current is not None and step.draft is None:
            return wire.dump(invoices.status_element(step.current.id, step.status))
        if step.draft is None:
            raise ValueError("an invoice step without a draft can only end an invoice that was read")
        return wire.dump(_invoice_fields(step.draft, step, contact_id))

    def item_element(self, draft: ItemDraft) -> bytes:
        """The item as one element of a request, exactly as it will be sent."""
        return wire.dump(items.create_element(draft))

    def request(self, kind: OperationKind, elements: Sequence[bytes]) -> tuple[str, str, bytes]:
        """Method, path with query, and exact body of a batch.

        Creates are PUT, because POST would overwrite what has the same name or number.
        """
        if kind is OperationKind.CREATE_ITEM:
            return "PUT", BASE + items.PATH + items.QUERY, _batch(items.COLLECTION, elements)
        is_contact = kind in CONTACT_KINDS
        path = contacts.PATH + contacts.QUERY if is_contact else invoices.PATH + invoices.QUERY
        collection = contacts.COLLECTION if is_contact else invoices.COLLECTION
        return "PUT" if kind in _CREATES else "POST", BASE + path, _batch(collection, elements)

    def email_request(self, invoice_id: str) -> tuple[str, str, bytes]:
        """Method, path and exact body of the request that has Xero e-mail this invoice, once more with each call."""
        return "POST", f"{BASE}{invoices.PATH}/{invoice_id}/Email", b"{}"

    def send(self, method: str, path: str, body: bytes, key: str, operations: Sequence[Operation]) -> Reply:
        """Send one journalled write; every way it can end is an outcome of each operation.

        A SyncError (login, allowance, service asks to slow down) also means that nothing was processed.
        """
        try:
            answer = self._client.send(method, path, body, key)
        except NotSent as error:
            return Reply(tuple(WasNotSent(str(error)) for _ in operations))
        except NoAnswer as error:
            return Reply(tuple(Unknown(str(error)) for _ in operations))
        verdict = read_answer(answer, operations)
        return Reply(tuple(verdict) if isinstance(verdict, list) else verdict, answer.status, answer.request_id)


def _invoice_fields(draft: InvoiceDraft, step: InvoiceStep, contact_id: str) -> dict[str, object]:
    if step.current is None:
        return invoices.create_element(draft, contact_id, mark_sent=step.delivery == "sent")
    # The contact is the deal's matter only when the deal changed hands; else a person may have merged or moved it.
    changed_hands = any(change.field == "Contact" for change in step.changes)
    kept = contact_id if changed_hands else step.current.contact_id
    return invoices.update_element(
        draft,
        step.current,
        kept,
        content=step.content,
        advance=step.advance,
        mark_sent=step.delivery == "sent",
    )


def _batch(collection: str, elements: Sequence[bytes]) -> bytes:
    return b'{"' + collection.encode() + b'":[' + b",".join(elements) + b"]}"


def _elements(text: str) -> tuple[wire.Element, ...]:
    return tuple(json.loads(text, parse_float=Decimal))
